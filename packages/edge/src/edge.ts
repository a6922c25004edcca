// An edge: it caches resources on disk, serves them to whoever pays, and turns what it earns into money on chain.

import { join } from 'node:path'
import type { RedeemPolicy } from '@tan/payments'
import {
  commonWorld,
  createPoolChain,
  createRpc,
  createSession,
  openResource,
  Peer,
  type PeerWorld,
  type PoolChain,
  parseTrustAnchor,
  type Session,
  type SettledTransaction,
  type TrustAnchor,
} from '@tan/peer'
import { type Address, CodedError, type Hash, type Logger, type Reason, reasonOf, silentLogger } from '@tan/primitives'
import type { Place } from '@tan/protocol/tracker'
import { type KeyValueStore, openStore } from '@tan/storage'
import { PieceCache } from './cache.ts'
import { durableRecords } from './durable-records.ts'
import { createGuardedNetwork } from './guarded-network.ts'
import { HostedResource } from './hosted-resource.ts'
import { MANIFEST_RETRY_MS, RESOURCES_MAX } from './limits.ts'
import { connectNodeRtc } from './rtc.ts'
import { type EdgeStatus, metricsOf } from './status.ts'
import { type StatusServer, startStatusServer } from './status-server.ts'
import { UploadMeter } from './upload-meter.ts'

export interface EdgeOptions {
  /** for the cache and for earnings */
  readonly folder: string
  /** 32 bytes: its identity, the target of vouchers, and the account that redeems */
  readonly secretKey: Uint8Array
  readonly anchor: TrustAnchor
  /** of a node that it trusts, or its chain itself */
  readonly chain: { readonly rpcUrl: string } | PoolChain
  readonly trackers: readonly string[]
  /** manifests of what it fetches and serves */
  readonly pins: readonly string[]
  readonly cacheMaxBytes: number
  /** loopback alone; 0 takes a free port, undefined has none */
  readonly statusPort?: number | undefined
  /** allows loopback where manifests point */
  readonly isDevnet?: boolean | undefined
  /** TANGam wei per piece, if less than manifests allow */
  readonly piecePriceWei?: bigint | undefined
  readonly uploadBytesPerSecond?: number | undefined
  readonly place?: Place | undefined
  readonly redeem?: Partial<RedeemPolicy> | undefined
  readonly logger?: Logger | undefined
  readonly onRedeemed?: ((transaction: SettledTransaction) => void) | undefined
}

export interface Edge {
  readonly address: Address
  /** of the status port; empty without one */
  readonly statusUrl: string
  status(): EdgeStatus
  /** Fetches and serves one more. Rejects where the manifest cannot be had or is wrong. */
  pin(manifestUrl: string): Promise<Hash>
  unpin(resourceId: Hash): void
  /** Redeems all that is due, whether it pays or not. */
  redeem(): Promise<void>
  /** Earnings and cache are on disk when it is done. */
  stop(): Promise<void>
}

const UPLOAD_BYTES_PER_SECOND = 12_500_000
/** blocks before a pool's expiry in which nobody is served from it (spec D-PROOF) */
const EXPIRY_MARGIN_BLOCKS = 240
const REDEEM: RedeemPolicy = { gasFactor: 20n, dueMaxWei: 5n * 10n ** 20n, expiryMarginBlocks: 480 }

/** Throws `storage/…` and `edge/…` where its folder or port cannot be used, and `anchor/invalid`. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const anchor = parseTrustAnchor(options.anchor)
  const store = await openStore(`level:${join(options.folder, 'earnings')}`)
  try {
    const edge = new EdgeProcess({ ...options, anchor }, store)
    await edge.start()
    return edge
  } catch (error) {
    await store.close()
    throw error
  }
}

class EdgeProcess implements Edge {
  readonly address: Address
  readonly #options: EdgeOptions
  readonly #logger: Logger
  readonly #world: PeerWorld
  readonly #session: Session
  readonly #store: KeyValueStore
  readonly #policy: RedeemPolicy
  readonly #resources = new Map<Hash, HostedResource>()
  readonly #upload: UploadMeter
  #peer!: Peer
  #cache!: PieceCache
  #server: StatusServer | undefined
  /** the newest */
  #problem: Reason | undefined
  #isStopped = false
  readonly #stopTimers = new Set<() => void>()

  constructor(options: EdgeOptions, store: KeyValueStore) {
    this.#options = options
    this.#store = store
    this.#logger = options.logger ?? silentLogger
    const network = createGuardedNetwork(options.isDevnet ?? false)
    this.#world = { ...commonWorld(this.#logger), ...network, connect: connectNodeRtc }
    this.#session = createSession(options.secretKey, durableRecords(store))
    this.address = this.#session.address
    this.#policy = { ...REDEEM, ...options.redeem }
    this.#upload = new UploadMeter(this.#world.clock, this.#uploadBytesPerSecond)
  }

  async start(): Promise<void> {
    const { folder, cacheMaxBytes, statusPort, pins } = this.#options
    this.#cache = await PieceCache.open({
      folder: join(folder, 'cache'),
      maxBytes: cacheMaxBytes,
      clock: this.#world.clock,
      logger: this.#logger,
      onDropped: root => {
        for (const hosted of this.#resources.values()) hosted.dropped(root)
      },
    })
    this.#peer = await this.#openPeer()
    if (statusPort !== undefined)
      this.#server = await startStatusServer({
        port: statusPort,
        logger: this.#logger,
        status: () => this.status(),
        metrics: () => metricsOf(this.status()),
        redeem: () => this.redeem(),
      })
    this.#peer.setMeeting(true)
    this.#peer.start()
    for (const url of pins) this.#pinUntilItWorks(url)
  }

  // ------------------------------------------------------------------------------------------------ doors

  get statusUrl(): string {
    return this.#server?.url ?? ''
  }

  status(): EdgeStatus {
    const { earnedWei = 0n, redeemedWei = 0n, gasWei = 0n } = this.#peer.earnings ?? {}
    const resources = [...this.#resources].map(([resourceId, { resource, member }]) => ({
      resourceId,
      title: resource.manifest.title,
      manifestUrl: resource.manifestUrl,
      have: member.have,
      peers: member.connections,
    }))
    return {
      address: this.address,
      place: this.#options.place,
      uploadBytesPerSecond: this.#uploadBytesPerSecond,
      load: this.#upload.load,
      servedBytes: this.#upload.servedBytes,
      servedPieces: this.#upload.servedPieces,
      ...{ earnedWei, redeemedWei, gasWei },
      peers: resources.reduce((sum, { peers }) => sum + peers, 0),
      cacheBytes: this.#cache.sizeBytes,
      cacheMaxBytes: this.#cache.maxBytes,
      hasTracker: this.#peer.hasTracker,
      resources,
      problem: this.#problem,
    }
  }

  async pin(manifestUrl: string): Promise<Hash> {
    if (this.#resources.size >= RESOURCES_MAX)
      throw new CodedError('edge/resources', `${RESOURCES_MAX} resources are served already`)
    const { anchor, piecePriceWei } = this.#options
    const resource = await openResource(manifestUrl, this.#world.get, anchor.chainId)
    const { resourceId } = resource
    // The same resource may be pinned by two addresses.
    if (this.#isStopped || this.#resources.has(resourceId)) return resourceId
    const hosted = new HostedResource({
      ...{ resource, peer: this.#peer, cache: this.#cache, logger: this.#logger, piecePriceWei },
      unredeemedMaxWei: 2n * this.#policy.dueMaxWei,
      expiryMarginBlocks: EXPIRY_MARGIN_BLOCKS,
      events: {
        served: ({ bytes }) => this.#upload.count(bytes),
        failed: rejection => this.#note(rejection),
      },
    })
    this.#resources.set(resourceId, hosted)
    return resourceId
  }

  unpin(resourceId: Hash): void {
    this.#resources.get(resourceId)?.stop()
    this.#resources.delete(resourceId)
  }

  redeem(): Promise<void> {
    return this.#peer.redeem()
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    for (const stopTimer of this.#stopTimers) stopTimer()
    this.#peer.stop()
    this.#resources.clear()
    await this.#server?.stop()
    await this.#cache.close()
    await this.#store.close()
  }

  // ------------------------------------------------------------------------------------------------ parts

  get #uploadBytesPerSecond(): number {
    return this.#options.uploadBytesPerSecond ?? UPLOAD_BYTES_PER_SECOND
  }

  #openPeer(): Promise<Peer> {
    const { chain, anchor, trackers, place, onRedeemed } = this.#options
    const { timers } = this.#world
    return Peer.open({
      ...{ role: 'edge', world: this.#world, session: this.#session, trackers, place, anchor, redeem: this.#policy },
      chain: 'rpcUrl' in chain ? createPoolChain(createRpc(chain.rpcUrl), anchor.chainId, timers) : chain,
      uploadBytesPerSecond: this.#uploadBytesPerSecond,
      report: () => ({ load: this.#upload.load, servedBytes: this.#upload.servedBytes, rtt: [] }),
      events: {
        redeemed: transaction => onRedeemed?.(transaction),
        failed: rejection => this.#note(rejection),
        refused: rejection => this.#note(rejection),
      },
    })
  }

  /** An origin that is not up yet is waited for; a manifest that is wrong stays wrong until somebody changes it. */
  #pinUntilItWorks(url: string): void {
    this.pin(url).catch((error: unknown) => {
      if (this.#isStopped) return
      this.#note(reasonOf(error))
      this.#logger.warn('a resource cannot be served yet', { url, ...this.#problem })
      const stopTimer = this.#world.timers.after(MANIFEST_RETRY_MS, () => {
        this.#stopTimers.delete(stopTimer)
        this.#pinUntilItWorks(url)
      })
      this.#stopTimers.add(stopTimer)
    })
  }

  #note(problem: Reason): void {
    this.#problem = problem
  }
}
