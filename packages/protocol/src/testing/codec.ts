// For this room's tests: what every encoding must do, and how damaged bytes are made.
import { type Codec, CodedError, decode, encode, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { expect } from 'vitest'

export const bytesOf = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size })
export const hexOf = (size: number): fc.Arbitrary<`0x${string}`> => bytesOf(size).map(toHex)
export const uint: fc.Arbitrary<number> = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat())
export const bigUint = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }))

/** A few bytes changed, put in or left out. */
export function damaged(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.nat({ max: 255 }),
    how: fc.constantFrom('set', 'insert', 'remove'),
  })
  return fc.tuple(bytes, fc.array(change, { minLength: 1, maxLength: 3 })).map(([good, changes]) => {
    const out = [...good]
    for (const { at, byte, how } of changes) {
      const place = out.length === 0 ? 0 : at % out.length
      out.splice(place, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [byte]))
    }
    return Uint8Array.from(out)
  })
}

/** Values come back; what decodes, however damaged, is what would be encoded so; the rest is refused with a code. */
export function checkCodec<T>(codec: Codec<T>, values: fc.Arbitrary<T>, runs = 200): void {
  checkEncoding(
    value => encode(codec, value),
    bytes => decode(codec, bytes),
    values,
    runs,
  )
}

export function checkEncoding<T>(
  encodeValue: (value: T) => Uint8Array,
  decodeValue: (bytes: Uint8Array) => T,
  values: fc.Arbitrary<T>,
  runs = 200,
): void {
  fc.assert(
    fc.property(values, value => {
      expect(decodeValue(encodeValue(value))).toEqual(value)
    }),
    { numRuns: runs },
  )
  fc.assert(
    fc.property(fc.oneof(damaged(values.map(encodeValue)), fc.uint8Array({ maxLength: 100 })), bytes => {
      let value: T
      try {
        value = decodeValue(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(CodedError)
        return
      }
      expect(toHex(encodeValue(value))).toBe(toHex(bytes))
    }),
    { numRuns: 3 * runs },
  )
}
