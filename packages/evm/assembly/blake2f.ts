// The compression function F of BLAKE2b (RFC 7693, section 3.2).

const IV: StaticArray<u64> = [
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]

const SIGMA: StaticArray<u8> = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
  11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
  7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
  9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
  2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
  12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
  13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
  6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
  10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
]

const V: usize = memory.data(128, 16)

/** At `at`: state h 64 bytes | message m 128 | offset t 16 | final flag 1. The new state replaces the old. */
export function blake2f(at: usize, rounds: u32): void {
  const m = at + 64
  memory.copy(V, at, 64)
  for (let i = 0; i < 8; i++) store<u64>(V + 64 + (<usize>i << 3), unchecked(IV[i]))
  store<u64>(V, load<u64>(V, 96) ^ load<u64>(at, 192), 96)
  store<u64>(V, load<u64>(V, 104) ^ load<u64>(at, 200), 104)
  if (load<u8>(at, 208)) store<u64>(V, ~load<u64>(V, 112), 112)
  let row: i32 = 0
  for (let round: u32 = 0; round < rounds; round++) {
    mix(0, 32, 64, 96, m, row)
    mix(8, 40, 72, 104, m, row + 2)
    mix(16, 48, 80, 112, m, row + 4)
    mix(24, 56, 88, 120, m, row + 6)
    mix(0, 40, 80, 120, m, row + 8)
    mix(8, 48, 88, 96, m, row + 10)
    mix(16, 56, 64, 104, m, row + 12)
    mix(24, 32, 72, 112, m, row + 14)
    row = row == 144 ? 0 : row + 16
  }
  for (let i: usize = 0; i < 64; i += 8) store<u64>(at + i, load<u64>(at + i) ^ load<u64>(V + i) ^ load<u64>(V + i + 64))
}

// @ts-ignore: decorator
@inline
function mix(ia: usize, ib: usize, ic: usize, id: usize, m: usize, sigma: i32): void {
  const x = load<u64>(m + (<usize>unchecked(SIGMA[sigma]) << 3))
  const y = load<u64>(m + (<usize>unchecked(SIGMA[sigma + 1]) << 3))
  let a = load<u64>(V + ia)
  let b = load<u64>(V + ib)
  let c = load<u64>(V + ic)
  let d = load<u64>(V + id)
  a = a + b + x
  d = rotr<u64>(d ^ a, 32)
  c = c + d
  b = rotr<u64>(b ^ c, 24)
  a = a + b + y
  d = rotr<u64>(d ^ a, 16)
  c = c + d
  b = rotr<u64>(b ^ c, 63)
  store<u64>(V + ia, a)
  store<u64>(V + ib, b)
  store<u64>(V + ic, c)
  store<u64>(V + id, d)
}
