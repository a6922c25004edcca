// spec D-HASHES
import { concatBytes } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { HASHES_MAX_MS, HASHES_SEGMENTS_MAX } from '../limits.ts'
import { createFilm } from '../testing/film.ts'
import { HashPlan } from './hash-plan.ts'
import { SegmentBook } from './segment-book.ts'
import type { Source } from './task.ts'

const film = createFilm(new Array(HASHES_SEGMENTS_MAX + 4).fill(2))
const peer = (id: number, from = 0): Source => ({
  id,
  has: (_, segment) => segment >= from,
  slots: () => 1,
  expectedMs: () => 1,
})

function scene(segments: readonly number[]) {
  const book = new SegmentBook(film.catalog)
  const open = book.open(
    segments.map(segment => ({ rendition: 0, segment, deadlineMs: 0 })),
    0,
  )
  const fetched: { fetch: number; firstSegment: number; segmentCount: number }[] = []
  const asked: { peer: number; segment: number }[] = []
  let last = 0
  const port = {
    askHashes: (id: number, _: number, segment: number) => asked.push({ peer: id, segment }),
    fetchHashes: (fetch: number, _: number, firstSegment: number, segmentCount: number) =>
      fetched.push({ fetch, firstSegment, segmentCount }),
  }
  return { book, open, fetched, asked, plan: new HashPlan(film.catalog, book, port, () => ++last) }
}

describe('lists of hashes', () => {
  it('come from the origin, many at a time, from the first on that some peer could serve', () => {
    const { book, open, fetched, asked, plan } = scene([1, 2])
    plan.plan(open, [peer(1, 2)], false, 0)
    plan.plan(open, [peer(1, 2)], false, 1)
    expect(fetched).toEqual([{ fetch: 1, firstSegment: 2, segmentCount: HASHES_SEGMENTS_MAX }])
    plan.done(1, concatBytes(...film.hashes.slice(2, 2 + HASHES_SEGMENTS_MAX)), 5)
    expect(book.hashesOf(0, 2)).toEqual(film.hashes[2])
    expect(book.hashesOf(0, 1)).toBeUndefined()
    expect(asked).toEqual([])
  })

  it('are not fetched for segments that no peer has, nor while the origin is left alone', () => {
    const { open, fetched, plan } = scene([1])
    plan.plan(open, [peer(1, 2)], false, 0)
    plan.plan(open, [peer(1)], true, 0)
    expect(fetched).toEqual([])
    plan.plan(open, [peer(1)], false, 0)
    expect(fetched).toHaveLength(1)
  })

  it.each([
    ['fails', (plan: HashPlan) => plan.done(1, undefined, 0), 0],
    ['sends wrong ones', (plan: HashPlan) => plan.done(1, new Uint8Array(64), 0), 0],
    ['does not answer', () => {}, HASHES_MAX_MS + 1],
  ])('come from peers, in turn, while the origin %s', (_, fail, nowMs) => {
    const { open, fetched, asked, plan } = scene([1, 2])
    plan.plan(open, [peer(1), peer(2)], false, 0)
    fail(plan)
    plan.plan(open, [peer(1), peer(2)], false, nowMs)
    plan.plan(open, [peer(1), peer(2)], false, nowMs + 1)
    expect(asked).toEqual([
      { peer: 2, segment: 1 },
      { peer: 1, segment: 2 },
    ])
    expect(fetched).toHaveLength(1)
    plan.plan(open, [peer(1), peer(2)], false, nowMs + HASHES_MAX_MS)
    expect(fetched).toHaveLength(2)
    expect(asked).toHaveLength(4)
  })

  it('are believed only from the fetch that is under way', () => {
    const { book, open, plan } = scene([1])
    plan.plan(open, [peer(1)], false, 0)
    plan.done(7, concatBytes(...film.hashes.slice(1)), 0)
    expect(book.hashesOf(0, 1)).toBeUndefined()
  })
})
