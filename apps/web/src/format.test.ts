import { parseAmount } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  counted,
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatTimecode,
  formatTokens,
  shortHex,
  tokenQuantity,
  words,
} from './format.ts'

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [65_536, '65.5 kB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [12_345_678, '12.3 MB'],
    [1e18, '1000 PB'],
  ])('%d is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  test('never needs more than three digits below a thousand petabytes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9e15 }), bytes => {
        expect(formatBytes(bytes).replace(/\D/g, '').length).toBeLessThanOrEqual(3)
      }),
    )
  })
})

describe('tokens', () => {
  test.each([
    [0n, '0 TAN'],
    [10n ** 18n, '1 TAN'],
    [1_234_567n * 10n ** 18n + 5n * 10n ** 17n, '1,234,567 TAN'],
    [parseAmount('12.34567'), '12.34 TAN'],
    [parseAmount('0.0001234567'), '0.0001234 TAN'],
    [parseAmount('0.0000001'), '100 gwei'],
    [999_999n, '999,999 wei'],
    [-parseAmount('1.5'), '-1.5 TAN'],
  ])('%d wei is %s', (wei, text) => expect(formatTokens(wei, 'TAN')).toBe(text))

  test('never shows more than there is, and loses less than one part in a thousand', () => {
    const scale = { TAN: 18, gwei: 9, wei: 0 } as const
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 28n }), wei => {
        const { value, unit } = tokenQuantity(wei, 'TAN')
        const shown = parseAmount(value.replaceAll(',', ''), scale[unit as keyof typeof scale])
        expect(shown).toBeLessThanOrEqual(wei)
        expect(Number(wei - shown) / Number(wei)).toBeLessThan(0.001)
      }),
    )
  })
})

test('a share is 0% or 100% only when it is', () => {
  expect(formatShare(0)).toBe('0%')
  expect(formatShare(0.0001)).toBe('<1%')
  expect(formatShare(0.834)).toBe('83%')
  expect(formatShare(0.9999)).toBe('99%')
  expect(formatShare(1)).toBe('100%')
  expect(formatShare(Number.NaN)).toBe('0%')
})

test('durations, ages and places in a video', () => {
  expect([0, 850, 4200, 9_949, 9_950, 59_400, 185_000, 8_040_000, 529_200_000].map(formatDuration)).toEqual([
    '0 ms',
    '850 ms',
    '4.2 s',
    '9.9 s',
    '10 s',
    '59 s',
    '3 min 05 s',
    '2 h 14 min',
    '6 d 3 h',
  ])
  expect([-5, 1999, 2000, 59_999, 60_000, 3_600_000, 90_000_000].map(formatAgo)).toEqual([
    'now',
    'now',
    '2 s ago',
    '59 s ago',
    '1 min ago',
    '1 h ago',
    '1 d ago',
  ])
  expect([0, 65.9, 3729].map(formatTimecode)).toEqual(['0:00', '1:05', '1:02:09'])
})

test('names and hashes', () => {
  expect(shortHex('0x0123456789abcdef')).toBe('0x0123…cdef')
  expect(shortHex('0x1234')).toBe('0x1234')
  expect(words('targetSettlementSequence')).toBe('target settlement sequence')
  expect(counted(1, 'piece')).toBe('1 piece')
  expect(counted(1200, 'piece')).toBe('1,200 pieces')
  expect(formatCount(12n)).toBe('12')
})
