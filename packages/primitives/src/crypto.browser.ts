// Backend for browsers: noble only, no WebAssembly, no Node.
import { ripemd160 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bls, p256, secp256k1 } from './crypto.pure.ts'
import type { CryptoBackend } from './crypto.ts'

export const backend: CryptoBackend = {
  keccak256: keccak_256,
  sha256,
  ripemd160,
  randomBytes: sizeBytes => globalThis.crypto.getRandomValues(new Uint8Array(sizeBytes)),
  secp256k1,
  p256,
  bls,
}
