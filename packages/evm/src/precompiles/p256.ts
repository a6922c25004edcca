// 0x100: ECDSA over P-256 (EIP-7951). Input: digest, r, s, x, y; output 1, or nothing for what does not verify.
import { p256 } from '@noble/curves/nist.js'
import { EMPTY_BYTES } from '@tan/primitives'
import type { Precompile } from './table.ts'

const INPUT_SIZE = 160
const ONE = new Uint8Array(32)
ONE[31] = 1

export const p256Verify: Precompile = {
  gas: () => 6900,
  run(input) {
    if (input.length !== INPUT_SIZE) return EMPTY_BYTES
    const publicKey = new Uint8Array(65)
    publicKey[0] = 4
    publicKey.set(input.subarray(96), 1)
    try {
      return p256.verify(input.slice(32, 96), input.slice(0, 32), publicKey, { prehash: false, lowS: false })
        ? ONE
        : EMPTY_BYTES
    } catch {
      return EMPTY_BYTES
    }
  },
}
