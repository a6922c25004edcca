// spec D-AHEAD, D-LOST, D-ONE
import type { Result } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Agreement, Bill } from './bill.ts'
import { LOST_MAX, LOST_PART, PREPAID_MAX, UNITS_UNDER_WAY_MAX } from './limits.ts'
import { createPayer, PAYEE, POOL_ID, UNIT_WEI } from './testing/parties.ts'

const PRICE = { unitPriceWei: UNIT_WEI, openingWei: 0n }
const units = (count: number) => UNIT_WEI * BigInt(count)

/** A payer that has promised a payee so many units, of which so many came. */
function before(promised: number, received: number) {
  return createPayer({
    poolId: POOL_ID,
    promises: [{ target: PAYEE, sequence: 1n, promisedWei: units(promised), receivedWei: units(received) }],
  })
}

const outcome = (agreement: Result<Agreement>) => (agreement.ok ? agreement.value : agreement.rejection.code)

function agreed(promised: number, received: number, charged: number) {
  const bill = new Bill(PRICE, PRICE)
  return { bill, agreement: outcome(bill.agree(before(promised, received), PAYEE, units(charged))) }
}

describe('what a payee says it has charged', () => {
  it('is agreed to as long as no more was lost than the bound', () => {
    const most = LOST_MAX + 100 / LOST_PART
    expect(agreed(200, 100, 100).agreement).toBe('agreed')
    expect(agreed(200, 100, 100 + most).agreement).toBe('agreed')
    expect(agreed(200, 100, 101 + most).agreement).toBe('lost')
  })

  it('is an invention beyond one unit more than was promised', () => {
    expect(agreed(3, 0, 4).agreement).toBe('agreed')
    expect(agreed(3, 0, 5).agreement).toBe('payment/overcharged')
  })

  it('may hold the opening payment, which counts as received as soon as it is agreed', () => {
    const price = { unitPriceWei: UNIT_WEI, openingWei: 250n }
    const bill = new Bill(price, price)
    const payer = createPayer()
    expect(outcome(bill.agree(payer, PAYEE, units(1) + 1n))).toBe('payment/overcharged')
    expect(outcome(bill.agree(payer, PAYEE, 250n))).toBe('agreed')
    expect(payer.receivedWei(PAYEE)).toBe(250n)
    expect(bill.owedWei).toBe(250n)
  })
})

describe('what is promised ahead', () => {
  it('is all that is under way but one unit, which the payee serves unpaid', () => {
    const { bill } = agreed(0, 0, 0)
    expect(bill.dueWei(0)).toBe(0n)
    expect(bill.dueWei(1)).toBe(0n)
    expect(bill.dueWei(5)).toBe(units(4))
    expect(bill.committedWei(5)).toBe(units(5))
    bill.received()
    expect(bill.dueWei(4)).toBe(units(4))
  })

  it('grows with what came on this connection, up to the bound', () => {
    const { bill } = agreed(0, 0, 0)
    for (let came = 0; came < 2 * UNITS_UNDER_WAY_MAX; came++) {
      expect(bill.underWayMax).toBe(1 + Math.min(came, PREPAID_MAX))
      bill.received()
    }
  })

  it('shrinks the nearer the losses get to what may be lost', () => {
    const { bill } = agreed(200, 0, LOST_MAX - 1)
    for (let i = 0; i < 2 * LOST_PART; i++) bill.received()
    // one unit is left, and two more for what came; one of them is served unpaid
    expect(bill.underWayMax).toBe(1 + 1 + 2 - 1)
  })

  it('never lets more be lost than the bound, whatever the payee keeps back', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ came: fc.nat(40), claims: fc.nat(25) }), { maxLength: 12 }), visits => {
        const payer = createPayer()
        for (const { came, claims } of visits) {
          const bill = new Bill(PRICE, PRICE)
          // It claims as much as it can without being banned.
          const claimedWei = payer.receivedWei(PAYEE) + units(claims)
          const servedMaxWei = payer.promisedWei(PAYEE) + UNIT_WEI
          const chargedWei = claimedWei < servedMaxWei ? claimedWei : servedMaxWei
          if (outcome(bill.agree(payer, PAYEE, chargedWei)) !== 'agreed') continue
          payer.open(PAYEE, UNIT_WEI, bill.owedWei)
          for (let i = 0; i <= came; i++) {
            payer.promise(PAYEE, bill.dueWei(bill.underWayMax))
            if (i === came) break // the rest is kept back
            bill.received()
            payer.received(PAYEE, UNIT_WEI)
          }
          const lostWei = payer.promisedWei(PAYEE) - payer.receivedWei(PAYEE)
          expect(lostWei).toBeLessThanOrEqual(units(LOST_MAX) + payer.receivedWei(PAYEE) / BigInt(LOST_PART))
        }
      }),
    )
  })

  it('is no more than the payee serves, and the pool has left', () => {
    const { bill } = agreed(0, 0, 0)
    expect(bill.affordable(5, 0, units(9))).toBe(0)
    bill.limitWei = units(4)
    expect(bill.affordable(5, 0, units(9))).toBe(4)
    expect(bill.affordable(5, 3, units(9))).toBe(1)
    expect(bill.affordable(5, 0, units(2) + 1n)).toBe(2)
    expect(bill.affordable(-1, 0, units(9))).toBe(0)
    bill.endAtOwed()
    expect(bill.affordable(5, 0, units(9))).toBe(0)
  })

  it('is nothing where nothing is charged', () => {
    const bill = new Bill({ unitPriceWei: 0n, openingWei: 0n }, PRICE)
    expect(bill.isFree).toBe(true)
    expect(bill.underWayMax).toBe(UNITS_UNDER_WAY_MAX)
    expect(bill.affordable(7, 3, 0n)).toBe(7)
    expect(bill.dueWei(9)).toBe(0n)
  })
})
