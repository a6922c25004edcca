// Keys of accounts (secp256k1) and the aggregatable signature scheme of validators and guardians (BLS12-381).
import { backend } from '#crypto'
import { type Address, toHex } from './bytes.ts'
import type { AggregateScheme, P256, RecoverableSignature, Secp256k1 } from './crypto.ts'
import { CodedError } from './errors.ts'
import { keccak256 } from './hash.ts'

export const secp256k1: Secp256k1 = backend.secp256k1
export const p256: P256 = backend.p256
export const bls: AggregateScheme = backend.bls

/** Cryptographically secure; for keys, salts and nonces. Rooms below the runners take a `Random` instead. */
export const secureRandomBytes: (sizeBytes: number) => Uint8Array = backend.randomBytes

const ORDER_HALF = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** s in the lower half of the curve's order (EIP-2): the other half would be a second signature for the same message. */
export function isLowS(s: bigint): boolean {
  return s <= ORDER_HALF
}

/** Last 20 bytes of the hash of the uncompressed public key. */
export function addressOfPublicKey(publicKey: Uint8Array): Address {
  return toHex(keccak256(publicKey.subarray(1)).subarray(12))
}

/** Throws `keys/secret` if it is not a secret key. */
export function addressOfSecretKey(secretKey: Uint8Array): Address {
  const publicKey = secp256k1.publicKey(secretKey)
  if (publicKey === undefined)
    throw new CodedError('keys/secret', 'not a secp256k1 secret key (32 bytes, not 0, below the order)')
  return addressOfPublicKey(publicKey)
}

/** The account that signed, or undefined if the signature is invalid. */
export function recoverAddress(digest: Uint8Array, signature: RecoverableSignature): Address | undefined {
  const publicKey = secp256k1.recover(digest, signature.compact, signature.recovery)
  return publicKey === undefined ? undefined : addressOfPublicKey(publicKey)
}

/** 65 bytes: r, s and 27 or 28, as wallets and contracts use it. */
export function signatureToBytes(signature: RecoverableSignature): Uint8Array {
  const out = new Uint8Array(65)
  out.set(signature.compact)
  out[64] = 27 + signature.recovery
  return out
}

/** Throws `keys/signature` unless it is 65 bytes with a last one of 0, 1, 27 or 28. */
export function signatureFromBytes(bytes: Uint8Array): RecoverableSignature {
  const parity = (bytes[64] ?? 255) % 27
  if (bytes.length !== 65 || parity > 1 || bytes[64]! > 28)
    throw new CodedError('keys/signature', 'a signature is 65 bytes: r, s, and 27 or 28')
  return { compact: bytes.slice(0, 64), recovery: parity as 0 | 1 }
}

export function signDigest(digest: Uint8Array, secretKey: Uint8Array): RecoverableSignature {
  return secp256k1.sign(digest, secretKey)
}

/** For secrets: takes the same time wherever they differ. */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}
