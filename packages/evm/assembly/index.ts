// What the TypeScript side calls. Words and addresses pass through SCRATCH; accounts and slots are passed as pointers, valid
// until the state is forgotten.
import * as accounts from './accounts'
export { blake2f } from './blake2f'
import { callFromOutside } from './calls'
import * as clock from './clock'
import * as codes from './code'
import { createFromOutside } from './creates'
import { forgetBlockHashes } from './environment'
import { selectFork } from './fork'
import * as frames from './frames'
import { prepareHash } from './hash'
import * as journal from './journal'
import { keccak as keccakWord } from './keccak'
import * as layout from './layout'
import * as logs from './logs'
import { reserve } from './memory'
import { preparePushMasks } from './stack'
import * as storage from './storage'
import { run } from './interpreter'
import { isEqual } from './words'

export { HASH_KEYS, PRECOMPILES, ENVIRONMENT, BLOB_HASHES, OPCODES, SCRATCH, BURNED, RETURNED, FRAMES, LOGS, MEMORY, ACCOUNTS, ACCOUNT_SIZE, SLOTS, SLOT_SIZE } from './layout'
export { ADDRESS, BALANCE, NONCE, CODE_HASH, FLAGS, NATIVE, EXISTS, STORAGE_KNOWN, STORAGE_USED, PRECOMPILE, SYSTEM } from './accounts'
export { SLOT_KEY, SLOT_VALUE, SLOT_ACCOUNT } from './storage'
export { CODE_BYTES, CODE_SIZE } from './code'
export {
  FRAME_SIZE,
  IP,
  STACK,
  CODE_START,
  MEMORY_START,
  MEMORY_SIZE,
  INPUT,
  INPUT_SIZE,
  SELF,
  CODE_ACCOUNT,
  IS_STATIC,
  KIND,
  GAS,
  NATIVE_SIZE,
  CALLER,
  VALUE,
} from './frames'

/** Once, before anything else. Random bytes stand at HASH_KEYS; counters begin at `from`, so that tests see them end. */
export function prepare(from: u32): void {
  prepareHash()
  preparePushMasks()
  startCounters(from)
}

/** The opcode table for it must stand at OPCODES. Everything is forgotten. */
export function setFork(fork: u32): void {
  selectFork(fork)
  codes.forgetCodes()
  forgetState()
}

function startCounters(from: u32): void {
  accounts.restartAccounts(from)
  storage.forgetSlots()
  codes.restartCodes(from)
  clock.startClock(from)
}

/** Counters begin anew before they turn over, and nothing is left that they have stamped. */
function restart(): void {
  memory.fill(layout.BLOCKS, 0, layout.BLOCKS_SIZE)
  memory.fill(layout.ACCOUNTS, 0, layout.TRANSIENT_END - layout.ACCOUNTS)
  startCounters(0)
}

/** Before another host, or another branch of its state. Codes stay: they are known by their hashes. */
export function forgetState(): void {
  accounts.forgetAccounts()
  storage.forgetSlots()
  forgetBlockHashes()
}

export function beginBlock(): void {
  forgetBlockHashes()
}

/** Were accounts and slots forgotten, because a transaction with so much gas might not find room beside them? */
export function beginTransaction(gas: f64): bool {
  const isLate = clock.transaction() >= clock.LATE || accounts.countersAreLate() || codes.generationsAreLate()
  if (isLate) restart()
  clock.nextTransaction()
  journal.emptyJournal()
  logs.rollBackLogs(layout.LOGS, 0)
  storage.forgetTransient()
  frames.resetFrames()
  const isAmple = gas > <f64>layout.AMPLE_GAS
  const isCrowded = isAmple || accounts.accountsAreCrowded() || storage.slotsAreCrowded()
  if (isCrowded) {
    accounts.forgetAccounts()
    storage.forgetSlots()
  }
  if (isAmple || codes.codesAreCrowded()) codes.forgetCodes()
  return isCrowded || isLate
}

/** Takes back the whole transaction. */
export function rollBack(): void {
  journal.rollBackJournal(layout.JOURNAL)
  frames.resetFrames()
}

// ---- accounts

/** The account whose address is the word. */
export function account(address: usize): usize {
  return accounts.findAccount(address)
}

/** The same, or 0 where `gas` does not pay for asking the host: it is the whole price of an access. */
export function reachAccount(address: usize, gas: f64): usize {
  return accounts.reachAccount(address, <i64>gas - storage.WARM_GAS)
}

/** The address is the word at SCRATCH. */
export function forgetAccount(): void {
  accounts.forgetAccount(layout.SCRATCH)
}

export function warmAccount(account: usize): bool {
  return accounts.warmAccount(account)
}

export function isEmptyAccount(account: usize): bool {
  return accounts.isEmptyAccount(account)
}

/** The amount is the word at SCRATCH. */
export function addBalance(account: usize): void {
  accounts.addBalance(account, layout.SCRATCH)
}

export function subtractBalance(account: usize): void {
  accounts.subtractBalance(account, layout.SCRATCH)
}

/** The same, and it leaves the supply. */
export function burn(account: usize): void {
  accounts.subtractBalance(account, layout.SCRATCH)
  journal.noteBurned(layout.SCRATCH)
}

export function setNonce(account: usize, nonce: u64): void {
  accounts.setNonce(account, nonce)
}

/** The code stands at MEMORY; an account without code takes none of it. */
export function setCode(account: usize, size: u32): void {
  accounts.touchAccount(account)
  journal.remember(account + accounts.CODE_HASH)
  keccakWord(account + accounts.CODE_HASH, layout.MEMORY, size)
  if (size != 0) codes.putCode(account + accounts.CODE_HASH, layout.MEMORY, size)
}

/** Entry of the account's code (see CODE_BYTES), or 0 where there is none, or no room for it. */
export function codeOf(account: usize): usize {
  return accounts.hasNoCode(account) ? 0 : codes.findCode(account)
}

// ---- storage; the key is the word at SCRATCH, the value the word after it

/** From an access list, paid for already. */
export function warmSlot(account: usize): void {
  storage.warmSlot(storage.findSlot(account, layout.SCRATCH))
}

/** As SLOAD. Gas left, or negative. */
export function loadSlot(account: usize, gas: f64): f64 {
  const left = <i64>gas - storage.WARM_GAS
  const slot = storage.reachSlot(account, layout.SCRATCH, left)
  if (slot == 0) return -1
  const after = storage.loadGas(slot, left)
  memory.copy(layout.SCRATCH + 32, slot + storage.SLOT_VALUE, 32)
  return <f64>after
}

/** As SSTORE, but with no least gas that must be left. Gas left, or negative. */
export function storeSlot(account: usize, gas: f64): f64 {
  const slot = storage.reachSlot(account, layout.SCRATCH, <i64>gas - storage.WARM_GAS)
  return slot == 0 ? -1 : <f64>storage.writeSlot(slot, layout.SCRATCH + 32, <i64>gas)
}

/** Where its topics (big-endian) and data are to be written. */
export function addLog(account: usize, topics: u32, size: u32): usize {
  return logs.addLog(account, topics, size)
}

// ---- running

/** Makes sure that `size` bytes can be written at MEMORY. */
export function reserveInput(size: u32): void {
  reserve(layout.MEMORY + codes.entrySize(size))
}

/** The input stands at MEMORY + CODE_BYTES, the value at SCRATCH. Results are then with the functions below. */
export function call(caller: usize, target: usize, isStatic: bool, inputSize: u32, gas: i64): void {
  const start = layout.MEMORY + codes.entrySize(inputSize)
  callFromOutside(caller, target, layout.SCRATCH, isStatic, layout.MEMORY + codes.CODE_BYTES, inputSize, start, gas)
  run()
}

export function create(caller: usize, inputSize: u32, gas: i64): void {
  createFromOutside(caller, layout.SCRATCH, layout.MEMORY, inputSize, gas)
  run()
}

export function status(): u32 {
  return frames.lastStatus()
}

export function haltReason(): u32 {
  return frames.haltReason()
}

export function gasLeft(): i64 {
  return load<i64>(layout.FRAMES, frames.GAS)
}

export function refund(): i64 {
  return journal.refundCounter()
}

export function addRefund(amount: i64): void {
  journal.addRefund(amount)
}

export function returnedSize(): u32 {
  return frames.returnedSize()
}

export function logCount(): u32 {
  return logs.logCount()
}

/** Address that the last creation made: the word that it pushed to the outside. */
export function createdAddress(): usize {
  return layout.STACKS
}

// ---- changes

export const CHANGED: u32 = 1
export const CODE_CHANGED: u32 = 2
export const DELETED: u32 = 4

/**
 * Ends the transaction: destroys and sweeps accounts, and lists at MEMORY (u32 each) the accounts that the host must learn
 * of, with flags in the low bits, and the slots. Answers their number. What is listed is known to the host from then on.
 */
export function collectChanges(): u32 {
  const end = journal.journalTop()
  reserve(layout.MEMORY + (end - layout.JOURNAL))
  let out = layout.MEMORY
  for (let entry = layout.JOURNAL; entry < end; entry += journal.ENTRY_SIZE) {
    const cell = <usize>load<u32>(entry)
    if (cell < layout.ACCOUNTS || cell >= layout.ACCOUNTS_END) continue
    const account = cell & ~(layout.ACCOUNT_SIZE - 1)
    if (load<u32>(account, accounts.COLLECTED) == clock.transaction()) continue
    store<u32>(account, clock.transaction(), accounts.COLLECTED)
    const change = settleAccount(account)
    if (change == 0) continue
    store<u32>(out, <u32>account | change)
    out += 4
  }
  for (let entry = layout.JOURNAL; entry < end; entry += journal.ENTRY_SIZE) {
    const cell = <usize>load<u32>(entry)
    if (cell < layout.SLOTS || cell >= layout.SLOTS_END) continue
    const slot = cell & ~(layout.SLOT_SIZE - 1)
    if (load<u32>(slot, storage.SLOT_COLLECTED) == clock.transaction()) continue
    store<u32>(slot, clock.transaction(), storage.SLOT_COLLECTED)
    if (!storage.isCurrentSlot(slot) || isEqual(slot + storage.SLOT_VALUE, slot + storage.SLOT_ORIGINAL)) continue
    store<u32>(out, <u32>slot)
    out += 4
  }
  return <u32>((out - layout.MEMORY) >> 2)
}

function settleAccount(account: usize): u32 {
  const existed = (load<u32>(account, accounts.FLAGS) & accounts.EXISTS) != 0
  const isDestroyed = load<u32>(account, accounts.DESTROYED) == clock.transaction()
  const isSwept = load<u32>(account, accounts.TOUCHED) == clock.transaction() && accounts.isEmptyAccount(account)
  if (isDestroyed || isSwept) {
    journal.noteBurned(account + accounts.BALANCE) // what came after it was destroyed
    accounts.eraseAccount(account)
    accounts.learnAccount(account)
    return existed ? DELETED : 0
  }
  const isNewCode = !isEqual(account + accounts.CODE_HASH, account + accounts.KNOWN_CODE_HASH)
  if (!accounts.learnAccount(account)) return 0
  store<u32>(account, load<u32>(account, accounts.FLAGS) | accounts.EXISTS, accounts.FLAGS)
  return isNewCode ? CHANGED | CODE_CHANGED : CHANGED
}
