// When a payer of a strict pool reserves more for a payee, and how much (spec D-RESERVE, P-RESERVE). What is reserved for one
// is lost to all others: little for a payee that delivered little.
import type { Address } from '@tan/primitives'
import type { Bill } from './bill.ts'
import { RESERVE_RETRY_MS, RESERVE_STEP_UNITS_MAX, RESERVE_STEP_UNITS_MIN } from './limits.ts'

export class Reserving {
  /** when each payee's reserve may be asked for again; of those that were promised something, and so bounded with them */
  readonly #againMs = new Map<Address, number>()

  /** What is to be reserved for a payee, over the pool's life, if it is time to ask for more. */
  next(target: Address, bill: Bill, unitsUnderWay: number, receivedWei: bigint, nowMs: number): bigint | undefined {
    const { unitPriceWei } = bill.price
    const earnedWei = 2n * receivedWei + unitPriceWei * BigInt(RESERVE_STEP_UNITS_MIN)
    const maxWei = unitPriceWei * BigInt(RESERVE_STEP_UNITS_MAX)
    const stepWei = earnedWei < maxWei ? earnedWei : maxWei
    const isAmple = 2n * (bill.limitWei - bill.committedWei(unitsUnderWay)) > stepWei
    if (isAmple || nowMs < (this.#againMs.get(target) ?? 0)) return undefined
    this.#againMs.set(target, nowMs + RESERVE_RETRY_MS)
    return bill.limitWei + stepWei
  }

  /** A reserve that was asked for is there: the next may be asked for as soon as it is needed. */
  settled(target: Address): void {
    this.#againMs.delete(target)
  }

  clear(): void {
    this.#againMs.clear()
  }
}
