// EVM memory: growth and its gas, hashing of it, and the instructions that copy into it.
import { CODE_BYTES, CODE_SIZE, entrySize, findCode, loadCodeAt } from './code'
import { CODE_HASH } from './accounts'
import { MEMORY_SIZE, MEMORY_START, RETURNED_BOUNDS, haltBecause, returnedSize } from './frames'
import { BOUND_MEMORY, exceedBound, openCode } from './host'
import { keccak } from './keccak'
import { FRAME_MEMORY_MAX, MEMORY_END, RETURNED } from './layout'
import { isSmall, isZero } from './words'

const COPY_WORD_GAS: i64 = 3
const KECCAK_WORD_GAS: i64 = 6
/** An offset or size above this costs more than there can be gas. */
const FAR: u64 = 1 << 48
const PAGE: usize = 0x10000
/** The engine's memory grows by this much at least. */
const GROWTH_PAGES: i32 = 64

// @ts-ignore: decorator
@inline
export function wordsOf(size: u64): i64 {
  return <i64>((size + 31) >> 5)
}

function gasOfWords(words: u64): i64 {
  return <i64>(3 * words + ((words * words) >> 9))
}

/** Gas left once the frame's memory reaches over `size` (a word) bytes from `offset` (a word); negative if there is too little. */
// @ts-ignore: decorator
@inline
export function cover(frame: usize, gas: i64, offset: usize, size: usize): i64 {
  if (isZero(size)) return gas
  return isSmall(size) ? coverBytes(frame, gas, offset, load<u64>(size)) : -1
}

/** The same for `size` bytes, at least one. */
export function coverBytes(frame: usize, gas: i64, offset: usize, size: u64): i64 {
  if (!isSmall(offset) || load<u64>(offset) > FAR || size > FAR) return -1
  const end = load<u64>(offset) + size
  if (end <= <u64>load<u32>(frame, MEMORY_SIZE)) return gas
  return extend(frame, gas, end)
}

/** The memory to `end` bytes. */
export function extend(frame: usize, gas: i64, end: u64): i64 {
  if (end > FRAME_MEMORY_MAX) return beyond(gas, end)
  const before = <u64>load<u32>(frame, MEMORY_SIZE)
  const words = (end + 31) >> 5
  gas -= gasOfWords(words) - gasOfWords(before >> 5)
  if (gas < 0) return gas
  const start = <usize>load<u32>(frame, MEMORY_START)
  reserve(start + <usize>(words << 5))
  memory.fill(start + <usize>before, 0, <usize>((words << 5) - before))
  store<u32>(frame, <u32>(words << 5), MEMORY_SIZE)
  return gas
}

/** More than a frame can have here: out of gas, unless there is gas as no block has. */
function beyond(gas: i64, end: u64): i64 {
  const words = <f64>(end >> 5)
  if (words * words <= <f64>gas * 512) exceedBound(BOUND_MEMORY)
  return -1
}

/** Makes the engine's own memory reach to `end`. */
export function reserve(end: usize): void {
  const pages = <i32>((end + PAGE - 1) / PAGE)
  const missing = pages - memory.size()
  if (missing <= 0) return
  if (end > MEMORY_END || memory.grow(max<i32>(missing, GROWTH_PAGES)) < 0) exceedBound(BOUND_MEMORY)
}

/** First byte above the frame's memory. */
// @ts-ignore: decorator
@inline
export function memoryEnd(frame: usize): usize {
  return <usize>load<u32>(frame, MEMORY_START) + <usize>load<u32>(frame, MEMORY_SIZE)
}

/** Copies what there is of `size` bytes from `offset` (a word) of a source, and zeros for the rest. */
function copyPadded(to: usize, from: usize, fromSize: u32, offset: usize, size: usize): void {
  let present: usize = 0
  if (isSmall(offset) && load<u64>(offset) < <u64>fromSize) {
    const start = <usize>load<u64>(offset)
    present = min<usize>(size, <usize>fromSize - start)
    memory.copy(to, from + start, present)
  }
  if (present < size) memory.fill(to + present, 0, size - present)
}

/** CALLDATACOPY and CODECOPY. On the stack: memory offset, source offset, size. */
export function copyIn(frame: usize, sp: usize, gas: i64, from: usize, fromSize: u32): i64 {
  gas = cover(frame, gas, sp, sp - 64)
  const size = load<u64>(sp - 64)
  if (gas < 0 || size == 0) return gas
  gas -= wordsOf(size) * COPY_WORD_GAS
  if (gas < 0) return gas
  copyPadded(<usize>load<u32>(frame, MEMORY_START) + <usize>load<u64>(sp), from, fromSize, sp - 32, <usize>size)
  return gas
}

/** RETURNDATACOPY: reading beyond the end halts (EIP-211). */
export function copyReturned(frame: usize, sp: usize, gas: i64): i64 {
  if (!isSmall(sp - 32) || !isSmall(sp - 64)) return haltBecause(RETURNED_BOUNDS)
  const offset = load<u64>(sp - 32)
  const size = load<u64>(sp - 64)
  if (offset > <u64>returnedSize() || size > <u64>returnedSize() - offset) return haltBecause(RETURNED_BOUNDS)
  return copyIn(frame, sp, gas, RETURNED, returnedSize())
}

/** EXTCODECOPY. On the stack: address (found already), memory offset, source offset, size. */
export function copyCodeIn(frame: usize, sp: usize, gas: i64, account: usize): i64 {
  gas = cover(frame, gas, sp - 32, sp - 96)
  const size = load<u64>(sp - 96)
  if (gas < 0 || size == 0) return gas
  gas -= wordsOf(size) * COPY_WORD_GAS
  if (gas < 0) return gas
  let code = findCode(account)
  if (code == 0) code = loadCodeAbove(frame, account)
  const to = <usize>load<u32>(frame, MEMORY_START) + <usize>load<u64>(sp - 32)
  copyPadded(to, code + CODE_BYTES, load<u32>(code, CODE_SIZE), sp - 64, <usize>size)
  return gas
}

/** Loads a code that `findCode` has no room for above the frame's memory. */
export function loadCodeAbove(frame: usize, account: usize): usize {
  const size = openCode(account + CODE_HASH)
  const entry = memoryEnd(frame)
  reserve(entry + entrySize(size))
  loadCodeAt(entry, size)
  return entry
}

/** MCOPY (EIP-5656). On the stack: destination, source, size. */
export function copyWithin(frame: usize, sp: usize, gas: i64): i64 {
  gas = cover(frame, gas, sp, sp - 64)
  if (gas < 0) return gas
  gas = cover(frame, gas, sp - 32, sp - 64)
  const size = load<u64>(sp - 64)
  if (gas < 0 || size == 0) return gas
  gas -= wordsOf(size) * COPY_WORD_GAS
  if (gas < 0) return gas
  const start = <usize>load<u32>(frame, MEMORY_START)
  memory.copy(start + <usize>load<u64>(sp), start + <usize>load<u64>(sp - 32), <usize>size)
  return gas
}

/** KECCAK256. On the stack: offset, size; the hash replaces the size. */
export function hashMemory(frame: usize, sp: usize, gas: i64): i64 {
  gas = cover(frame, gas, sp, sp - 32)
  if (gas < 0) return gas
  const size = load<u64>(sp - 32)
  gas -= wordsOf(size) * KECCAK_WORD_GAS
  if (gas < 0) return gas
  keccak(sp - 32, <usize>load<u32>(frame, MEMORY_START) + (size == 0 ? 0 : <usize>load<u64>(sp)), <usize>size)
  return gas
}

/** CALLDATALOAD: the offset on top of the stack becomes the word there, zeros beyond the end. */
export function loadInput(word: usize, from: usize, size: u32): void {
  copyPadded(PADDED, from, size, word, 32)
  store<u64>(word, bswap<u64>(load<u64>(PADDED, 24)))
  store<u64>(word, bswap<u64>(load<u64>(PADDED, 16)), 8)
  store<u64>(word, bswap<u64>(load<u64>(PADDED, 8)), 16)
  store<u64>(word, bswap<u64>(load<u64>(PADDED)), 24)
}

const PADDED: usize = memory.data(32, 16)
