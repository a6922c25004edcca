// The adapter for hls.js: it loads playlists and segments through the viewer, and tells it where the playhead stands.

import type { CatalogSegment, Playhead } from '@tan/delivery'
import { bytesToUtf8, concatBytes, reasonOf } from '@tan/primitives'
import type Hls from 'hls.js'
import type { HlsConfig, Loader, LoaderCallbacks, LoaderConfiguration, LoaderContext, LoaderStats } from 'hls.js'
import type { Viewer } from './viewer.ts'

/**
 * Call it before `hls.loadSource(viewer.entryUrl)`. What is not part of the resource is loaded as ever. The function that
 * it returns takes the adapter off again.
 */
export function attachToHls(hls: Hls, viewer: Viewer): () => void {
  const before = hls.config.loader
  const follower = new PlayheadFollower(hls, viewer)
  hls.config.loader = class extends SwarmLoader {
    constructor(config: HlsConfig) {
      super(viewer, follower, () => new before(config))
    }
  }
  return () => {
    follower.stop()
    hls.config.loader = before
  }
}

/** how often the playhead is told while it moves */
const FOLLOW_MS = 250

/** Where the media element plays, and what it needs next. */
class PlayheadFollower {
  readonly #hls: Hls
  readonly #viewer: Viewer
  /** of the last media segment that was asked for */
  #next: { readonly rendition: number; readonly segment: number } | undefined
  #timer: ReturnType<typeof setInterval>

  constructor(hls: Hls, viewer: Viewer) {
    this.#hls = hls
    this.#viewer = viewer
    this.#timer = setInterval(() => this.tell(), FOLLOW_MS)
  }

  /** The player needs this one, and then those behind it. */
  needs({ rendition, segment, durationMs }: CatalogSegment): void {
    if (durationMs === 0) return
    this.#next = { rendition, segment }
    this.tell()
  }

  /** It has this one: the next is what it will need. */
  has({ rendition, segment, durationMs }: CatalogSegment): void {
    if (durationMs === 0 || this.#next?.rendition !== rendition || this.#next.segment !== segment) return
    this.#next = { rendition, segment: segment + 1 }
    this.tell()
  }

  tell(): void {
    const media = this.#hls.media
    if (this.#next === undefined) return
    const isPlaying = media !== null && !media.paused && !media.ended && media.readyState >= 3
    const playhead: Omit<Playhead, 'atMs'> = {
      ...this.#next,
      positionMs: 1_000 * (media?.currentTime ?? 0),
      rate: isPlaying ? media.playbackRate : 0,
    }
    this.#viewer.setPlayhead(playhead)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

class SwarmLoader implements Loader<LoaderContext> {
  context: LoaderContext | null = null
  stats: LoaderStats = freshStats()
  readonly #viewer: Viewer
  readonly #follower: PlayheadFollower
  readonly #createOther: () => Loader<LoaderContext>
  /** for what is not part of the resource */
  #other: Loader<LoaderContext> | undefined
  #aborted = new AbortController()

  constructor(viewer: Viewer, follower: PlayheadFollower, createOther: () => Loader<LoaderContext>) {
    this.#viewer = viewer
    this.#follower = follower
    this.#createOther = createOther
  }

  load(context: LoaderContext, config: LoaderConfiguration, callbacks: LoaderCallbacks<LoaderContext>): void {
    this.context = context
    const segments = segmentsOf(this.#viewer, context)
    if (segments === undefined) {
      this.#other = this.#createOther()
      this.stats = this.#other.stats
      this.#other.load(context, config, callbacks)
      return
    }
    const signal = this.#aborted.signal
    this.stats.loading.start = performance.now()
    this.#read(context, segments, signal)
      .then(bytes => {
        if (!signal.aborted) this.#succeed(context, bytes, callbacks)
      })
      .catch((error: unknown) => {
        if (signal.aborted) return
        callbacks.onError({ code: 0, text: reasonOf(error).message }, context, null, this.stats)
      })
  }

  abort(): void {
    if (this.#other !== undefined) return this.#other.abort()
    this.stats.aborted = true
    this.#aborted.abort()
  }

  destroy(): void {
    this.#other?.destroy()
    this.#aborted.abort()
    this.context = null
  }

  async #read(context: LoaderContext, segments: readonly CatalogSegment[], signal: AbortSignal): Promise<Uint8Array> {
    this.#follower.needs(segments[0]!)
    const parts = await Promise.all(
      segments.map(({ rendition, segment }) => this.#viewer.read(rendition, segment, signal)),
    )
    const whole = concatBytes(...parts)
    if (!context.rangeEnd) return whole
    const from = (context.rangeStart ?? 0) - segments[0]!.offsetBytes
    return whole.subarray(from, from + context.rangeEnd - (context.rangeStart ?? 0))
  }

  #succeed(context: LoaderContext, bytes: Uint8Array, callbacks: LoaderCallbacks<LoaderContext>): void {
    const { stats } = this
    const endMs = performance.now()
    // The player chooses its quality by how long loading took. A segment that waited for peers while there was time, or
    // was there before it was asked for, says nothing of that: what counts is what the sources can do.
    const tookMs = Math.min(endMs - stats.loading.start, Math.max(1, bytes.length / this.#viewer.bytesPerMs))
    stats.loading.start = endMs - Math.max(1, tookMs)
    stats.loading.first = stats.loading.start
    stats.loading.end = endMs
    stats.loaded = stats.total = bytes.length
    stats.chunkCount = 1
    stats.bwEstimate = 8_000 * this.#viewer.bytesPerMs
    const [last] = (segmentsOf(this.#viewer, context) ?? []).slice(-1)
    if (last !== undefined) this.#follower.has(last)
    const isText = context.responseType === 'text' || context.responseType === ''
    const data = isText ? bytesToUtf8(bytes) : bufferOf(bytes)
    callbacks.onSuccess({ url: context.url, data, code: 200 }, stats, context, null)
  }
}

/** Those that the player's range of bytes lies in; undefined for what is not part of the resource. */
function segmentsOf(viewer: Viewer, { url, rangeStart = 0, rangeEnd }: LoaderContext): CatalogSegment[] | undefined {
  const file = viewer.segmentsAt(url)
  const end = rangeEnd || Number.POSITIVE_INFINITY
  const found = file.filter(({ offsetBytes, sizeBytes }) => offsetBytes < end && offsetBytes + sizeBytes > rangeStart)
  return found.length === 0 ? undefined : found
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array<ArrayBuffer>
  return byteOffset === 0 && byteLength === buffer.byteLength
    ? buffer
    : buffer.slice(byteOffset, byteOffset + byteLength)
}

function freshStats(): LoaderStats {
  return {
    aborted: false,
    loaded: 0,
    retry: 0,
    total: 0,
    chunkCount: 0,
    bwEstimate: 0,
    loading: { start: 0, first: 0, end: 0 },
    parsing: { start: 0, end: 0 },
    buffering: { start: 0, first: 0, end: 0 },
  }
}
