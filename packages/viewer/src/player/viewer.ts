// A viewer: it keeps what a player needs coming, from peers that it pays and from the origin, and serves others meanwhile.
// It knows no player: adapters (hls.ts, headless.ts) tell it where one stands, and ask it for segments.
import {
  type Catalog,
  type CatalogSegment,
  createCatalog,
  type Playhead,
  type ProvenPool,
  playbackDemand,
  swarmLimits,
  type Wanted,
} from '@tan/delivery'
import {
  createPoolVerifier,
  fetchManifest,
  Meetings,
  Origin,
  originFolders,
  type PeerWorld,
  PiecesInMemory,
  type PoolChain,
  PoolKeeper,
  type PoolPlan,
  peerLimits,
  Redeemer,
  type RedeemPolicy,
  type Session,
  SwarmRunner,
  Trackers,
  type TrustAnchor,
  type VerifyPool,
} from '@tan/peer'
import { type Address, CodedError, type Hash, type Reason, reasonOf } from '@tan/primitives'
import { fileUrl, type PieceRef, type SignedManifest } from '@tan/protocol'
import type { Place } from '@tan/protocol/tracker'
import { DEMAND_MS, MEMORY_MAX_BYTES, PEERS_MAX, PEERS_WANTED, READ_MAX_MS } from '../limits.ts'
import { ByteCounter, type PoolReport, type ViewerStats } from './statistics.ts'

export interface ViewerOptions {
  readonly manifestUrl: string
  readonly session: Session
  readonly world: PeerWorld
  /** instead of those that the manifest names */
  readonly trackers?: readonly string[] | undefined
  /** pays peers; without it only what is free comes from them */
  readonly chain?: PoolChain | undefined
  /** checks the pools of viewers whom it serves; without it, it serves only what is free */
  readonly anchor?: TrustAnchor | undefined
  /** asks whoever pays to send so much to the session's account; resolves once it is there */
  readonly fund?: ((address: Address, wei: bigint) => Promise<void>) | undefined
  /** where it differs from what the manifest suggests */
  readonly pool?: Partial<PoolPlan> | undefined
  readonly usesPeers?: boolean | undefined
  readonly servesPeers?: boolean | undefined
  readonly uploadBytesPerSecond?: number | undefined
  readonly memoryMaxBytes?: number | undefined
  /** for devnets and tests, whose trackers heed it */
  readonly place?: Place | undefined
}

export type ViewerEvent =
  /** a piece came: `second` of the timeline that it belongs to, where it has one */
  | {
      readonly type: 'piece'
      readonly ref: PieceRef
      readonly second: number | undefined
      readonly from: 'origin' | Address
      readonly bytes: number
    }
  | { readonly type: 'payment'; readonly to: Address; readonly wei: bigint; readonly totalWei: bigint }
  | { readonly type: 'served'; readonly to: Address; readonly bytes: number }
  | { readonly type: 'peer'; readonly address: Address; readonly isConnected: boolean }
  | { readonly type: 'banned'; readonly address: Address; readonly rejection: Reason }
  | { readonly type: 'pool'; readonly pool: PoolReport }
  /** something does not work for now; playing goes on */
  | { readonly type: 'problem'; readonly rejection: Reason }

export interface Viewer {
  readonly catalog: Catalog
  readonly manifest: SignedManifest
  /** of what a player opens */
  readonly entryUrl: string
  on(listener: (event: ViewerEvent) => void): () => void
  stats(): ViewerStats
  /** Where the player stands: tell it often, and at each change. */
  setPlayhead(playhead: Omit<Playhead, 'atMs'>): void
  /** The segments of the file at a URL, in order; none for what is not part of the resource. */
  segmentsAt(url: string): readonly CatalogSegment[]
  /** A segment's bytes, every one of them checked. Throws `viewer/timeout` and the signal's reason. */
  read(rendition: number, segment: number, signal?: AbortSignal): Promise<Uint8Array>
  /** what a player can count on */
  readonly bytesPerMs: number
  setPeers(isOn: boolean): void
  /** Redeems what others paid this viewer. */
  redeem(): Promise<void>
  close(): Promise<void>
}

/** Throws what `fetchManifest` throws. The pool is opened and peers are met while it plays already. */
export async function createViewer(options: ViewerOptions): Promise<Viewer> {
  const manifest = await fetchManifest(options.manifestUrl, options.world.get)
  const chainId = options.chain?.chainId ?? options.anchor?.chainId
  if (chainId !== undefined && chainId !== manifest.chainId)
    throw new CodedError('manifest/chain', `the manifest is for chain ${manifest.chainId}; this is ${chainId}`)
  const viewer = new ViewerProcess(options, manifest)
  await viewer.start()
  return viewer
}

const UPLOAD_BYTES_PER_SECOND = 1_000_000
const EXPIRY_MARGIN_BLOCKS = 60
const REDEEM: RedeemPolicy = { gasFactor: 20n, dueMaxWei: 10n ** 21n, expiryMarginBlocks: 120 }
/** of a viewer's own earnings from one credit pool */
const UNREDEEMED_MAX_PIECES = 4_096n

class ViewerProcess implements Viewer {
  readonly catalog: Catalog
  readonly manifest: SignedManifest
  readonly entryUrl: string
  readonly #options: ViewerOptions
  readonly #folders: readonly string[]
  readonly #listeners = new Set<(event: ViewerEvent) => void>()
  readonly #bytes = new ByteCounter()
  readonly #roles = new Map<Address, 'viewer' | 'edge'>()
  /** asked for by the player, and not there yet */
  readonly #requests = new Map<number, { readonly wanted: Wanted; count: number }>()
  readonly #lifetime = new AbortController()
  #runner!: SwarmRunner
  #meetings!: Meetings
  #trackers!: Trackers
  #redeemer: Redeemer | undefined
  #playhead: Playhead | undefined
  #pool: Omit<PoolReport, 'spentWei'> | undefined
  #salt: Hash | undefined
  /** transactions of the session's account, one after the other */
  #sending: Promise<unknown> = Promise.resolve()
  readonly #claims = new Map<Hash, bigint>()
  #usesPeers: boolean
  #hasAskedForPool = false
  #stopTimer = () => {}
  #stopPoolTimer = () => {}

  constructor(options: ViewerOptions, manifest: SignedManifest) {
    this.#options = options
    this.manifest = manifest
    this.catalog = createCatalog(manifest)
    this.#folders = originFolders(options.manifestUrl, manifest)
    this.entryUrl = fileUrl(this.#folders[0]!, manifest.entry)
    this.#usesPeers = options.usesPeers ?? true
  }

  async start(): Promise<void> {
    const { session, chain } = this.#options
    const earnings = await session.records.earnings()
    const own = earnings.filter(({ resourceId }) => resourceId === this.catalog.resourceId)
    this.#runner = this.#createRunner(own)
    this.#meetings = this.#createMeetings()
    this.#trackers = this.#createTrackers()
    if (chain !== undefined) {
      this.#redeemer = this.#createRedeemer(chain)
      this.#redeemer.start(earnings)
    }
    this.#repeat()
    if (this.#usesPeers) this.#startPeers()
  }

  // ------------------------------------------------------------------------------------------------ doors

  on(listener: (event: ViewerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stats(): ViewerStats {
    const peers = this.#runner.swarm.peers().map(peer => ({ ...peer, role: this.#roles.get(peer.address) }))
    const paidWei = this.#runner.swarm.paidWei
    const earnings = this.#redeemer?.summary()
    return {
      originBytes: this.#bytes.originBytes,
      peerBytes: this.#bytes.peerBytes,
      offload: this.#bytes.offload,
      servedBytes: this.#bytes.servedBytes,
      have: this.#runner.swarm.have,
      peers,
      pool: this.#pool && { ...this.#pool, spentWei: paidWei },
      paidWei,
      earnedWei: earnings?.earnedWei ?? 0n,
      redeemedWei: earnings?.redeemedWei ?? 0n,
      usesPeers: this.#usesPeers,
      hasTracker: this.#trackers.isConnected,
    }
  }

  get bytesPerMs(): number {
    return this.#runner.swarm.bytesPerMs
  }

  setPlayhead(playhead: Omit<Playhead, 'atMs'>): void {
    this.#playhead = { ...playhead, atMs: this.#options.world.clock.nowMs() }
    this.#want()
  }

  segmentsAt(url: string): readonly CatalogSegment[] {
    for (const folder of this.#folders) {
      const uri = uriBelow(folder, url)
      if (uri !== undefined) return this.catalog.file(uri)
    }
    return []
  }

  async read(rendition: number, segment: number, signal?: AbortSignal): Promise<Uint8Array> {
    const timeout = AbortSignal.timeout(READ_MAX_MS)
    const signals = [timeout, this.#lifetime.signal, ...(signal === undefined ? [] : [signal])]
    const release = this.#request(rendition, segment)
    try {
      return await this.#runner.read(rendition, segment, AbortSignal.any(signals))
    } catch (error) {
      if (!timeout.aborted) throw error
      throw new CodedError('viewer/timeout', `segment ${segment} did not come within ${READ_MAX_MS} ms`)
    } finally {
      release()
    }
  }

  setPeers(isOn: boolean): void {
    if (this.#usesPeers === isOn) return
    this.#usesPeers = isOn
    if (isOn) this.#startPeers()
    else {
      this.#trackers.stop()
      this.#runner.disconnectAll()
    }
  }

  #startPeers(): void {
    this.#trackers.start()
    const { chain } = this.#options
    if (chain === undefined || this.#hasAskedForPool || !manifestCosts(this.manifest)) return
    this.#hasAskedForPool = true
    void this.#openPool(chain)
  }

  async redeem(): Promise<void> {
    await this.#redeemer?.redeemAll()
  }

  async close(): Promise<void> {
    if (this.#lifetime.signal.aborted) return
    this.#stopTimer()
    this.#stopPoolTimer()
    this.#lifetime.abort(new CodedError('viewer/closed', 'the viewer is closed'))
    this.#trackers.stop()
    this.#meetings.stop()
    this.#redeemer?.stop()
    this.#runner.stop()
    await this.#sending.catch(() => {})
    await this.#options.session.close()
  }

  // ------------------------------------------------------------------------------------------------ what is needed

  #repeat(): void {
    this.#stopTimer = this.#options.world.timers.after(DEMAND_MS, () => {
      this.#want()
      this.#repeat()
    })
  }

  #want(): void {
    const nowMs = this.#options.world.clock.nowMs()
    const wanted = this.#playhead === undefined ? [] : playbackDemand(this.catalog, this.#playhead, nowMs)
    for (const { wanted: request } of this.#requests.values()) {
      const isThere = wanted.some(
        ({ rendition, segment }) => rendition === request.rendition && segment === request.segment,
      )
      if (!isThere) wanted.push(request)
    }
    this.#runner.want(wanted)
  }

  /** At once: whoever asks for it waits for it. On the timeline, its place there says how long. */
  #request(rendition: number, segment: number): () => void {
    const entry = this.catalog.segment(rendition, segment)
    if (entry === undefined) throw new CodedError('viewer/segment', `there is no segment ${rendition}/${segment}`)
    const known = this.#requests.get(entry.id)
    const deadlineMs = this.#options.world.clock.nowMs()
    if (known === undefined) this.#requests.set(entry.id, { wanted: { rendition, segment, deadlineMs }, count: 1 })
    else known.count++
    this.#want()
    return () => {
      const request = this.#requests.get(entry.id)
      if (request !== undefined && --request.count === 0) this.#requests.delete(entry.id)
    }
  }

  // ------------------------------------------------------------------------------------------------ parts

  #createRunner(earnings: Awaited<ReturnType<Session['records']['earnings']>>): SwarmRunner {
    const { session, world, anchor, memoryMaxBytes = MEMORY_MAX_BYTES } = this.#options
    const { piecePriceWei, openingWei, chainId } = this.manifest
    const { records } = session
    const verify: VerifyPool =
      anchor === undefined
        ? () => ({ ok: false, code: 'payment/no-anchor', message: 'this peer trusts no chain' })
        : createPoolVerifier(anchor)
    const runner: SwarmRunner = new SwarmRunner({
      catalog: this.catalog,
      swarm: {
        identity: session,
        random: world.random,
        serves: this.#options.servesPeers ?? (anchor !== undefined || !manifestCosts(this.manifest)),
        payee: {
          piecePriceWei,
          openingWei,
          unredeemedMaxWei: piecePriceWei * UNREDEEMED_MAX_PIECES,
          expiryMarginBlocks: EXPIRY_MARGIN_BLOCKS,
          announcesClaims: true,
          followsChain: this.#options.chain !== undefined,
          records: earnings,
        },
        signVoucher: voucher => session.signVoucher(chainId, voucher),
      },
      origin: new Origin({
        catalog: this.catalog,
        folders: this.#folders,
        get: world.get,
        timers: world.timers,
        client: 'viewer',
      }),
      pieces: new PiecesInMemory(memoryMaxBytes, (rendition, segment) =>
        runner.dispatch({ type: 'dropped', rendition, segment }),
      ),
      sha256: world.sha256,
      clock: world.clock,
      timers: world.timers,
      logger: world.logger,
      savePayments: record => records.savePayments(record),
      saveEarnings: async newer => {
        await records.saveEarnings(newer)
        this.#redeemer?.note(newer)
      },
      provePool: (poolId, target) => {
        const { chain } = this.#options
        if (chain === undefined || this.#salt === undefined) throw new CodedError('viewer/chain', 'no chain to ask')
        return chain.proof(poolId, target, this.#salt)
      },
      verifyPool: proof => verify(proof, session.address),
      reserve: (poolId, target, amountWei) =>
        this.#send(chain => chain.reserve(poolId, target, amountWei, session.secretKey)),
      claim: claim => {
        this.#claims.set(claim.poolId, claim.claimWei)
        // Without a tracker the cap on what is not redeemed bounds the risk alone.
        if (!this.#trackers.claim(claim)) this.#claimed(claim.poolId, true)
      },
      events: {
        piece: ({ ref, from, bytes }) => this.#pieceCame(ref, from, bytes),
        served: ({ to, bytes }) => {
          this.#bytes.servedBytes += bytes
          this.#emit({ type: 'served', to, bytes })
        },
        paid: payment => this.#emit({ type: 'payment', ...payment }),
        opened: address => this.#emit({ type: 'peer', address, isConnected: true }),
        closed: address => {
          this.#emit({ type: 'peer', address, isConnected: false })
          if (this.#usesPeers) this.#trackers.announce(this.catalog.resourceId)
        },
        banned: (address, rejection) => this.#emit({ type: 'banned', address, rejection }),
        failed: rejection => this.#emit({ type: 'problem', rejection }),
      },
    })
    return runner
  }

  #createMeetings(): Meetings {
    const { session, world } = this.#options
    const { resourceId } = this.catalog
    return new Meetings({
      resourceId,
      self: session.address,
      connect: world.connect,
      clock: world.clock,
      timers: world.timers,
      random: world.random,
      wanted: PEERS_WANTED,
      most: PEERS_MAX,
      isConnectedTo: peer => this.#runner.isConnectedTo(peer),
      isBanned: peer => this.#runner.swarm.isBanned(peer),
      connections: () => this.#runner.connections,
      signal: (to, signal) => this.#trackers.signal(resourceId, to, signal),
      opened: (channel, peer) => (this.#usesPeers ? this.#runner.add(channel, peer) : channel.close()),
      failed: (peer, rejection) => world.logger.debug('no connection', { peer, ...rejection }),
    })
  }

  #createTrackers(): Trackers {
    const { session, world, place, uploadBytesPerSecond = UPLOAD_BYTES_PER_SECOND } = this.#options
    const trackers = new Trackers({
      urls: this.#options.trackers ?? this.manifest.trackers,
      identity: { peerId: session.address, sign: digest => session.sign(digest) },
      role: 'viewer',
      uploadBytesPerSecond,
      place,
      openSocket: world.openSocket,
      timers: world.timers,
      random: world.random,
      logger: world.logger,
      report: () => ({
        load: 0,
        servedBytes: this.#bytes.servedBytes,
        rtt: this.#runner.swarm
          .peers()
          .slice(0, 16)
          .map(({ address, latencyMs }) => ({ peerId: address, rttMs: Math.min(10_000, latencyMs) })),
      }),
      onError: rejection => world.logger.debug('tracker', { ...rejection }),
    })
    trackers.join(this.catalog.resourceId, {
      announcement: () => ({
        have: this.#runner.swarm.servesOthers ? this.#runner.swarm.have : 0,
        want: Math.max(0, PEERS_WANTED - this.#runner.connections),
      }),
      candidates: peers => {
        for (const { peerId, role } of peers) this.#roles.set(peerId, role)
        if (this.#usesPeers) this.#meetings.seek(peers.map(({ peerId }) => peerId))
      },
      signal: (from, signal) => {
        if (this.#usesPeers) this.#meetings.receive(from, signal)
      },
      iceServers: servers => this.#meetings.setIceServers(servers),
      claimed: (poolId, isAdmitted) => this.#claimed(poolId, isAdmitted),
    })
    return trackers
  }

  #createRedeemer(chain: PoolChain): Redeemer {
    const { session, world } = this.#options
    return new Redeemer({
      chain,
      records: session.records,
      secretKey: session.secretKey,
      policy: REDEEM,
      timers: world.timers,
      logger: world.logger,
      send: work => this.#send(work),
      onHeight: height => this.#runner.dispatch({ type: 'height', height }),
      onChanged: (resourceId, proven) => this.#poolChanged(resourceId, proven),
      onEnded: (resourceId, poolId) => {
        if (resourceId === this.catalog.resourceId) this.#runner.dispatch({ type: 'pool-ended', poolId })
      },
      onFailed: rejection => this.#emit({ type: 'problem', rejection }),
    })
  }

  #poolChanged(resourceId: Hash, proven: ProvenPool): void {
    if (resourceId === this.catalog.resourceId) this.#runner.dispatch({ type: 'pool-changed', proven })
  }

  #claimed(poolId: Hash, isAdmitted: boolean): void {
    const claimWei = this.#claims.get(poolId)
    if (claimWei !== undefined) this.#runner.dispatch({ type: 'claimed', poolId, claimWei, isAdmitted })
  }

  #pieceCame(ref: PieceRef, from: 'origin' | Address, bytes: number): void {
    this.#bytes.received(from, bytes)
    const { startMs, durationMs, pieceCount } = this.catalog.segment(ref.rendition, ref.segment)!
    const second =
      durationMs === 0 ? undefined : Math.floor((startMs + (durationMs * (ref.piece + 0.5)) / pieceCount) / 1_000)
    this.#emit({ type: 'piece', ref, second, from, bytes })
  }

  #emit(event: ViewerEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  // ------------------------------------------------------------------------------------------------ paying

  async #openPool(chain: PoolChain): Promise<void> {
    const { session, world, fund } = this.#options
    this.#runner.payFrom(undefined, undefined, true)
    const keeper = new PoolKeeper({
      chain,
      records: session.records,
      secretKey: session.secretKey,
      random: world.random,
      fund,
    })
    try {
      const plan = { ...this.#suggestedPool(), ...this.#options.pool }
      const { record, state } = await this.#send(() => keeper.open(this.catalog.resourceId, plan))
      if (this.#lifetime.signal.aborted) return
      const { poolId, salt } = record
      const kind = state.collateral === 0n ? 'strict' : 'credit'
      this.#salt = salt
      this.#pool = { poolId, kind, depositWei: state.deposit, collateralWei: state.collateral }
      const payments = await session.records.payments(poolId)
      this.#runner.payFrom({ poolId, kind, budgetWei: state.deposit }, payments, false)
      this.#emit({ type: 'pool', pool: { ...this.#pool, spentWei: this.#runner.swarm.paidWei } })
    } catch (error) {
      const rejection = reasonOf(error)
      world.logger.warn('no pool to pay peers from', { ...rejection })
      this.#runner.payFrom(undefined, undefined, false)
      this.#emit({ type: 'problem', rejection })
      // A node that is away comes back. Whoever is asked for money is not asked again and again.
      if (rejection.code.startsWith('rpc/') && !this.#lifetime.signal.aborted)
        this.#stopPoolTimer = world.timers.after(peerLimits.POOL_RETRY_MS, () => void this.#openPool(chain))
    }
  }

  /** Enough for the film in its best quality, and for what is paid ahead to peers that then go away. */
  #suggestedPool(): PoolPlan {
    const { piecePriceWei, openingWei } = this.manifest
    const pieces = this.catalog.renditions.map(rendition => rendition.pieceCount)
    const most = Math.max(...pieces) + pieces.length
    const spare = PEERS_WANTED * swarmLimits.IN_FLIGHT_MAX
    const depositWei = piecePriceWei * BigInt(Math.ceil(1.5 * most) + spare) + openingWei * BigInt(2 * PEERS_WANTED)
    return { kind: 'credit', depositWei, collateralPercent: 200, durationBlocks: 20_000, blocksLeftMin: 2_000 }
  }

  #send<T>(work: (chain: PoolChain) => Promise<T>): Promise<T> {
    const { chain } = this.#options
    if (chain === undefined) return Promise.reject(new CodedError('viewer/chain', 'no chain to send to'))
    const next = this.#sending.then(() => work(chain))
    this.#sending = next.catch(() => {})
    return next
  }
}

function manifestCosts({ piecePriceWei, openingWei }: SignedManifest): boolean {
  return piecePriceWei > 0n || openingWei > 0n
}

/** The path of a file below a folder's URL, decoded; undefined for what lies elsewhere. */
function uriBelow(folder: string, url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { origin, pathname } = new URL(url)
  const base = new URL(folder)
  if (origin !== base.origin || !pathname.startsWith(base.pathname)) return undefined
  try {
    return decodeURIComponent(pathname.slice(base.pathname.length))
  } catch {
    return undefined
  }
}
