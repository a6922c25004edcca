// 256-bit words: four 64-bit limbs in memory, least significant first.

// @ts-ignore: decorator
@inline
export function setWord(to: usize, a0: u64, a1: u64, a2: u64, a3: u64): void {
  store<u64>(to, a0)
  store<u64>(to, a1, 8)
  store<u64>(to, a2, 16)
  store<u64>(to, a3, 24)
}

// @ts-ignore: decorator
@inline
export function setSmall(to: usize, value: u64): void {
  store<u64>(to, value)
  store<u64>(to, 0, 8)
  v128.store(to, i64x2.splat(0), 16)
}

// @ts-ignore: decorator
@inline
export function setZero(to: usize): void {
  v128.store(to, i64x2.splat(0))
  v128.store(to, i64x2.splat(0), 16)
}

// @ts-ignore: decorator
@inline
export function copyWord(to: usize, from: usize): void {
  const low = v128.load(from)
  const high = v128.load(from, 16)
  v128.store(to, low)
  v128.store(to, high, 16)
}

// @ts-ignore: decorator
@inline
export function isZero(word: usize): bool {
  return !v128.any_true(v128.or(v128.load(word), v128.load(word, 16)))
}

/** Does it fit into its lowest limb? */
// @ts-ignore: decorator
@inline
export function isSmall(word: usize): bool {
  return (load<u64>(word, 8) | load<u64>(word, 16) | load<u64>(word, 24)) == 0
}

// @ts-ignore: decorator
@inline
export function isEqual(a: usize, b: usize): bool {
  return !v128.any_true(
    v128.or(v128.xor(v128.load(a), v128.load(b)), v128.xor(v128.load(a, 16), v128.load(b, 16))),
  )
}

/** a < b, unsigned */
export function isLess(a: usize, b: usize): bool {
  let x = load<u64>(a, 24)
  let y = load<u64>(b, 24)
  if (x != y) return x < y
  x = load<u64>(a, 16)
  y = load<u64>(b, 16)
  if (x != y) return x < y
  x = load<u64>(a, 8)
  y = load<u64>(b, 8)
  if (x != y) return x < y
  return load<u64>(a) < load<u64>(b)
}

/** a < b, two's complement */
export function isLessSigned(a: usize, b: usize): bool {
  const x = <i64>load<u64>(a, 24)
  const y = <i64>load<u64>(b, 24)
  return (x ^ y) < 0 ? x < y : isLess(a, b)
}

// @ts-ignore: decorator
@inline
export function reversed(bytes: v128): v128 {
  return i8x16.shuffle(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
}

/** 32 big-endian bytes to a word, or a word to 32 big-endian bytes: the same turning around. The two may be one place. */
// @ts-ignore: decorator
@inline
export function turnWord(to: usize, from: usize): void {
  const first = v128.load(from)
  const second = v128.load(from, 16)
  v128.store(to, reversed(second))
  v128.store(to, reversed(first), 16)
}

/** The 20 big-endian bytes of an address. */
export function storeAddressBytes(to: usize, word: usize): void {
  store<u32>(to, bswap<u32>(load<u32>(word, 16)))
  store<u64>(to, bswap<u64>(load<u64>(word, 8)), 4)
  store<u64>(to, bswap<u64>(load<u64>(word)), 12)
}

/** Keeps the lowest 160 bits. */
// @ts-ignore: decorator
@inline
export function toAddress(word: usize): void {
  store<u64>(word, load<u64>(word, 16) & 0xffffffff, 16)
  store<u64>(word, 0, 24)
}

export function addWord(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const r0 = a0 + load<u64>(b)
  let carry = u64(r0 < a0)
  const s1 = a1 + load<u64>(b, 8)
  const r1 = s1 + carry
  carry = u64(s1 < a1) | u64(r1 < s1)
  const s2 = a2 + load<u64>(b, 16)
  const r2 = s2 + carry
  carry = u64(s2 < a2) | u64(r2 < s2)
  setWord(to, r0, r1, r2, load<u64>(a, 24) + load<u64>(b, 24) + carry)
}

export function subtractWord(to: usize, a: usize, b: usize): void {
  const a0 = load<u64>(a)
  const a1 = load<u64>(a, 8)
  const a2 = load<u64>(a, 16)
  const b0 = load<u64>(b)
  const b1 = load<u64>(b, 8)
  const b2 = load<u64>(b, 16)
  let borrow = u64(a0 < b0)
  const d1 = a1 - b1
  const r1 = d1 - borrow
  borrow = u64(a1 < b1) | u64(d1 < borrow)
  const d2 = a2 - b2
  const r2 = d2 - borrow
  borrow = u64(a2 < b2) | u64(d2 < borrow)
  setWord(to, a0 - b0, r1, r2, load<u64>(a, 24) - load<u64>(b, 24) - borrow)
}
