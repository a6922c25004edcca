// The result of redeeming a voucher: the code that PaymentPools returns and logs.

/** spec P-REDEEM: the number of each is its place. Those up to `overspent` are of good vouchers, which are logged; the others are skipped. */
export const REDEMPTION_CODES = [
  /** paid all that it showed beyond what was paid before */
  'paid',
  /** shows no more than was paid before: a replay, or an older voucher */
  'nothing-new',
  /** the pool had not enough, or had not reserved enough: less was paid than shown */
  'short',
  /** it proved that the pool is overspent, and was paid what was left */
  'overspent',
  'unknown-pool',
  /** closed, or past its expiry and the grace after it */
  'expired',
  /** not signed by the pool's signer */
  'signature',
  /** the preimage does not lead to the anchor, or lies beyond the chain's end */
  'preimage',
  /** amount + unit * index passes 2^256 - 1 */
  'overflow',
] as const

export type RedemptionCode = (typeof REDEMPTION_CODES)[number]
