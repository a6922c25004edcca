// What the origin must fetch, and by when. Playback never waits because of peers (spec D-FIRST): at every moment the origin
// alone could still deliver all that is missing in time; once that is about to end for a segment, the origin is asked for it,
// whatever peers promised.
import { pieceSizeOf } from '@tan/protocol'
import type { PieceRange } from '../content/wanted.ts'
import {
  ORIGIN_BYTES_PER_MS_ASSUMED,
  ORIGIN_FETCHES_MAX,
  ORIGIN_LATENCY_MS_ASSUMED,
  ORIGIN_MARGIN_MS,
  ORIGIN_RETRY_MAX_MS,
  ORIGIN_RETRY_MIN_MS,
  ORIGIN_SAFETY_FACTOR,
  UNHURRIED_MAX_MS,
} from '../limits.ts'
import { Meter } from './meter.ts'
import type { SegmentBook } from './segment-book.ts'
import { holdersOf, lateAfterMs, missingBytes, type Open, removeAttempt, type Source, type Task } from './task.ts'

export interface OriginPort {
  /** each piece is reported by `arrived`, the end by `fetchDone` */
  fetch(fetch: number, range: PieceRange): void
  /** of a fetch that is no longer needed; nothing is reported of it any more */
  abort(fetch: number): void
}

interface Fetch {
  readonly range: PieceRange
  readonly startMs: number
  readonly isAlone: boolean
}

export class OriginPlan {
  readonly #book: SegmentBook
  readonly #port: OriginPort
  readonly #nextFetch: () => number
  readonly #fetches = new Map<number, Fetch>()
  readonly #meter = new Meter({ latencyMs: ORIGIN_LATENCY_MS_ASSUMED, bytesPerMs: ORIGIN_BYTES_PER_MS_ASSUMED })
  #failures = 0
  #pausedUntilMs = 0

  constructor(book: SegmentBook, port: OriginPort, nextFetch: () => number) {
    this.#book = book
    this.#port = port
    this.#nextFetch = nextFetch
  }

  get bytesPerMs(): number {
    return this.#meter.bytesPerMs
  }

  isPaused(nowMs: number): boolean {
    return nowMs < this.#pausedUntilMs
  }

  // ------------------------------------------------------------------------------------------------ what it does

  /** Bytes of a fetch came: for the estimate of what the origin can do. */
  delivered(fetch: number, sizeBytes: number, nowMs: number): void {
    const flow = this.#fetches.get(fetch)
    if (flow === undefined) return
    this.#meter.arrived(sizeBytes, flow.startMs, nowMs, flow.isAlone)
    if (flow.isAlone) this.#fetches.set(fetch, { ...flow, isAlone: false })
  }

  done(fetch: number, isComplete: boolean, nowMs: number): void {
    const flow = this.#fetches.get(fetch)
    if (flow === undefined) return
    this.#fetches.delete(fetch)
    const { rendition, segment, firstPiece, pieceCount } = flow.range
    const task = this.#book.task(rendition, segment)
    if (task !== undefined) for (let i = 0; i < pieceCount; i++) removeAttempt(task, firstPiece + i, 'origin')
    if (!isComplete) this.pause(nowMs)
  }

  /** A segment is whole and right with what the origin sent: that an answer is whole does not show that it is right. */
  works(): void {
    this.#failures = 0
  }

  /** The origin failed, or sent what it should not: it is left alone for a while (spec D-ORIGIN). */
  pause(nowMs: number): void {
    this.#pausedUntilMs = nowMs + Math.min(ORIGIN_RETRY_MAX_MS, ORIGIN_RETRY_MIN_MS * 2 ** this.#failures++)
  }

  // ------------------------------------------------------------------------------------------------ what it is to do

  /**
   * How many of the first segments the origin must see to now: up to the last one whose deadline it could otherwise miss
   * if no peer delivered anything from here on.
   */
  urgentCount(open: readonly Open[], nowMs: number): number {
    const { latencyMs, bytesPerMs } = this.#meter
    const pauseMs = Math.max(0, this.#pausedUntilMs - nowMs)
    let bytes = 0
    let count = 0
    open.forEach(({ wanted, task }, i) => {
      bytes += missingBytes(task)
      const neededMs = pauseMs + (latencyMs + bytes / bytesPerMs) * ORIGIN_SAFETY_FACTOR + ORIGIN_MARGIN_MS
      if (wanted.deadlineMs - nowMs <= neededMs) count = i + 1
    })
    return count
  }

  /** Fetches what is missing of these; `only` these pieces of each, where not all of them are meant. */
  plan(open: readonly Open[], nowMs: number, only?: ReadonlySet<number>): void {
    const isIn = (piece: number) => only === undefined || only.has(piece)
    if (this.isPaused(nowMs)) return
    // Whatever else it has to do for these comes before a piece that a peer turns out not to send.
    const aheadMs = this.#meter.expectedMs(
      open.reduce((sum, { task }) => sum + missingBytes(task), 0),
      0,
    )
    for (const { wanted, task } of open) {
      for (let piece = 0; piece < task.entry.pieceCount; piece++) {
        if (this.#fetches.size >= ORIGIN_FETCHES_MAX) return
        const isFor = (at: number) => isIn(at) && isForOrigin(task, at, nowMs, wanted.deadlineMs - aheadMs)
        if (!isFor(piece)) continue
        let end = piece + 1
        while (end < task.entry.pieceCount && isFor(end)) end++
        this.#fetch(task, piece, end - piece, nowMs)
        piece = end
      }
    }
  }

  /**
   * What has no deadline comes from peers, if any of them says that it has it. What they are late with, or did not deliver
   * in a long time, comes from the origin: who offers and does not deliver must not keep anybody from filling (spec D-FILL).
   */
  planUnhurried(open: readonly Open[], sources: readonly Source[], nowMs: number): void {
    const isOverdue = ({ task }: Open) =>
      nowMs - task.sinceMs > UNHURRIED_MAX_MS || holdersOf(task, sources).length === 0
    this.plan(open.filter(isOverdue), nowMs)
    for (const one of open) {
      const { attempts, late } = one.task
      attempts.forEach((tried, piece) => {
        if (tried.some(({ source, lateMs }) => source !== 'origin' && nowMs >= lateMs)) late.add(piece)
      })
      if (late.size > 0 && !isOverdue(one)) this.plan([one], nowMs, late)
    }
  }

  #fetch(task: Task, firstPiece: number, pieceCount: number, nowMs: number): void {
    const { rendition, segment, sizeBytes } = task.entry
    const range = { rendition, segment, firstPiece, pieceCount }
    let queued = 0
    for (let piece = firstPiece; piece < firstPiece + pieceCount; piece++) {
      const size = pieceSizeOf(sizeBytes, piece)
      const lateMs = nowMs + lateAfterMs(this.#meter.expectedMs(size, queued))
      task.attempts[piece]!.push({ source: 'origin', lateMs })
      queued += size
    }
    const fetch = this.#nextFetch()
    this.#fetches.set(fetch, { range, startMs: nowMs, isAlone: this.#fetches.size === 0 })
    this.#port.fetch(fetch, range)
  }

  /** A piece is not waited for any more: its fetch goes on while any other of its pieces is. */
  callOff({ entry, attempts }: Task, piece: number): void {
    for (const [fetch, { range }] of this.#fetches) {
      const end = range.firstPiece + range.pieceCount
      const isOfSegment = range.rendition === entry.rendition && range.segment === entry.segment
      if (!isOfSegment || piece < range.firstPiece || piece >= end) continue
      const isWaitedFor = attempts
        .slice(range.firstPiece, end)
        .some(tried => tried.some(({ source }) => source === 'origin'))
      if (isWaitedFor) continue
      this.#fetches.delete(fetch)
      this.#port.abort(fetch)
    }
  }
}

/** Missing, not on its way from the origin, and no peer would be found late while the origin can still step in. */
function isForOrigin({ pieces, attempts }: Task, piece: number, nowMs: number, latestMs: number): boolean {
  if (pieces[piece] !== 'missing') return false
  return !attempts[piece]!.some(({ source, lateMs }) => source === 'origin' || (nowMs < lateMs && lateMs <= latestMs))
}
