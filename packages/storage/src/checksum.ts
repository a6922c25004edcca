// A checksum for each record that is not addressed by its hash, so that reads detect a flipped bit on disk.
import { CodedError, toHex } from '@tan/primitives'

const CHECKSUM_BYTES = 4

/** CRC-32C (Castagnoli), a bit at a time for each of the 256 bytes. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
})

/** Covers the key too: a record in the wrong place is as wrong as a changed one. */
function checksum(key: Uint8Array, content: Uint8Array): number {
  let crc = -1
  for (let i = 0; i < key.length; i++) crc = TABLE[(crc ^ key[i]!) & 255]! ^ (crc >>> 8)
  for (let i = 0; i < content.length; i++) crc = TABLE[(crc ^ content[i]!) & 255]! ^ (crc >>> 8)
  return ~crc
}

export function seal(key: Uint8Array, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(content.length + CHECKSUM_BYTES)
  out.set(content)
  const crc = checksum(key, content)
  for (let i = 0; i < CHECKSUM_BYTES; i++) out[content.length + i] = crc >>> (8 * i)
  return out
}

/** Throws `storage/corrupt`. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const content = sealed.subarray(0, Math.max(0, sealed.length - CHECKSUM_BYTES))
  const crc = checksum(key, content)
  for (let i = 0; i < CHECKSUM_BYTES; i++) {
    if (sealed[content.length + i] !== ((crc >>> (8 * i)) & 255))
      throw new CodedError(
        'storage/corrupt',
        `the record of ${toHex(key)} is damaged: restore the store, or sync again`,
      )
  }
  return content
}
