// 0x02 SHA-256, 0x03 RIPEMD-160, 0x04 identity.
import { ripemd160, sha256 } from '@tan/primitives'
import { wordsOf } from './input.ts'
import type { Precompile } from './precompile.ts'

export const sha: Precompile = {
  gas: input => 60 + 12 * wordsOf(input.length),
  run: sha256,
}

export const ripemd: Precompile = {
  gas: input => 600 + 120 * wordsOf(input.length),
  run(input) {
    const out = new Uint8Array(32)
    out.set(ripemd160(input), 12)
    return out
  },
}

export const identity: Precompile = {
  gas: input => 15 + 3 * wordsOf(input.length),
  run: input => input,
}
