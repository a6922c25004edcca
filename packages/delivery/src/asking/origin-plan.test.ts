// spec D-FIRST, D-FILL, D-ORIGIN
import { describe, expect, it } from 'vitest'
import type { PieceRange } from '../content/wanted.ts'
import {
  LATE_MIN_MS,
  ORIGIN_BYTES_PER_MS_ASSUMED,
  ORIGIN_FETCHES_MAX,
  ORIGIN_LATENCY_MS_ASSUMED,
  ORIGIN_MARGIN_MS,
  ORIGIN_RETRY_MAX_MS,
  ORIGIN_RETRY_MIN_MS,
  ORIGIN_SAFETY_FACTOR,
  UNHURRIED_MAX_MS,
} from '../limits.ts'
import { createFilm } from '../testing/film.ts'
import { OriginPlan } from './origin-plan.ts'
import { SegmentBook } from './segment-book.ts'
import type { Open, Source } from './task.ts'

const { catalog, hash } = createFilm([4, 4, 4, 4])
const SEGMENT_BYTES = catalog.segment(0, 0)!.sizeBytes

function scene(deadlinesMs: readonly number[]) {
  const book = new SegmentBook(catalog)
  const fetched: PieceRange[] = []
  const aborted: number[] = []
  let last = 0
  const port = {
    fetch: (_: number, range: PieceRange) => fetched.push(range),
    abort: (fetch: number) => aborted.push(fetch),
  }
  const origin = new OriginPlan(book, port, () => ++last)
  const open = book.open(
    deadlinesMs.map((deadlineMs, segment) => ({ rendition: 0, segment, deadlineMs })),
    0,
  )
  return { book, origin, open, fetched, aborted }
}

const holder = (id: number): Source => ({ id, has: () => true, slots: () => 1, expectedMs: () => 100 })
const pieces = (ranges: readonly PieceRange[]) =>
  ranges.map(({ segment, firstPiece, pieceCount }) => [segment, firstPiece, pieceCount])
const ask = ({ task }: Open, piece: number, lateMs: number) => task.attempts[piece]!.push({ source: 7, lateMs })

/** how long before its deadline the origin must begin so that this many segments are there */
const neededMs = (segments: number) =>
  (ORIGIN_LATENCY_MS_ASSUMED + (segments * SEGMENT_BYTES) / ORIGIN_BYTES_PER_MS_ASSUMED) * ORIGIN_SAFETY_FACTOR +
  ORIGIN_MARGIN_MS

describe('what the origin must see to', () => {
  it('is all up to the last segment that it could otherwise be late with', () => {
    const inMs = (ms: number) => 1_000 + ms
    const { origin, open } = scene([neededMs(1) + 1, neededMs(2) + 1, neededMs(3), neededMs(4) + 1].map(inMs))
    expect(origin.urgentCount(open, inMs(-1))).toBe(0)
    expect(origin.urgentCount(open, inMs(0))).toBe(3)
    expect(origin.urgentCount(open, inMs(1))).toBe(4)
  })

  it('begins earlier while it is left alone, and where it is slow', () => {
    const { origin, open } = scene([neededMs(1) + 100])
    expect(origin.urgentCount(open, 0)).toBe(0)
    origin.pause(0)
    expect(origin.urgentCount(open, 0)).toBe(1)
  })

  it('is fetched in whole runs of pieces, a few at a time', () => {
    const { origin, open, fetched } = scene([5_000, 6_000, 7_000])
    open[0]!.task.pieces[1] = 'held'
    origin.plan(open, 0)
    expect(ORIGIN_FETCHES_MAX).toBe(2)
    expect(pieces(fetched)).toEqual([
      [0, 0, 1],
      [0, 2, 2],
    ])
    origin.done(1, true, 10)
    origin.plan(open.slice(1), 10)
    expect(pieces(fetched.slice(2))).toEqual([[1, 0, 4]])
  })

  it('leaves out what a peer sends in time, and not what would be found late when it is too late', () => {
    const { origin, open, fetched } = scene([5_000])
    ask(open[0]!, 0, 4_000)
    ask(open[0]!, 1, 4_900)
    ask(open[0]!, 2, 1)
    origin.plan(open, 2)
    expect(pieces(fetched)).toEqual([[0, 1, 3]])
  })
})

describe('a fetch', () => {
  it('is aborted when the last piece that it was for is there', () => {
    const { origin, open, aborted } = scene([1_000])
    origin.plan(open, 0)
    const { task } = open[0]!
    for (const piece of [3, 0, 1]) {
      task.attempts[piece]!.splice(0)
      origin.callOff(task, piece)
    }
    expect(aborted).toEqual([])
    task.attempts[2]!.splice(0)
    origin.callOff(task, 2)
    expect(aborted).toEqual([1])
  })

  it('that fails makes the origin be left alone, twice as long each time, until a segment of it is right', () => {
    const { origin, open, fetched, book } = scene([1_000])
    let nowMs = 0
    for (let pauseMs = ORIGIN_RETRY_MIN_MS; pauseMs <= 2 * ORIGIN_RETRY_MAX_MS; pauseMs *= 2) {
      origin.plan(open, nowMs)
      origin.done(fetched.length, false, nowMs)
      const endsMs = nowMs + Math.min(pauseMs, ORIGIN_RETRY_MAX_MS)
      expect(origin.isPaused(endsMs - 1)).toBe(true)
      expect(origin.isPaused(endsMs)).toBe(false)
      const before = fetched.length
      origin.plan(open, endsMs - 1)
      expect(fetched).toHaveLength(before)
      nowMs = endsMs
    }
    for (let piece = 0; piece < 4; piece++)
      book.take({ rendition: 0, segment: 0, piece }, hash({ rendition: 0, segment: 0, piece }))
    expect(book.holds(0, 0)).toBe(true)
    origin.works()
    origin.pause(nowMs)
    expect(origin.isPaused(nowMs + ORIGIN_RETRY_MIN_MS)).toBe(false)
  })
})

describe('what has no deadline', () => {
  it('comes from the origin where no peer has it, or none delivered it in a long time', () => {
    const nobody = scene([Number.POSITIVE_INFINITY])
    nobody.origin.planUnhurried(nobody.open, [], 0)
    expect(pieces(nobody.fetched)).toEqual([[0, 0, 4]])
    const somebody = scene([Number.POSITIVE_INFINITY])
    somebody.origin.planUnhurried(somebody.open, [holder(7)], UNHURRIED_MAX_MS)
    expect(somebody.fetched).toEqual([])
    somebody.origin.planUnhurried(somebody.open, [holder(7)], UNHURRIED_MAX_MS + 1)
    expect(pieces(somebody.fetched)).toEqual([[0, 0, 4]])
  })

  it('comes from the origin piece by piece where peers are late', () => {
    const { origin, open, fetched } = scene([Number.POSITIVE_INFINITY])
    ask(open[0]!, 1, LATE_MIN_MS)
    ask(open[0]!, 2, 2 * LATE_MIN_MS)
    origin.planUnhurried(open, [holder(7)], LATE_MIN_MS - 1)
    expect(fetched).toEqual([])
    origin.planUnhurried(open, [holder(7)], LATE_MIN_MS)
    expect(pieces(fetched)).toEqual([[0, 1, 1]])
  })
})
