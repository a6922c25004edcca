// Keccak-256 (the original padding), with all 25 lanes in locals, and a memo of hashes of 64 bytes: what Solidity hashes for
// every access to a mapping.
import { KECCAK_BLOCK, KECCAK_MEMO, KECCAK_STATE } from './layout'
import { copyWord, turnWord } from './words'

const RATE: usize = 136
const MEMO_MASK: u64 = 4095
const MEMO_ENTRY: usize = 96 // input 64 | hash 32; a hash of zeros means that the entry is free

/** The hash of `size` bytes as a word. */
export function keccak(to: usize, from: usize, size: usize): void {
  if (size == 64) keccakOf64(to, from)
  else sponge(to, from, size)
}

function keccakOf64(to: usize, from: usize): void {
  const a = v128.load(from)
  const b = v128.load(from, 16)
  const c = v128.load(from, 32)
  const d = v128.load(from, 48)
  const mixed = v128.xor(i64x2.mul(v128.xor(a, c), i64x2.splat(0x9e3779b97f4a7c15)), i64x2.mul(v128.xor(b, d), i64x2.splat(0xc2b2ae3d27d4eb4f)))
  const hash = (i64x2.extract_lane(mixed, 0) ^ i64x2.extract_lane(mixed, 1)) * 0xff51afd7ed558ccd
  const entry = KECCAK_MEMO + <usize>((hash >> 48) & MEMO_MASK) * MEMO_ENTRY
  const difference = v128.or(
    v128.or(v128.xor(a, v128.load(entry)), v128.xor(b, v128.load(entry, 16))),
    v128.or(v128.xor(c, v128.load(entry, 32)), v128.xor(d, v128.load(entry, 48))),
  )
  if (v128.any_true(difference) || !v128.any_true(v128.load(entry, 64))) {
    sponge(to, from, 64)
    v128.store(entry, a)
    v128.store(entry, b, 16)
    v128.store(entry, c, 32)
    v128.store(entry, d, 48)
    copyWord(entry + 64, to)
    return
  }
  copyWord(to, entry + 64)
}

function sponge(to: usize, from: usize, size: usize): void {
  memory.fill(KECCAK_STATE, 0, 200)
  while (size >= RATE) {
    absorb(from)
    from += RATE
    size -= RATE
  }
  memory.fill(KECCAK_BLOCK, 0, RATE)
  memory.copy(KECCAK_BLOCK, from, size)
  store<u8>(KECCAK_BLOCK + size, 1)
  store<u8>(KECCAK_BLOCK + RATE - 1, load<u8>(KECCAK_BLOCK + RATE - 1) | 0x80)
  absorb(KECCAK_BLOCK)
  turnWord(to, KECCAK_STATE)
}

function absorb(block: usize): void {
  for (let i: usize = 0; i < RATE; i += 8) store<u64>(KECCAK_STATE + i, load<u64>(KECCAK_STATE + i) ^ load<u64>(block + i))
  permute()
}

const ROUND_CONSTANTS: StaticArray<u64> = [
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
  0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
  0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
  0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
  0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
]

/** keccak-f[1600]; lane x + 5y is l(x + 5y). */
function permute(): void {
  let l0 = load<u64>(KECCAK_STATE)
  let l1 = load<u64>(KECCAK_STATE, 8)
  let l2 = load<u64>(KECCAK_STATE, 16)
  let l3 = load<u64>(KECCAK_STATE, 24)
  let l4 = load<u64>(KECCAK_STATE, 32)
  let l5 = load<u64>(KECCAK_STATE, 40)
  let l6 = load<u64>(KECCAK_STATE, 48)
  let l7 = load<u64>(KECCAK_STATE, 56)
  let l8 = load<u64>(KECCAK_STATE, 64)
  let l9 = load<u64>(KECCAK_STATE, 72)
  let l10 = load<u64>(KECCAK_STATE, 80)
  let l11 = load<u64>(KECCAK_STATE, 88)
  let l12 = load<u64>(KECCAK_STATE, 96)
  let l13 = load<u64>(KECCAK_STATE, 104)
  let l14 = load<u64>(KECCAK_STATE, 112)
  let l15 = load<u64>(KECCAK_STATE, 120)
  let l16 = load<u64>(KECCAK_STATE, 128)
  let l17 = load<u64>(KECCAK_STATE, 136)
  let l18 = load<u64>(KECCAK_STATE, 144)
  let l19 = load<u64>(KECCAK_STATE, 152)
  let l20 = load<u64>(KECCAK_STATE, 160)
  let l21 = load<u64>(KECCAK_STATE, 168)
  let l22 = load<u64>(KECCAK_STATE, 176)
  let l23 = load<u64>(KECCAK_STATE, 184)
  let l24 = load<u64>(KECCAK_STATE, 192)
  for (let round = 0; round < 24; round++) {
    // theta
    const c0 = l0 ^ l5 ^ l10 ^ l15 ^ l20
    const c1 = l1 ^ l6 ^ l11 ^ l16 ^ l21
    const c2 = l2 ^ l7 ^ l12 ^ l17 ^ l22
    const c3 = l3 ^ l8 ^ l13 ^ l18 ^ l23
    const c4 = l4 ^ l9 ^ l14 ^ l19 ^ l24
    const d0 = c4 ^ rotl<u64>(c1, 1)
    const d1 = c0 ^ rotl<u64>(c2, 1)
    const d2 = c1 ^ rotl<u64>(c3, 1)
    const d3 = c2 ^ rotl<u64>(c4, 1)
    const d4 = c3 ^ rotl<u64>(c0, 1)
    // rho and pi
    const m0 = l0 ^ d0
    const m1 = rotl<u64>(l6 ^ d1, 44)
    const m2 = rotl<u64>(l12 ^ d2, 43)
    const m3 = rotl<u64>(l18 ^ d3, 21)
    const m4 = rotl<u64>(l24 ^ d4, 14)
    const m5 = rotl<u64>(l3 ^ d3, 28)
    const m6 = rotl<u64>(l9 ^ d4, 20)
    const m7 = rotl<u64>(l10 ^ d0, 3)
    const m8 = rotl<u64>(l16 ^ d1, 45)
    const m9 = rotl<u64>(l22 ^ d2, 61)
    const m10 = rotl<u64>(l1 ^ d1, 1)
    const m11 = rotl<u64>(l7 ^ d2, 6)
    const m12 = rotl<u64>(l13 ^ d3, 25)
    const m13 = rotl<u64>(l19 ^ d4, 8)
    const m14 = rotl<u64>(l20 ^ d0, 18)
    const m15 = rotl<u64>(l4 ^ d4, 27)
    const m16 = rotl<u64>(l5 ^ d0, 36)
    const m17 = rotl<u64>(l11 ^ d1, 10)
    const m18 = rotl<u64>(l17 ^ d2, 15)
    const m19 = rotl<u64>(l23 ^ d3, 56)
    const m20 = rotl<u64>(l2 ^ d2, 62)
    const m21 = rotl<u64>(l8 ^ d3, 55)
    const m22 = rotl<u64>(l14 ^ d4, 39)
    const m23 = rotl<u64>(l15 ^ d0, 41)
    const m24 = rotl<u64>(l21 ^ d1, 2)
    // chi
    l0 = m0 ^ (~m1 & m2)
    l1 = m1 ^ (~m2 & m3)
    l2 = m2 ^ (~m3 & m4)
    l3 = m3 ^ (~m4 & m0)
    l4 = m4 ^ (~m0 & m1)
    l5 = m5 ^ (~m6 & m7)
    l6 = m6 ^ (~m7 & m8)
    l7 = m7 ^ (~m8 & m9)
    l8 = m8 ^ (~m9 & m5)
    l9 = m9 ^ (~m5 & m6)
    l10 = m10 ^ (~m11 & m12)
    l11 = m11 ^ (~m12 & m13)
    l12 = m12 ^ (~m13 & m14)
    l13 = m13 ^ (~m14 & m10)
    l14 = m14 ^ (~m10 & m11)
    l15 = m15 ^ (~m16 & m17)
    l16 = m16 ^ (~m17 & m18)
    l17 = m17 ^ (~m18 & m19)
    l18 = m18 ^ (~m19 & m15)
    l19 = m19 ^ (~m15 & m16)
    l20 = m20 ^ (~m21 & m22)
    l21 = m21 ^ (~m22 & m23)
    l22 = m22 ^ (~m23 & m24)
    l23 = m23 ^ (~m24 & m20)
    l24 = m24 ^ (~m20 & m21)
    // iota
    l0 ^= unchecked(ROUND_CONSTANTS[round])
  }
  store<u64>(KECCAK_STATE, l0, 0)
  store<u64>(KECCAK_STATE, l1, 8)
  store<u64>(KECCAK_STATE, l2, 16)
  store<u64>(KECCAK_STATE, l3, 24)
  store<u64>(KECCAK_STATE, l4, 32)
  store<u64>(KECCAK_STATE, l5, 40)
  store<u64>(KECCAK_STATE, l6, 48)
  store<u64>(KECCAK_STATE, l7, 56)
  store<u64>(KECCAK_STATE, l8, 64)
  store<u64>(KECCAK_STATE, l9, 72)
  store<u64>(KECCAK_STATE, l10, 80)
  store<u64>(KECCAK_STATE, l11, 88)
  store<u64>(KECCAK_STATE, l12, 96)
  store<u64>(KECCAK_STATE, l13, 104)
  store<u64>(KECCAK_STATE, l14, 112)
  store<u64>(KECCAK_STATE, l15, 120)
  store<u64>(KECCAK_STATE, l16, 128)
  store<u64>(KECCAK_STATE, l17, 136)
  store<u64>(KECCAK_STATE, l18, 144)
  store<u64>(KECCAK_STATE, l19, 152)
  store<u64>(KECCAK_STATE, l20, 160)
  store<u64>(KECCAK_STATE, l21, 168)
  store<u64>(KECCAK_STATE, l22, 176)
  store<u64>(KECCAK_STATE, l23, 184)
  store<u64>(KECCAK_STATE, l24, 192)
}
