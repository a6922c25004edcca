// Typed, bounded, canonical encodings over RLP. A codec is a pair of functions; what travels in TAN is described by
// composing the ones below. Decoding rejects everything that encoding would not produce (`codec/invalid`, with the
// path).
import {
  type Address,
  bigIntToMinimalBytes,
  bytesToBigInt,
  bytesToUtf8,
  equalBytes,
  fromHex,
  type Hash,
  toHex,
  utf8ToBytes,
} from './bytes.ts'
import { assert, CodedError } from './errors.ts'
import { decodeRlp, encodeRlp, type RlpItem } from './rlp.ts'

export interface Codec<T> {
  /** maximum number of items of an encoding, lists included; decoding stops beyond that */
  readonly itemsMax: number
  /** Asserts that the value is within its bounds: our own values must be right. */
  toRlp(value: T): RlpItem
  /** Throws `codec/invalid` with the path of the wrong part. The result shares no memory with the item. */
  fromRlp(item: RlpItem, path: string): T
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  return encodeRlp(codec.toRlp(value))
}

/** Throws `rlp/invalid`, `codec/invalid`, or `codec/size` for more than `sizeMaxBytes`. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, sizeMaxBytes = Number.POSITIVE_INFINITY): T {
  if (bytes.length > sizeMaxBytes)
    throw new CodedError('codec/size', `${bytes.length} bytes where at most ${sizeMaxBytes} are allowed`)
  return codec.fromRlp(decodeRlp(bytes, codec.itemsMax), 'message')
}

/** Unsigned integer up to 2^53 - 1, as a number. */
export const uint: Codec<number> = {
  itemsMax: 1,
  toRlp(value) {
    assert(Number.isSafeInteger(value) && value >= 0, `not an unsigned safe integer: ${value}`)
    return bigIntToMinimalBytes(BigInt(value))
  },
  fromRlp(item, path) {
    const value = integerFromRlp(item, path, 8)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw invalid(path, `${value} is above 2^53 - 1`)
    return Number(value)
  },
}

function bigUint(sizeBytes: number): Codec<bigint> {
  const limit = 1n << BigInt(8 * sizeBytes)
  return {
    itemsMax: 1,
    toRlp(value) {
      assert(value >= 0n && value < limit, `not an unsigned integer of ${8 * sizeBytes} bits: ${value}`)
      return bigIntToMinimalBytes(value)
    },
    fromRlp: (item, path) => integerFromRlp(item, path, sizeBytes),
  }
}

function integerFromRlp(item: RlpItem, path: string, sizeMaxBytes: number): bigint {
  const bytes = bytesFromRlp(item, path)
  if (bytes.length > sizeMaxBytes) throw invalid(path, `an integer of ${bytes.length} bytes where ${sizeMaxBytes} fit`)
  if (bytes[0] === 0) throw invalid(path, 'an integer with leading zeros')
  return bytesToBigInt(bytes)
}

export const uint64: Codec<bigint> = bigUint(8)
export const uint256: Codec<bigint> = bigUint(32)

export const bool: Codec<boolean> = {
  itemsMax: 1,
  toRlp: value => bigIntToMinimalBytes(value ? 1n : 0n),
  fromRlp(item, path) {
    const value = integerFromRlp(item, path, 1)
    if (value > 1n) throw invalid(path, `${value} is neither 0 nor 1`)
    return value === 1n
  },
}

/** At most `sizeMaxBytes` bytes. */
export function bytes(sizeMaxBytes: number): Codec<Uint8Array> {
  return {
    itemsMax: 1,
    toRlp(value) {
      assert(value.length <= sizeMaxBytes, `${value.length} bytes where at most ${sizeMaxBytes} fit`)
      return value
    },
    fromRlp(item, path) {
      const value = bytesFromRlp(item, path)
      if (value.length > sizeMaxBytes)
        throw invalid(path, `${value.length} bytes where at most ${sizeMaxBytes} are allowed`)
      return value.slice()
    },
  }
}

/** Exactly `sizeBytes` bytes. */
export function fixedBytes(sizeBytes: number): Codec<Uint8Array> {
  return {
    itemsMax: 1,
    toRlp(value) {
      assert(value.length === sizeBytes, `${value.length} bytes where ${sizeBytes} must be`)
      return value
    },
    fromRlp: (item, path) => fixedFromRlp(item, path, sizeBytes).slice(),
  }
}

/** Exactly these bytes: for fields of a foreign format that TAN does not use. */
export function constant(expected: Uint8Array): Codec<undefined> {
  return {
    itemsMax: 1,
    toRlp: () => expected,
    fromRlp(item, path) {
      if (!equalBytes(bytesFromRlp(item, path), expected)) throw invalid(path, `must be ${toHex(expected)}`)
      return undefined
    },
  }
}

function fixedHex(sizeBytes: number): Codec<`0x${string}`> {
  return {
    itemsMax: 1,
    toRlp(value) {
      assert(value.length === 2 + 2 * sizeBytes, `${value} is not ${sizeBytes} bytes long`)
      return fromHex(value)
    },
    fromRlp: (item, path) => toHex(fixedFromRlp(item, path, sizeBytes)),
  }
}

export const hash: Codec<Hash> = fixedHex(32)
export const address: Codec<Address> = fixedHex(20)

/** UTF-8 text of at most `sizeMaxBytes` bytes. */
export function text(sizeMaxBytes: number): Codec<string> {
  const inner = bytes(sizeMaxBytes)
  return {
    itemsMax: 1,
    toRlp: value => inner.toRlp(utf8ToBytes(value)),
    fromRlp(item, path) {
      try {
        return bytesToUtf8(inner.fromRlp(item, path))
      } catch (error) {
        if (error instanceof CodedError && error.code === 'bytes/utf8') throw invalid(path, error.message)
        throw error
      }
    },
  }
}

/** At most `lengthMax` elements. */
export function list<T>(element: Codec<T>, lengthMax: number): Codec<readonly T[]> {
  return {
    itemsMax: 1 + lengthMax * element.itemsMax,
    toRlp(values) {
      assert(values.length <= lengthMax, `${values.length} elements where at most ${lengthMax} fit`)
      return values.map(value => element.toRlp(value))
    },
    fromRlp(item, path) {
      const items = listFromRlp(item, path)
      if (items.length > lengthMax)
        throw invalid(path, `${items.length} elements where at most ${lengthMax} are allowed`)
      return items.map((inner, i) => element.fromRlp(inner, `${path}[${i}]`))
    },
  }
}

/** An optional value: an empty list, or a list of one. */
export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    itemsMax: 1 + inner.itemsMax,
    toRlp: value => (value === undefined ? [] : [inner.toRlp(value)]),
    fromRlp(item, path) {
      const items = listFromRlp(item, path)
      if (items.length > 1) throw invalid(path, `${items.length} elements where at most one is allowed`)
      return items.length === 0 ? undefined : inner.fromRlp(items[0]!, path)
    },
  }
}

type Fields<T> = { readonly [K in keyof T]: Codec<T[K]> }

/** A record: a list of its fields, in the given order. */
export function struct<T extends object>(fields: Fields<T>): Codec<T> {
  const names = Object.keys(fields) as (keyof T & string)[]
  const codecs = names.map(name => fields[name])
  return {
    itemsMax: codecs.reduce((sum, field) => sum + field.itemsMax, 1),
    toRlp: value => names.map((name, i) => codecs[i]!.toRlp(value[name])),
    fromRlp(item, path) {
      const items = listFromRlp(item, path)
      if (items.length !== names.length) throw invalid(path, `${items.length} fields where ${names.length} must be`)
      const value = {} as T
      for (let i = 0; i < names.length; i++) value[names[i]!] = codecs[i]!.fromRlp(items[i]!, `${path}.${names[i]}`)
      return value
    },
  }
}

/** One of several records, told apart by `type`: `[number of the type, record]`. Numbers are part of the format: only append. */
export function union<T extends { readonly type: string }>(
  variants: {
    readonly [K in T['type']]: readonly [tag: number, codec: Codec<Omit<Extract<T, { type: K }>, 'type'>>]
  },
): Codec<T> {
  const byType = new Map<string, readonly [number, Codec<object>]>(Object.entries(variants))
  const byTag = new Map([...byType].map(([type, [tag, codec]]) => [tag, [type, codec]] as const))
  assert(byTag.size === byType.size, 'two variants of a union share a number')
  return {
    itemsMax: 2 + Math.max(...[...byType.values()].map(([, codec]) => codec.itemsMax)),
    toRlp(value) {
      const [tag, codec] = byType.get(value.type)!
      return [uint.toRlp(tag), codec.toRlp(value)]
    },
    fromRlp(item, path) {
      const items = listFromRlp(item, path)
      if (items.length !== 2) throw invalid(path, `${items.length} fields where 2 must be`)
      const variant = byTag.get(uint.fromRlp(items[0]!, `${path}.type`))
      if (variant === undefined) throw invalid(path, 'a type that this version does not know')
      return { type: variant[0], ...variant[1].fromRlp(items[1]!, `${path}.${variant[0]}`) } as unknown as T
    },
  }
}

function bytesFromRlp(item: RlpItem, path: string): Uint8Array {
  if (!(item instanceof Uint8Array)) throw invalid(path, 'a list where bytes must be')
  return item
}

function fixedFromRlp(item: RlpItem, path: string, sizeBytes: number): Uint8Array {
  const value = bytesFromRlp(item, path)
  if (value.length !== sizeBytes) throw invalid(path, `${value.length} bytes where ${sizeBytes} must be`)
  return value
}

function listFromRlp(item: RlpItem, path: string): readonly RlpItem[] {
  if (item instanceof Uint8Array) throw invalid(path, 'bytes where a list must be')
  return item
}

function invalid(path: string, why: string): CodedError {
  return new CodedError('codec/invalid', `${path}: ${why}`)
}
