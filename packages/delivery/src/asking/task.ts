// A segment that was begun and is not yet whole: which of its pieces are there, and who was asked for each of the others.
import { assert } from '@tan/primitives'
import type { CatalogSegment } from '../content/catalog.ts'
import type { Wanted } from '../content/wanted.ts'
import { LATE_FACTOR, LATE_MIN_MS } from '../limits.ts'

/** A peer, by its connection, or the origin. */
export type SourceId = number | 'origin'

export interface Attempt {
  readonly source: SourceId
  /** after this it counts as late */
  readonly lateMs: number
}

/** `unchecked`: it came from the origin before the list of hashes was known. */
export type PieceState = 'missing' | 'unchecked' | 'held'

export interface Task {
  readonly entry: CatalogSegment
  readonly pieces: PieceState[]
  readonly attempts: Attempt[][]
  /** hashes of the pieces that are unchecked */
  readonly found: (Uint8Array | undefined)[]
  left: number
  hashesAskedMs: number
  /** wanted since then */
  readonly sinceMs: number
  /** pieces that peers were late with */
  readonly late: Set<number>
}

/** A segment that is wanted and missing. */
export interface Open {
  readonly wanted: Wanted
  readonly task: Task
}

/** A peer that would serve us now. */
export interface Source {
  readonly id: number
  has(rendition: number, segment: number): boolean
  /** how many more pieces may be asked of it now */
  slots(): number
  /** until the next piece that it is asked for is here */
  expectedMs(sizeBytes: number): number
}

export function createTask(entry: CatalogSegment, nowMs: number): Task {
  const { pieceCount } = entry
  return {
    entry,
    pieces: new Array<PieceState>(pieceCount).fill('missing'),
    attempts: Array.from({ length: pieceCount }, () => []),
    found: new Array<Uint8Array | undefined>(pieceCount).fill(undefined),
    left: pieceCount,
    hashesAskedMs: Number.NEGATIVE_INFINITY,
    sinceMs: nowMs,
    late: new Set(),
  }
}

export function removeAttempt(task: Task, piece: number, source: SourceId): void {
  const attempts = task.attempts[piece]
  assert(attempts !== undefined, `piece ${piece} of a segment with ${task.entry.pieceCount}`)
  const at = attempts.findIndex(attempt => attempt.source === source)
  if (at >= 0) attempts.splice(at, 1)
}

export function missingBytes({ entry, left }: Task): number {
  return (entry.sizeBytes * left) / entry.pieceCount
}

/** When a request counts as late that is expected to take so long (spec D-HEDGE). */
export function lateAfterMs(expectedMs: number): number {
  return Math.max(LATE_MIN_MS, LATE_FACTOR * expectedMs)
}

export function holdersOf({ entry }: Task, sources: readonly Source[]): Source[] {
  return sources.filter(source => source.has(entry.rendition, entry.segment))
}
