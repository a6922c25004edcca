// Every bound of this room, in one place. LIMITS.md lists them.

/** of a transaction: the largest would make the account's nonce 2^64 - 1 (EIP-2681) */
export const NONCE_MAX: bigint = 2n ** 64n - 2n
/** EIP-3860 */
export const INIT_CODE_MAX_BYTES = 49_152

/** of one receipt: what the gas of the largest transaction can pay for, and more */
export const RECEIPT_LOGS_MAX = 65_536
export const RECEIPT_LOG_MAX_BYTES = 4 * 1024 * 1024

/** vouchers in one call of PaymentPools */
export const REDEMPTIONS_MAX = 256
/** reserves that a pool can be created with */
export const RESERVES_MAX = 256

/** candidates in a row that a builder refuses, because they do not fit into what is left of the block, before it stops */
export const MISFITS_MAX = 64
/** gas of an `eth_call`: what a block may hold, at most */
export const CALL_GAS_MAX = 60_000_000
/** holders in a list for a genesis */
export const HOLDERS_MAX = 5_000_000
/** of what is wrong with such a list, in one message */
export const PROBLEMS_SHOWN_MAX = 20
