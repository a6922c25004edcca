// Accounts that this block has touched, in an open-addressing table. An entry is in use while its epoch is the current one.
import { LATE, transaction } from './clock'
import { hashOf } from './hash'
import { BOUND_ACCOUNTS, exceedBound, loadAccount } from './host'
import { remember } from './journal'
import { ACCOUNTS, ACCOUNTS_MAX, ACCOUNT_SIZE, PRECOMPILES } from './layout'
import { addWord, copyWord, isEqual, isSmall, isZero, setZero, subtractWord } from './words'

export const ADDRESS: usize = 0
export const BALANCE: usize = 32 // cell
/** cell: nonce u64 | storage u32 | flags u32 | transaction that warmed, touched, created, destroyed it: u32 each */
export const STATE: usize = 64
export const NONCE: usize = 64
export const STORAGE: usize = 72
export const FLAGS: usize = 76
export const WARMED: usize = 80
export const TOUCHED: usize = 84
export const CREATED: usize = 88
export const DESTROYED: usize = 92
export const CODE_HASH: usize = 96 // cell
export const CODE: usize = 128 // u32: entry of code.ts, valid if its hash is the same
export const CODE_GENERATION: usize = 132
export const EPOCH: usize = 136
export const COLLECTED: usize = 140 // transaction whose changes include it
export const NATIVE: usize = 144 // u32: 0 bytecode, PRECOMPILE or SYSTEM
/** As the host knows it: what is different at the end of a transaction is a change. */
export const KNOWN_NONCE: usize = 152
export const KNOWN_BALANCE: usize = 160
export const KNOWN_CODE_HASH: usize = 192
/** Size of the code with that hash, once somebody asked: u32 size | u32 is it known? */
export const KNOWN_CODE_SIZE: usize = 224
export const IS_CODE_SIZE_KNOWN: usize = 228

/** It is in the host's state (an empty account may be, before EIP-161 sweeps it). */
export const EXISTS: u32 = 1
/** Slots that the engine has not seen are 0: the host need not be asked. */
export const STORAGE_KNOWN: u32 = 2
/** The host has slots other than 0 for it (EIP-7610). */
export const STORAGE_USED: u32 = 4

export const COLD_ACCOUNT_GAS: i64 = 2600
const WARM_GAS: i64 = 100

export const PRECOMPILE: u32 = 1
export const SYSTEM: u32 = 2

/** keccak256 of nothing, as a word */
export const EMPTY_CODE_HASH: usize = memory.data<u64>([0x7bfad8045d85a470, 0xe500b653ca82273b, 0x927e7db2dcc703c0, 0xc5d2460186f7233c])

let epoch: u32 = 1
let count: u32 = 0
let storages: u32 = 0

/** The account with the address (a word below 2^160), asked of the host if it was not yet. For those that are paid for already. */
export function findAccount(address: usize): usize {
  const account = placeOf(address)
  return load<u32>(account, EPOCH) == epoch ? account : insertAccount(account, address)
}

/**
 * The same, or 0 where the gas left beyond the warm price does not pay for asking the host: an account that is not here is
 * cold. So what is asked of the host, and what the table holds, is bounded by gas.
 */
export function reachAccount(address: usize, gas: i64): usize {
  const account = placeOf(address)
  if (load<u32>(account, EPOCH) == epoch) return account
  if (gas < COLD_ACCOUNT_GAS - WARM_GAS && !isPrecompileAddress(address)) return 0
  return insertAccount(account, address)
}

/** Precompiles are never cold. The host says where they stand: a bit for each address below 512. */
function isPrecompileAddress(address: usize): bool {
  const place = load<u64>(address)
  if (place >= 512 || !isSmall(address)) return false
  return ((load<u8>(PRECOMPILES + <usize>(place >> 3)) >> (<u8>place & 7)) & 1) != 0
}

/** Where the account stands, or would. */
function placeOf(address: usize): usize {
  let at = hashOf(address, 0) & (ACCOUNTS_MAX - 1)
  while (true) {
    const account = ACCOUNTS + <usize>at * ACCOUNT_SIZE
    if (load<u32>(account, EPOCH) != epoch || isEqual(account, address)) return account
    at = (at + 1) & (ACCOUNTS_MAX - 1)
  }
}

function insertAccount(account: usize, address: usize): usize {
  if (count + 1 >= ACCOUNTS_MAX) exceedBound(BOUND_ACCOUNTS)
  memory.fill(account, 0, ACCOUNT_SIZE)
  copyWord(account, address)
  loadAccount(account)
  copyWord(account + KNOWN_BALANCE, account + BALANCE)
  copyWord(account + KNOWN_CODE_HASH, account + CODE_HASH)
  store<u64>(account, load<u64>(account, NONCE), KNOWN_NONCE)
  store<u32>(account, ++storages, STORAGE)
  store<u32>(account, epoch, EPOCH) // last: the host may have thrown
  count++
  return account
}

/** Forgets everything: before another host's state, or when a transaction might need the room. */
export function forgetAccounts(): void {
  if (count == 0) return // so that who forgets often does not use the epochs up
  epoch++
  count = 0
}

/** Counters begin anew: no stamp of theirs may be left here or at slots. */
export function restartAccounts(from: u32): void {
  epoch = from + 1
  storages = from
  count = 0
}

export function countersAreLate(): bool {
  return epoch >= LATE || storages >= LATE
}

// @ts-ignore: decorator
@inline
export function currentEpoch(): u32 {
  return epoch
}

export function accountsAreCrowded(): bool {
  return count > ACCOUNTS_MAX / 2
}

/** The caller has changed the account or its storage: what is here is nobody's from now on. Between transactions only. */
export function forgetAccount(address: usize): void {
  const account = placeOf(address)
  // no address has a highest limb, so that none is found here; others are found beyond it as before
  if (load<u32>(account, EPOCH) == epoch) store<u64>(account, 1, ADDRESS + 24)
}

/** Was it cold? It is warm now (EIP-2929). */
export function warmAccount(account: usize): bool {
  if (load<u32>(account, WARMED) == transaction() || load<u32>(account, NATIVE) == PRECOMPILE) return false
  remember(account + STATE)
  store<u32>(account, transaction(), WARMED)
  return true
}

/** An account that is touched and empty at the end of the transaction is swept away (EIP-161). */
export function touchAccount(account: usize): void {
  if (load<u32>(account, TOUCHED) == transaction()) return
  remember(account + STATE)
  store<u32>(account, transaction(), TOUCHED)
}

export function isEmptyAccount(account: usize): bool {
  return load<u64>(account, NONCE) == 0 && isZero(account + BALANCE) && hasNoCode(account)
}

// @ts-ignore: decorator
@inline
export function hasNoCode(account: usize): bool {
  return isEqual(account + CODE_HASH, EMPTY_CODE_HASH)
}

export function addBalance(account: usize, amount: usize): void {
  touchAccount(account)
  if (isZero(amount)) return
  remember(account + BALANCE)
  addWord(account + BALANCE, account + BALANCE, amount)
}

/** The balance must suffice. */
export function subtractBalance(account: usize, amount: usize): void {
  touchAccount(account)
  if (isZero(amount)) return
  remember(account + BALANCE)
  subtractWord(account + BALANCE, account + BALANCE, amount)
}

export function setBalanceZero(account: usize): void {
  touchAccount(account)
  remember(account + BALANCE)
  setZero(account + BALANCE)
}

export function setNonce(account: usize, nonce: u64): void {
  touchAccount(account)
  remember(account + STATE)
  store<u64>(account, nonce, NONCE)
}

/** A contract begins, with nonce 1 (EIP-161). Its storage is empty: what has slots is not created anew. */
export function beginContract(account: usize): void {
  touchAccount(account)
  remember(account + STATE)
  store<u64>(account, 1, NONCE)
  store<u32>(account, transaction(), CREATED)
  store<u32>(account, load<u32>(account, FLAGS) | STORAGE_KNOWN, FLAGS)
}

export function markDestroyed(account: usize): void {
  touchAccount(account)
  remember(account + STATE)
  store<u32>(account, transaction(), DESTROYED)
}

/** At the end of a transaction: nothing is left of it. */
export function eraseAccount(account: usize): void {
  setZero(account + BALANCE)
  copyWord(account + CODE_HASH, EMPTY_CODE_HASH)
  store<u64>(account, 0, NONCE)
  store<u32>(account, ++storages, STORAGE)
  store<u32>(account, STORAGE_KNOWN, FLAGS)
}

/** Is its nonce, balance or code other than the host knows? Then the host is told, and knows. */
export function learnAccount(account: usize): bool {
  const same =
    load<u64>(account, NONCE) == load<u64>(account, KNOWN_NONCE) &&
    isEqual(account + BALANCE, account + KNOWN_BALANCE) &&
    isEqual(account + CODE_HASH, account + KNOWN_CODE_HASH)
  if (same) return false
  store<u64>(account, load<u64>(account, NONCE), KNOWN_NONCE)
  copyWord(account + KNOWN_BALANCE, account + BALANCE)
  copyWord(account + KNOWN_CODE_HASH, account + CODE_HASH)
  store<u32>(account, 0, IS_CODE_SIZE_KNOWN)
  return true
}
