import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextBaseFee } from './base-fee.ts'

const GWEI = 10n ** 9n

// spec L-BASEFEE
describe('the base fee', () => {
  it.each([
    [10_000_000, 1_000_000_000n],
    [9_000_000, 987_500_000n],
    [11_000_000, 1_012_500_000n],
    [20_000_000, 1_125_000_000n],
    [0, 875_000_000n],
  ])('after %s of 20,000,000 gas is %s wei', (gasUsed, expected) => {
    const parent = { gasLimit: 20_000_000, gasUsed, baseFeePerGas: GWEI }
    expect(nextBaseFee(parent, { baseFeeMinWei: 1n })).toBe(expected)
  })

  it('moves by an eighth at most, in the direction of the load, and never below the floor', () => {
    const load = fc.record({
      gasLimit: fc.integer({ min: 2, max: 60_000_000 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      baseFeePerGas: fc.bigInt({ min: 1n, max: 10n ** 15n }),
      floor: fc.bigInt({ min: 1n, max: 10n ** 10n }),
    })
    fc.assert(
      fc.property(load, ({ gasLimit, share, baseFeePerGas, floor }) => {
        const gasUsed = Math.floor(gasLimit * share)
        const next = nextBaseFee({ gasLimit, gasUsed, baseFeePerGas }, { baseFeeMinWei: floor })
        const target = Math.floor(gasLimit / 2)
        expect(next).toBeGreaterThanOrEqual(floor)
        if (gasUsed > target) {
          expect(next).toBeGreaterThan(baseFeePerGas)
          const capped = baseFeePerGas + baseFeePerGas / 8n + 1n
          // an odd limit can be used a little above twice its target
          expect(next <= capped + capped / BigInt(target) || next === floor).toBe(true)
        } else if (next !== floor) {
          expect(next).toBeLessThanOrEqual(baseFeePerGas)
          expect(next).toBeGreaterThanOrEqual(baseFeePerGas - baseFeePerGas / 8n)
        }
      }),
    )
  })

  it('comes back to the floor when blocks stay empty', () => {
    let baseFeePerGas = 1_000n * GWEI
    for (let i = 0; i < 60; i++)
      baseFeePerGas = nextBaseFee({ gasLimit: 60_000_000, gasUsed: 0, baseFeePerGas }, { baseFeeMinWei: GWEI })
    expect(baseFeePerGas).toBe(GWEI)
  })
})
