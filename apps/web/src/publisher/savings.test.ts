import { describe, expect, test } from 'vitest'
import { billOf, formatMoney, readPrice, savingsOf, validateOriginStats } from './savings.ts'

const origin = validateOriginStats({
  startedMs: 1,
  requests: 12,
  bytes: 3_000_000_000,
  clients: { viewer: { requests: 2, bytes: 1_000_000_000 }, edge: { requests: 10, bytes: 2_000_000_000 } },
})

describe('savings', () => {
  test('count what edges take from the origin against them', () => {
    const savings = savingsOf(origin, 9_000_000_000)
    expect(savings).toEqual({
      originBytes: 3_000_000_000,
      peerBytes: 9_000_000_000,
      deliveredBytes: 10_000_000_000,
      offload: 0.7,
    })
    const bill = billOf(savings, 0.05)
    expect(bill.alone).toBeCloseTo(0.5)
    expect(bill.now).toBeCloseTo(0.15)
    expect(bill.saved).toBeCloseTo(0.35)
  })

  test('may be a loss while caches are filled', () => {
    expect(savingsOf(origin, 0).offload).toBe(-2)
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
