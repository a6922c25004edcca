// CALL, CALLCODE, DELEGATECALL, STATICCALL, and the top-level call.
import {
  BALANCE,
  NATIVE,
  PRECOMPILE,
  addBalance,
  findAccount,
  hasNoCode,
  isEmptyAccount,
  reachAccount,
  subtractBalance,
  touchAccount,
} from './accounts'
import { CODE_BYTES, CODE_JUMPS, CODE_SIZE, codeGeneration, entrySize, findCode, nextGeneration } from './code'
import { coldGas } from './environment'
import { PRAGUE, isFrom } from './fork'
import {
  BALANCE_TOO_LOW,
  CALLER,
  CODE_LENGTH,
  CODE_START,
  GAS,
  GENERATION,
  HALT,
  IP,
  IS_STATIC,
  JUMPS,
  MEMORY_START,
  NATIVE_SIZE,
  NO_REASON,
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
  setReturnedSize,
  showRefused,
} from './frames'
import { runNative } from './host'
import { DEPTH_MAX, RETURNED } from './layout'
import { cover, loadCodeAbove, memoryEnd } from './memory'
import { IS_TRACING } from './tracing'
import { isLess, isSmall, isZero, setSmall, setZero, toAddress } from './words'

export const CALL: u32 = 0xf1
const CALLCODE: u32 = 0xf2
const DELEGATECALL: u32 = 0xf4
const STATICCALL: u32 = 0xfa

const VALUE_GAS: i64 = 9000
const NEW_ACCOUNT_GAS: i64 = 25000
const STIPEND: i64 = 2300
const WARM_GAS: i64 = 100

const ZERO_WORD: usize = memory.data(32, 16)
const DELEGATE: usize = memory.data(32, 16)

/**
 * One of the four, with `gas` left after its static gas. Negative: halt. Else a frame was entered, or the call is over
 * already: either way what counts is the current frame.
 */
export function call(frame: usize, op: u32, sp: usize, gas: i64): i64 {
  const hasValue = op == CALL || op == CALLCODE
  const below = hasValue ? sp - 96 : sp - 64 // input offset
  const value = hasValue ? sp - 64 : ZERO_WORD
  const paid = hasValue && !isZero(value)
  if (paid && op == CALL && load<u32>(frame, IS_STATIC)) return haltBecause(STATIC_VIOLATION)
  gas = cover(frame, gas, below, below - 32)
  if (gas < 0) return gas
  gas = cover(frame, gas, below - 64, below - 96)
  if (gas < 0) return gas

  toAddress(sp - 32)
  const target = reachAccount(sp - 32, gas)
  if (target == 0) return -1
  gas -= coldGas(target)
  if (gas < 0) return gas
  let code = target
  const isDelegated = isFrom(PRAGUE) && readDelegation(target, DELEGATE)
  if (isDelegated) {
    code = reachAccount(DELEGATE, gas - WARM_GAS)
    if (code == 0) return -1
    gas -= WARM_GAS + coldGas(code)
    if (gas < 0) return gas
  }
  if (paid) {
    gas -= VALUE_GAS
    if (op == CALL && isEmptyAccount(target)) gas -= NEW_ACCOUNT_GAS
    if (gas < 0) return gas
  }
  // EIP-150: all but a 64th at most
  let passed = gas - (gas >> 6)
  if (isSmall(sp) && load<u64>(sp) < <u64>passed) passed = <i64>load<u64>(sp)
  gas -= passed
  if (paid) passed += STIPEND

  const self = <usize>load<u32>(frame, SELF)
  const end = below - 96 // the lowest argument
  store<u32>(frame, <u32>end - 32, STACK_TOP)
  let refusal: u32 = NO_REASON
  if (depth() >= DEPTH_MAX) refusal = TOO_DEEP
  else if (paid && isLess(self + BALANCE, value)) refusal = BALANCE_TOO_LOW
  if (!IS_TRACING && refusal != NO_REASON) return refuse(frame, end, gas + passed)
  store<i64>(frame, gas, GAS)

  const start = <usize>load<u32>(frame, MEMORY_START)
  const inputSize = <u32>load<u64>(below - 32)
  const outputSize = <u32>load<u64>(below - 96)
  const input = inputSize == 0 ? start : start + <usize>load<u64>(below)
  const output = outputSize == 0 ? start : start + <usize>load<u64>(below - 64)
  const isDelegate = op == DELEGATECALL
  const child = openFrame(
    op,
    isDelegate || op == CALLCODE ? self : target,
    target,
    isDelegate ? frame + CALLER : self,
    isDelegate ? frame + VALUE : value,
    load<u32>(frame, IS_STATIC) != 0 || op == STATICCALL,
    input,
    inputSize,
    output,
    outputSize,
    memoryEnd(frame),
    passed,
  )
  if (IS_TRACING && refusal != NO_REASON) {
    showRefused(refusal)
    return refuse(frame, end, gas + passed)
  }
  if (op == CALL) transfer(self, target, child + VALUE)
  else if (op == STATICCALL) touchAccount(target)
  enterCode(child, code, isDelegated)
  return 0
}

/** The call does not happen; its gas comes back. */
export function refuse(frame: usize, result: usize, gas: i64): i64 {
  setReturnedSize(0)
  setZero(result)
  store<u32>(frame, <u32>result, STACK_TOP)
  store<i64>(frame, gas, GAS)
  return 0
}

/** The top-level message, from the outside. `caller` and `value` are words; the input stands at the frame's memory. */
export function callFromOutside(caller: usize, target: usize, value: usize, isStatic: bool, input: usize, inputSize: u32, memoryStart: usize, gas: i64): void {
  let code = target
  const isDelegated = isFrom(PRAGUE) && readDelegation(target, DELEGATE)
  if (isDelegated) {
    code = findAccount(DELEGATE)
    coldGas(code)
  }
  const frame = openFrame(CALL, target, target, caller, value, isStatic, input, inputSize, 0, 0, memoryStart, gas)
  if (isLess(caller + BALANCE, value)) {
    haltBecause(BALANCE_TOO_LOW)
    closeFrame(HALT, 0, 0, 0)
    return
  }
  transfer(caller, target, frame + VALUE)
  enterCode(frame, code, isDelegated)
}

export function transfer(from: usize, to: usize, value: usize): void {
  if (from != to) {
    if (!isZero(value)) subtractBalance(from, value)
    addBalance(to, value)
  } else touchAccount(to)
}

/** Starts what the account's code is: bytecode, native code, or nothing, which ends at once. */
function enterCode(frame: usize, account: usize, isDelegated: bool): void {
  if (!isDelegated && load<u32>(account, NATIVE)) {
    const answer = runNative(frame)
    haltBecause(answer >> 8)
    closeFrame(answer & 0xff, RETURNED, load<u32>(frame, NATIVE_SIZE), 0)
    return
  }
  if (hasNoCode(account) || load<u32>(account, NATIVE) == PRECOMPILE) {
    closeFrame(SUCCESS, 0, 0, 0)
    return
  }
  const code = findCode(account)
  if (code != 0) setCode(frame, code, codeGeneration())
  else {
    const own = loadCodeAbove(frame, account)
    setCode(frame, own, nextGeneration())
    store<u32>(frame, <u32>(own + entrySize(load<u32>(own, CODE_SIZE))), MEMORY_START)
  }
}

export function setCode(frame: usize, code: usize, generation: u32): void {
  store<u32>(frame, <u32>(code + CODE_BYTES), CODE_START)
  store<u32>(frame, <u32>(code + CODE_BYTES), IP)
  store<u32>(frame, load<u32>(code, CODE_SIZE), CODE_LENGTH)
  store<u32>(frame, load<u32>(code, CODE_JUMPS), JUMPS)
  store<u32>(frame, generation, GENERATION)
}

/** Where the account's code is a delegation (EIP-7702: 0xef0100 and an address), the address as a word. */
export function readDelegation(account: usize, to: usize): bool {
  if (hasNoCode(account) || load<u32>(account, NATIVE)) return false
  const code = findCode(account)
  if (code == 0 || load<u32>(code, CODE_SIZE) != 23) return false
  const bytes = code + CODE_BYTES
  if (load<u8>(bytes) != 0xef || load<u8>(bytes, 1) != 1 || load<u8>(bytes, 2) != 0) return false
  setSmall(to, bswap<u64>(load<u64>(bytes, 15)))
  store<u64>(to, bswap<u64>(load<u64>(bytes, 7)), 8)
  store<u64>(to, <u64>bswap<u32>(load<u32>(bytes, 3)), 16)
  return true
}
