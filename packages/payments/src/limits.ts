// Every bound and waiting time of payers and payees, in one place. A unit is what a pool pays for: a piece, gas of a job, a
// second of a service. LIMITS.md lists them.

/** units that one payee has under way for a payer */
export const UNITS_UNDER_WAY_MAX = 20
/** units of one hash chain: a new voucher is signed after so many, and no longer chain is taken */
export const CHAIN_LENGTH = 256

// ---------------------------------------------------------------------------------------------- paying

/** units paid for before they came, to one payee */
export const PREPAID_MAX = UNITS_UNDER_WAY_MAX - 1
/**
 * Units that one payee may have charged and that never came, over a pool's life: so many, and one for each LOST_PART that
 * came. What a payer can lose to it.
 */
export const LOST_MAX = UNITS_UNDER_WAY_MAX
export const LOST_PART = 4
/** payees of one pool that a payer keeps account of */
export const TARGETS_MAX = 1_024
/** payments that wait until they are stored; beyond, nothing more is promised until they are */
export const UNSENT_MAX = 4_096
/** units by which a reserve for one payee of a strict pool is raised: twice what it has delivered, within these bounds */
export const RESERVE_STEP_UNITS_MIN = 4
export const RESERVE_STEP_UNITS_MAX = 64
export const RESERVE_RETRY_MS = 10_000

// ---------------------------------------------------------------------------------------------- being paid

/** new vouchers of one pool that a payee checks at once; one more for so many units that it charged, and after so long */
export const VOUCHERS_MAX = 8
export const VOUCHER_UNITS = 32
export const VOUCHER_MS = 2_000
/** pools that a payee keeps account of, for one resource */
export const ACCOUNTS_MAX = 4_096
/** an account whose pool was not shown, and not served from, for this long may make room for another */
export const ACCOUNT_IDLE_MS = 120_000
/** units that a pool must be able to pay before an account is opened for it; all that there are, if those are fewer */
export const POOL_UNITS_MIN = 16
/** age of the settled header under a pool's proof when it is shown */
export const PROOF_AGE_BLOCKS_MAX = 30
/** a payee asks for a newer proof after this, and serves no more after twice this */
export const PROOF_RENEW_MS = 60_000
/** between two requests for a newer proof */
export const PROOF_RENEW_RETRY_MS = 5_000
/** between two proofs of a pool that one peer may have us check: each costs two pairings */
export const PROOF_MIN_MS = 500
/** units by which a payee's announced claim on a credit pool runs ahead */
export const CLAIM_STEP_UNITS = 64
/** a claim that the tracker refused, or did not answer, is made again after this */
export const CLAIM_RETRY_MS = 5_000

// ---------------------------------------------------------------------------------------------- redeeming

/** what redeeming is expected to cost: a transaction, and each voucher in it */
export const REDEEM_TRANSACTION_GAS = 25_000n
export const REDEEM_VOUCHER_GAS = 40_000n
