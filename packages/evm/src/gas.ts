// What work costs in gas (spec L-GAS), as far as TypeScript charges for it: before a transaction runs, and in native contracts. What an
// instruction costs is in opcodes.ts and assembly/. Numbers of the Yellow Paper and of the EIPs named.

/** Of a transaction before it does anything. */
export const TRANSACTION_GAS = 21_000
export const CREATE_GAS = 32_000
/** of data: a zero byte is one token, another byte four (EIP-2028) */
export const TOKEN_GAS = 4
export const TOKENS_PER_BYTE = 4
/** the least for each token, whatever the transaction does (EIP-7623) */
export const FLOOR_TOKEN_GAS = 10
/** EIP-3860 */
export const INIT_WORD_GAS = 2
/** EIP-2930 */
export const ACCESS_ADDRESS_GAS = 2400
export const ACCESS_SLOT_GAS = 1900
/** EIP-7702: for each authorization, and what comes back where the account was there before */
export const AUTHORIZATION_GAS = 25_000
export const AUTHORIZATION_REFUND = 12_500

/** Touching an account, for the first time in a transaction and later (EIP-2929). */
export const COLD_ACCOUNT_GAS = 2600
export const WARM_GAS = 100
export const LOG_GAS = 375
export const LOG_BYTE_GAS = 8
/** What a CALL with value pays for it, less the stipend, which nobody receives. */
export const CREDIT_GAS = 9000 - 2300
export const NEW_ACCOUNT_GAS = 25_000
