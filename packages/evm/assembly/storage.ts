// Storage slots that this block has touched, transient storage, and what SLOAD and SSTORE cost (EIP-2200, 2929, 3529).
import { currentEpoch, FLAGS, STORAGE, STORAGE_KNOWN } from './accounts'
import { transaction } from './clock'
import { refundOfClearedSlot } from './fork'
import { hashOf } from './hash'
import { BOUND_SLOTS, BOUND_TRANSIENT, exceedBound, loadSlot } from './host'
import { addRefund, remember } from './journal'
import { SLOT_SIZE, SLOTS, SLOTS_MAX, TRANSIENT, TRANSIENT_MAX, TRANSIENT_SIZE } from './layout'
import { copyWord, isEqual, isZero, setZero } from './words'

export const SLOT_KEY: usize = 0
export const SLOT_VALUE: usize = 32 // cell
/** as the transaction found it; valid if the slot is warm */
export const SLOT_ORIGINAL: usize = 64
/** cell: storage u32 | transaction that warmed it u32 | account u32 | epoch u32 | unused */
export const SLOT_STATE: usize = 96
const SLOT_STORAGE: usize = 96
const SLOT_WARMED: usize = 100
export const SLOT_ACCOUNT: usize = 104
const SLOT_EPOCH: usize = 108
export const SLOT_COLLECTED: usize = 112

export const WARM_GAS: i64 = 100
const COLD_SLOT_GAS: i64 = 2100
const SET_GAS: i64 = 20000
const RESET_GAS: i64 = 2900
/** SSTORE needs more than this to be left (EIP-2200). */
const SENTRY_GAS: i64 = 2300

let count: u32 = 0

/** The slot of the account with the key (a word), asked of the host if it was not yet. For those that are paid for already. */
export function findSlot(account: usize, key: usize): usize {
  const slot = placeOf(account, key)
  return load<u32>(slot, SLOT_EPOCH) == currentEpoch() ? slot : insertSlot(slot, account, key)
}

/** The same, or 0 where the gas left beyond the warm price does not pay for asking the host: a slot that is not here is cold. */
export function reachSlot(account: usize, key: usize, gas: i64): usize {
  const slot = placeOf(account, key)
  if (load<u32>(slot, SLOT_EPOCH) == currentEpoch()) return slot
  return gas < COLD_SLOT_GAS - WARM_GAS ? 0 : insertSlot(slot, account, key)
}

/** Where the slot stands, or would. */
function placeOf(account: usize, key: usize): usize {
  const storage = load<u32>(account, STORAGE)
  let at = hashOf(key, storage) & (SLOTS_MAX - 1)
  while (true) {
    const slot = SLOTS + <usize>at * SLOT_SIZE
    if (load<u32>(slot, SLOT_EPOCH) != currentEpoch()) return slot
    if (isEqual(slot, key) && load<u32>(slot, SLOT_STORAGE) == storage) return slot
    at = (at + 1) & (SLOTS_MAX - 1)
  }
}

function insertSlot(slot: usize, account: usize, key: usize): usize {
  if (count + 1 >= SLOTS_MAX) exceedBound(BOUND_SLOTS)
  copyWord(slot, key)
  setZero(slot + SLOT_VALUE)
  setZero(slot + SLOT_STATE)
  store<u32>(slot, load<u32>(account, STORAGE), SLOT_STORAGE)
  store<u32>(slot, <u32>account, SLOT_ACCOUNT)
  loadSlot(slot, (load<u32>(account, FLAGS) & STORAGE_KNOWN) != 0)
  store<u32>(slot, currentEpoch(), SLOT_EPOCH) // last: the host may have thrown
  count++
  return slot
}

export function forgetSlots(): void {
  count = 0
}

export function slotsAreCrowded(): bool {
  return count > SLOTS_MAX / 2
}

/** Is it a slot of what the account is now, not of what it was before it was destroyed? */
export function isCurrentSlot(slot: usize): bool {
  return load<u32>(slot, SLOT_STORAGE) == load<u32>(<usize>load<u32>(slot, SLOT_ACCOUNT), STORAGE)
}

/** Was it cold? It is warm now, and its value is the transaction's original one. */
export function warmSlot(slot: usize): bool {
  if (load<u32>(slot, SLOT_WARMED) == transaction()) return false
  remember(slot + SLOT_STATE)
  store<u32>(slot, transaction(), SLOT_WARMED)
  copyWord(slot + SLOT_ORIGINAL, slot + SLOT_VALUE)
  return true
}

/** Gas left after a read, beyond the static WARM_GAS; the value is then at slot + SLOT_VALUE. */
export function loadGas(slot: usize, gas: i64): i64 {
  return warmSlot(slot) ? gas - (COLD_SLOT_GAS - WARM_GAS) : gas
}

/** SSTORE. Gas left, or negative: the slot may then be anything, since the frame is rolled back. What must be left pays for a cold slot. */
export function storeSlot(account: usize, key: usize, value: usize, gas: i64): i64 {
  return gas <= SENTRY_GAS ? -1 : writeSlot(findSlot(account, key), value, gas)
}

export function writeSlot(slot: usize, value: usize, gas: i64): i64 {
  if (warmSlot(slot)) gas -= COLD_SLOT_GAS
  const current = slot + SLOT_VALUE
  const original = slot + SLOT_ORIGINAL
  if (isEqual(value, current)) return gas - WARM_GAS
  const wasZero = isZero(original)
  if (isEqual(current, original)) {
    gas -= wasZero ? SET_GAS : RESET_GAS
    if (!wasZero && isZero(value)) addRefund(refundOfClearedSlot())
  } else {
    gas -= WARM_GAS
    if (!wasZero) {
      if (isZero(current)) addRefund(-refundOfClearedSlot())
      else if (isZero(value)) addRefund(refundOfClearedSlot())
    }
    if (isEqual(value, original)) addRefund((wasZero ? SET_GAS : RESET_GAS) - WARM_GAS)
  }
  remember(current)
  copyWord(current, value)
  return gas
}

// ---- transient storage (EIP-1153); an entry is in use in the transaction that made it

const TRANSIENT_VALUE: usize = 32 // cell
const TRANSIENT_ACCOUNT: usize = 64
const TRANSIENT_TRANSACTION: usize = 68

let transientCount: u32 = 0

export function forgetTransient(): void {
  transientCount = 0
}

function placeOfTransient(account: usize, key: usize): usize {
  let at = hashOf(key, account) & (TRANSIENT_MAX - 1)
  while (true) {
    const entry = TRANSIENT + <usize>at * TRANSIENT_SIZE
    if (load<u32>(entry, TRANSIENT_TRANSACTION) != transaction()) return entry
    if (load<u32>(entry, TRANSIENT_ACCOUNT) == <u32>account && isEqual(entry, key)) return entry
    at = (at + 1) & (TRANSIENT_MAX - 1)
  }
}

export function loadTransient(to: usize, account: usize, key: usize): void {
  const entry = placeOfTransient(account, key)
  if (load<u32>(entry, TRANSIENT_TRANSACTION) == transaction()) copyWord(to, entry + TRANSIENT_VALUE)
  else setZero(to)
}

export function storeTransient(account: usize, key: usize, value: usize): void {
  const entry = placeOfTransient(account, key)
  if (load<u32>(entry, TRANSIENT_TRANSACTION) != transaction()) {
    if (++transientCount >= TRANSIENT_MAX) exceedBound(BOUND_TRANSIENT)
    copyWord(entry, key)
    setZero(entry + TRANSIENT_VALUE)
    store<u32>(entry, <u32>account, TRANSIENT_ACCOUNT)
    store<u32>(entry, transaction(), TRANSIENT_TRANSACTION)
  }
  remember(entry + TRANSIENT_VALUE)
  copyWord(entry + TRANSIENT_VALUE, value)
}
