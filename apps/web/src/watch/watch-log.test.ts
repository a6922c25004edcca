import type { Address } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BUFFER_SAMPLES_MAX, PAYMENTS_KEPT_MAX, SECONDS_KEPT_MAX } from '../limits.ts'
import { countSeconds, offloadOf, type Source, stripColumns, WatchLog } from './watch-log.ts'

const alice: Address = `0x${'a1'.repeat(20)}`
const bob: Address = `0x${'b0'.repeat(20)}`

describe('the log', () => {
  test('adds up who sent what, and of which second', () => {
    const log = new WatchLog()
    log.piece({ from: 'origin', bytes: 100, span: { fromS: 0, toS: 1 } })
    log.piece({ from: alice, bytes: 200, span: { fromS: 0.25, toS: 0.75 } })
    log.piece({ from: alice, bytes: 50, span: { fromS: 2, toS: 3 } })
    log.piece({ from: bob, bytes: 50, span: undefined })
    const view = log.view()
    expect(view.originBytes).toBe(100)
    expect(view.peerBytes).toBe(300)
    expect(offloadOf(view)).toBe(0.75)
    expect(view.seconds.map(sources => sources && [...sources])).toEqual([
      [
        ['origin', 100],
        [alice, 200],
      ],
      undefined,
      [[alice, 50]],
    ])
    expect(view.peers).toMatchObject([
      { id: alice, bytes: 250, pieces: 2, index: 0 },
      { id: bob, bytes: 50, pieces: 1, index: 1 },
    ])
  })

  test('a piece that holds several seconds counts in each by its share', () => {
    const log = new WatchLog()
    log.piece({ from: alice, bytes: 100, span: { fromS: 0.5, toS: 3 } })
    expect(log.view().seconds.map(sources => sources?.get(alice))).toEqual([20, 40, 40])
  })

  test('no byte of a piece is lost in the seconds, wherever it lies', () => {
    const span = fc
      .tuple(fc.double({ min: 0, max: 500, noNaN: true }), fc.double({ min: 0.01, max: 12, noNaN: true }))
      .map(([fromS, lengthS]) => ({ fromS, toS: fromS + lengthS }))
    fc.assert(
      fc.property(span, fc.integer({ min: 1, max: 65_536 }), (where, bytes) => {
        const log = new WatchLog()
        log.piece({ from: alice, bytes, span: where })
        const sum = log.view().seconds.reduce((total, sources) => total + (sources?.get(alice) ?? 0), 0)
        expect(sum).toBeCloseTo(bytes, 4)
      }),
    )
  })

  test('keeps the newest payments, and the sum of all', () => {
    const log = new WatchLog()
    const count = PAYMENTS_KEPT_MAX + 5
    for (let i = 1; i <= count; i++) log.payment({ peer: alice, wei: 2n, atMs: 1000 * i })
    const { payments, paymentCount, paidWei, peers } = log.view()
    expect(payments).toHaveLength(PAYMENTS_KEPT_MAX)
    expect(payments[0]).toMatchObject({ id: count - 1, atMs: 1000 * count, count: 1 })
    expect(paymentCount).toBe(count)
    expect(paidWei).toBe(2n * BigInt(count))
    expect(peers[0]!.paidWei).toBe(paidWei)
  })

  test('payments to one peer within a second are one line, and nothing of them is lost', () => {
    const log = new WatchLog()
    log.payment({ peer: alice, wei: 2n, atMs: 0 })
    log.payment({ peer: bob, wei: 5n, atMs: 300 })
    log.payment({ peer: alice, wei: 2n, atMs: 999 })
    log.payment({ peer: alice, wei: 2n, atMs: 1000 })
    expect(log.view()).toMatchObject({
      payments: [
        { peer: alice, count: 1, wei: 2n, totalWei: 6n },
        { peer: bob, count: 1, wei: 5n },
        { peer: alice, count: 2, wei: 4n, totalWei: 4n },
      ],
      paymentCount: 4,
      paidWei: 11n,
    })
  })

  test('a peer that is gone keeps its place and its figures', () => {
    const log = new WatchLog()
    log.peers([
      { id: alice, kind: 'viewer', rttMs: 12 },
      { id: bob, kind: 'edge', rttMs: 30 },
    ])
    log.piece({ from: bob, bytes: 7, span: { fromS: 1, toS: 2 } })
    log.peers([{ id: alice, kind: 'viewer', rttMs: 14 }])
    expect(log.view().peers).toMatchObject([
      { id: alice, index: 0, isConnected: true, rttMs: 14, kind: 'viewer' },
      { id: bob, index: 1, isConnected: false, bytes: 7 },
    ])
  })

  test('a view does not change any more', () => {
    const log = new WatchLog()
    log.piece({ from: alice, bytes: 1, span: { fromS: 0, toS: 1 } })
    const view = log.view()
    log.piece({ from: alice, bytes: 1, span: { fromS: 0, toS: 1 } })
    expect(view.seconds[0]!.get(alice)).toBe(1)
    expect(view.peers[0]!.bytes).toBe(1)
  })

  test('keeps bounded histories', () => {
    const log = new WatchLog()
    for (let i = 0; i < BUFFER_SAMPLES_MAX + 3; i++) log.buffer({ atMs: i, bufferS: i })
    log.piece({ from: alice, bytes: 1, span: { fromS: SECONDS_KEPT_MAX, toS: SECONDS_KEPT_MAX + 2 } })
    log.piece({ from: alice, bytes: 1, span: { fromS: -2, toS: 0 } })
    const { buffer, seconds, peerBytes } = log.view()
    expect(buffer).toHaveLength(BUFFER_SAMPLES_MAX)
    expect(buffer.at(-1)!.atMs).toBe(BUFFER_SAMPLES_MAX + 2)
    expect(seconds).toHaveLength(0)
    expect(peerBytes).toBe(2)
  })

  test('nothing came, nothing is claimed', () => {
    expect(offloadOf(new WatchLog().view())).toBeUndefined()
  })
})

describe('the strip', () => {
  const source = fc.constantFrom<Source>('origin', alice, bob)
  const seconds = fc.array(
    fc.option(
      fc.array(fc.tuple(source, fc.integer({ min: 1, max: 1e6 })), { minLength: 1 }).map(list => new Map(list)),
      { nil: undefined },
    ),
    { maxLength: 300 },
  )

  test('covers each second once, in at most so many columns, whose parts add up to all', () => {
    fc.assert(
      fc.property(
        seconds,
        fc.integer({ min: 0, max: 8000 }),
        fc.integer({ min: 1, max: 200 }),
        (list, durationS, most) => {
          const columns = stripColumns(list, durationS, most)
          expect(columns.length).toBeLessThanOrEqual(most)
          let at = 0
          for (const { fromSecond, toSecond, parts } of columns) {
            expect(fromSecond).toBe(at)
            at = toSecond
            if (parts.length > 0) expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1)
          }
          expect(at).toBe(Math.max(durationS, list.length))
        },
      ),
    )
  })

  test('counts seconds by what most of their bytes came from', () => {
    const list = [
      new Map<Source, number>([
        ['origin', 6],
        [alice, 4],
      ]),
      new Map<Source, number>([
        ['origin', 5],
        [alice, 5],
      ]),
      undefined,
    ]
    expect(countSeconds(list, 5.5)).toEqual({ origin: 1, peers: 1, missing: 4 })
  })

  test('of nothing is nothing', () => {
    expect(stripColumns([], 0, 100)).toEqual([])
    expect(stripColumns([], 10, 0)).toEqual([])
  })
})
