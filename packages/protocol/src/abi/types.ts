// Solidity's types as values that encode and decode: what the system contracts' interfaces are made of. Decoding takes
// what every encoder makes and refuses the rest (`abi/invalid`): it reads each byte once, in order, so that no offset can
// point twice at the same bytes and make more work than they pay for.
import {
  type Address,
  assert,
  bigIntToBytes,
  bytesToBigInt,
  bytesToUtf8,
  CodedError,
  concatBytes,
  fromHex,
  type Hash,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'

export interface AbiType<T> {
  /** as it stands in a signature: `uint256`, `(address,bytes)[]` */
  readonly name: string
  /** what stands in the head of the tuple around it: the value itself, or a word with the offset of a dynamic one */
  readonly headBytes: number
  readonly isDynamic: boolean
  encode(value: T): Uint8Array
  /** Reads the value, and leaves the reader behind it. Bytes share memory with what is read. */
  decode(reader: AbiReader): T
}

/** The bytes of a call, read from the first to the last. */
export interface AbiReader {
  readonly data: Uint8Array
  at: number
}

export type AbiTypes = readonly AbiType<unknown>[]
export type ValueOfType<T> = T extends AbiType<infer V> ? V : never
export type ValuesOf<T extends AbiTypes> = { readonly [K in keyof T]: ValueOfType<T[K]> }

export const WORD_BYTES = 32

// -------------------------------------------------------------------------------------------------- types of one word

function wordType<T>(name: string, encode: (value: T) => Uint8Array, decode: (word: Uint8Array) => T): AbiType<T> {
  return {
    name,
    headBytes: WORD_BYTES,
    isDynamic: false,
    encode,
    decode: reader => decode(read(reader, WORD_BYTES)),
  }
}

function uint(bits: number): AbiType<bigint> {
  const name = `uint${bits}`
  return wordType(
    name,
    value => {
      assert(value >= 0n && value >> BigInt(bits) === 0n, `${value} is not a ${name}`)
      return bigIntToBytes(value, WORD_BYTES)
    },
    word => {
      requireZeros(word, WORD_BYTES - bits / 8, name)
      return bytesToBigInt(word)
    },
  )
}

export const uint8: AbiType<bigint> = uint(8)
export const uint64: AbiType<bigint> = uint(64)
export const uint256: AbiType<bigint> = uint(256)

export const bool: AbiType<boolean> = wordType(
  'bool',
  value => bigIntToBytes(value ? 1n : 0n, WORD_BYTES),
  word => {
    requireZeros(word, WORD_BYTES - 1, 'bool')
    if (word[WORD_BYTES - 1]! > 1) throw invalid('a bool that is neither 0 nor 1')
    return word[WORD_BYTES - 1] === 1
  },
)

export const address: AbiType<Address> = wordType(
  'address',
  value => {
    const word = new Uint8Array(WORD_BYTES)
    word.set(fromHex(value), 12)
    return word
  },
  word => {
    requireZeros(word, 12, 'address')
    return toHex(word.subarray(12))
  },
)

export const bytes32: AbiType<Hash> = wordType('bytes32', fromHex, toHex)

// -------------------------------------------------------------------------------------------------- types of any size

export const bytes: AbiType<Uint8Array> = {
  name: 'bytes',
  headBytes: WORD_BYTES,
  isDynamic: true,
  encode(value) {
    const out = new Uint8Array(WORD_BYTES + padded(value.length))
    out.set(bigIntToBytes(BigInt(value.length), WORD_BYTES))
    out.set(value, WORD_BYTES)
    return out
  },
  decode(reader) {
    const size = readSize(reader)
    const value = read(reader, size)
    requireZeros(read(reader, padded(size) - size), padded(size) - size, 'the bytes that it pads')
    return value
  },
}

export const string: AbiType<string> = {
  name: 'string',
  headBytes: WORD_BYTES,
  isDynamic: true,
  encode: value => bytes.encode(utf8ToBytes(value)),
  decode(reader) {
    const utf8 = bytes.decode(reader)
    try {
      return bytesToUtf8(utf8)
    } catch {
      throw invalid('a text that is not UTF-8')
    }
  },
}

export function array<T>(element: AbiType<T>): AbiType<readonly T[]> {
  return {
    name: `${element.name}[]`,
    headBytes: WORD_BYTES,
    isDynamic: true,
    encode(values) {
      const elements = values.map(() => element)
      return concatBytes(bigIntToBytes(BigInt(values.length), WORD_BYTES), encodeParts(elements, values))
    },
    decode(reader) {
      const length = readSize(reader)
      // before anything is allocated: so many heads must be there
      if (length * element.headBytes > reader.data.length - reader.at)
        throw invalid(`an array of ${length} is cut short`)
      return decodeParts(new Array<AbiType<T>>(length).fill(element), reader)
    },
  }
}

/** A struct: its fields by name, in their order. */
export function struct<T extends object>(fields: { readonly [K in keyof T]: AbiType<T[K]> }): AbiType<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const types = names.map(name => fields[name] as AbiType<unknown>)
  const isDynamic = types.some(type => type.isDynamic)
  const size = types.reduce((sum, type) => sum + type.headBytes, 0)
  return {
    name: `(${types.map(type => type.name).join(',')})`,
    headBytes: isDynamic ? WORD_BYTES : size,
    isDynamic,
    encode: value =>
      encodeParts(
        types,
        names.map(name => value[name]),
      ),
    decode(reader) {
      const values = decodeParts(types, reader)
      return Object.fromEntries(names.map((name, i) => [name, values[i]])) as T
    },
  }
}

// -------------------------------------------------------------------------------------------------- parameters

export function encodeValues<T extends AbiTypes>(types: T, values: ValuesOf<T>): Uint8Array {
  return encodeParts(types, values)
}

/** Throws `abi/invalid`. Bytes after the last parameter are ignored, as by Solidity. */
export function decodeValues<T extends AbiTypes>(types: T, data: Uint8Array): ValuesOf<T> {
  return decodeParts(types, { data, at: 0 }) as ValuesOf<T>
}

function encodeParts(types: AbiTypes, values: readonly unknown[]): Uint8Array {
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  let tailAt = types.reduce((sum, type) => sum + type.headBytes, 0)
  types.forEach((type, i) => {
    const encoded = type.encode(values[i])
    if (!type.isDynamic) heads.push(encoded)
    else {
      heads.push(bigIntToBytes(BigInt(tailAt), WORD_BYTES))
      tails.push(encoded)
      tailAt += encoded.length
    }
  })
  return concatBytes(...heads, ...tails)
}

/** Heads first, then what is dynamic, each where its head says and where the one before ends. */
function decodeParts<T>(types: readonly AbiType<T>[], reader: AbiReader): T[] {
  const base = reader.at
  const values = new Array<T>(types.length)
  const tails: { readonly index: number; readonly at: number }[] = []
  for (let i = 0; i < types.length; i++) {
    const type = types[i]!
    if (type.isDynamic) tails.push({ index: i, at: base + readSize(reader) })
    else values[i] = type.decode(reader)
  }
  for (const { index, at } of tails) {
    if (at !== reader.at) throw invalid(`an offset to ${at} where ${reader.at} is next`)
    values[index] = types[index]!.decode(reader)
  }
  return values
}

/** A length or an offset: none that is right passes the data's size. */
function readSize(reader: AbiReader): number {
  const word = read(reader, WORD_BYTES)
  requireZeros(word, WORD_BYTES - 4, 'any offset or length')
  return new DataView(word.buffer, word.byteOffset + WORD_BYTES - 4).getUint32(0)
}

function read(reader: AbiReader, size: number): Uint8Array {
  const { data, at } = reader
  if (at + size > data.length) throw invalid(`${size} bytes at ${at} of ${data.length}`)
  reader.at = at + size
  return data.subarray(at, at + size)
}

function requireZeros(word: Uint8Array, count: number, name: string): void {
  for (let i = 0; i < count; i++) if (word[i] !== 0) throw invalid(`bits above ${name}`)
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / WORD_BYTES) * WORD_BYTES
}

function invalid(why: string): CodedError {
  return new CodedError('abi/invalid', `the call data does not decode: ${why}`)
}
