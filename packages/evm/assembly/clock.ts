// The number of the current transaction: stamps with it say what is warm, touched, created or in use, and grow stale by
// themselves when the next one begins. When the numbers are used up, index.ts clears all stamps and begins anew.

/** Counters stop here between transactions; what one transaction counts fits above. */
export const LATE: u32 = 0xf0000000

let current: u32 = 0

// @ts-ignore: decorator
@inline
export function transaction(): u32 {
  return current
}

export function nextTransaction(): void {
  current++
}

/** 0 is the stamp of what was never stamped. */
export function startClock(at: u32): void {
  current = at
}
