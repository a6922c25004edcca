// What system contracts charge (spec L-PRICE) beyond what the engine charges for slots, logs and credits: cryptography at the prices of the
// precompiles, and words at those of bytecode that takes them apart.

/** ecrecover; two pairings and a hash to the curve (EIP-2537); KECCAK256. */
export const CRYPTO_GAS = { recover: 3_000, possession: 150_000, keccak: 30, keccakWord: 6 } as const

/** One step of a voucher's hash chain: a hash of 104 bytes and the loop around it. */
export const CHAIN_STEP_GAS = 80

/** What the prover of an overspend gets back at the base fee, a little less than it spends: for the transaction, and for each voucher in it. */
export const OVERSPEND_REFUND_GAS = { proof: 50_000, voucher: 8_000 } as const

/** Taking a system call and its answer apart and together, for each word: whoever calls, the words themselves may cost it nothing. */
export const CALL_WORD_GAS = 16

export function keccakGas(sizeBytes: number): number {
  return CRYPTO_GAS.keccak + CRYPTO_GAS.keccakWord * wordsOf(sizeBytes)
}

export function wordsOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 32)
}
