// Shifts and the other operations that move bits inside a 256-bit word.
import { isSmall, setSmall, setWord, setZero } from './words'

export function shiftLeft(word: usize, by: usize): void {
  const count = load<u64>(by)
  if (!isSmall(by) || count >= 256) {
    setZero(word)
    return
  }
  shiftLeftBy(word, count)
}

export function shiftRight(word: usize, by: usize): void {
  const count = load<u64>(by)
  if (!isSmall(by) || count >= 256) {
    setZero(word)
    return
  }
  shiftRightBy(word, count, 0)
}

export function shiftRightSigned(word: usize, by: usize): void {
  const fill = <u64>(<i64>load<u64>(word, 24) >> 63)
  const count = load<u64>(by)
  if (!isSmall(by) || count >= 256) {
    setWord(word, fill, fill, fill, fill)
    return
  }
  shiftRightBy(word, count, fill)
}

function shiftLeftBy(word: usize, count: u64): void {
  let a0 = load<u64>(word)
  let a1 = load<u64>(word, 8)
  let a2 = load<u64>(word, 16)
  let a3 = load<u64>(word, 24)
  if (count & 128) {
    a3 = a1
    a2 = a0
    a1 = 0
    a0 = 0
  }
  if (count & 64) {
    a3 = a2
    a2 = a1
    a1 = a0
    a0 = 0
  }
  const bits = count & 63
  if (bits != 0) {
    const back = 64 - bits
    a3 = (a3 << bits) | (a2 >> back)
    a2 = (a2 << bits) | (a1 >> back)
    a1 = (a1 << bits) | (a0 >> back)
    a0 <<= bits
  }
  setWord(word, a0, a1, a2, a3)
}

/** `fill` is all ones for a negative word, else 0. */
function shiftRightBy(word: usize, count: u64, fill: u64): void {
  let a0 = load<u64>(word)
  let a1 = load<u64>(word, 8)
  let a2 = load<u64>(word, 16)
  let a3 = load<u64>(word, 24)
  if (count & 128) {
    a0 = a2
    a1 = a3
    a2 = fill
    a3 = fill
  }
  if (count & 64) {
    a0 = a1
    a1 = a2
    a2 = a3
    a3 = fill
  }
  const bits = count & 63
  if (bits != 0) {
    const back = 64 - bits
    a0 = (a0 >> bits) | (a1 << back)
    a1 = (a1 >> bits) | (a2 << back)
    a2 = (a2 >> bits) | (a3 << back)
    a3 = (a3 >> bits) | (fill << back)
  }
  setWord(word, a0, a1, a2, a3)
}

/** `position` is the place of the sign's byte, from the lowest. */
export function signExtend(word: usize, position: usize): void {
  const byte = load<u64>(position)
  if (!isSmall(position) || byte >= 31) return
  const count = 248 - byte * 8
  shiftLeftBy(word, count)
  shiftRightBy(word, count, <u64>(<i64>load<u64>(word, 24) >> 63))
}

/** `position` counts from the highest byte. */
export function byteAt(word: usize, position: usize): void {
  const byte = load<u64>(position)
  if (!isSmall(position) || byte >= 32) setZero(word)
  else setSmall(word, <u64>load<u8>(word + 31 - <usize>byte))
}

export function countLeadingZeros(word: usize): void {
  for (let i: usize = 32; i > 0; i -= 8) {
    const limb = load<u64>(word + i - 8)
    if (limb != 0) {
      setSmall(word, (32 - <u64>i) * 8 + clz<u64>(limb))
      return
    }
  }
  setSmall(word, 256)
}
