import type { Hex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createClaims } from './claims.ts'
import { CLAIM_PAYEES_MAX, CLAIM_POOLS_MAX } from './limits.ts'

const poolId: Hex = `0x${'aa'.repeat(32)}`
const payee = (i: number): Hex => `0x${i.toString(16).padStart(40, '0')}`

// spec T-CLAIM
describe('claims', () => {
  it('never add up to more than the deposit, and only rise', () => {
    const announced = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.bigInt({ min: 0n, max: 60n })), { maxLength: 60 })
    fc.assert(
      fc.property(announced, fc.bigInt({ min: 0n, max: 200n }), (steps, depositWei) => {
        const claims = createClaims()
        const model = new Map<number, bigint>()
        const sum = () => [...model.values()].reduce((total, wei) => total + wei, 0n)
        for (const [who, claimWei] of steps) {
          const before = model.get(who) ?? 0n
          const raised = claimWei > before ? claimWei : before
          const fits = sum() - before + raised <= depositWei
          if (fits) model.set(who, raised)
          const answer = claims.announce({ poolId, payee: payee(who), claimWei, depositWei })
          expect(answer).toEqual({ admitted: fits, claimedWei: sum(), payees: model.size })
          expect(answer.claimedWei).toBeLessThanOrEqual(depositWei)
        }
      }),
    )
  })

  it('are bounded for each pool and over all pools', () => {
    const claims = createClaims()
    const one = { poolId, claimWei: 1n, depositWei: 10_000n }
    for (let i = 0; i < CLAIM_PAYEES_MAX; i++) expect(claims.announce({ ...one, payee: payee(i) }).admitted).toBe(true)
    expect(claims.announce({ ...one, payee: payee(CLAIM_PAYEES_MAX) }).admitted).toBe(false)
    expect(claims.announce({ ...one, payee: payee(0), claimWei: 2n }).admitted).toBe(true)
    for (let i = 0; i < CLAIM_POOLS_MAX; i++)
      claims.announce({ ...one, poolId: `0x${i.toString(16).padStart(64, '0')}`, payee: payee(1) })
    expect(claims.pools).toBeLessThanOrEqual(CLAIM_POOLS_MAX)
    // The pool of before was not heard of for long, and is new again.
    expect(claims.announce({ ...one, payee: payee(9) })).toEqual({ admitted: true, claimedWei: 1n, payees: 1 })
  })
})
