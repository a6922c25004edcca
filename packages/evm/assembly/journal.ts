// All that a revert must take back lies in cells of 32 bytes; the journal keeps what a cell held before it was changed.
// Beside it, what else a revert takes back: the refund counter and the end of the logs (logs.ts).
import { BOUND_JOURNAL, exceedBound } from './host'
import { BURNED, JOURNAL, JOURNAL_END } from './layout'
import { addWord, copyWord, isZero, setZero } from './words'

/** cell u32 | unused u32 | its 32 bytes before */
export const ENTRY_SIZE: usize = 40
export const ENTRY_BEFORE: usize = 8

let top: usize = JOURNAL
let refund: i64 = 0

/** Call it before a cell changes. */
export function remember(cell: usize): void {
  if (top + ENTRY_SIZE > JOURNAL_END) exceedBound(BOUND_JOURNAL)
  store<u32>(top, <u32>cell)
  copyWord(top + ENTRY_BEFORE, cell)
  top += ENTRY_SIZE
}

// @ts-ignore: decorator
@inline
export function journalTop(): usize {
  return top
}

export function rollBackJournal(to: usize): void {
  while (top > to) {
    top -= ENTRY_SIZE
    copyWord(<usize>load<u32>(top), top + ENTRY_BEFORE)
  }
}

export function emptyJournal(): void {
  top = JOURNAL
  refund = 0
  setZero(BURNED)
}

/** So much (a word) has left the supply. */
export function noteBurned(amount: usize): void {
  if (isZero(amount)) return
  remember(BURNED)
  addWord(BURNED, BURNED, amount)
}

// @ts-ignore: decorator
@inline
export function refundCounter(): i64 {
  return refund
}

export function setRefund(value: i64): void {
  refund = value
}

export function addRefund(value: i64): void {
  refund += value
}
