// spec D-ORDER, D-HEDGE, D-SPREAD, D-CHECKED
import type { PieceRef } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { EQUAL_MS, LATE_FACTOR, LATE_MIN_MS, NEAR_MS, SOURCES_PER_PIECE_MAX } from '../limits.ts'
import { createFilm } from '../testing/film.ts'
import { planPeers } from './peer-plan.ts'
import { SegmentBook } from './segment-book.ts'
import type { Source } from './task.ts'

const film = createFilm([2, 2, 2, 2])

interface Peer {
  readonly id: number
  readonly has: readonly number[]
  readonly slots?: number
  readonly expectedMs?: number
}

function scene(deadlinesMs: readonly number[], peers: readonly Peer[], knowsHashes = true) {
  const book = new SegmentBook(film.catalog)
  if (knowsHashes) film.hashes.forEach((list, segment) => void book.learnHashes(0, segment, list))
  const open = book.open(
    deadlinesMs.map((deadlineMs, segment) => ({ rendition: 0, segment, deadlineMs })),
    0,
  )
  const asked: (PieceRef & { readonly peer: number })[] = []
  const left = new Map(peers.map(({ id, slots = 100 }) => [id, slots]))
  const sources = peers.map(
    ({ id, has, expectedMs = 100 }): Source => ({
      id,
      has: (_, segment) => has.includes(segment),
      slots: () => left.get(id)!,
      expectedMs: () => expectedMs,
    }),
  )
  const port = {
    ask: (peer: number, ref: PieceRef) => {
      left.set(peer, left.get(peer)! - 1)
      asked.push({ peer, ...ref })
    },
  }
  const plan = (nowMs: number, hasOrigin = true) => planPeers(open, sources, book, hasOrigin, nowMs, port)
  return { asked, plan, open }
}

describe('which peer is asked for which piece', () => {
  it('follows the order of playing near the playhead, and rarity beyond', () => {
    const far = NEAR_MS + 1_000
    const { asked, plan } = scene(
      [3_000, 5_000, far, far],
      [
        { id: 1, has: [0, 1, 2, 3] },
        { id: 2, has: [0, 2] },
      ],
    )
    plan(0)
    expect(asked.map(({ segment }) => segment)).toEqual([0, 0, 1, 1, 3, 3, 2, 2])
  })

  it('spreads pieces among those that are about as fast, and leaves out the slow', () => {
    const { asked, plan } = scene(
      [5_000, 6_000],
      [
        { id: 1, has: [0, 1], expectedMs: 100 },
        { id: 2, has: [0, 1], expectedMs: 100 + EQUAL_MS },
        { id: 3, has: [0, 1], expectedMs: 101 + EQUAL_MS },
      ],
    )
    plan(0)
    expect(asked.map(({ peer }) => peer)).toEqual([1, 2, 2, 1])
  })

  it('asks for no more than a peer has room for, and only for what can be checked', () => {
    const full = scene([5_000], [{ id: 1, has: [0], slots: 1 }])
    full.plan(0)
    expect(full.asked).toHaveLength(1)
    const unknown = scene([5_000], [{ id: 1, has: [0] }], false)
    unknown.plan(0)
    expect(unknown.asked).toEqual([])
  })

  it('asks one more when a peer is late, and no third', () => {
    const { asked, plan } = scene(
      [60_000],
      [1, 2, 3].map(id => ({ id, has: [0], expectedMs: 300 })),
    )
    const lateMs = LATE_FACTOR * 300
    expect(lateMs).toBeGreaterThan(LATE_MIN_MS)
    plan(0)
    plan(lateMs - 1)
    expect(asked).toHaveLength(2)
    plan(lateMs)
    expect(asked).toHaveLength(4)
    const ofFirst = asked.filter(({ piece }) => piece === 0).map(({ peer }) => peer)
    expect(new Set(ofFirst).size).toBe(SOURCES_PER_PIECE_MAX)
    plan(10 * lateMs)
    expect(asked).toHaveLength(4)
  })

  it('leaves to the origin what a peer would bring too late, unless there is none', () => {
    const { asked, plan } = scene([1_000], [{ id: 1, has: [0], expectedMs: 1_001 }])
    plan(0)
    expect(asked).toEqual([])
    plan(0, false)
    expect(asked).toHaveLength(2)
  })
})
