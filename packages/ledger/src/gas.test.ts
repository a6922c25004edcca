import { describe, expect, it } from 'vitest'
import { slotChangeGas } from './gas.ts'

describe('the price of writing a slot', () => {
  // The reference cases of EIP-3529 over a warm slot, less three gas for each PUSH of their bytecode.
  const cases: [writes: bigint[], original: bigint, gas: number, refund: number][] = [
    [[0n, 0n], 0n, 200, 0],
    [[0n, 1n], 0n, 20_100, 0],
    [[1n, 0n], 0n, 20_100, 19_900],
    [[1n, 2n], 0n, 20_100, 0],
    [[1n, 1n], 0n, 20_100, 0],
    [[0n, 0n], 1n, 3_000, 4_800],
    [[0n, 1n], 1n, 3_000, 2_800],
    [[0n, 2n], 1n, 3_000, 0],
    [[2n, 0n], 1n, 3_000, 4_800],
    [[2n, 3n], 1n, 3_000, 0],
    [[2n, 1n], 1n, 3_000, 2_800],
    [[2n, 2n], 1n, 3_000, 0],
    [[1n, 0n], 1n, 3_000, 4_800],
    [[1n, 2n], 1n, 3_000, 0],
    [[1n, 1n], 1n, 200, 0],
    [[1n, 0n, 1n], 0n, 40_100, 19_900],
    [[0n, 1n, 0n], 1n, 5_900, 7_600],
  ]

  it.each(cases)('%s over %s', (writes, original, gas, refund) => {
    let current = original
    const sum = { gas: 0, refund: 0 }
    for (const next of writes) {
      const change = slotChangeGas({ original, current, next })
      sum.gas += change.gas
      sum.refund += change.refund
      current = next
    }
    expect(sum).toEqual({ gas, refund })
  })
})
