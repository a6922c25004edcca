// 0x01: the address that signed a digest. Input: digest, v (27 or 28), r, s; no output for what is no signature.
import { EMPTY_BYTES, keccak256, secp256k1 } from '@tan/primitives'
import { padded } from './input.ts'
import type { Precompile } from './precompile.ts'

export const ecrecover: Precompile = {
  gas: () => 3000,
  run(input) {
    const data = padded(input, 0, 128)
    const v = data[63]!
    if ((v !== 27 && v !== 28) || data.subarray(32, 63).some(byte => byte !== 0)) return EMPTY_BYTES
    const publicKey = secp256k1.recover(data.subarray(0, 32), data.subarray(64, 128), v - 27)
    if (publicKey === undefined) return EMPTY_BYTES
    const out = keccak256(publicKey.subarray(1))
    out.fill(0, 0, 12)
    return out
  },
}
