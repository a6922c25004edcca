// Messages of tests: of any size, told apart by a number, compared by digest.
import { bigIntToBytes, bytesToBigInt, concatBytes, sha256, toHex } from '@tan/primitives'

/** Bytes that differ from place to place and from seed to seed. */
export function filled(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let i = 0; i < sizeBytes; i++) bytes[i] = i * 31 + (i >>> 8) + seed
  return bytes
}

/** A message with a number in front. */
export function numbered(number: number, sizeBytes: number): Uint8Array {
  return concatBytes(bigIntToBytes(BigInt(number), 4), filled(sizeBytes, number))
}

export function readNumber(message: Uint8Array): number {
  return Number(bytesToBigInt(message.subarray(0, 4)))
}

/** To compare large messages without printing them. */
export function digest(message: Uint8Array): string {
  return `${message.length} bytes, ${toHex(sha256(message))}`
}
