// Instructions that read the block, the transaction and other accounts.
import { CODE_HASH, COLD_ACCOUNT_GAS, IS_CODE_SIZE_KNOWN, KNOWN_CODE_SIZE, PRECOMPILE, reachAccount, hasNoCode, isEmptyAccount, warmAccount, NATIVE } from './accounts'
import { CODE_SIZE, codeWithHash } from './code'
import { BLOB_HASHES, BLOCK_HASHES, ENVIRONMENT } from './layout'
import { loadBlockHash, openCode } from './host'
import { copyWord, isSmall, setSmall, setZero, toAddress } from './words'

// Words at ENVIRONMENT.
export const ORIGIN: usize = ENVIRONMENT
export const GAS_PRICE: usize = ENVIRONMENT + 32
export const COINBASE: usize = ENVIRONMENT + 64
export const TIMESTAMP: usize = ENVIRONMENT + 96
export const NUMBER: usize = ENVIRONMENT + 128
export const PREV_RANDAO: usize = ENVIRONMENT + 160
export const GAS_LIMIT: usize = ENVIRONMENT + 192
export const CHAIN_ID: usize = ENVIRONMENT + 224
export const BASE_FEE: usize = ENVIRONMENT + 256
export const BLOB_BASE_FEE: usize = ENVIRONMENT + 288
/** u32: how many words stand at BLOB_HASHES */
export const BLOB_COUNT: usize = ENVIRONMENT + 320

const WARM_GAS: i64 = 100
const HASHES_BACK: u64 = 256

/** What a first access costs beyond the static gas of the instruction (EIP-2929). */
// @ts-ignore: decorator
@inline
export function coldGas(account: usize): i64 {
  return warmAccount(account) ? COLD_ACCOUNT_GAS - WARM_GAS : 0
}

/** The account whose address is on the stack, or 0 where `gas` does not pay for a first access. */
export function accountOn(sp: usize, gas: i64): usize {
  toAddress(sp)
  return reachAccount(sp, gas)
}

export function codeSizeOf(to: usize, account: usize): void {
  if (load<u32>(account, NATIVE) == PRECOMPILE) {
    setZero(to)
    return
  }
  if (hasNoCode(account)) {
    setZero(to)
    return
  }
  const code = codeWithHash(account + CODE_HASH)
  setSmall(to, <u64>(code == 0 ? knownCodeSize(account) : load<u32>(code, CODE_SIZE)))
}

/** The size alone is not worth copying a code for. A code that is not here is the one that the host knows. */
function knownCodeSize(account: usize): u32 {
  if (!load<u32>(account, IS_CODE_SIZE_KNOWN)) {
    store<u32>(account, openCode(account + CODE_HASH), KNOWN_CODE_SIZE)
    store<u32>(account, 1, IS_CODE_SIZE_KNOWN)
  }
  return load<u32>(account, KNOWN_CODE_SIZE)
}

/** 0 for an empty account (EIP-1052). */
export function codeHashOf(to: usize, account: usize): void {
  if (isEmptyAccount(account)) setZero(to)
  else copyWord(to, account + CODE_HASH)
}

/** BLOBHASH: the index on the stack becomes the hash. */
export function blobHash(word: usize): void {
  const index = load<u64>(word)
  if (!isSmall(word) || index >= <u64>load<u32>(BLOB_COUNT)) setZero(word)
  else copyWord(word, BLOB_HASHES + (<usize>index << 5))
}

const HASH_ENTRY: usize = 48 // number u64 | known u32 | unused u32 | hash

/** BLOCKHASH: the number on the stack becomes the hash, 0 outside the last 256 blocks. */
export function blockHash(word: usize): void {
  const number = load<u64>(word)
  const now = load<u64>(NUMBER)
  if (!isSmall(word) || number >= now || number + HASHES_BACK < now) {
    setZero(word)
    return
  }
  const entry = BLOCK_HASHES + <usize>(number & (HASHES_BACK - 1)) * HASH_ENTRY
  if (load<u32>(entry, 8) == 0 || load<u64>(entry) != number) {
    loadBlockHash(number, entry + 16)
    store<u64>(entry, number)
    store<u32>(entry, 1, 8)
  }
  copyWord(word, entry + 16)
}

/** Another block, perhaps of another branch, begins. */
export function forgetBlockHashes(): void {
  memory.fill(BLOCK_HASHES, 0, <usize>HASHES_BACK * HASH_ENTRY)
}
