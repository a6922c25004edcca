// PUSH, DUP and SWAP. The stack grows upwards; `sp` points to its uppermost word.
import { PUSH_MASKS } from './layout'
import { copyWord, reversed, setSmall } from './words'

/** The `size` bytes of code at `ip` as a word; 3 to 16 of them. */
// @ts-ignore: decorator
@inline
export function pushShort(sp: usize, ip: usize, size: usize): void {
  v128.store(sp, v128.and(reversed(v128.load(ip + size - 16)), v128.load(PUSH_MASKS + (size << 5))))
  v128.store(sp, i64x2.splat(0), 16)
}

/** 17 to 32 of them. */
// @ts-ignore: decorator
@inline
export function pushLong(sp: usize, ip: usize, size: usize): void {
  const low = reversed(v128.load(ip + size - 16))
  const high = v128.and(reversed(v128.load(ip + size - 32)), v128.load(PUSH_MASKS + (size << 5), 16))
  v128.store(sp, low)
  v128.store(sp, high, 16)
}

// @ts-ignore: decorator
@inline
export function pushByte(sp: usize, ip: usize): void {
  setSmall(sp, <u64>load<u8>(ip))
}

// @ts-ignore: decorator
@inline
export function pushTwo(sp: usize, ip: usize): void {
  setSmall(sp, (<u64>load<u8>(ip) << 8) | <u64>load<u8>(ip, 1))
}

/** For each size, a mask of as many bytes. Once, before anything runs. */
export function preparePushMasks(): void {
  for (let size: usize = 0; size <= 32; size++) {
    memory.fill(PUSH_MASKS + (size << 5), 0, 32)
    memory.fill(PUSH_MASKS + (size << 5), 0xff, size)
  }
}

/** Exchanges the word at sp with the one `back` bytes below. */
// @ts-ignore: decorator
@inline
export function swap(sp: usize, back: usize): void {
  const other = sp - back
  const low = v128.load(other)
  const high = v128.load(other, 16)
  copyWord(other, sp)
  v128.store(sp, low)
  v128.store(sp, high, 16)
}
