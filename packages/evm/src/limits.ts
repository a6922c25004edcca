// Bounds of the EVM room. Those of the engine's tables are in assembly/layout.ts.

/** Gas is a signed 64-bit integer in the engine. */
export const GAS_MAX: bigint = 2n ** 63n - 1n

/** Of a transaction: the next one would make the account's nonce 2^64 - 1, which it cannot pass (EIP-2681). */
export const NONCE_MAX: bigint = 2n ** 64n - 2n

/** EIP-7825: a transaction's gas limit, from Osaka on. */
export const TRANSACTION_GAS_MAX: bigint = 2n ** 24n

/** Init code of a transaction, from Shanghai on (EIP-3860). */
export const INIT_CODE_MAX_BYTES: number = 49_152

/** A message's input, and what a native contract returns: as much as a frame's memory (assembly/layout.ts). */
export const INPUT_MAX_BYTES: number = 33_554_432

/** Blob hashes that an environment can carry. */
export const BLOB_HASHES_MAX: number = 32

/** MODEXP's operands, from Osaka on (EIP-7823). */
export const MODEXP_MAX_BYTES: number = 1024
