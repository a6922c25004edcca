// Hash functions by name, on whichever backend runs.
import { backend } from '#crypto'
import { type Hash, toHex } from './bytes.ts'

/** 32 bytes: the original Keccak padding, as Ethereum uses it. */
export const keccak256: (data: Uint8Array) => Uint8Array = backend.keccak256
export const sha256: (data: Uint8Array) => Uint8Array = backend.sha256
export const ripemd160: (data: Uint8Array) => Uint8Array = backend.ripemd160

export function keccakHash(data: Uint8Array): Hash {
  return toHex(keccak256(data))
}
