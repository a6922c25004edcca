// What one payee has charged us, by what it says and by what came, and how far we pay it ahead. Units are lost where a
// connection breaks or a page is closed, and nobody can tell that from units that were kept back: so all that never came is
// bounded by what came (spec D-LOST), and the nearer it gets to the bound, the less is promised ahead (spec D-AHEAD).
import { type Address, accepted, type Result, rejected } from '@tan/primitives'
import { reject } from './codes.ts'
import { LOST_MAX, LOST_PART, PREPAID_MAX, UNITS_UNDER_WAY_MAX } from './limits.ts'
import type { Payer } from './payer.ts'
import { isFree, type Price } from './terms.ts'

/** `lost`: so much of it never came that no more is asked of it. */
export type Agreement = 'agreed' | 'lost'

export class Bill {
  readonly price: Price
  readonly #priceMax: Price
  /** up to what total it serves */
  limitWei = 0n
  #owedWei = 0n
  #receivedUnits = 0
  /** when we agreed on what it has charged: what had come over the pool's life, and what had not */
  #cameWei = 0n
  #lostWei = 0n

  /** `priceMax`: the most that anybody may ask. */
  constructor(price: Price, priceMax: Price) {
    this.price = price
    this.#priceMax = priceMax
  }

  get isFree(): boolean {
    return isFree(this.price)
  }

  /** What it has charged us, as it said and as units came since. */
  get owedWei(): bigint {
    return this.#owedWei
  }

  /** What it may have charged once all that is under way is here. */
  committedWei(unitsUnderWay: number): bigint {
    return this.#owedWei + this.price.unitPriceWei * BigInt(unitsUnderWay)
  }

  /** What must be promised for it to serve all that is under way: it serves one unit before it is paid (spec D-ONE). */
  dueWei(unitsUnderWay: number): bigint {
    return this.committedWei(Math.max(0, unitsUnderWay - 1))
  }

  /** A unit came: it is charged, whatever it is worth. */
  received(): void {
    this.#owedWei += this.price.unitPriceWei
    this.#receivedUnits++
  }

  /** It serves no more before something changes on chain. */
  endAtOwed(): void {
    this.limitWei = this.#owedWei
  }

  /** Units that may be under way: whoever delivered n of them may hold the price of n more, never beyond the bounds. */
  get underWayMax(): number {
    return this.isFree ? UNITS_UNDER_WAY_MAX : 1 + Math.min(this.#receivedUnits, PREPAID_MAX, this.#prepaidMax)
  }

  /** Of `units` more, those that it would serve and that `spareWei` pays for, which is what the pool has left. */
  affordable(units: number, unitsUnderWay: number, spareWei: bigint): number {
    const { unitPriceWei } = this.price
    if (units <= 0 || unitPriceWei === 0n) return Math.max(0, units)
    const leftWei = this.limitWei - this.committedWei(unitsUnderWay)
    const affordableWei = leftWei < spareWei ? leftWei : spareWei
    return affordableWei <= 0n ? 0 : Math.min(units, Number(affordableWei / unitPriceWei))
  }

  /** What it says it has charged so far. Beyond one unit more than it was promised nothing can have been served: a lie. */
  agree(payer: Payer, target: Address, chargedWei: bigint): Result<Agreement> {
    const { unitPriceWei, openingWei } = this.#priceMax
    if (chargedWei > most(payer.promisedWei(target) + unitPriceWei, openingWei))
      return rejected(reject('payment/overcharged', `${chargedWei} wei are more than it was promised`))
    const openedWei = least(this.price.openingWei, chargedWei)
    if (payer.receivedWei(target) < openedWei) payer.received(target, openedWei - payer.receivedWei(target))
    this.#owedWei = chargedWei
    this.#cameWei = payer.receivedWei(target)
    this.#lostWei = most(0n, chargedWei - this.#cameWei)
    return accepted(this.#lostWei <= this.#lostMaxWei ? 'agreed' : 'lost')
  }

  get #lostMaxWei(): bigint {
    const { unitPriceWei } = this.price
    const cameWei = this.#cameWei + unitPriceWei * BigInt(this.#receivedUnits)
    return unitPriceWei * BigInt(LOST_MAX) + cameWei / BigInt(LOST_PART)
  }

  /** Units that may be paid for before they come: all of them could be lost, and one more that it serves unpaid. */
  get #prepaidMax(): number {
    const { unitPriceWei } = this.price
    if (unitPriceWei === 0n) return PREPAID_MAX
    const units = (this.#lostMaxWei - this.#lostWei) / unitPriceWei
    return Math.max(0, Math.min(PREPAID_MAX, Number(units) - 1))
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
