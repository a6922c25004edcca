// A player without a picture: it takes segments as a real one would, plays them by the clock, and counts how long it had
// to wait. For `tan watch`, tests and benches.
import type { Playhead } from '@tan/delivery'
import type { Timers } from '@tan/peer'
import type { Clock } from '@tan/primitives'
import type { Viewer } from './viewer.ts'

export interface HeadlessOptions {
  readonly viewer: Viewer
  readonly clock: Clock
  readonly timers: Timers
  /** index of the rendition; the best unless it says so */
  readonly rendition?: number | undefined
  /** media ahead of the playhead beyond which it asks for no more */
  readonly bufferMaxMs?: number | undefined
  /** how fast it plays: 1 is as people watch */
  readonly rate?: number | undefined
  readonly onSegment?: ((segment: number, bytes: Uint8Array) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface HeadlessReport {
  /** until the first segment was there */
  readonly startUpMs: number
  readonly stalls: number
  readonly stalledMs: number
  readonly playedMs: number
  readonly bytes: number
}

const BUFFER_MAX_MS = 30_000

/** Plays from the start to the end. Rejects with what `viewer.read` rejects with. */
export async function playHeadless(options: HeadlessOptions): Promise<HeadlessReport> {
  const { viewer, clock, timers, rate = 1, bufferMaxMs = BUFFER_MAX_MS } = options
  const signal = options.signal ?? new AbortController().signal
  const rendition = options.rendition ?? bestRendition(viewer)
  const segments = viewer.catalog.renditions[rendition]!.segments
  const startedMs = clock.nowMs()
  const sleep = (ms: number) => new Promise<void>(resolve => timers.after(Math.max(0, ms), resolve))
  let startUpMs: number | undefined
  let stalls = 0
  let stalledMs = 0
  let bytes = 0
  /** media up to here is in the buffer; the playhead stood at `positionMs` at `atMs` */
  let bufferedMs = 0
  let positionMs = 0
  let atMs = startedMs
  const advance = () => {
    const nowMs = clock.nowMs()
    const reachedMs = positionMs + (startUpMs === undefined ? 0 : (nowMs - atMs) * rate)
    if (startUpMs !== undefined && reachedMs > bufferedMs + STALL_MS && bufferedMs > positionMs) stalls++
    if (startUpMs !== undefined && reachedMs > bufferedMs) stalledMs += (reachedMs - bufferedMs) / rate
    positionMs = Math.min(reachedMs, bufferedMs)
    atMs = nowMs
  }
  const tell = (segment: number) => {
    advance()
    const playhead: Omit<Playhead, 'atMs'> = {
      rendition,
      segment,
      positionMs,
      rate: startUpMs === undefined ? 0 : rate,
    }
    viewer.setPlayhead(playhead)
  }
  for (const { segment, durationMs, startMs } of segments) {
    tell(segment)
    while (startMs - positionMs > bufferMaxMs) {
      signal.throwIfAborted()
      await sleep(LOOK_MS)
      tell(segment)
    }
    const stopTelling = every(timers, LOOK_MS, () => tell(segment))
    try {
      const data = await viewer.read(rendition, segment, signal)
      bytes += data.length
      options.onSegment?.(segment, data)
    } finally {
      stopTelling()
    }
    advance()
    bufferedMs = startMs + durationMs
    if (durationMs > 0 && startUpMs === undefined) {
      startUpMs = clock.nowMs() - startedMs
      atMs = clock.nowMs()
    }
  }
  await sleep((bufferedMs - positionMs) / rate)
  return { startUpMs: startUpMs ?? 0, stalls, stalledMs, playedMs: bufferedMs, bytes }
}

const LOOK_MS = 250
/** below this nobody sees it */
const STALL_MS = 50

function every(timers: Timers, intervalMs: number, call: () => void): () => void {
  let stop = () => {}
  const next = () => {
    stop = timers.after(intervalMs, () => {
      call()
      next()
    })
  }
  next()
  return () => stop()
}

function bestRendition({ catalog }: Viewer): number {
  return catalog.renditions.reduce((best, { bandwidth }, i) => {
    return bandwidth > (catalog.renditions[best]?.bandwidth ?? 0) ? i : best
  }, 0)
}
