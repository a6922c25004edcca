// Call frames, one above the other. Frame 0 stands for the outside: the top-level message pushes its result onto its stack.
import { copyWord, setSmall, setZero } from './words'
import { journalTop, refundCounter, rollBackJournal, setRefund } from './journal'
import { logCount, logsTop, rollBackLogs } from './logs'
import { FRAMES, MEMORY, RETURNED, STACKS } from './layout'
import { traceEnter, traceExit } from './host'
import { IS_TRACING } from './tracing'

export const FRAME_SIZE: usize = 256

export const IP: usize = 0
export const STACK_TOP: usize = 4 // pointer to the uppermost word; below STACK when it is empty
export const STACK: usize = 8
/** Where the code's bytes begin, how many there are, and their jump map. */
export const CODE_START: usize = 12
export const CODE_LENGTH: usize = 16
export const JUMPS: usize = 20
export const GENERATION: usize = 24
export const MEMORY_START: usize = 28
export const MEMORY_SIZE: usize = 32 // bytes, a multiple of 32
export const INPUT: usize = 36
export const INPUT_SIZE: usize = 40
/** Account whose storage and balance it uses, and the one that its code is from. */
export const SELF: usize = 44
export const CODE_ACCOUNT: usize = 48
export const IS_STATIC: usize = 52
/** The opcode that opened it; for the top-level message, CALL or CREATE. */
export const KIND: usize = 56
/** Where in the caller's memory the output goes. */
export const OUTPUT: usize = 60
export const OUTPUT_SIZE: usize = 64
const JOURNAL_BEFORE: usize = 68
const LOGS_BEFORE: usize = 72
const LOG_COUNT_BEFORE: usize = 76
export const GAS: usize = 80 // i64; of a frame that has called another: what is left to it meanwhile
const REFUND_BEFORE: usize = 88 // i64
/** Written by the host: size of what a native contract left in RETURNED. */
export const NATIVE_SIZE: usize = 96
export const CALLER: usize = 128 // word
export const VALUE: usize = 160 // word

export const SUCCESS: u32 = 0
export const REVERT: u32 = 1
/** Every other end: all gas is gone. Its reason is in `haltReason`. */
export const HALT: u32 = 2

export const NO_REASON: u32 = 0
export const OUT_OF_GAS: u32 = 1
export const STACK_BOUNDS: u32 = 2
export const INVALID_OPCODE: u32 = 3
export const INVALID_JUMP: u32 = 4
export const STATIC_VIOLATION: u32 = 5
export const RETURNED_BOUNDS: u32 = 6
export const BALANCE_TOO_LOW: u32 = 7
export const COLLISION: u32 = 8
export const CODE_TOO_LARGE: u32 = 9
export const INVALID_CODE: u32 = 10
/** Known only to the host, which answers with it. */
export const NATIVE_HALT: u32 = 11
/** Told to a tracer of calls that do not happen. */
export const TOO_DEEP: u32 = 12
export const LAST_NONCE: u32 = 13

let current: usize = FRAMES
let returned: u32 = 0
let reason: u32 = 0
let status: u32 = 0

// @ts-ignore: decorator
@inline
export function currentFrame(): usize {
  return current
}

/** How many frames are above the current one; 0 for the top-level message. */
// @ts-ignore: decorator
@inline
export function depth(): usize {
  return (current - FRAMES) / FRAME_SIZE - 1
}

// @ts-ignore: decorator
@inline
export function isOutside(frame: usize): bool {
  return frame == FRAMES
}

// @ts-ignore: decorator
@inline
export function returnedSize(): u32 {
  return returned
}

export function setReturnedSize(size: u32): void {
  returned = size
}

export function haltReason(): u32 {
  return reason
}

export function lastStatus(): u32 {
  return status
}

/** Notes why; answers the gas that means a halt. */
export function haltBecause(why: u32): i64 {
  reason = why
  return -1
}

/** Nothing runs. */
export function resetFrames(): void {
  current = FRAMES
  returned = 0
  reason = NO_REASON
  store<u32>(FRAMES, <u32>(STACKS - 32), STACK_TOP)
  store<u32>(FRAMES, <u32>STACKS, STACK)
  store<u32>(FRAMES, <u32>MEMORY, MEMORY_START)
  store<u32>(FRAMES, 0, MEMORY_SIZE)
  store<u32>(FRAMES, 0, IS_STATIC)
  store<i64>(FRAMES, 0, GAS)
}

/**
 * A frame above the current one, and a point to roll back to. The caller then sets the code; its stack begins above the
 * current frame's, its memory at `memoryStart`.
 */
export function openFrame(
  kind: u32,
  self: usize,
  codeAccount: usize,
  caller: usize,
  value: usize,
  isStatic: bool,
  input: usize,
  inputSize: u32,
  output: usize,
  outputSize: u32,
  memoryStart: usize,
  gas: i64,
): usize {
  const frame = current + FRAME_SIZE
  store<u32>(frame, load<u32>(current, STACK_TOP), STACK_TOP)
  store<u32>(frame, load<u32>(current, STACK_TOP) + 32, STACK)
  store<u32>(frame, <u32>memoryStart, MEMORY_START)
  store<u32>(frame, 0, MEMORY_SIZE)
  store<u32>(frame, <u32>input, INPUT)
  store<u32>(frame, inputSize, INPUT_SIZE)
  store<u32>(frame, <u32>self, SELF)
  store<u32>(frame, <u32>codeAccount, CODE_ACCOUNT)
  store<u32>(frame, <u32>isStatic, IS_STATIC)
  store<u32>(frame, kind, KIND)
  store<u32>(frame, <u32>output, OUTPUT)
  store<u32>(frame, outputSize, OUTPUT_SIZE)
  store<u32>(frame, <u32>journalTop(), JOURNAL_BEFORE)
  store<u32>(frame, <u32>logsTop(), LOGS_BEFORE)
  store<u32>(frame, logCount(), LOG_COUNT_BEFORE)
  store<i64>(frame, refundCounter(), REFUND_BEFORE)
  store<i64>(frame, gas, GAS)
  if (caller) copyWord(frame + CALLER, caller)
  else setZero(frame + CALLER)
  copyWord(frame + VALUE, value)
  current = frame
  returned = 0
  reason = NO_REASON
  if (IS_TRACING) traceEnter(frame)
  return frame
}

/**
 * Only in the tracing build: the frame just opened, for a call or creation that does not happen, is told and taken back; its
 * gas is all left.
 */
export function showRefused(why: u32): void {
  const frame = current
  reason = why
  traceExit(frame, HALT)
  reason = NO_REASON
  current = frame - FRAME_SIZE
}

/**
 * Ends the current frame with `size` bytes of output at `data`. The caller of it gets back the gas, the output and, on its
 * stack, 1 (or `created`, if not 0) for success and 0 for everything else.
 */
export function closeFrame(end: u32, data: usize, size: u32, created: usize): void {
  const frame = current
  const parent = frame - FRAME_SIZE
  let gas = load<i64>(frame, GAS)
  if (end == HALT) {
    gas = 0
    size = 0
  }
  if (end != SUCCESS) {
    rollBackJournal(<usize>load<u32>(frame, JOURNAL_BEFORE))
    rollBackLogs(<usize>load<u32>(frame, LOGS_BEFORE), load<u32>(frame, LOG_COUNT_BEFORE))
    setRefund(load<i64>(frame, REFUND_BEFORE))
  }
  if (size != 0 && data != RETURNED) memory.copy(RETURNED, data, size)
  returned = size
  status = end
  if (IS_TRACING) {
    store<i64>(frame, gas, GAS)
    traceExit(frame, end)
  }
  if (!isOutside(parent)) reason = NO_REASON
  current = parent
  store<i64>(parent, load<i64>(parent, GAS) + gas, GAS)
  const top = <usize>load<u32>(parent, STACK_TOP) + 32
  store<u32>(parent, <u32>top, STACK_TOP)
  if (end == SUCCESS && created != 0) copyWord(top, created)
  else setSmall(top, u64(end == SUCCESS))
  const output = min<u32>(size, load<u32>(frame, OUTPUT_SIZE))
  if (output != 0) memory.copy(<usize>load<u32>(frame, OUTPUT), RETURNED, output)
}
