// One viewing of a video: the player and the swarm behind it, as the page sees them. All that the page knows of
// @tan/viewer is in this file.
import { type Address, type Hash, type Reason, reasonOf } from '@tan/primitives'
import type { PieceRef } from '@tan/protocol'
import type { PoolReport, Viewer, ViewerEvent } from '@tan/viewer'
import { getAnchor } from '../rpc/tan.ts'
import type { Settings } from '../settings/settings.ts'
import type { Net } from '../shell/net.ts'
import { createStore, type Readable } from '../store.ts'
import { hintOf } from './hint.ts'
import { bufferedAhead, playHls } from './hls-playback.ts'
import { openPosition, type Position } from './position.ts'
import { type PieceEvent, type Span, WatchLog, type WatchView } from './watch-log.ts'

export interface PoolSummary {
  readonly poolId: Hash
  readonly depositWei: bigint
  /** promised to peers, whether redeemed or not */
  readonly spentWei: bigint
  readonly leftWei: bigint
  readonly collateralWei: bigint
}

/** What this page sends to others. */
export interface ServedSummary {
  readonly bytes: number
  readonly earnedWei: bigint
}

export type SessionState =
  | { readonly kind: 'starting' }
  /** plays; while there is a `hint`, only from the origin */
  | { readonly kind: 'running'; readonly hint: string | undefined }
  | { readonly kind: 'failed'; readonly rejection: Reason }

export interface WatchSession {
  readonly state: Readable<SessionState>
  readonly view: Readable<WatchView>
  readonly pool: Readable<PoolSummary | undefined>
  readonly served: Readable<ServedSummary>
  readonly usesPeers: Readable<boolean>
  setPeers(usesPeers: boolean): void
  /** Calls back with each arriving piece, so that the picture can draw it. */
  onPiece(listener: (piece: PieceEvent) => void): () => void
  onPayment(listener: (peer: Address) => void): () => void
  /** Plays the video in an element, from its last position, until the returned function is called. */
  attach(video: HTMLVideoElement): () => void
}

type Video = NonNullable<Settings['video']>

/** how often the page is updated */
const VIEW_MS = 250

const sessions = new WeakMap<Net, WatchSession>()

/**
 * The session that continues while the person visits other pages: it keeps its pieces and serves others. It ends with
 * the page, or when it failed and is opened `anew`.
 */
export function openSession(net: Net, video: Video, anew = false): WatchSession {
  const known = sessions.get(net)
  if (known !== undefined && !anew) return known
  const session = new Session(net, video)
  sessions.set(net, session)
  return session
}

class Session implements WatchSession {
  readonly state = createStore<SessionState>({ kind: 'starting' })
  readonly view
  readonly pool = createStore<PoolSummary | undefined>(undefined)
  readonly served = createStore<ServedSummary>({ bytes: 0, earnedWei: 0n })
  readonly usesPeers = createStore(true)
  readonly #log = new WatchLog()
  readonly #viewer: Promise<Viewer>
  readonly #pieceListeners = new Set<(piece: PieceEvent) => void>()
  readonly #paymentListeners = new Set<(peer: Address) => void>()
  #problem: Reason | undefined
  readonly #position: Position

  constructor(net: Net, video: Video) {
    this.#position = openPosition(video.manifestUrl, () => sessionStorage)
    this.view = createStore(this.#log.view())
    this.#viewer = this.#open(net, video)
    this.#viewer.catch((error: unknown) => this.#fail(error))
  }

  setPeers = (usesPeers: boolean): void => {
    this.usesPeers.set(usesPeers)
    this.#viewer.then(viewer => viewer.setPeers(usesPeers)).catch(() => {})
  }

  onPiece(listener: (piece: PieceEvent) => void): () => void {
    this.#pieceListeners.add(listener)
    return () => this.#pieceListeners.delete(listener)
  }

  onPayment(listener: (peer: Address) => void): () => void {
    this.#paymentListeners.add(listener)
    return () => this.#paymentListeners.delete(listener)
  }

  attach(video: HTMLVideoElement): () => void {
    const ended = new AbortController()
    const timer = setInterval(() => {
      this.#log.buffer({ atMs: Date.now(), bufferS: bufferedAhead(video) })
      this.#keepPosition(video)
    }, VIEW_MS)
    this.#play(video, ended.signal).catch((error: unknown) => this.#fail(error))
    return () => {
      clearInterval(timer)
      this.#keepPosition(video)
      ended.abort()
    }
  }

  /** An element without a picture is at 0, which is not the playback position. */
  #keepPosition(video: HTMLVideoElement): void {
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) this.#position.keep(video.ended ? 0 : video.currentTime)
  }

  async #open({ link, settings }: Net, { manifestUrl }: Video): Promise<Viewer> {
    const { createBrowserViewer } = await import('@tan/viewer/browser')
    const viewer = await createBrowserViewer({
      manifestUrl,
      rpcUrl: settings.rpcUrl,
      // A page without a configured genesis trusts its node, as it does for everything else.
      anchor: settings.genesis ?? (settings.rpcUrl === undefined ? undefined : await getAnchor(link)),
      trackers: settings.trackerUrl === undefined ? undefined : [settings.trackerUrl],
      // Only a page that must pay and has no money needs this module.
      fund: async (address, wei) => (await import('./funding.ts')).fundSession({ link, settings }, address, wei),
    })
    viewer.on(event => this.#take(viewer, event))
    viewer.setPeers(this.usesPeers.get())
    setInterval(() => this.#look(viewer), VIEW_MS)
    this.#look(viewer)
    return viewer
  }

  async #play(video: HTMLVideoElement, ended: AbortSignal): Promise<void> {
    const viewer = await this.#viewer
    const { attachToHls } = await import('@tan/viewer/browser')
    await playHls(video, {
      url: viewer.entryUrl,
      startS: this.#position.get(),
      attach: hls => attachToHls(hls, viewer),
      failed: rejection => this.state.set({ kind: 'failed', rejection }),
      ended,
    })
  }

  #fail(error: unknown): void {
    this.state.set({ kind: 'failed', rejection: reasonOf(error) })
  }

  #take(viewer: Viewer, event: ViewerEvent): void {
    switch (event.type) {
      case 'piece': {
        const { from, bytes, ref } = event
        if (from !== 'origin') this.#problem = undefined
        const piece: PieceEvent = { from, bytes, span: spanOf(viewer, ref) }
        this.#log.piece(piece)
        for (const listener of this.#pieceListeners) listener(piece)
        break
      }
      case 'payment': {
        const { to, wei } = event
        this.#log.payment({ peer: to, wei, atMs: Date.now() })
        for (const listener of this.#paymentListeners) listener(to)
        break
      }
      case 'problem':
        this.#problem = event.rejection
        break
      default:
      // The figures show everything else.
    }
  }

  #look(viewer: Viewer): void {
    const { peers, pool, servedBytes, earnedWei, hasTracker } = viewer.stats()
    this.#log.peers(
      peers.map(({ address, role, latencyMs }) => ({
        id: address,
        kind: role ?? 'viewer',
        rttMs: latencyMs > 0 ? latencyMs : undefined,
      })),
    )
    this.view.set(this.#log.view())
    this.pool.set(pool && summaryOf(pool))
    const served = this.served.get()
    if (served.bytes !== servedBytes || served.earnedWei !== earnedWei)
      this.served.set({ bytes: servedBytes, earnedWei })
    if (this.state.get().kind === 'failed') return
    const { piecePriceWei, openingWei } = viewer.manifest
    const hint = hintOf({
      usesPeers: this.usesPeers.get(),
      hasTracker,
      costs: piecePriceWei + openingWei > 0n,
      hasPool: pool !== undefined,
      peerCount: peers.length,
      problem: this.#problem,
    })
    const state = this.state.get()
    if (state.kind !== 'running' || state.hint !== hint) this.state.set({ kind: 'running', hint })
  }
}

function summaryOf({ poolId, depositWei, spentWei, collateralWei }: PoolReport): PoolSummary {
  return { poolId, depositWei, spentWei, leftWei: depositWei - spentWei, collateralWei }
}

/** The pieces of a segment share its time evenly, which is precise enough for the strip. */
function spanOf({ catalog }: Viewer, { rendition, segment, piece }: PieceRef): Span | undefined {
  const found = catalog.segment(rendition, segment)
  if (found === undefined || found.durationMs === 0) return undefined
  const { startMs, durationMs, pieceCount } = found
  const at = (index: number): number => (startMs + (durationMs * index) / pieceCount) / 1000
  return { fromS: at(piece), toS: at(piece + 1) }
}
