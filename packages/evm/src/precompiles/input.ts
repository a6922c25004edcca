// Reading of precompile inputs: bytes beyond the end are zeros.
import { bytesToBigInt } from '@tan/primitives'

/** A copy of `size` bytes from `from`. */
export function padded(input: Uint8Array, from: number, size: number): Uint8Array {
  const out = new Uint8Array(size)
  if (from < input.length) out.set(input.subarray(from, from + size))
  return out
}

export function wordAt(input: Uint8Array, from: number): bigint {
  return bytesToBigInt(padded(input, from, 32))
}

export function wordsOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 32)
}
