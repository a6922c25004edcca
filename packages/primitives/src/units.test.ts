import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAmount, parseAmount, WEI_PER_TOKEN } from './units.ts'

describe('amounts', () => {
  it('come back from how they are written', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.nat({ max: 18 }), (wei, decimals) => {
        expect(parseAmount(formatAmount(wei, decimals), decimals)).toBe(wei)
      }),
    )
  })

  it('are written plainly', () => {
    expect(formatAmount(WEI_PER_TOKEN)).toBe('1')
    expect(formatAmount(1n)).toBe('0.000000000000000001')
    expect(formatAmount(-15n * 10n ** 17n)).toBe('-1.5')
    expect(formatAmount(0n)).toBe('0')
    expect(parseAmount(' 12.50 ')).toBe(125n * 10n ** 17n)
  })

  it('are refused where they are none', () => {
    for (const text of ['', '.5', '1.', '1e3', '-1', '+1', '1,000', '0x10', 'NaN', '1.0000000000000000001', '1 2'])
      expect(() => parseAmount(text), text).toThrowError(expect.objectContaining({ code: 'units/amount' }))
  })
})
