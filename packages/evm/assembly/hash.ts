// Where words go in the tables. Contracts choose addresses, slots and codes; who knew where each goes could make them all go to
// one place, and every look-up go through them all. So the way depends on a secret that the host gives to each instance.
import { HASH_KEYS } from './layout'

/** Two for the halves of the word, and two odd factors: 2 x 16 bytes, then u64 each. */
export function prepareHash(): void {
  store<u64>(HASH_KEYS, load<u64>(HASH_KEYS, 32) | 1, 32)
  store<u64>(HASH_KEYS, load<u64>(HASH_KEYS, 40) | 1, 40)
}

/**
 * Sum of the products of the word's 32-bit digits, each with a secret of its own added, taken two by two: words that were
 * chosen without the secret fall together once in 2^32. Then that number and `beside`, mixed.
 */
// @ts-ignore: decorator
@inline
export function hashOf(word: usize, beside: u64): u32 {
  const a = i32x4.add(v128.load(word), v128.load(HASH_KEYS))
  const b = i32x4.add(v128.load(word, 16), v128.load(HASH_KEYS, 16))
  const sums = i64x2.add(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b))
  let mixed = i64x2.extract_lane(sums, 0) + i64x2.extract_lane(sums, 1) + beside * load<u64>(HASH_KEYS, 32)
  mixed = (mixed ^ (mixed >> 32)) * load<u64>(HASH_KEYS, 40)
  mixed = (mixed ^ (mixed >> 29)) * load<u64>(HASH_KEYS, 32)
  return <u32>(mixed >> 32)
}
