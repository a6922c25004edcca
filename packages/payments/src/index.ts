export { type Agreement, Bill } from './bill.ts'
export type { Claim } from './claims.ts'
export { isPaymentCode, type PaymentCode, reject as rejectPayment } from './codes.ts'
export * as paymentLimits from './limits.ts'
export { Outbox, type Unsent } from './outbox.ts'
export { ENDED_WITH, Payee, type Permission } from './payee.ts'
export { Payer, type PayerOptions, type Payment } from './payer.ts'
export { type PayingPool, type ProvenPool, unanchored, unproven } from './pool.ts'
export { ProofQueue, type ShownPool } from './proof-queue.ts'
export type { EarningRecord, PayerRecord, PromiseRecord } from './records.ts'
export {
  dueWei,
  isRedeemable,
  isWorthRedeeming,
  overHeight,
  provesOverspend,
  type RedeemPolicy,
  type Redemption,
  redeemableWei,
  redemptionOf,
} from './redeeming.ts'
export { Reserving } from './reserving.ts'
export { isFree, type PayeeOptions, type Price } from './terms.ts'
