// CREATE, CREATE2, the top-level creation, what becomes of the code that they return, and SELFDESTRUCT.
import {
  ADDRESS,
  BALANCE,
  CODE_HASH,
  CREATED,
  DESTROYED,
  FLAGS,
  NONCE,
  STORAGE_USED,
  addBalance,
  beginContract,
  findAccount,
  hasNoCode,
  isEmptyAccount,
  markDestroyed,
  reachAccount,
  setBalanceZero,
  setNonce,
  warmAccount,
} from './accounts'
import { refuse, setCode, transfer } from './calls'
import { CODE_BYTES, completeEntry, entrySize, nextGeneration, putCode } from './code'
import { transaction } from './clock'
import { coldGas } from './environment'
import { CANCUN, LONDON, SHANGHAI, isFrom, refundOfDestruction } from './fork'
import {
  BALANCE_TOO_LOW,
  CODE_TOO_LARGE,
  COLLISION,
  GAS,
  HALT,
  INPUT_SIZE,
  INVALID_CODE,
  IS_STATIC,
  LAST_NONCE,
  MEMORY_START,
  NO_REASON,
  OUT_OF_GAS,
  SELF,
  STACK_TOP,
  STATIC_VIOLATION,
  SUCCESS,
  TOO_DEEP,
  VALUE,
  closeFrame,
  depth,
  haltBecause,
  openFrame,
  showRefused,
} from './frames'
import { traceDestroy } from './host'
import { addRefund, noteBurned, remember } from './journal'
import { keccak } from './keccak'
import { DEPTH_MAX, PREIMAGE } from './layout'
import { cover, memoryEnd, reserve, wordsOf } from './memory'
import { IS_TRACING } from './tracing'
import { copyWord, isLess, isZero, storeAddressBytes, toAddress, turnWord } from './words'

export const CREATE: u32 = 0xf0
const CREATE2: u32 = 0xf5

const INIT_CODE_MAX: u64 = 49152
const CODE_MAX: u32 = 24576
const INIT_WORD_GAS: i64 = 2
const KECCAK_WORD_GAS: i64 = 6
const CODE_BYTE_GAS: i64 = 200
const COLD_BENEFICIARY_GAS: i64 = 100 // beyond what other instructions pay for a cold account
const NEW_ACCOUNT_GAS: i64 = 25000
const NONCE_MAX: u64 = 0xffffffffffffffff

const CREATED_ADDRESS: usize = memory.data(32, 16)
const AMOUNT: usize = memory.data(32, 16)

/** CREATE or CREATE2. On the stack: value, offset, size, and for CREATE2 the salt. Answers as `call` does. */
export function create(frame: usize, op: u32, sp: usize, gas: i64): i64 {
  if (load<u32>(frame, IS_STATIC)) return haltBecause(STATIC_VIOLATION)
  gas = cover(frame, gas, sp - 32, sp - 64)
  if (gas < 0) return gas
  const size = load<u64>(sp - 64)
  if (isFrom(SHANGHAI)) {
    if (size > INIT_CODE_MAX) return haltBecause(CODE_TOO_LARGE)
    gas -= wordsOf(size) * INIT_WORD_GAS
  }
  if (op == CREATE2) gas -= wordsOf(size) * KECCAK_WORD_GAS
  if (gas < 0) return gas

  const passed = gas - (gas >> 6)
  const self = <usize>load<u32>(frame, SELF)
  const end = op == CREATE2 ? sp - 96 : sp - 64
  store<u32>(frame, <u32>end - 32, STACK_TOP)
  let refusal: u32 = NO_REASON
  if (depth() >= DEPTH_MAX) refusal = TOO_DEEP
  else if (isLess(self + BALANCE, sp)) refusal = BALANCE_TOO_LOW
  else if (load<u64>(self, NONCE) == NONCE_MAX) refusal = LAST_NONCE
  if (!IS_TRACING && refusal != NO_REASON) return refuse(frame, end, gas)
  store<i64>(frame, gas - passed, GAS)

  const initCode = <usize>load<u32>(frame, MEMORY_START) + (size == 0 ? 0 : <usize>load<u64>(sp - 32))
  if (op == CREATE2) addressFromSalt(CREATED_ADDRESS, self, sp - 96, initCode, <usize>size)
  else addressFromNonce(CREATED_ADDRESS, self, load<u64>(self, NONCE))
  const entry = memoryEnd(frame)
  if (IS_TRACING && refusal != NO_REASON) {
    const account = findAccount(CREATED_ADDRESS)
    openFrame(op, account, account, self, sp, false, initCode, <u32>size, 0, 0, entry, passed)
    showRefused(refusal)
    return refuse(frame, end, gas)
  }
  reserve(entry + entrySize(<u32>size))
  memory.copy(entry + CODE_BYTES, initCode, <usize>size)
  copyWord(AMOUNT, sp)
  enterInitCode(op, self, AMOUNT, entry, <u32>size, passed)
  return 0
}

/** The top-level creation; the init code stands in its entry already. */
export function createFromOutside(caller: usize, value: usize, entry: usize, size: u32, gas: i64): void {
  addressFromNonce(CREATED_ADDRESS, caller, load<u64>(caller, NONCE))
  copyWord(AMOUNT, value)
  enterInitCode(CREATE, caller, AMOUNT, entry, size, gas)
}

function enterInitCode(kind: u32, creator: usize, value: usize, entry: usize, size: u32, gas: i64): void {
  setNonce(creator, load<u64>(creator, NONCE) + 1)
  const account = findAccount(CREATED_ADDRESS)
  warmAccount(account)
  const memoryStart = entry + entrySize(size)
  const frame = openFrame(kind, account, account, creator, value, false, entry + CODE_BYTES, size, 0, 0, memoryStart, gas)
  store<u32>(frame, 0, INPUT_SIZE) // a tracer has seen the init code as input, which it is not
  if (isLess(creator + BALANCE, value)) {
    haltBecause(BALANCE_TOO_LOW)
    closeFrame(HALT, 0, 0, 0)
    return
  }
  if (load<u64>(account, NONCE) != 0 || !hasNoCode(account) || load<u32>(account, FLAGS) & STORAGE_USED) {
    haltBecause(COLLISION)
    closeFrame(HALT, 0, 0, 0)
    return
  }
  beginContract(account)
  transfer(creator, account, frame + VALUE)
  if (size == 0) {
    closeCreation(frame, 0, 0)
    return
  }
  completeEntry(entry, size)
  setCode(frame, entry, nextGeneration())
}

/** Ends a creation whose init code returned `size` bytes at `data`: they become the code, or it halts. */
export function closeCreation(frame: usize, data: usize, size: u32): void {
  const account = <usize>load<u32>(frame, SELF)
  const gas = load<i64>(frame, GAS) - <i64>size * CODE_BYTE_GAS
  let why: u32 = 0
  if (size > CODE_MAX) why = CODE_TOO_LARGE
  else if (isFrom(LONDON) && size != 0 && load<u8>(data) == 0xef) why = INVALID_CODE
  else if (gas < 0) why = OUT_OF_GAS
  if (why != 0) {
    haltBecause(why)
    closeFrame(HALT, 0, 0, 0)
    return
  }
  store<i64>(frame, gas, GAS)
  if (size != 0) {
    remember(account + CODE_HASH)
    keccak(account + CODE_HASH, data, <usize>size)
    putCode(account + CODE_HASH, data, size)
  }
  closeFrame(SUCCESS, 0, 0, account + ADDRESS)
}

/** Last 20 bytes of keccak(rlp([creator, nonce])). */
export function addressFromNonce(to: usize, creator: usize, nonce: u64): void {
  let nonceSize: usize = 0
  if (nonce >= 0x80) nonceSize = 8 - (<usize>clz<u64>(nonce) >> 3)
  store<u8>(PREIMAGE, 0xc0 + 21 + 1 + nonceSize)
  store<u8>(PREIMAGE, 0x80 + 20, 1)
  storeAddressBytes(PREIMAGE + 2, creator)
  if (nonceSize == 0) store<u8>(PREIMAGE, nonce == 0 ? 0x80 : <u8>nonce, 22)
  else {
    store<u8>(PREIMAGE, 0x80 + nonceSize, 22)
    store<u64>(PREIMAGE, bswap<u64>(nonce << <u64>((8 - nonceSize) << 3)), 23)
  }
  keccak(to, PREIMAGE, 23 + nonceSize)
  toAddress(to)
}

/** Last 20 bytes of keccak(0xff, creator, salt, keccak(init code)) (EIP-1014). */
function addressFromSalt(to: usize, creator: usize, salt: usize, initCode: usize, size: usize): void {
  store<u8>(PREIMAGE, 0xff)
  storeAddressBytes(PREIMAGE + 1, creator)
  turnWord(PREIMAGE + 21, salt)
  keccak(to, initCode, size)
  turnWord(PREIMAGE + 53, to)
  keccak(to, PREIMAGE, 85)
  toAddress(to)
}

/** SELFDESTRUCT, with the beneficiary's address on the stack. Gas left, or negative. */
export function selfDestruct(frame: usize, sp: usize, gas: i64): i64 {
  if (load<u32>(frame, IS_STATIC)) return haltBecause(STATIC_VIOLATION)
  toAddress(sp)
  const self = <usize>load<u32>(frame, SELF)
  const beneficiary = reachAccount(sp, gas - COLD_BENEFICIARY_GAS)
  if (beneficiary == 0) return -1
  const cold = coldGas(beneficiary)
  if (cold != 0) gas -= cold + COLD_BENEFICIARY_GAS
  if (isEmptyAccount(beneficiary) && !isZero(self + BALANCE)) gas -= NEW_ACCOUNT_GAS
  if (gas < 0) return gas

  // EIP-6780: only a contract of this very transaction is destroyed
  const destroys = !isFrom(CANCUN) || load<u32>(self, CREATED) == transaction()
  copyWord(AMOUNT, self + BALANCE)
  if (IS_TRACING) traceDestroy(frame, beneficiary, AMOUNT)
  if (self != beneficiary || destroys) {
    setBalanceZero(self)
    if (self != beneficiary) addBalance(beneficiary, AMOUNT)
    else noteBurned(AMOUNT)
  }
  if (destroys) {
    if (load<u32>(self, DESTROYED) != transaction()) addRefund(refundOfDestruction())
    markDestroyed(self)
  }
  return gas
}
