// One viewing of a video: the player and the swarm behind it, as the page sees them. All that the page knows of
// @tan/viewer is in this file.
import { type Address, CodedError, type Hash, type Rejection, rejectionOf } from '@tan/primitives'
import { fileUrl, parseManifest } from '@tan/protocol'
import { STATUS_TIMEOUT_MS } from '../limits.ts'
import type { Settings } from '../settings/settings.ts'
import { createStore, type Readable } from '../store.ts'
import { bufferedAhead, type Playback, playHls } from './hls-playback.ts'
import { type PieceEvent, WatchLog, type WatchView } from './watch-log.ts'

export interface PoolSummary {
  readonly poolId: Hash | undefined
  readonly depositWei: bigint
  /** promised to peers, redeemed or not */
  readonly spentWei: bigint
  readonly leftWei: bigint
  readonly collateralWei: bigint
}

export type SessionState =
  | { readonly kind: 'starting' }
  /** plays; from the origin alone while there is a `hint` why peers do not help */
  | { readonly kind: 'running'; readonly hint?: string | undefined }
  | { readonly kind: 'failed'; readonly rejection: Rejection }

export interface WatchSession {
  readonly state: Readable<SessionState>
  readonly view: Readable<WatchView>
  readonly pool: Readable<PoolSummary | undefined>
  readonly usesPeers: Readable<boolean>
  setPeers(usesPeers: boolean): void
  /** Calls with each piece as it comes: for the picture, which draws it on its way. */
  onPiece(listener: (piece: PieceEvent) => void): () => void
  onPayment(listener: (peer: Address) => void): () => void
  /** Gives the video to an element; ends when the returned function is called. */
  attach(video: HTMLVideoElement): () => void
  close(): void
}

/** how often the page is told what has changed */
const VIEW_MS = 250

export function openSession(_settings: Settings, video: NonNullable<Settings['video']>): WatchSession {
  return new Session(video.manifestUrl)
}

class Session implements WatchSession {
  readonly state = createStore<SessionState>({ kind: 'starting' })
  readonly view: Readable<WatchView>
  readonly pool = createStore<PoolSummary | undefined>(undefined)
  readonly usesPeers = createStore(true)
  readonly #view
  readonly #log = new WatchLog()
  readonly #manifestUrl: string
  readonly #pieceListeners = new Set<(piece: PieceEvent) => void>()
  readonly #paymentListeners = new Set<(peer: Address) => void>()

  constructor(manifestUrl: string) {
    this.#manifestUrl = manifestUrl
    this.#view = createStore(this.#log.view())
    this.view = this.#view
  }

  setPeers = (usesPeers: boolean): void => this.usesPeers.set(usesPeers)

  onPiece(listener: (piece: PieceEvent) => void): () => void {
    this.#pieceListeners.add(listener)
    return () => this.#pieceListeners.delete(listener)
  }

  onPayment(listener: (peer: Address) => void): () => void {
    this.#paymentListeners.add(listener)
    return () => this.#paymentListeners.delete(listener)
  }

  attach(video: HTMLVideoElement): () => void {
    let playback: Playback | undefined
    let isEnded = false
    const timer = setInterval(() => {
      this.#log.buffer({ atMs: Date.now(), bufferS: bufferedAhead(video) })
      this.#view.set(this.#log.view())
    }, VIEW_MS)
    this.#play(video).then(
      made => {
        if (isEnded) made.end()
        else playback = made
      },
      (error: unknown) => this.state.set({ kind: 'failed', rejection: rejectionOf(error) }),
    )
    return () => {
      isEnded = true
      clearInterval(timer)
      playback?.end()
    }
  }

  close(): void {
    this.#pieceListeners.clear()
    this.#paymentListeners.clear()
  }

  async #play(video: HTMLVideoElement): Promise<Playback> {
    const manifest = await loadManifest(this.#manifestUrl)
    const playlistUrl = fileUrl(manifest.origins[0] ?? this.#manifestUrl, manifest.entry)
    const playback = await playHls(video, playlistUrl, () => {}, {
      segment: ({ startS, durationS, bytes }) => this.#originSegment(startS, durationS, bytes),
      failed: rejection => this.state.set({ kind: 'failed', rejection }),
    })
    this.state.set({ kind: 'running', hint: 'Peers are not asked: the origin serves this video alone.' })
    return playback
  }

  #originSegment(startS: number, durationS: number, bytes: number): void {
    const seconds = Math.max(1, Math.round(durationS))
    for (let i = 0; i < seconds; i++) {
      const piece: PieceEvent = { from: 'origin', bytes: bytes / seconds, second: startS + i }
      this.#log.piece(piece)
      for (const listener of this.#pieceListeners) listener(piece)
    }
  }
}

async function loadManifest(url: string): Promise<ReturnType<typeof parseManifest>> {
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) })
  } catch (cause) {
    throw new CodedError('player/origin', `the origin does not answer at ${url}`, { cause })
  }
  if (!response.ok) throw new CodedError('player/manifest', `${url} answers with status ${response.status}`)
  return parseManifest(await response.text())
}
