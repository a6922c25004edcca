// A viewer: it keeps what a player needs coming, from peers that it pays and from the origin, and serves others meanwhile.
// It knows no player: adapters (hls.ts, headless.ts) tell it where one stands, and ask it for segments.

import type { Catalog, CatalogSegment, Playhead } from '@tan/delivery'
import type { RedeemPolicy } from '@tan/payments'
import {
  isPaid,
  openResource,
  Peer,
  type PeerWorld,
  PiecesInMemory,
  type PoolChain,
  type PoolPlan,
  type Resource,
  type Session,
  type SwarmMember,
  type TrustAnchor,
} from '@tan/peer'
import { type Address, CodedError, type Reason } from '@tan/primitives'
import { fileUrl, type PieceRef, type SignedManifest } from '@tan/protocol'
import type { Candidate, Place } from '@tan/protocol/tracker'
import type { TrackerReport } from '@tan/protocol/tracker/client'
import { DEMAND_MS, MEMORY_MAX_BYTES, PEERS_MAX, PEERS_WANTED, READ_MAX_MS, ROLES_MAX } from '../limits.ts'
import { Demand } from './demand.ts'
import { suggestedPool } from './pool-plan.ts'
import { segmentsAt } from './segment-urls.ts'
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

/** Throws what `openResource` throws. The pool is opened and peers are met while it plays already. */
export async function createViewer(options: ViewerOptions): Promise<Viewer> {
  const { manifestUrl, world, chain, anchor, usesPeers = true } = options
  const resource = await openResource(manifestUrl, world.get, chain?.chainId ?? anchor?.chainId)
  const viewer = new ViewerProcess(options, resource)
  await viewer.start(usesPeers)
  return viewer
}

const UPLOAD_BYTES_PER_SECOND = 1_000_000
const EXPIRY_MARGIN_BLOCKS = 60
const REDEEM: RedeemPolicy = { gasFactor: 20n, dueMaxWei: 10n ** 21n, expiryMarginBlocks: 120 }
/** of a viewer's own earnings from one credit pool */
const UNREDEEMED_MAX_PIECES = 4_096n
/** round-trip times of one report */
const REPORTED_RTTS = 16
const REPORTED_RTT_MAX_MS = 10_000

class ViewerProcess implements Viewer {
  readonly catalog: Catalog
  readonly manifest: SignedManifest
  readonly entryUrl: string
  readonly #options: ViewerOptions
  readonly #resource: Resource
  readonly #listeners = new Set<(event: ViewerEvent) => void>()
  readonly #bytes = new ByteCounter()
  /** as trackers said */
  readonly #roles = new Map<Address, 'viewer' | 'edge'>()
  readonly #demand: Demand
  readonly #lifetime = new AbortController()
  #peer!: Peer
  #member!: SwarmMember
  #usesPeers = false
  #stopTimer = () => {}

  constructor(options: ViewerOptions, resource: Resource) {
    this.#options = options
    this.#resource = resource
    this.manifest = resource.manifest
    this.catalog = resource.catalog
    this.#demand = new Demand(resource.catalog)
    this.entryUrl = fileUrl(resource.folders[0]!, resource.manifest.entry)
  }

  async start(usesPeers: boolean): Promise<void> {
    this.#peer = await this.#openPeer()
    this.#member = this.#join()
    this.#peer.start()
    this.#repeat()
    this.setPeers(usesPeers)
  }

  // ------------------------------------------------------------------------------------------------ doors

  on(listener: (event: ViewerEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  stats(): ViewerStats {
    const { have, pool, paidWei } = this.#member
    const { originBytes, peerBytes, offload, servedBytes } = this.#bytes
    const { earnedWei = 0n, redeemedWei = 0n } = this.#peer.earnings ?? {}
    return {
      ...{ originBytes, peerBytes, offload, servedBytes, have, paidWei, earnedWei, redeemedWei },
      peers: this.#member.peers().map(peer => ({ ...peer, role: this.#roles.get(peer.address) })),
      pool: pool && { ...pool, spentWei: paidWei },
      usesPeers: this.#usesPeers,
      hasTracker: this.#peer.hasTracker,
    }
  }

  get bytesPerMs(): number {
    return this.#member.bytesPerMs
  }

  setPlayhead(playhead: Omit<Playhead, 'atMs'>): void {
    this.#demand.setPlayhead({ ...playhead, atMs: this.#nowMs })
    this.#want()
  }

  segmentsAt(url: string): readonly CatalogSegment[] {
    return segmentsAt(this.#resource, url)
  }

  async read(rendition: number, segment: number, signal?: AbortSignal): Promise<Uint8Array> {
    const timeout = AbortSignal.timeout(READ_MAX_MS)
    const signals = [timeout, this.#lifetime.signal, ...(signal === undefined ? [] : [signal])]
    const release = this.#demand.request(rendition, segment, this.#nowMs)
    this.#want()
    try {
      return await this.#member.read(rendition, segment, AbortSignal.any(signals))
    } catch (error) {
      if (!timeout.aborted) throw error
      throw new CodedError('viewer/timeout', `segment ${segment} did not come within ${READ_MAX_MS} ms`)
    } finally {
      release()
    }
  }

  setPeers(isOn: boolean): void {
    this.#usesPeers = isOn
    this.#peer.setMeeting(isOn)
  }

  redeem(): Promise<void> {
    return this.#peer.redeem()
  }

  async close(): Promise<void> {
    if (this.#lifetime.signal.aborted) return
    this.#stopTimer()
    this.#lifetime.abort(new CodedError('viewer/closed', 'the viewer is closed'))
    this.#peer.stop()
    // Whoever takes the session next must find no transaction of it under way.
    await this.#peer.idle()
    await this.#options.session.close()
  }

  // ------------------------------------------------------------------------------------------------ parts

  get #nowMs(): number {
    return this.#options.world.clock.nowMs()
  }

  #want(): void {
    this.#member.want(this.#demand.wanted(this.#nowMs))
  }

  #repeat(): void {
    this.#stopTimer = this.#options.world.timers.after(DEMAND_MS, () => {
      this.#want()
      this.#repeat()
    })
  }

  #openPeer(): Promise<Peer> {
    const { world, session, chain, anchor, place, uploadBytesPerSecond = UPLOAD_BYTES_PER_SECOND } = this.#options
    return Peer.open({
      ...{ role: 'viewer', world, session, chain, anchor, place, uploadBytesPerSecond, redeem: REDEEM },
      trackers: this.#options.trackers ?? this.manifest.trackers,
      report: () => this.#report(),
      events: { failed: rejection => this.#emit({ type: 'problem', rejection }) },
    })
  }

  #join(): SwarmMember {
    const { chain, anchor, fund, pool, servesPeers, memoryMaxBytes = MEMORY_MAX_BYTES } = this.#options
    const { piecePriceWei } = this.manifest
    const costs = isPaid(this.manifest)
    return this.#peer.join({
      resource: this.#resource,
      pieces: new PiecesInMemory(memoryMaxBytes, (rendition, segment) => this.#member.dropped(rendition, segment)),
      serves: servesPeers ?? (anchor !== undefined || !costs),
      piecePriceWei,
      unredeemedMaxWei: piecePriceWei * UNREDEEMED_MAX_PIECES,
      expiryMarginBlocks: EXPIRY_MARGIN_BLOCKS,
      paying: chain === undefined || !costs ? undefined : { pool: { ...suggestedPool(this.catalog), ...pool }, fund },
      peersWanted: () => PEERS_WANTED,
      peersMax: PEERS_MAX,
      events: {
        named: peers => this.#noteRoles(peers),
        piece: ({ ref, from, bytes }) => this.#pieceCame(ref, from, bytes),
        served: ({ to, bytes }) => {
          this.#bytes.servedBytes += bytes
          this.#emit({ type: 'served', to, bytes })
        },
        paid: payment => this.#emit({ type: 'payment', ...payment }),
        opened: address => this.#emit({ type: 'peer', address, isConnected: true }),
        closed: address => this.#emit({ type: 'peer', address, isConnected: false }),
        banned: (address, rejection) => this.#emit({ type: 'banned', address, rejection }),
        poolOpened: open => this.#emit({ type: 'pool', pool: { ...open, spentWei: this.#member.paidWei } }),
        failed: rejection => this.#emit({ type: 'problem', rejection }),
      },
    })
  }

  #noteRoles(peers: readonly Candidate[]): void {
    for (const { peerId, role } of peers) {
      this.#roles.delete(peerId)
      this.#roles.set(peerId, role)
      if (this.#roles.size > ROLES_MAX) this.#roles.delete(this.#roles.keys().next().value!)
    }
  }

  /** spec T-RTT: trackers learn from it how far networks are apart */
  #report(): TrackerReport {
    const rtt = this.#member
      .peers()
      .slice(0, REPORTED_RTTS)
      .map(({ address, latencyMs }) => ({ peerId: address, rttMs: Math.min(REPORTED_RTT_MAX_MS, latencyMs) }))
    return { load: 0, servedBytes: this.#bytes.servedBytes, rtt }
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
}
