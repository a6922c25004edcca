// The number of the current transaction: stamps with it say what is warm, touched, created or in use, and grow stale by
// themselves when the next one begins.

let current: u32 = 0

// @ts-ignore: decorator
@inline
export function transaction(): u32 {
  return current
}

export function nextTransaction(): void {
  current++
}
