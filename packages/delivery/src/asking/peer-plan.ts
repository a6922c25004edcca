// Which peer is asked for which piece: soon played in that order, later what fewest have (spec D-ORDER); one more for what is
// late (spec D-HEDGE); in turn among those that are about as fast (spec D-SPREAD).
import { type PieceRef, pieceSizeOf } from '@tan/protocol'
import type { Wanted } from '../content/wanted.ts'
import { EQUAL_MS, NEAR_MS, SOURCES_PER_PIECE_MAX } from '../limits.ts'
import type { SegmentBook } from './segment-book.ts'
import { holdersOf, lateAfterMs, type Open, type Source, type Task } from './task.ts'

export interface PeerPort {
  ask(source: number, ref: PieceRef): void
}

/** Asks peers for pieces of segments whose hashes are known: only those can be checked as they come (spec D-CHECKED). */
export function planPeers(
  open: readonly Open[],
  sources: readonly Source[],
  book: SegmentBook,
  hasOrigin: boolean,
  nowMs: number,
  port: PeerPort,
): void {
  for (const { wanted, task } of inOrder(open, sources, nowMs)) {
    if (!book.knowsHashes(task.entry)) continue
    const holders = holdersOf(task, sources)
    for (let piece = 0; piece < task.entry.pieceCount; piece++) {
      const free = holders.filter(source => source.slots() > 0)
      if (free.length === 0) break
      askPeer(task, piece, wanted, free, hasOrigin, nowMs, port)
    }
  }
}

/** Soon played: in that order. Later: what few peers have first, so that it spreads while they are here. */
function inOrder(open: readonly Open[], sources: readonly Source[], nowMs: number): readonly Open[] {
  const near = open.filter(({ wanted }) => wanted.deadlineMs - nowMs <= NEAR_MS)
  const far = open.slice(near.length).map(one => ({ ...one, holders: holdersOf(one.task, sources).length }))
  far.sort((a, b) => a.holders - b.holders)
  return [...near, ...far]
}

function askPeer(
  task: Task,
  piece: number,
  wanted: Wanted,
  free: readonly Source[],
  hasOrigin: boolean,
  nowMs: number,
  port: PeerPort,
): void {
  const attempts = task.attempts[piece]!
  if (task.pieces[piece] !== 'missing' || attempts.some(({ lateMs }) => nowMs < lateMs)) return
  const asked = attempts.filter(({ source }) => source !== 'origin')
  if (asked.length >= SOURCES_PER_PIECE_MAX) return
  const { rendition, segment, sizeBytes } = task.entry
  const size = pieceSizeOf(sizeBytes, piece)
  const offers = free
    .filter(({ id }) => !attempts.some(({ source }) => source === id))
    .map(source => ({ source, expectedMs: source.expectedMs(size) }))
  if (offers.length === 0) return
  const bestMs = Math.min(...offers.map(({ expectedMs }) => expectedMs))
  // Among those that are about as fast the pieces are spread, so that no peer is all that a viewer has.
  const equals = offers.filter(({ expectedMs }) => expectedMs <= bestMs + EQUAL_MS)
  const best = equals[(segment + piece) % equals.length]!.source
  // Too late from this peer: the origin sees to it, unless there is none just now.
  if (nowMs + bestMs > wanted.deadlineMs && hasOrigin) return
  attempts.push({ source: best.id, lateMs: nowMs + lateAfterMs(bestMs) })
  port.ask(best.id, { rendition, segment, piece })
}
