// spec D-RESERVE, P-RESERVE
import { describe, expect, it } from 'vitest'
import { Bill } from './bill.ts'
import { RESERVE_RETRY_MS, RESERVE_STEP_UNITS_MAX, RESERVE_STEP_UNITS_MIN } from './limits.ts'
import { Reserving } from './reserving.ts'
import { PAYEE, UNIT_WEI } from './testing/parties.ts'

const PRICE = { unitPriceWei: UNIT_WEI, openingWei: 0n }
const units = (count: number) => UNIT_WEI * BigInt(count)

describe('a reserve', () => {
  it('is little for a payee that delivered little, and twice that for others, within a bound', () => {
    const amount = (received: number) => new Reserving().next(PAYEE, new Bill(PRICE, PRICE), 0, units(received), 0)
    expect(amount(0)).toBe(units(RESERVE_STEP_UNITS_MIN))
    expect(amount(10)).toBe(units(20 + RESERVE_STEP_UNITS_MIN))
    expect(amount(1_000)).toBe(units(RESERVE_STEP_UNITS_MAX))
  })

  it('is asked for when less than half a step is left, and not again before it is there or a while has passed', () => {
    const reserving = new Reserving()
    const bill = new Bill(PRICE, PRICE)
    bill.limitWei = units(RESERVE_STEP_UNITS_MIN)
    const half = RESERVE_STEP_UNITS_MIN / 2
    expect(reserving.next(PAYEE, bill, half - 1, 0n, 0)).toBeUndefined()
    const nextWei = units(2 * RESERVE_STEP_UNITS_MIN)
    expect(reserving.next(PAYEE, bill, half, 0n, 0)).toBe(nextWei)
    expect(reserving.next(PAYEE, bill, half, 0n, RESERVE_RETRY_MS - 1)).toBeUndefined()
    expect(reserving.next(PAYEE, bill, half, 0n, RESERVE_RETRY_MS)).toBe(nextWei)
    reserving.settled(PAYEE)
    expect(reserving.next(PAYEE, bill, half, 0n, RESERVE_RETRY_MS)).toBe(nextWei)
    reserving.clear()
    expect(reserving.next(PAYEE, bill, half, 0n, RESERVE_RETRY_MS)).toBe(nextWei)
  })
})
