// Contract codes by hash, their jump maps, and the basic blocks that the interpreter runs.
//
// A block is a run of instructions that is entered at its first and left at its last. Its static gas and what it needs of
// the stack are worked out when it is first entered, kept in a direct-mapped table, and then charged and checked at once.
// Working it out stops as soon as the block's gas is more than there is, so that even a program that misses the table at
// every block pays for the work. A block ends where exact gas can be observed (GAS, SSTORE, calls, creations).
import { CODE, CODE_GENERATION, CODE_HASH } from './accounts'
import { LATE } from './clock'
import { hashOf } from './hash'
import { BOUND_CODE, copyCode, exceedBound, openCode } from './host'
import { BLOCKS, CODE_INDEX, CODES, CODES_END, CODES_KEEP, OPCODES } from './layout'
import { copyWord, isEqual } from './words'
import { IS_TRACING } from './tracing'

// An entry of a code: hash 32 | size u32 | jump map u32 | unused; then the bytes, at least 33 zeros, and the jump map.
const HASH: usize = 0
export const CODE_SIZE: usize = 32
export const CODE_JUMPS: usize = 36
export const CODE_BYTES: usize = 48
/** Zeros after every code: it ends with a STOP, and a last PUSH may read beyond. */
const PADDING: usize = 40
const INDEX_MASK: u32 = (1 << 16) - 1
const INDEX_MAX: u32 = 3 << 14
const INDEX_KEEP: u32 = 1 << 12
/** Left free for small codes, and for those that contracts create in a transaction (200 gas a byte). */
const RESERVE: usize = 0x2000000
const SMALL_CODE: u32 = 1024

let top: usize = CODES
let count: u32 = 0
/** Tells blocks of different codes that lay at the same place apart. */
let generations: u32 = 1
let generation: u32 = 1

/** Between transactions only. */
export function forgetCodes(): void {
  memory.fill(CODE_INDEX, 0, (<usize>INDEX_MASK + 1) << 2)
  top = CODES
  count = 0
  generation = ++generations
}

/** The same; generations begin anew, and none may be left at blocks or accounts. */
export function restartCodes(from: u32): void {
  generations = from
  forgetCodes()
}

export function generationsAreLate(): bool {
  return generations >= LATE
}

export function codesAreCrowded(): bool {
  return top > CODES + CODES_KEEP || count > INDEX_KEEP
}

// @ts-ignore: decorator
@inline
export function codeGeneration(): u32 {
  return generation
}

export function nextGeneration(): u32 {
  if (generations == u32.MAX_VALUE) exceedBound(BOUND_CODE)
  return ++generations
}

/**
 * The entry of the account's code, asked of the host if it is not here, or 0 where there is no room left for a code that is
 * not small: the caller then loads it for itself (`loadCodeAt`).
 */
export function findCode(account: usize): usize {
  const hash = account + CODE_HASH
  const known = <usize>load<u32>(account, CODE)
  if (known != 0 && load<u32>(account, CODE_GENERATION) == generation && isEqual(known + HASH, hash)) return known
  let place = placeOf(hash)
  let entry = <usize>load<u32>(place)
  if (entry == 0) {
    const size = openCode(hash)
    if (count >= INDEX_MAX) exceedBound(BOUND_CODE)
    if (size > SMALL_CODE && top + entrySize(size) + RESERVE > CODES_END) return 0
    entry = top
    copyCode(entry + CODE_BYTES)
    addEntry(place, entry, hash, size)
  }
  store<u32>(account, <u32>entry, CODE)
  store<u32>(account, generation, CODE_GENERATION)
  return entry
}

/** Loads the code that `findCode` had no room for; `to` must have room for `entrySize` of its size. */
export function loadCodeAt(to: usize, size: u32): void {
  copyCode(to + CODE_BYTES)
  completeEntry(to, size)
}

/** Puts a code that is not the host's: of a created contract, or a delegation (EIP-7702). */
export function putCode(hash: usize, bytes: usize, size: u32): void {
  const place = placeOf(hash)
  if (load<u32>(place) != 0) return
  if (count >= INDEX_MAX || top + entrySize(size) > CODES_END) exceedBound(BOUND_CODE)
  memory.copy(top + CODE_BYTES, bytes, size)
  addEntry(place, top, hash, size)
}

/** The entry with the hash, or 0. */
export function codeWithHash(hash: usize): usize {
  return <usize>load<u32>(placeOf(hash))
}

/** As an entry at `to`, without a place in the index: for codes that live as long as a frame. `size` bytes stand in it already. */
export function completeEntry(to: usize, size: u32): void {
  store<u32>(to, size, CODE_SIZE)
  memory.fill(to + CODE_BYTES + size, 0, PADDING)
  store<u32>(to, <u32>(to + CODE_BYTES + size + PADDING), CODE_JUMPS)
  mapJumps(to)
}

export function entrySize(size: u32): usize {
  return (CODE_BYTES + <usize>size + PADDING + (<usize>size >> 3) + 24) & ~15
}

function addEntry(place: usize, entry: usize, hash: usize, size: u32): void {
  copyWord(entry, hash)
  completeEntry(entry, size)
  top = entry + entrySize(size)
  count++
  store<u32>(place, <u32>entry)
}

function placeOf(hash: usize): usize {
  let at = hashOf(hash, 0) & INDEX_MASK
  while (true) {
    const place = CODE_INDEX + (<usize>at << 2)
    const entry = <usize>load<u32>(place)
    if (entry == 0 || isEqual(entry, hash)) return place
    at = (at + 1) & INDEX_MASK
  }
}

const JUMPDEST: u32 = 0x5b
const PUSH1: u32 = 0x60
const PUSH32: u32 = 0x7f

/** One bit for each byte that is a JUMPDEST and not data of a PUSH. Where no PUSH is among 16 bytes, they are done at once. */
function mapJumps(entry: usize): void {
  const size = load<u32>(entry, CODE_SIZE)
  const bytes = entry + CODE_BYTES
  const map = <usize>load<u32>(entry, CODE_JUMPS)
  memory.fill(map, 0, (<usize>size >> 3) + 1)
  const jumpdests = i8x16.splat(<i8>JUMPDEST)
  const pushBits = i8x16.splat(<i8>0xe0)
  const pushes = i8x16.splat(<i8>PUSH1)
  for (let at: u32 = 0; at < size; at++) {
    while ((at & 7) == 0 && at + 16 <= size) {
      const chunk = v128.load(bytes + at)
      if (v128.any_true(i8x16.eq(v128.and(chunk, pushBits), pushes))) break
      store<u16>(map + (at >> 3), <u16>i8x16.bitmask(i8x16.eq(chunk, jumpdests)))
      at += 16
    }
    if (at >= size) break
    const op = <u32>load<u8>(bytes + at)
    if (op - PUSH1 <= PUSH32 - PUSH1) at += op - PUSH1 + 1
    else if (op == JUMPDEST) {
      const byte = map + (at >> 3)
      store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(at & 7)))
    }
  }
}

// ---- blocks

// An entry of the table: ip u32 | generation u32 | gas u32 | stack need u16 | stack growth u16
export const BLOCK_GAS: usize = 8
export const BLOCK_NEED: usize = 12
export const BLOCK_GROWTH: usize = 14

// Of an opcode: static gas u16 | inputs u8 | outputs u8. The highest bit of the outputs says that a block ends after it.
const ENDS: u32 = 0x80
/** An opcode that the fork does not define. */
const UNDEFINED: u32 = 0xffffffff
/** More than a stack can hold: whoever enters the block is sure to halt at its end, so it halts at once. */
export const UNDEFINED_NEED: u32 = 0xffff

// @ts-ignore: decorator
@inline
export function blockAt(ip: usize): usize {
  return BLOCKS + ((ip & 0xffff) << 4)
}

/** Works out the block at `ip`. False if `gas` does not pay for it. */
export function analyzeBlock(block: usize, key: u64, ip: usize, gas: i64): bool {
  let total: i64 = 0
  let height: i32 = 0
  let lowest: i32 = 0
  let highest: i32 = 0
  let at = ip
  let ends: u32 = 0
  do {
    const op = <u32>load<u8>(at)
    if (op == JUMPDEST && at != ip) break
    const entry = load<u32>(OPCODES + (<usize>op << 2))
    if (entry == UNDEFINED) {
      lowest = -<i32>UNDEFINED_NEED
      break
    }
    total += <i64>(entry & 0xffff)
    if (total > gas) return false
    height -= <i32>((entry >> 16) & 0xff)
    if (height < lowest) lowest = height
    const outputs = entry >> 24
    ends = outputs & ENDS
    height += <i32>(outputs & ~ENDS)
    if (height > highest) highest = height
    at++
    if (op - PUSH1 <= PUSH32 - PUSH1) at += <usize>(op - PUSH1) + 1
  } while (!IS_TRACING && ends == 0)
  if (total > 0xffffffff) exceedBound(BOUND_CODE)
  store<u64>(block, key)
  store<u32>(block, <u32>total, BLOCK_GAS)
  store<u16>(block, <u16>min<i32>(-lowest, UNDEFINED_NEED), BLOCK_NEED)
  store<u16>(block, <u16>min<i32>(highest, 0xffff), BLOCK_GROWTH)
  return true
}
