// The hardforks in their order, and the rules that differ between them other than static gas (that is in the opcode table).

export const BERLIN: u32 = 0
export const LONDON: u32 = 1
export const PARIS: u32 = 2
export const SHANGHAI: u32 = 3
export const CANCUN: u32 = 4
export const PRAGUE: u32 = 5
export const OSAKA: u32 = 6

let current: u32 = OSAKA

// @ts-ignore: decorator
@inline
export function isFrom(fork: u32): bool {
  return current >= fork
}

export function selectFork(fork: u32): void {
  current = fork
}

/** EIP-3529 */
export function refundOfClearedSlot(): i64 {
  return isFrom(LONDON) ? 4800 : 15000
}

/** EIP-3529 takes the refund away. */
export function refundOfDestruction(): i64 {
  return isFrom(LONDON) ? 0 : 24000
}
