// 0x100: ECDSA over P-256 (EIP-7951). Input: digest, r, s, x, y; output 1, or nothing for what does not verify.
import { EMPTY_BYTES, p256 } from '@tan/primitives'
import type { Precompile } from './precompile.ts'

const INPUT_SIZE = 160
const ONE = new Uint8Array(32)
ONE[31] = 1

export const p256Verify: Precompile = {
  gas: () => 6900,
  run(input) {
    if (input.length !== INPUT_SIZE) return EMPTY_BYTES
    return p256.verify(input.slice(0, 32), input.slice(32, 96), input.slice(96)) ? ONE : EMPTY_BYTES
  },
}
