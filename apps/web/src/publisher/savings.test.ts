import { describe, expect, test } from 'vitest'
import { billOf, formatMoney, readPrice, savingsOf, validateOriginStats } from './savings.ts'

const origin = validateOriginStats({
  startedMs: 1,
  requests: 12,
  bytes: 3_000_000_000,
  clients: { viewer: { requests: 2, bytes: 1_000_000_000 }, edge: { requests: 10, bytes: 2_000_000_000 } },
})

describe('savings', () => {
  test('tell what viewers got from what fills caches, and count both', () => {
    const savings = savingsOf(origin, 9_000_000_000)
    expect(savings).toEqual({
      toViewersBytes: 1_000_000_000,
      toCachesBytes: 2_000_000_000,
      peerBytes: 9_000_000_000,
      deliveredBytes: 10_000_000_000,
      offload: 0.9,
    })
    const bill = billOf(savings, 0.05)!
    expect(bill.alone).toBeCloseTo(0.5)
    expect(bill.viewers).toBeCloseTo(0.05)
    expect(bill.caches).toBeCloseTo(0.1)
    expect(bill.saved).toBeCloseTo(0.35)
  })

  test('may be a loss until enough have watched', () => {
    const savings = savingsOf(origin, 1_000_000_000)
    expect(savings.offload).toBe(0.5)
    expect(billOf(savings, 0.05)!.saved).toBeCloseTo(-0.05)
  })

  test('are not made up while the edges do not answer', () => {
    const savings = savingsOf(origin, undefined)
    expect(savings).toMatchObject({ peerBytes: undefined, deliveredBytes: undefined, offload: undefined })
    expect(billOf(savings, 0.05)).toBeUndefined()
  })

  test('of nothing are unknown', () => {
    const idle = validateOriginStats({ startedMs: 1, requests: 0, bytes: 0, clients: {} })
    expect(savingsOf(idle, 0).offload).toBeUndefined()
  })

  test('of an origin that says something else are refused by name', () => {
    expect(() => validateOriginStats({ startedMs: 1, requests: 1, bytes: 1 })).toThrow('origin.clients')
    expect(() => validateOriginStats({ startedMs: 1, requests: 1, bytes: 1, clients: { edge: 7 } })).toThrow(
      'origin.clients.edge',
    )
  })
})

test('prices are read as people write them', () => {
  expect(readPrice(' 0,05 ')).toBe(0.05)
  expect(readPrice('12')).toBe(12)
  for (const wrong of ['', '-1', '1e3', 'free', '1.2345678']) expect(readPrice(wrong)).toBeUndefined()
})

test('money keeps its cents, and little money its digits', () => {
  expect([0, 1234.5, 0.35, 0.0012, 0.00000001, -0.5].map(formatMoney)).toEqual([
    '0.00',
    '1,234.50',
    '0.35',
    '0.0012',
    '0.00',
    '-0.50',
  ])
})
