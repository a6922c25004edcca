// When redeeming pays, and what is redeemed (spec D-REDEEM, P-REDEEM). Decisions alone: whoever runs them looks at the chain
// and sends what is decided.
import { EMPTY_BYTES } from '@tan/primitives'
import { availableTo, chainStep, type PoolState, type SignedVoucher } from '@tan/protocol'
import { REDEEM_TRANSACTION_GAS, REDEEM_VOUCHER_GAS } from './limits.ts'
import type { ProvenPool } from './pool.ts'
import type { EarningRecord } from './records.ts'

export interface RedeemPolicy {
  /** what is due must be worth so many times the gas of redeeming it */
  readonly gasFactor: bigint
  /** or this much, of one pool: what may be lost to a payer that overspends */
  readonly dueMaxWei: bigint
  /** or its pool is this close to expiry */
  readonly expiryMarginBlocks: number
}

/** A voucher with the preimage up to which it is shown. */
export interface Redemption {
  readonly voucher: SignedVoucher
  /** units; 0 is the voucher alone */
  readonly index: number
  /** 32 bytes, or none where the index is 0 */
  readonly preimage: Uint8Array
}

/** What was served, and shown by a voucher: no more is asked for, so that what was paid ahead stays the payer's. */
export function redeemableWei({ voucher, index, chargedWei }: EarningRecord): bigint {
  return voucher.amount + voucher.unit * BigInt(unitsOf(voucher, index, chargedWei))
}

/** What redeeming it now would pay. */
export function dueWei(record: EarningRecord, { pool, target }: ProvenPool): bigint {
  const newWei = redeemableWei(record) - target.paid
  const maxWei = paysReservesAlone(pool) ? target.reserved - target.paid : availableTo(pool, target)
  const wei = newWei < maxWei ? newWei : maxWei
  return pool.status !== 'closed' && wei > 0n ? wei : 0n
}

/** A credit pool that cannot pay what it has promised: who shows that freezes it (spec P-OVERSPEND). */
export function provesOverspend(record: EarningRecord, { pool, target }: ProvenPool): boolean {
  const isOpenCredit = pool.status === 'open' && !paysReservesAlone(pool)
  return isOpenCredit && redeemableWei(record) - target.paid > availableTo(pool, target)
}

/** Is anything to be had from redeeming it, whether that pays or not? */
export function isRedeemable(record: EarningRecord, proven: ProvenPool): boolean {
  return dueWei(record, proven) > 0n || provesOverspend(record, proven)
}

/** Does redeeming it now pay, or must it be done before it is too late? */
export function isWorthRedeeming(
  record: EarningRecord,
  proven: ProvenPool,
  baseFeeWei: bigint,
  { gasFactor, dueMaxWei, expiryMarginBlocks }: RedeemPolicy,
): boolean {
  // the contract pays the gas of whoever shows it
  if (provesOverspend(record, proven)) return true
  const wei = dueWei(record, proven)
  if (wei === 0n) return false
  if (wei >= gasFactor * (REDEEM_TRANSACTION_GAS + REDEEM_VOUCHER_GAS) * baseFeeWei || wei >= dueMaxWei) return true
  const isEnding = proven.height + expiryMarginBlocks >= proven.pool.expiryHeight
  return isEnding && wei > REDEEM_VOUCHER_GAS * baseFeeWei
}

/** From which height on nothing more can come of it: once that height is final, it may be forgotten (spec P-CLOSE). */
export function overHeight(record: EarningRecord, proven: ProvenPool, redeemGraceBlocks: number): number {
  const { status, expiryHeight } = proven.pool
  const isPaid = proven.height >= expiryHeight && dueWei(record, proven) === 0n
  return isPaid || status === 'closed' ? expiryHeight : expiryHeight + redeemGraceBlocks
}

/** The voucher with the preimage of the last unit that was served. */
export function redemptionOf({ voucher, index, preimage, chargedWei }: EarningRecord): Redemption {
  const units = unitsOf(voucher, index, chargedWei)
  let shown = preimage
  for (let i = index; i > units; i--) shown = chainStep(shown, voucher)
  return { voucher, index: units, preimage: units === 0 ? EMPTY_BYTES : shown }
}

/** of the voucher's chain, those that were shown and charged */
function unitsOf({ amount, unit }: SignedVoucher, index: number, chargedWei: bigint): number {
  if (chargedWei <= amount || unit === 0n) return 0
  const charged = (chargedWei - amount) / unit
  return charged < BigInt(index) ? Number(charged) : index
}

/** The collateral of a frozen pool is burned. */
function paysReservesAlone({ collateral, status }: PoolState): boolean {
  return collateral === 0n && status !== 'frozen'
}
