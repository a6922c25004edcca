// A whole small network in one process, for tests and benches: a chain of one validator, a tracker, an origin with the
// sample video, and whatever edges and viewers are asked for. All of it real: sockets, WebRTC, disks, blocks.

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { initChain, Node } from '@tan/node'
import { createOriginServer, type OriginServer, publish } from '@tan/origin'
import {
  commonWorld,
  createPoolChain,
  createRpc,
  fetchTrustAnchor,
  type PoolChain,
  prepareTransaction,
  type Rpc,
  secureRandom,
  settleTransaction,
  type TrustAnchor,
} from '@tan/peer'
import {
  type Address,
  addressOfSecretKey,
  bls,
  createSeededRandom,
  type Hash,
  type Random,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import {
  DEFAULT_PARAMETERS,
  type Genesis,
  possessionDigest,
  type SignedManifest,
  TAN_SUPPLY_WEI,
  TANGAM_GENESIS_SUPPLY_WEI,
} from '@tan/protocol'
import { createTracker, type Tracker } from '@tan/tracker'
import { createViewer, type Viewer, type ViewerOptions } from '@tan/viewer'
import { createEdge, type Edge, type EdgeOptions } from '../edge.ts'
import { createNodeWorld, openNodeSession } from '../node-world.ts'

const CHAIN_ID = 7_411
const STAKE_WEI = 1_000_000n * 10n ** 18n
const SAMPLE = fileURLToPath(new URL('../../../origin/samples/minute/master.m3u8', import.meta.url))

export interface TestNetworkOptions {
  /** a playlist or any file; the sample minute unless it says so */
  readonly input?: string | undefined
  readonly piecePriceWei?: bigint | undefined
  readonly openingWei?: bigint | undefined
  /** of the chain, where they differ from a real one's */
  readonly parameters?: Partial<Genesis['parameters']> | undefined
}

export class TestNetwork {
  readonly folder: string
  readonly rpc: Rpc
  readonly chain: PoolChain
  readonly anchor: TrustAnchor
  readonly manifest: SignedManifest
  readonly manifestUrl: string
  readonly resourceId: Hash
  readonly origin: OriginServer
  readonly node: Node
  readonly tracker: Tracker
  readonly #rich: Uint8Array
  readonly #random: Random
  readonly #stops: (() => Promise<unknown>)[] = []
  #paying: Promise<unknown> = Promise.resolve()

  static async start(options: TestNetworkOptions = {}): Promise<TestNetwork> {
    const folder = mkdtempSync(join(tmpdir(), 'tan-network-'))
    const random = createSeededRandom(77)
    const rich = randomBytesFrom(random, 32)
    const node = await startChain(folder, random, rich, options.parameters)
    const { timers, clock } = commonWorld()
    const tracker = createTracker({ clock, random: secureRandom, trustReportedPlaces: true })
    const { url: trackerUrl } = await tracker.start()
    const published = await publish(options.input ?? SAMPLE, {
      folder: join(folder, 'public'),
      secretKey: randomBytesFrom(random, 32),
      chainId: CHAIN_ID,
      piecePriceWei: options.piecePriceWei ?? 10n ** 12n,
      openingWei: options.openingWei ?? 0n,
      trackers: [trackerUrl],
    })
    const origin = createOriginServer({ folder: join(folder, 'public'), port: 0, clock })
    await origin.start()
    const rpc = createRpc(node.rpcUrl!)
    return new TestNetwork({
      folder,
      rpc,
      chain: createPoolChain(rpc, CHAIN_ID, timers),
      anchor: await fetchTrustAnchor(rpc),
      manifest: published.manifest,
      manifestUrl: `${origin.url}${published.manifestFile.split('/').at(-1)}`,
      resourceId: published.resourceId,
      origin,
      node,
      tracker,
      rich,
      random,
    })
  }

  private constructor(
    parts: Pick<
      TestNetwork,
      'folder' | 'rpc' | 'chain' | 'anchor' | 'manifest' | 'manifestUrl' | 'resourceId' | 'origin' | 'node' | 'tracker'
    > & { readonly rich: Uint8Array; readonly random: Random },
  ) {
    this.folder = parts.folder
    this.rpc = parts.rpc
    this.chain = parts.chain
    this.anchor = parts.anchor
    this.manifest = parts.manifest
    this.manifestUrl = parts.manifestUrl
    this.resourceId = parts.resourceId
    this.origin = parts.origin
    this.node = parts.node
    this.tracker = parts.tracker
    this.#rich = parts.rich
    this.#random = parts.random
  }

  get rpcUrl(): string {
    return this.node.rpcUrl!
  }

  get trackerUrl(): string {
    return this.tracker.address!.url
  }

  key(): Uint8Array {
    return randomBytesFrom(this.#random, 32)
  }

  /** Sends TANGam from the account that has it all, one transaction after the other. */
  fund(address: Address, wei: bigint): Promise<void> {
    const sent = this.#paying.then(() => transfer(this.rpc, this.#rich, address, wei))
    this.#paying = sent.catch(() => {})
    return sent
  }

  async edge(secretKey: Uint8Array, options: Partial<EdgeOptions> = {}): Promise<Edge> {
    const edge = await createEdge({
      folder: join(this.folder, `edge-${addressOfSecretKey(secretKey)}`),
      secretKey,
      anchor: this.anchor,
      chain: { rpcUrl: this.rpcUrl },
      trackers: [this.trackerUrl],
      pins: [this.manifestUrl],
      cacheMaxBytes: 1024 ** 3,
      isDevnet: true,
      ...options,
    })
    this.#stops.push(() => edge.stop())
    return edge
  }

  /** `name`: the folder of its session, so that it can come back. */
  async viewer(name: string, options: Partial<ViewerOptions> = {}): Promise<Viewer> {
    const viewer = await createViewer({
      manifestUrl: this.manifestUrl,
      session: await openNodeSession(`level:${join(this.folder, name)}`),
      world: createNodeWorld(),
      chain: this.chain,
      anchor: this.anchor,
      fund: (address, wei) => this.fund(address, wei),
      ...options,
    })
    this.#stops.push(() => viewer.close())
    return viewer
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map(stop => stop()))
    await this.origin.stop()
    await this.tracker.stop()
    await this.node.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

async function startChain(
  folder: string,
  random: Random,
  rich: Uint8Array,
  parameters: Partial<Genesis['parameters']> = {},
): Promise<Node> {
  const account = addressOfSecretKey(randomBytesFrom(random, 32))
  const secretKey = bls.secretKey(randomBytesFrom(random, 32))
  const publicKey = bls.publicKey(secretKey)
  const genesis: Genesis = {
    chainId: CHAIN_ID,
    name: 'test',
    timestampS: 1_700_000_000,
    isDevnet: true,
    parameters: { ...DEFAULT_PARAMETERS, checkpointInterval: 5, blockIntervalMs: 100, ...parameters },
    balances: [
      {
        address: addressOfSecretKey(rich),
        tanWei: TAN_SUPPLY_WEI - STAKE_WEI,
        tangamWei: TANGAM_GENESIS_SUPPLY_WEI,
      },
    ],
    guardians: [
      {
        address: account,
        blsPublicKey: toHex(publicKey),
        proofOfPossession: toHex(bls.sign(possessionDigest(CHAIN_ID, account, publicKey), secretKey)),
        stakeWei: STAKE_WEI,
        isValidator: true,
      },
    ],
  }
  const storeUrl = `level:${join(folder, 'chain')}`
  await initChain(storeUrl, genesis, publicKey)
  const node = await Node.create({
    genesis,
    storeUrl,
    signer: { address: account, secretKey },
    network: { key: randomBytesFrom(random, 32), listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap: [] },
    recoveryThreads: 0,
    rpc: { host: '127.0.0.1', port: 0, allowedHosts: [], allowedOrigins: ['*'] },
  })
  await node.start()
  return node
}

async function transfer(rpc: Rpc, secretKey: Uint8Array, to: Address, wei: bigint): Promise<void> {
  const { timers } = commonWorld()
  const transaction = await prepareTransaction(rpc, CHAIN_ID, secretKey, {
    to,
    valueWei: wei,
    data: new Uint8Array(0),
  })
  await settleTransaction(rpc, transaction, timers)
}

/** Waits for a condition, looking often; throws with the words given when `timeoutMs` is over. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 25))
  }
}
