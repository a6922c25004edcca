// What to fetch from whom: for every piece that is wanted it decides between the peers that have it and the origin, by the
// time at which it is played. Here the parts of that meet: the book of what is there, the origin's plan, which comes first,
// and those for hashes and peers.
import type { PieceRef } from '@tan/protocol'
import type { Catalog } from '../content/catalog.ts'
import type { Wanted } from '../content/wanted.ts'
import { ALONE_MS, DEMAND_MAX } from '../limits.ts'
import { HashPlan, type HashPort } from './hash-plan.ts'
import { OriginPlan, type OriginPort } from './origin-plan.ts'
import { type PeerPort, planPeers } from './peer-plan.ts'
import { type Arrival, SegmentBook } from './segment-book.ts'
import { removeAttempt, type Source, type SourceId, type Task } from './task.ts'

/** What the scheduler decides, for its owner to carry out. */
export interface SchedulerPort extends OriginPort, HashPort, PeerPort {
  callOff(source: number, ref: PieceRef): void
  /** the pieces kept of a segment that is no longer wanted */
  forget(rendition: number, segment: number): void
}

export class Scheduler {
  readonly book: SegmentBook
  readonly origin: OriginPlan
  readonly #port: SchedulerPort
  readonly #hashes: HashPlan
  #wanted: readonly Wanted[] = []
  #fetches = 0
  #prospectsMs: number | undefined

  constructor(catalog: Catalog, port: SchedulerPort) {
    this.#port = port
    const nextFetch = () => ++this.#fetches
    this.book = new SegmentBook(catalog)
    this.origin = new OriginPlan(this.book, port, nextFetch)
    this.#hashes = new HashPlan(catalog, this.book, port, nextFetch)
  }

  get wantsAnything(): boolean {
    return this.#wanted.length > 0
  }

  /** Replaces what was wanted before. What of it is there already costs nothing. */
  want(wanted: readonly Wanted[]): void {
    this.#wanted = [...wanted].sort((a, b) => a.deadlineMs - b.deadlineMs).slice(0, DEMAND_MAX)
    for (const task of this.book.idle(this.#wanted)) {
      for (let piece = 0; piece < task.entry.pieceCount; piece++) this.#callOff(task, piece)
      if (!this.book.isCrowded) continue
      this.book.forget(task)
      this.#port.forget(task.entry.rendition, task.entry.segment)
    }
  }

  /** A piece came, and this is its hash. */
  arrived(source: SourceId, ref: PieceRef, hash: Uint8Array): Arrival {
    const task = this.book.task(ref.rendition, ref.segment)
    if (task !== undefined) removeAttempt(task, ref.piece, source)
    const arrival = this.book.take(ref, hash)
    if (task !== undefined && arrival !== 'wrong' && arrival !== 'duplicate') this.#callOff(task, ref.piece)
    return arrival
  }

  /** A peer will not send what it was asked for. */
  failed(source: number, ref: PieceRef): void {
    const task = this.book.task(ref.rendition, ref.segment)
    if (task !== undefined) removeAttempt(task, ref.piece, source)
  }

  hashesDone(fetch: number, hashes: Uint8Array | undefined, nowMs: number): void {
    this.#hashes.done(fetch, hashes, nowMs)
  }

  /** Sees to what is missing. `hasProspects`: there are peers that serve us, or may soon. */
  plan(nowMs: number, sources: readonly Source[], hasProspects: boolean): void {
    if (hasProspects || this.#prospectsMs === undefined) this.#prospectsMs = nowMs
    const open = this.book.open(this.#wanted, nowMs)
    if (open.length === 0) return
    // With no peer that could serve it plays as from the origin alone (spec D-FIRST).
    const isAlone = nowMs - this.#prospectsMs > ALONE_MS
    const urgent = isAlone ? open.length : this.origin.urgentCount(open, nowMs)
    this.origin.plan(open.slice(0, urgent), nowMs)
    if (sources.length > 0) {
      this.#hashes.plan(open, sources, this.origin.isPaused(nowMs), nowMs)
      planPeers(open, sources, this.book, !this.origin.isPaused(nowMs), nowMs, this.#port)
    }
    this.origin.planUnhurried(
      open.slice(urgent).filter(({ wanted }) => wanted.deadlineMs === Number.POSITIVE_INFINITY),
      sources,
      nowMs,
    )
  }

  /** Whoever delivers first wins; the others are called off (spec D-HEDGE). */
  #callOff(task: Task, piece: number): void {
    const { rendition, segment } = task.entry
    for (const { source } of task.attempts[piece]!.splice(0))
      if (source === 'origin') this.origin.callOff(task, piece)
      else this.#port.callOff(source, { rendition, segment, piece })
  }
}
