// A whole network on this machine: validators, guardians, tracker, origin, edges and the web app, each in its own
// process. Starts them in the order in which they need each other, and logs each step.
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publish } from '@tan/origin'
import { createRpc, fetchTrustAnchor } from '@tan/peer'
import { type Address, CodedError } from '@tan/primitives'
import { parseGenesis } from '@tan/protocol'
import { findAccount, loadAccountKey, readPassword } from '../secrets.ts'
import { Children, type ChildSpec } from './children.ts'
import { takeFolder } from './folder.ts'
import {
  DEFAULT_PORT,
  DEFAULT_SIZE,
  type DevnetLayout,
  type DevnetSize,
  edgeFolder,
  edgeName,
  FAUCET_KEY,
  layOut,
  nodeName,
  nodeNames,
  PUBLISHER_KEY,
  rpcNode,
  rpcUrl,
} from './layout.ts'
import { assertPortsFree, findFreePorts } from './ports.ts'
import { assertSameSize, DEVNET_CHAIN_ID, setUp, writeNodeConfig } from './setup.ts'
import { ensureWebApp } from './web-app.ts'

export interface DevnetOptions {
  /** folder for its data */
  readonly folder: string
  /** first of the ports; 0 finds free ones */
  readonly port?: number
  readonly size?: Partial<DevnetSize>
  /** delete the old devnet first */
  readonly fresh?: boolean
  /** without tracker, origin, edges and web app */
  readonly chainOnly?: boolean
  /** a video to publish instead of the sample */
  readonly video?: string
  readonly log?: (line: string) => void
  /** a process ended unexpectedly; the others continue */
  readonly onDeath?: (name: string, how: string) => void
}

const START_TIMEOUT_MS = 60_000
const SAMPLE = fileURLToPath(new URL('../../../../packages/origin/samples/minute/master.m3u8', import.meta.url))
/** TANGam wei that a peer earns for 64 KiB: a thousandth of a TANGam */
export const PIECE_PRICE_WEI = 10n ** 15n
/** positions that the edges report, in turn: latitude, longitude, network */
const PLACES = [
  '50.1,8.7,64501',
  '40.7,-74.0,64502',
  '1.35,103.8,64503',
  '-23.5,-46.6,64504',
  '35.7,139.7,64505',
  '-33.9,18.4,64506',
]
const SETTLED_HEIGHT = 2

export class Devnet {
  readonly layout: DevnetLayout
  readonly children: Children
  private readonly log: (line: string) => void
  private readonly release: () => void
  private readonly specs = new Map<string, ChildSpec>()

  private constructor(layout: DevnetLayout, children: Children, log: (line: string) => void, release: () => void) {
    this.layout = layout
    this.children = children
    this.log = log
    this.release = release
  }

  /**
   * Throws `devnet/port`, `devnet/folder`, `devnet/running`, `devnet/video`, `devnet/size`, `devnet/dead`,
   * `devnet/timeout`, and the errors of its parts.
   */
  static async start(options: DevnetOptions): Promise<Devnet> {
    const { folder, port = DEFAULT_PORT, fresh = false, log = () => {}, onDeath = () => {} } = options
    const size: DevnetSize = { ...DEFAULT_SIZE, ...options.size }
    const layout = port === 0 ? await findFreePorts(free => layOut(folder, free, size)) : layOut(folder, port, size)
    // Check everything that can fail before removing or creating anything.
    await assertPortsFree(layout)
    if (options.video !== undefined && statSync(options.video, { throwIfNoEntry: false })?.isFile() !== true)
      throw new CodedError('devnet/video', `no such file: ${options.video}`)
    const release = takeFolder(folder, fresh)
    const devnet = new Devnet(layout, new Children(layout.logFolder, onDeath), log, release)
    try {
      mkdirSync(layout.logFolder, { recursive: true })
      if (existsSync(layout.genesisFile)) {
        assertSameSize(layout, parseGenesis(readFileSync(layout.genesisFile, 'utf8')))
        log(`continuing the devnet in ${folder} (--fresh starts a new one)`)
      }
      await setUp(layout, log)
      await devnet.startChain()
      if (options.chainOnly !== true) await devnet.startDelivery(options.video)
      return devnet
    } catch (error) {
      await devnet.stop()
      throw error
    }
  }

  get rpcUrl(): string {
    return rpcUrl(this.layout)
  }

  get webUrl(): string {
    return `http://127.0.0.1:${this.layout.ports.web}`
  }

  /** JSON-RPC of one node. */
  rpcUrlOf(i: number): string {
    return `http://127.0.0.1:${this.layout.ports.rpc[i]}`
  }

  /** One of the devnet's keys, for tests and benches. */
  async secretKeyOf(name: string): Promise<Uint8Array> {
    const { folder, passwordFile } = this.layout
    return loadAccountKey(findAccount(folder, name).path, await readPassword(passwordFile))
  }

  /** kill -9 */
  kill(name: string): Promise<void> {
    return this.children.end(name, 'SIGKILL')
  }

  /** Restarts a process that was killed or has died. */
  restart(name: string): void {
    const spec = this.specs.get(name)
    if (spec === undefined) throw new CodedError('devnet/part', `the devnet has no process called ${name}`)
    this.children.start(spec)
  }

  async stop(): Promise<void> {
    await this.children.endAll()
    this.release()
  }

  private run(spec: ChildSpec): void {
    this.specs.set(spec.name, spec)
    this.children.start(spec)
  }

  private async startChain(): Promise<void> {
    const { validators, guardians } = this.layout.size
    this.log(`starting ${validators} validators and ${guardians - validators} more guardians`)
    for (const [i, name] of nodeNames(this.layout).entries())
      this.run({ name, args: ['node', '--config', await writeNodeConfig(this.layout, i)] })
    const before = await this.settledHeight()
    await this.children.until(
      nodeName(this.layout, rpcNode(this.layout)),
      'settling blocks',
      async () => ((await this.settledHeight()) >= before + SETTLED_HEIGHT ? true : undefined),
      START_TIMEOUT_MS,
    )
    this.log('the chain settles blocks')
  }

  private async settledHeight(): Promise<number> {
    return this.children.until(
      nodeName(this.layout, rpcNode(this.layout)),
      'answering',
      async () => {
        const response = await fetch(`${this.rpcUrl}/health`)
        return ((await response.json()) as { settled: { height: number } }).settled.height
      },
      START_TIMEOUT_MS,
    )
  }

  private async startDelivery(video: string | undefined): Promise<void> {
    const { ports, videoFolder, logFolder } = this.layout
    mkdirSync(videoFolder, { recursive: true })
    this.log('starting tracker and origin')
    this.run({ name: 'tracker', args: ['tracker', '--port', String(ports.tracker), '--trust-places'] })
    this.run({
      name: 'origin',
      args: [
        'origin',
        '--folder',
        videoFolder,
        '--port',
        String(ports.origin),
        '--access-log',
        join(logFolder, 'origin-access.log'),
      ],
    })
    await this.answers('tracker', `http://127.0.0.1:${ports.tracker}/health`)
    await this.answers('origin', `http://127.0.0.1:${ports.origin}/stats`)
    const { manifestUrl, title } = await this.publishVideo(video)
    await this.startEdges(manifestUrl)
    await this.startWeb(manifestUrl, title)
  }

  private async publishVideo(video: string | undefined): Promise<{ manifestUrl: string; title: string }> {
    const { ports, videoFolder } = this.layout
    const title = video === undefined ? 'A minute of TAN' : basename(video)
    this.log(video === undefined ? 'publishing the sample video' : `publishing ${video}`)
    const { manifestFile } = await publish(video ?? SAMPLE, {
      folder: join(videoFolder, video === undefined ? 'sample' : 'video'),
      secretKey: await this.secretKeyOf(PUBLISHER_KEY),
      chainId: DEVNET_CHAIN_ID,
      title,
      piecePriceWei: PIECE_PRICE_WEI,
      trackers: [`ws://127.0.0.1:${ports.tracker}`],
      onProgress: everyTenth(percent => this.log(`  ${percent} % of the video published`)),
    })
    const path = relative(videoFolder, manifestFile).split(sep).map(encodeURIComponent).join('/')
    return { manifestUrl: `http://127.0.0.1:${ports.origin}/${path}`, title }
  }

  private async startEdges(manifestUrl: string): Promise<void> {
    const { folder, passwordFile, ports, size } = this.layout
    if (size.edges === 0) return
    this.log(`starting ${size.edges} edges, which fetch the video`)
    for (let i = 0; i < size.edges; i++) {
      const name = edgeName(i)
      const args = [
        '--home',
        folder,
        'edge',
        '--devnet',
        '--rpc',
        this.rpcUrl,
        '--data',
        edgeFolder(this.layout, i),
        '--from',
        name,
      ]
      args.push('--password-file', passwordFile, '--pin', manifestUrl, '--status-port', String(ports.edgeStatus[i]))
      args.push('--tracker', `ws://127.0.0.1:${ports.tracker}`, '--place', PLACES[i % PLACES.length]!, '--cache', '1')
      this.run({ name, args })
    }
    for (let i = 0; i < size.edges; i++)
      await this.children.until(
        edgeName(i),
        'holding the video',
        async () => ((await this.edgeStatus(i)).resources[0]?.have === 1 ? true : undefined),
        START_TIMEOUT_MS,
      )
  }

  /** The status of an edge. */
  async edgeStatus(i: number): Promise<EdgeStatusJson> {
    return (await fetch(`${this.edgeUrl(i)}/status`)).json() as Promise<EdgeStatusJson>
  }

  /** Makes an edge redeem its earnings. */
  async redeem(i: number): Promise<void> {
    const response = await fetch(`${this.edgeUrl(i)}/redeem`, { method: 'POST' })
    if (!response.ok) throw new CodedError('devnet/redeem', `${edgeName(i)} cannot redeem: ${await response.text()}`)
  }

  private edgeUrl(i: number): string {
    return `http://127.0.0.1:${this.layout.ports.edgeStatus[i]}`
  }

  private async startWeb(manifestUrl: string, title: string): Promise<void> {
    const { folder, passwordFile, ports } = this.layout
    const app = await ensureWebApp(this.log)
    const settings = join(folder, 'web.json')
    writeFileSync(settings, `${JSON.stringify(await this.webSettings(manifestUrl, title), null, 2)}\n`)
    const args = ['--home', folder, 'web', '--folder', app, '--settings', settings, '--port', String(ports.web)]
    this.run({ name: 'web', args: [...args, '--faucet-key', FAUCET_KEY, '--password-file', passwordFile] })
    await this.answers('web', `${this.webUrl}/devnet.json`)
  }

  private async answers(name: string, url: string): Promise<void> {
    await this.children.until(
      name,
      'answering',
      async () => ((await fetch(url)).ok ? true : undefined),
      START_TIMEOUT_MS,
    )
  }

  private async webSettings(manifestUrl: string, title: string): Promise<object> {
    const { ports, folder, size } = this.layout
    return {
      rpcUrl: this.rpcUrl,
      wsUrl: this.rpcUrl.replace('http', 'ws'),
      trackerUrl: `ws://127.0.0.1:${ports.tracker}`,
      trackerStatsUrl: `http://127.0.0.1:${ports.tracker}/stats`,
      originStatsUrl: `http://127.0.0.1:${ports.origin}/stats`,
      faucetUrl: `${this.webUrl}/faucet`,
      edges: Array.from({ length: size.edges }, (_, i) => ({
        name: edgeName(i),
        statusUrl: `${this.edgeUrl(i)}/status`,
        address: findAccount(folder, edgeName(i)).address,
      })),
      video: { manifestUrl, title },
      chainId: DEVNET_CHAIN_ID,
      genesis: await fetchTrustAnchor(createRpc(this.rpcUrl)),
    }
  }
}

/** The fields of an edge's status that the devnet and its tests read. Amounts are decimal strings of wei. */
export interface EdgeStatusJson {
  readonly address: Address
  readonly servedPieces: number
  readonly servedBytes: number
  readonly earnedWei: string
  readonly redeemedWei: string
  readonly gasWei: string
  readonly peers: number
  readonly resources: readonly { readonly have: number }[]
}

function everyTenth(tell: (percent: number) => void): (part: number) => void {
  let told = 0
  return part => {
    const percent = Math.floor(part * 10) * 10
    if (percent > told) tell(percent)
    told = Math.max(told, percent)
  }
}
