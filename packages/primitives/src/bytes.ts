// Bytes and their hexadecimal form. Identities that are compared and used as keys (hashes, addresses) travel through the
// code as lower-case `Hex`, so that `===` is right; content (signatures, keys, bodies) stays `Uint8Array`.
import { CodedError } from './errors.ts'

/** `0x` and an even number of lower-case hexadecimal digits. */
export type Hex = `0x${string}`
/** 32 bytes as Hex. */
export type Hash = Hex
/** 20 bytes as Hex. */
export type Address = Hex

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)
export const ZERO_HASH: Hash = `0x${'00'.repeat(32)}`
export const ZERO_ADDRESS: Address = `0x${'00'.repeat(20)}`

const HEX_BYTE = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))
const native = Uint8Array.prototype as { toHex?(): string }

export function toHex(bytes: Uint8Array): Hex {
  if (native.toHex !== undefined) return `0x${native.toHex.call(bytes)}`
  let text = '0x'
  for (let i = 0; i < bytes.length; i++) text += HEX_BYTE[bytes[i]!]
  return text as Hex
}

const NIBBLE = new Int8Array(128).fill(-1)
for (let i = 0; i < 16; i++) {
  NIBBLE['0123456789abcdef'.charCodeAt(i)] = i
  NIBBLE['0123456789ABCDEF'.charCodeAt(i)] = i
}

/** Bytes of a `0x` string with an even number of digits, of either case. Throws `bytes/hex`. */
export function fromHex(text: string): Uint8Array {
  const bytes = tryFromHex(text)
  if (bytes === undefined)
    throw new CodedError('bytes/hex', `not a 0x-prefixed hexadecimal byte string: ${shorten(text)}`)
  return bytes
}

function tryFromHex(text: string): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length % 2 !== 0 || text.charCodeAt(0) !== 48 || text.charCodeAt(1) !== 120)
    return undefined
  const bytes = new Uint8Array(text.length / 2 - 1)
  for (let i = 0, at = 2; i < bytes.length; i++, at += 2) {
    const high = text.charCodeAt(at)
    const low = text.charCodeAt(at + 1)
    const value = high > 127 || low > 127 ? -1 : (NIBBLE[high]! << 4) | NIBBLE[low]!
    if (value < 0) return undefined
    bytes[i] = value
  }
  return bytes
}

/** Whether it is `0x` and hexadecimal digits of whole bytes (`sizeBytes` of them, if given). */
export function isHex(value: unknown, sizeBytes?: number): value is Hex {
  if (typeof value !== 'string' || (sizeBytes !== undefined && value.length !== 2 + 2 * sizeBytes)) return false
  return tryFromHex(value) !== undefined
}

export function isBytes(value: unknown, sizeBytes?: number): value is Uint8Array {
  return value instanceof Uint8Array && (sizeBytes === undefined || value.length === sizeBytes)
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const part of parts) size += part.length
  const out = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order, as every key-value engine keeps it: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const size = Math.min(a.length, b.length)
  for (let i = 0; i < size; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

// Integers pass through 32 bytes of scratch as 64-bit limbs: several times as fast as by hexadecimal text.
const WORD_BYTES = 32
const word = new Uint8Array(WORD_BYTES)
const limbs = new DataView(word.buffer)
const WORD_LIMIT = 1n << 256n
const LIMB_LIMIT = 1n << 64n

/** Writes a value below 2^256 into the scratch. Returns the index of its first non-zero byte. */
function writeWord(value: bigint): number {
  let rest = value
  let at = WORD_BYTES - 8
  while (rest >= LIMB_LIMIT) {
    limbs.setBigUint64(at, rest & 0xffffffffffffffffn)
    rest >>= 64n
    at -= 8
  }
  limbs.setBigUint64(at, rest)
  while (at < WORD_BYTES && word[at] === 0) at++
  return at
}

/** Big-endian unsigned integer of any length; no bytes mean 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  const size = bytes.length
  if (size > WORD_BYTES) return BigInt(toHex(bytes))
  if (size <= 6) {
    let small = 0
    for (let i = 0; i < size; i++) small = small * 256 + bytes[i]!
    return BigInt(small)
  }
  const limbCount = (size + 7) >> 3
  word.fill(0, WORD_BYTES - 8 * limbCount, WORD_BYTES - size)
  word.set(bytes, WORD_BYTES - size)
  let value = limbs.getBigUint64(WORD_BYTES - 8 * limbCount)
  for (let i = limbCount - 1; i > 0; i--) value = (value << 64n) | limbs.getBigUint64(WORD_BYTES - 8 * i)
  return value
}

/** Big-endian unsigned integer, exactly `sizeBytes` long. Throws `bytes/overflow`. */
export function bigIntToBytes(value: bigint, sizeBytes: number): Uint8Array {
  if (value >= 0n && value < WORD_LIMIT) {
    const at = writeWord(value)
    if (WORD_BYTES - at <= sizeBytes) {
      const bytes = new Uint8Array(sizeBytes)
      bytes.set(word.subarray(at), sizeBytes - (WORD_BYTES - at))
      return bytes
    }
  }
  const digits = value.toString(16)
  if (value < 0n || digits.length > 2 * sizeBytes)
    throw new CodedError('bytes/overflow', `${value} does not fit into ${sizeBytes} unsigned bytes`)
  return fromHex(`0x${digits.padStart(2 * sizeBytes, '0')}`)
}

/** Big-endian unsigned integer without leading zeros; 0 is empty (the form that RLP requires). */
export function bigIntToMinimalBytes(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY_BYTES
  if (value < 0n) throw new CodedError('bytes/overflow', `${value} is negative`)
  if (value < WORD_LIMIT) return word.slice(writeWord(value))
  const digits = value.toString(16)
  return fromHex(`0x${digits.length % 2 ? '0' : ''}${digits}`)
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export function utf8ToBytes(text: string): Uint8Array {
  return encoder.encode(text)
}

/** Throws `bytes/utf8` if the bytes are not well-formed UTF-8. */
export function bytesToUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new CodedError('bytes/utf8', 'the bytes are not well-formed UTF-8', { cause })
  }
}

/** A value for an error message: short, and on one line. */
export function shorten(value: unknown, most = 80): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, bigIntAsText) ?? String(value))
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length} characters)`
}

function bigIntAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
