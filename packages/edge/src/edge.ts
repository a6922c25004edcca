// An edge: it caches resources on disk, serves them to whoever pays, and turns what it earns into money on chain.

import { join } from 'node:path'
import { createCatalog, type EarningRecord } from '@tan/delivery'
import {
  commonWorld,
  createPoolChain,
  createPoolVerifier,
  createRpc,
  createSession,
  fetchManifest,
  type PeerWorld,
  type PoolChain,
  parseTrustAnchor,
  Redeemer,
  type RedeemPolicy,
  type Session,
  type SettledTransaction,
  Trackers,
  type TrustAnchor,
  type VerifyPool,
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
import { type StatusServer, startStatusServer } from './status-server.ts'

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
  /** TANGam wei a piece, if less than manifests allow */
  readonly piecePriceWei?: bigint | undefined
  readonly uploadBytesPerSecond?: number | undefined
  readonly place?: Place | undefined
  readonly redeem?: Partial<RedeemPolicy> | undefined
  readonly logger?: Logger | undefined
  readonly onRedeemed?: ((transaction: SettledTransaction) => void) | undefined
}

/** What `/status` answers; amounts as decimal strings there. */
export interface EdgeStatus {
  readonly address: Address
  readonly place: Place | undefined
  readonly uploadBytesPerSecond: number
  /** part of its upload that was in use lately */
  readonly load: number
  readonly servedBytes: number
  readonly servedPieces: number
  readonly earnedWei: bigint
  readonly redeemedWei: bigint
  readonly gasWei: bigint
  readonly peers: number
  readonly cacheBytes: number
  readonly cacheMaxBytes: number
  readonly hasTracker: boolean
  readonly resources: readonly {
    readonly resourceId: Hash
    readonly title: string
    readonly manifestUrl: string
    /** part of it that it holds */
    readonly have: number
    readonly peers: number
  }[]
  readonly problem: Reason | undefined
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

const DEFAULTS = {
  uploadBytesPerSecond: 12_500_000,
  expiryMarginBlocks: 240,
  redeem: { gasFactor: 20n, dueMaxWei: 5n * 10n ** 20n, expiryMarginBlocks: 480 },
} as const
/** over which the load is measured */
const LOAD_WINDOW_MS = 5_000

/** Throws `storage/…` and `edge/…` where its folder or port cannot be used, and `anchor/invalid`. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const store = await openStore(`level:${join(options.folder, 'earnings')}`)
  try {
    return await EdgeProcess.start(options, store)
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
  readonly #verifyPool: VerifyPool
  readonly #resources = new Map<Hash, { readonly url: string; readonly hosted: HostedResource }>()
  readonly #redeemer: Redeemer
  readonly #trackers: Trackers
  #cache!: PieceCache
  #earnings: readonly EarningRecord[] = []
  #server: StatusServer | undefined
  #servedBytes = 0
  #servedPieces = 0
  #window = { sinceMs: 0, bytes: 0, load: 0 }
  #problem: Reason | undefined
  /** of the newest settled block that the chain told of */
  #height = 0
  #isStopped = false
  readonly #stopTimers = new Set<() => void>()

  static async start(options: EdgeOptions, store: KeyValueStore): Promise<EdgeProcess> {
    const edge = new EdgeProcess(options, store)
    await edge.#start()
    return edge
  }

  private constructor(options: EdgeOptions, store: KeyValueStore) {
    this.#options = options
    this.#store = store
    this.#logger = options.logger ?? silentLogger
    const network = createGuardedNetwork(options.isDevnet ?? false)
    this.#world = { ...commonWorld(this.#logger), ...network, connect: connectNodeRtc }
    this.#session = createSession(options.secretKey, durableRecords(store))
    this.address = this.#session.address
    this.#policy = { ...DEFAULTS.redeem, ...options.redeem }
    this.#verifyPool = createPoolVerifier(parseTrustAnchor(options.anchor))
    this.#redeemer = this.#createRedeemer()
    this.#trackers = this.#createTrackers()
  }

  async #start(): Promise<void> {
    const { folder, cacheMaxBytes, statusPort, pins } = this.#options
    this.#cache = await PieceCache.open({
      folder: join(folder, 'cache'),
      maxBytes: cacheMaxBytes,
      clock: this.#world.clock,
      logger: this.#logger,
      onDropped: root => {
        for (const { hosted } of this.#resources.values()) hosted.dropped(root)
      },
    })
    this.#earnings = await this.#session.records.earnings()
    if (statusPort !== undefined)
      this.#server = await startStatusServer({
        port: statusPort,
        logger: this.#logger,
        status: () => this.status(),
        metrics: () => metricsOf(this.status()),
        redeem: () => this.redeem(),
      })
    this.#trackers.start()
    this.#redeemer.start(this.#earnings)
    for (const url of pins) this.#pinUntilItWorks(url)
  }

  // ------------------------------------------------------------------------------------------------ doors

  get statusUrl(): string {
    return this.#server?.url ?? ''
  }

  status(): EdgeStatus {
    const { place, uploadBytesPerSecond = DEFAULTS.uploadBytesPerSecond } = this.#options
    const { earnedWei, redeemedWei, gasWei } = this.#redeemer.summary()
    const resources = [...this.#resources].map(([resourceId, { url, hosted }]) => ({
      resourceId,
      title: hosted.manifest.title,
      manifestUrl: url,
      have: hosted.runner.swarm.have,
      peers: hosted.runner.connections,
    }))
    return {
      address: this.address,
      place,
      uploadBytesPerSecond,
      load: this.#load(),
      servedBytes: this.#servedBytes,
      servedPieces: this.#servedPieces,
      earnedWei,
      redeemedWei,
      gasWei,
      peers: resources.reduce((sum, { peers }) => sum + peers, 0),
      cacheBytes: this.#cache.sizeBytes,
      cacheMaxBytes: this.#cache.maxBytes,
      hasTracker: this.#trackers.isConnected,
      resources,
      problem: this.#problem,
    }
  }

  async pin(manifestUrl: string): Promise<Hash> {
    if (this.#resources.size >= RESOURCES_MAX)
      throw new CodedError('edge/resources', `${RESOURCES_MAX} resources are served already`)
    const { anchor, piecePriceWei } = this.#options
    const manifest = await fetchManifest(manifestUrl, this.#world.get)
    if (manifest.chainId !== anchor.chainId)
      throw new CodedError('manifest/chain', `the manifest is for chain ${manifest.chainId}, not ${anchor.chainId}`)
    const catalog = createCatalog(manifest)
    const { resourceId } = catalog
    const earnings = await this.#session.records.earnings()
    // The same resource may be pinned by two addresses.
    if (this.#isStopped || this.#resources.has(resourceId)) return resourceId
    const hosted = new HostedResource({
      manifestUrl,
      manifest,
      catalog,
      world: this.#world,
      session: this.#session,
      cache: this.#cache,
      trackers: this.#trackers,
      verifyPool: this.#verifyPool,
      piecePriceWei,
      unredeemedMaxWei: 2n * this.#policy.dueMaxWei,
      expiryMarginBlocks: DEFAULTS.expiryMarginBlocks,
      earnings,
      saveEarnings: records => this.#saveEarnings(records),
      events: {
        served: ({ bytes }) => this.#countServed(bytes),
        failed: rejection => {
          this.#problem = rejection
        },
      },
    })
    this.#resources.set(resourceId, { url: manifestUrl, hosted })
    if (this.#height > 0) hosted.heightChanged(this.#height)
    return resourceId
  }

  unpin(resourceId: Hash): void {
    this.#resources.get(resourceId)?.hosted.stop()
    this.#resources.delete(resourceId)
  }

  redeem(): Promise<void> {
    return this.#redeemer.redeemAll()
  }

  async stop(): Promise<void> {
    if (this.#isStopped) return
    this.#isStopped = true
    for (const stopTimer of this.#stopTimers) stopTimer()
    this.#redeemer.stop()
    for (const resourceId of [...this.#resources.keys()]) this.unpin(resourceId)
    this.#trackers.stop()
    await this.#server?.stop()
    await this.#cache.close()
    await this.#store.close()
  }

  // ------------------------------------------------------------------------------------------------ parts

  /** An origin that is not up yet is waited for; a manifest that is wrong stays wrong until somebody changes it. */
  #pinUntilItWorks(url: string): void {
    this.pin(url).catch((error: unknown) => {
      if (this.#isStopped) return
      this.#problem = reasonOf(error)
      this.#logger.warn('a resource cannot be served yet', { url, ...this.#problem })
      const stopTimer = this.#world.timers.after(MANIFEST_RETRY_MS, () => {
        this.#stopTimers.delete(stopTimer)
        this.#pinUntilItWorks(url)
      })
      this.#stopTimers.add(stopTimer)
    })
  }

  async #saveEarnings(records: readonly EarningRecord[]): Promise<void> {
    await this.#session.records.saveEarnings(records)
    this.#redeemer.note(records)
  }

  #createRedeemer(): Redeemer {
    const { chain, anchor, secretKey, onRedeemed } = this.#options
    const { timers } = this.#world
    return new Redeemer({
      chain: 'rpcUrl' in chain ? createPoolChain(createRpc(chain.rpcUrl), anchor.chainId, timers) : chain,
      records: this.#session.records,
      secretKey,
      policy: this.#policy,
      timers,
      logger: this.#logger,
      onHeight: height => {
        this.#height = height
        for (const { hosted } of this.#resources.values()) hosted.heightChanged(height)
      },
      onChanged: (resourceId, proven) => this.#resources.get(resourceId)?.hosted.poolChanged(proven),
      onEnded: (resourceId, poolId) => this.#resources.get(resourceId)?.hosted.poolEnded(poolId),
      ...(onRedeemed === undefined ? {} : { onRedeemed }),
      onFailed: rejection => {
        this.#problem = rejection
      },
    })
  }

  #createTrackers(): Trackers {
    const { trackers, place, uploadBytesPerSecond = DEFAULTS.uploadBytesPerSecond } = this.#options
    const { timers, random, openSocket } = this.#world
    return new Trackers({
      urls: trackers,
      identity: { peerId: this.address, sign: digest => this.#session.sign(digest) },
      role: 'edge',
      uploadBytesPerSecond,
      place,
      openSocket,
      timers,
      random,
      logger: this.#logger,
      report: () => ({ load: this.#load(), servedBytes: this.#servedBytes, rtt: [] }),
      onError: rejection => {
        this.#problem = rejection
      },
    })
  }

  #countServed(bytes: number): void {
    this.#load()
    this.#servedBytes += bytes
    this.#servedPieces++
    this.#window.bytes += bytes
  }

  #load(): number {
    const { uploadBytesPerSecond = DEFAULTS.uploadBytesPerSecond } = this.#options
    const nowMs = this.#world.clock.nowMs()
    const elapsedMs = nowMs - this.#window.sinceMs
    if (elapsedMs >= LOAD_WINDOW_MS) {
      const load = Math.min(1, (this.#window.bytes * 1_000) / elapsedMs / uploadBytesPerSecond)
      this.#window = { sinceMs: nowMs, bytes: 0, load }
    }
    return this.#window.load
  }
}

function metricsOf(status: EdgeStatus): string {
  const lines: [name: string, type: 'counter' | 'gauge', value: number][] = [
    ['tan_edge_served_bytes_total', 'counter', status.servedBytes],
    ['tan_edge_served_pieces_total', 'counter', status.servedPieces],
    ['tan_edge_earned_tangam', 'gauge', Number(status.earnedWei) / 1e18],
    ['tan_edge_redeemed_tangam', 'gauge', Number(status.redeemedWei) / 1e18],
    ['tan_edge_gas_tangam_total', 'counter', Number(status.gasWei) / 1e18],
    ['tan_edge_peers_count', 'gauge', status.peers],
    ['tan_edge_resources_count', 'gauge', status.resources.length],
    ['tan_edge_cache_bytes', 'gauge', status.cacheBytes],
    ['tan_edge_load_ratio', 'gauge', status.load],
  ]
  return lines.map(([name, type, value]) => `# TYPE ${name} ${type}\n${name} ${value}\n`).join('')
}
