// What work costs, in Ethereum's own units: system contracts charge for a slot, a log or a signature what bytecode would.
import type { Hash } from '@tan/primitives'

/** Limits of a transaction's gas (EIP-7825). */
export const TRANSACTION_GAS_MAX = 16_777_216

/** Of a transaction before it does anything (Yellow Paper, EIP-2028, EIP-2930, EIP-3860, EIP-7702). */
export const INTRINSIC_GAS = {
  transaction: 21_000,
  create: 32_000,
  /** a zero byte; another one counts as four */
  dataToken: 4,
  accessListAddress: 2_400,
  accessListSlot: 1_900,
  initCodeWord: 2,
  authorization: 25_000,
} as const

/** The least that a transaction pays for its data, whatever it does: for each token (EIP-7623). */
export const FLOOR_GAS_PER_TOKEN = 10
export const TOKENS_PER_BYTE = 4

/** At most one in this many parts of the gas used is given back (EIP-3529). */
export const REFUND_QUOTIENT = 5

/** First and later touches in a transaction (EIP-2929). */
export const ACCESS_GAS = { coldAccount: 2_600, coldSlot: 2_100, warm: 100 } as const

/** Writing a slot, its access aside (EIP-2200, EIP-3529). */
const SLOT_GAS = { set: 20_000, change: 2_900, clearRefund: 4_800 } as const

/** Crediting an account: what a call with value costs, less the stipend; and making one that was not there. */
export const CREDIT_GAS = { value: 6_700, newAccount: 25_000 } as const

export const LOG_GAS = { log: 375, topic: 375, byte: 8 } as const

/** Cryptography of the system contracts, at the prices of the precompiles (ecrecover; two pairings and a hash to the curve, EIP-2537). */
export const CRYPTO_GAS = { recover: 3_000, possession: 150_000, keccak: 30, keccakWord: 6 } as const

/** One step of a voucher's hash chain: a hash of 104 bytes and the loop around it. */
export const CHAIN_STEP_GAS = 80

/** What the prover of an overspend gets back at the base fee, a little less than it spends: for the transaction, and for each voucher in it. */
export const OVERSPEND_REFUND_GAS = { proof: 50_000, voucher: 8_000 } as const

/** Taking a system call and its answer apart and together, for each word: whoever calls, the words themselves may cost it nothing. */
export const CALL_WORD_GAS = 16

export interface SlotChange {
  /** when the transaction began */
  readonly original: bigint
  readonly current: bigint
  readonly next: bigint
}

/** Gas and refund of a write, its access aside. */
export function slotChangeGas({ original, current, next }: SlotChange): {
  readonly gas: number
  readonly refund: number
} {
  if (next === current) return { gas: ACCESS_GAS.warm, refund: 0 }
  if (current === original) {
    const refund = original !== 0n && next === 0n ? SLOT_GAS.clearRefund : 0
    return { gas: original === 0n ? SLOT_GAS.set : SLOT_GAS.change, refund }
  }
  let refund = 0
  if (original !== 0n && current === 0n) refund -= SLOT_GAS.clearRefund
  if (original !== 0n && next === 0n) refund += SLOT_GAS.clearRefund
  if (next === original) refund += (original === 0n ? SLOT_GAS.set : SLOT_GAS.change) - ACCESS_GAS.warm
  return { gas: ACCESS_GAS.warm, refund }
}

export function logGas(topics: readonly Hash[], data: Uint8Array): number {
  return LOG_GAS.log + LOG_GAS.topic * topics.length + LOG_GAS.byte * data.length
}

export function keccakGas(sizeBytes: number): number {
  return CRYPTO_GAS.keccak + CRYPTO_GAS.keccakWord * wordsOf(sizeBytes)
}

export function wordsOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 32)
}
