// Multiplication, division and powers of 256-bit words. Division is Knuth's algorithm D (TAOCP 4.3.1) over 32-bit digits,
// since WebAssembly divides 64 by 64 bits at most; it serves dividends of up to 512 bits, which MULMOD needs.
import { NUMBERS } from './layout'
import { copyWord, isLess, isSmall, isZero, setSmall, setWord, setZero, subtractWord } from './words'

const PRODUCT: usize = NUMBERS // 64 bytes, and a digit more
const DIVIDEND: usize = NUMBERS + 0x80 // 17 digits
const DIVISOR: usize = NUMBERS + 0x100 // 8 digits
const QUOTIENT: usize = NUMBERS + 0x180 // 17 digits
const BASE: usize = NUMBERS + 0x200
const POWER: usize = NUMBERS + 0x220
const LEFT: usize = NUMBERS + 0x240
const RIGHT: usize = NUMBERS + 0x260

/** Upper half of the 128-bit product. */
// @ts-ignore: decorator
@inline
function multiplyHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff
  const a1 = a >> 32
  const b0 = b & 0xffffffff
  const b1 = b >> 32
  const middle = a1 * b0 + ((a0 * b0) >> 32)
  const other = a0 * b1 + (middle & 0xffffffff)
  return a1 * b1 + (middle >> 32) + (other >> 32)
}

export function multiply(to: usize, a: usize, b: usize): void {
  let a0 = load<u64>(a)
  let a1 = load<u64>(a, 8)
  let a2 = load<u64>(a, 16)
  let a3 = load<u64>(a, 24)
  let b0 = load<u64>(b)
  let b1 = load<u64>(b, 8)
  let b2 = load<u64>(b, 16)
  let b3 = load<u64>(b, 24)
  if ((b1 | b2 | b3) == 0) {
    // the word of one limb goes to the left, where one row is then enough
    const c0 = a0
    const c1 = a1
    const c2 = a2
    const c3 = a3
    a0 = b0
    a1 = 0
    a2 = 0
    a3 = 0
    b0 = c0
    b1 = c1
    b2 = c2
    b3 = c3
  }
  const r0 = a0 * b0
  let r1 = multiplyHigh(a0, b0)
  let low = a0 * b1
  r1 += low
  let r2 = multiplyHigh(a0, b1) + u64(r1 < low)
  low = a0 * b2
  r2 += low
  let r3 = multiplyHigh(a0, b2) + u64(r2 < low) + a0 * b3
  if ((a1 | a2 | a3) != 0) {
    low = a1 * b0
    r1 += low
    const carry1 = multiplyHigh(a1, b0) + u64(r1 < low)
    low = a1 * b1
    r2 += low
    let carry2 = multiplyHigh(a1, b1) + u64(r2 < low)
    r2 += carry1
    carry2 += u64(r2 < carry1)
    low = a2 * b0
    r2 += low
    r3 += carry2 + multiplyHigh(a2, b0) + u64(r2 < low) + a1 * b2 + a2 * b1 + a3 * b0
  }
  setWord(to, r0, r1, r2, r3)
}

/** All 512 bits of a * b into PRODUCT. */
function multiplyWide(a: usize, b: usize): void {
  memory.fill(PRODUCT, 0, 64)
  for (let i: usize = 0; i < 32; i += 8) {
    const digit = load<u64>(a + i)
    if (digit == 0) continue
    let carry: u64 = 0
    for (let j: usize = 0; j < 32; j += 8) {
      const other = load<u64>(b + j)
      const low = digit * other
      const sum = load<u64>(PRODUCT + i + j) + low
      const total = sum + carry
      carry = multiplyHigh(digit, other) + u64(sum < low) + u64(total < sum)
      store<u64>(PRODUCT + i + j, total)
    }
    store<u64>(PRODUCT + i + 32, carry)
  }
}

/** How many of the 32-bit digits count. */
function digitsOf(number: usize, most: u32): u32 {
  let count = most
  while (count > 0 && load<u32>(number + ((<usize>count - 1) << 2)) == 0) count--
  return count
}

/**
 * Divides `size` digits at `number` by the word at `divisor` (not 0). The remainder is stored at `remainder` unless that is
 * 0, the lowest eight digits of the quotient at `quotient` unless that is 0.
 */
function divideDigits(number: usize, size: u32, divisor: usize, quotient: usize, remainder: usize): void {
  const m = digitsOf(number, size)
  const n = digitsOf(divisor, 8)
  memory.fill(QUOTIENT, 0, 32)
  if (n == 1) {
    const d = <u64>load<u32>(divisor)
    let rest: u64 = 0
    for (let i = <i32>m - 1; i >= 0; i--) {
      const value = (rest << 32) | <u64>load<u32>(number + (<usize>i << 2))
      store<u32>(QUOTIENT + (<usize>i << 2), <u32>(value / d))
      rest = value % d
    }
    if (remainder) setSmall(remainder, rest)
    if (quotient) copyWord(quotient, QUOTIENT)
    return
  }
  if (m < n) {
    if (remainder) {
      const low = DIVIDEND
      setZero(low)
      memory.copy(low, number, <usize>m << 2)
      copyWord(remainder, low)
    }
    if (quotient) setZero(quotient)
    return
  }
  // D1: shift so that the divisor's highest bit is set
  const shift = <u64>clz<u32>(load<u32>(divisor + ((<usize>n - 1) << 2)))
  const back = 32 - shift
  for (let i = n - 1; i > 0; i--) {
    const pair = (<u64>load<u32>(divisor + (<usize>i << 2)) << 32) | <u64>load<u32>(divisor + ((<usize>i - 1) << 2))
    store<u32>(DIVISOR + (<usize>i << 2), <u32>(pair >> back))
  }
  store<u32>(DIVISOR, load<u32>(divisor) << <u32>shift)
  store<u32>(DIVIDEND + (<usize>m << 2), <u32>(<u64>load<u32>(number + ((<usize>m - 1) << 2)) >> back))
  for (let i = m - 1; i > 0; i--) {
    const pair = (<u64>load<u32>(number + (<usize>i << 2)) << 32) | <u64>load<u32>(number + ((<usize>i - 1) << 2))
    store<u32>(DIVIDEND + (<usize>i << 2), <u32>(pair >> back))
  }
  store<u32>(DIVIDEND, load<u32>(number) << <u32>shift)

  const top = <u64>load<u32>(DIVISOR + ((<usize>n - 1) << 2))
  const second = <u64>load<u32>(DIVISOR + ((<usize>n - 2) << 2))
  for (let j = <i32>(m - n); j >= 0; j--) {
    // D3: guess the digit from the two highest of what is left; too high by one at most after the correction
    const at = DIVIDEND + (<usize>j << 2)
    const high = at + (<usize>n << 2)
    const pair = (<u64>load<u32>(high) << 32) | <u64>load<u32>(high - 4)
    let guess = pair / top
    let rest = pair - guess * top
    const next = <u64>load<u32>(high - 8)
    while (guess > 0xffffffff || guess * second > ((rest << 32) | next)) {
      guess--
      rest += top
      if (rest > 0xffffffff) break
    }
    // D4: subtract guess * divisor
    let borrow: u64 = 0
    let carry: u64 = 0
    for (let i: usize = 0; i < <usize>n << 2; i += 4) {
      const product = guess * <u64>load<u32>(DIVISOR + i) + carry
      carry = product >> 32
      const difference = <u64>load<u32>(at + i) - (product & 0xffffffff) - borrow
      store<u32>(at + i, <u32>difference)
      borrow = difference >> 63
    }
    const difference = <u64>load<u32>(high) - carry - borrow
    store<u32>(high, <u32>difference)
    if (difference >> 63) {
      // D6: it was one too high: add the divisor back
      guess--
      let add: u64 = 0
      for (let i: usize = 0; i < <usize>n << 2; i += 4) {
        const sum = <u64>load<u32>(at + i) + <u64>load<u32>(DIVISOR + i) + add
        store<u32>(at + i, <u32>sum)
        add = sum >> 32
      }
      store<u32>(high, load<u32>(high) + <u32>add)
    }
    if (j < 8) store<u32>(QUOTIENT + (<usize>j << 2), <u32>guess)
  }
  if (quotient) copyWord(quotient, QUOTIENT)
  if (remainder) {
    // D8: shift the remainder back
    setZero(QUOTIENT)
    for (let i: u32 = 0; i < n; i++) {
      const above = i + 1 < n ? <u64>load<u32>(DIVIDEND + ((<usize>i + 1) << 2)) : 0
      const pair = (above << 32) | <u64>load<u32>(DIVIDEND + (<usize>i << 2))
      store<u32>(QUOTIENT + (<usize>i << 2), <u32>(pair >> shift))
    }
    copyWord(remainder, QUOTIENT)
  }
}

export function divide(to: usize, a: usize, b: usize): void {
  if (isZero(b)) setZero(to)
  else if (isSmall(a) && isSmall(b)) setSmall(to, load<u64>(a) / load<u64>(b))
  else divideDigits(a, 8, b, to, 0)
}

export function modulo(to: usize, a: usize, b: usize): void {
  if (isZero(b)) setZero(to)
  else if (isSmall(a) && isSmall(b)) setSmall(to, load<u64>(a) % load<u64>(b))
  else divideDigits(a, 8, b, 0, to)
}

// @ts-ignore: decorator
@inline
function isNegative(word: usize): bool {
  return <i64>load<u64>(word, 24) < 0
}

function magnitude(to: usize, word: usize): void {
  if (!isNegative(word)) {
    copyWord(to, word)
    return
  }
  setZero(POWER)
  subtractWord(to, POWER, word)
}

function negate(word: usize): void {
  setZero(POWER)
  subtractWord(word, POWER, word)
}

export function divideSigned(to: usize, a: usize, b: usize): void {
  const negative = isNegative(a) != isNegative(b)
  magnitude(LEFT, a)
  magnitude(RIGHT, b)
  divide(to, LEFT, RIGHT)
  if (negative) negate(to)
}

/** The result has the sign of a. */
export function moduloSigned(to: usize, a: usize, b: usize): void {
  const negative = isNegative(a)
  magnitude(LEFT, a)
  magnitude(RIGHT, b)
  modulo(to, LEFT, RIGHT)
  if (negative) negate(to)
}

export function addModulo(to: usize, a: usize, b: usize, n: usize): void {
  if (isZero(n)) {
    setZero(to)
    return
  }
  let carry: u64 = 0
  for (let i: usize = 0; i < 32; i += 8) {
    const x = load<u64>(a + i)
    const sum = x + load<u64>(b + i)
    const total = sum + carry
    carry = u64(sum < x) | u64(total < sum)
    store<u64>(PRODUCT + i, total)
  }
  if (carry == 0 && isLess(PRODUCT, n)) {
    copyWord(to, PRODUCT)
    return
  }
  store<u64>(PRODUCT, carry, 32)
  divideDigits(PRODUCT, 9, n, 0, to)
}

export function multiplyModulo(to: usize, a: usize, b: usize, n: usize): void {
  if (isZero(n)) {
    setZero(to)
    return
  }
  multiplyWide(a, b)
  divideDigits(PRODUCT, 16, n, 0, to)
}

/** Square and multiply, from the lowest bit. */
export function power(to: usize, base: usize, exponent: usize): void {
  copyWord(BASE, base)
  copyWord(LEFT, exponent)
  setSmall(POWER, 1)
  let limb: usize = 0
  let limbs: usize = 32
  while (limbs > 0 && load<u64>(LEFT + limbs - 8) == 0) limbs -= 8
  for (; limb < limbs; limb += 8) {
    let bits = load<u64>(LEFT + limb)
    const isLast = limb + 8 == limbs
    for (let i = 0; i < 64; i++) {
      if (bits & 1) multiply(POWER, POWER, BASE)
      bits >>= 1
      if (isLast && bits == 0) break
      multiply(BASE, BASE, BASE)
    }
  }
  copyWord(to, POWER)
}

/** Bytes of a word without leading zeros. */
export function bytesOf(word: usize): u64 {
  for (let i: usize = 32; i > 0; i -= 8) {
    const limb = load<u64>(word + i - 8)
    if (limb != 0) return <u64>i - (clz<u64>(limb) >> 3)
  }
  return 0
}
