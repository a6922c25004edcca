import { describe, expect, test } from 'vitest'
import { type EdgeStatus, loadStep, servedRate, totalsOf, validateEdgeStatus } from './edge-status.ts'
import type { Polled } from './polled.ts'

const json = {
  address: `0x${'E1'.repeat(20)}`,
  place: { latitude: 38.7, longitude: -9.1 },
  uploadBytesPerSecond: 1_000_000,
  load: 0.5,
  servedBytes: 5000,
  servedPieces: 7,
  earnedWei: '900',
  redeemedWei: '400',
  peers: 2,
  somethingNew: true,
}
const status = validateEdgeStatus(json)

function polled(servedBytes: number, before?: number, error?: unknown): Polled<EdgeStatus> {
  return {
    value: { ...status, servedBytes },
    before: before === undefined ? undefined : { value: { ...status, servedBytes: before }, atMs: 1000 },
    atMs: 3000,
    error,
  }
}

describe('the status of an edge', () => {
  test('is taken as it should be, newer fields aside', () => {
    expect(status).toMatchObject({ address: `0x${'e1'.repeat(20)}`, earnedWei: 900n })
    expect(status).not.toHaveProperty('somethingNew')
  })

  test.each([
    ['nothing', null, 'edge is null'],
    ['a load beyond full', { ...json, load: 1.5 }, 'edge.load'],
    ['an amount that is a number', { ...json, earnedWei: 900 }, 'edge.earnedWei'],
    ['a place off the globe', { ...json, place: { latitude: 91, longitude: 0 } }, 'edge.place.latitude'],
  ])('%s is refused by name', (_, value, message) => {
    expect(() => validateEdgeStatus(value)).toThrow(message)
  })

  test('its rate is what it served between two looks', () => {
    expect(servedRate(polled(5000, 3000))).toBe(1000)
    expect(servedRate(polled(5000))).toBeUndefined()
    expect(servedRate(polled(10, 3000))).toBeUndefined()
  })
})

test('totals count what is known, and only who answers as online', () => {
  const unknown: Polled<EdgeStatus> = { value: undefined, before: undefined, atMs: 0, error: new Error('gone') }
  expect(totalsOf([polled(5000, 3000), polled(7000, 1000, new Error('lost')), unknown])).toEqual({
    online: 1,
    servedBytes: 12_000,
    bytesPerSecond: 1000,
    earnedWei: 1800n,
    redeemedWei: 800n,
  })
})

test('load has four steps', () => {
  expect([0, 0.29, 0.3, 0.6, 0.89, 0.9, 1].map(loadStep)).toEqual([
    'low',
    'low',
    'middle',
    'high',
    'high',
    'full',
    'full',
  ])
})
