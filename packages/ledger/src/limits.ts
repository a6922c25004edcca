// Every bound of this room, in one place. LIMITS.md lists them.

/** of one receipt: what the gas of the largest transaction can pay for, and more */
export const RECEIPT_LOGS_MAX = 65_536
export const RECEIPT_LOG_MAX_BYTES = 4 * 1024 * 1024

/** vouchers in one call of PaymentPools */
export const REDEMPTIONS_MAX = 256
/** reserves that a pool can be created with */
export const RESERVES_MAX = 256

/** candidates in a row that a builder refuses, because they do not fit into what is left of the block, before it stops */
export const MISFITS_MAX = 64
/** gas of an `eth_call`: as much as the engine's tables have room for, whatever it does */
export const CALL_GAS_MAX = 50_000_000
/** block hashes that a transaction can ask for: of the last so many blocks */
export const ANCESTORS_MAX = 256
/** holders in a list for a genesis */
export const HOLDERS_MAX = 5_000_000
/** of what is wrong with such a list, in one message */
export const PROBLEMS_SHOWN_MAX = 20
