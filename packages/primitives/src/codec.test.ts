import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from './bytes.ts'
import * as codec from './codec.ts'
import { AssertionError, CodedError } from './errors.ts'
import { encodeRlp, type RlpItem } from './rlp.ts'

type Shape =
  | { readonly type: 'circle'; readonly radius: number }
  | { readonly type: 'label'; readonly text: string; readonly at: readonly bigint[] }

const record = codec.struct({
  count: codec.uint,
  wide: codec.uint64,
  word: codec.uint256,
  flag: codec.bool,
  data: codec.bytes(40),
  fixed: codec.fixedBytes(4),
  nothing: codec.constant(Uint8Array.of(7)),
  hash: codec.hash,
  address: codec.address,
  name: codec.text(30),
  list: codec.list(codec.uint, 5),
  maybe: codec.optional(codec.uint),
  shape: codec.union<Shape>({
    circle: [1, codec.struct({ radius: codec.uint })],
    label: [4, codec.struct({ text: codec.text(20), at: codec.list(codec.uint256, 3) })],
  }),
})

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const uint = fc.maxSafeNat()
const word = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })
const ascii = (most: number) => fc.string({ maxLength: most })

const values: fc.Arbitrary<codec.ValueOf<typeof record>> = fc.record({
  count: uint,
  wide: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  word,
  flag: fc.boolean(),
  data: fc.uint8Array({ maxLength: 40 }),
  fixed: bytes(4),
  nothing: fc.constant(undefined),
  hash: bytes(32).map(toHex),
  address: bytes(20).map(toHex),
  name: ascii(30),
  list: fc.array(uint, { maxLength: 5 }),
  maybe: fc.option(uint, { nil: undefined }),
  shape: fc.oneof(
    fc.record({ type: fc.constant('circle' as const), radius: uint }),
    fc.record({ type: fc.constant('label' as const), text: ascii(20), at: fc.array(word, { maxLength: 3 }) }),
  ),
})

describe('codecs', () => {
  it('give back what they encoded, in memory of its own', () => {
    fc.assert(
      fc.property(values, value => {
        const encoded = codec.encode(record, value)
        const decoded = codec.decode(record, encoded)
        expect(decoded).toEqual(value)
        encoded.fill(0xff)
        expect(decoded).toEqual(value)
      }),
    )
  })

  it('accept nothing that they would not have made', () => {
    const damaged = fc.tuple(values, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 2 }))
    fc.assert(
      fc.property(damaged, ([value, changes]) => {
        const encoded = codec.encode(record, value)
        for (const [at, byte] of changes) encoded[at % encoded.length] = byte
        let decoded: codec.ValueOf<typeof record>
        try {
          decoded = codec.decode(record, encoded)
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError)
          return
        }
        expect(toHex(codec.encode(record, decoded))).toBe(toHex(encoded))
      }),
      { numRuns: 2_000 },
    )
  })

  it('say which part is wrong', () => {
    const good = fc.sample(values, { numRuns: 1, seed: 1 })[0]!
    const refused = (changes: Record<string, unknown>, part: RegExp) => {
      const parts = record.toRlp(good) as unknown[]
      const names = Object.keys(good)
      for (const [name, item] of Object.entries(changes)) parts[names.indexOf(name)] = item
      expect(() => codec.decode(record, encodeRlp(parts as never))).toThrow(part)
    }
    refused({ count: new Uint8Array(8).fill(255) }, /message\.count: .* above 2\^53/)
    refused({ count: Uint8Array.of(0, 1) }, /message\.count: .*leading zeros/)
    refused({ count: [] }, /message\.count: a list/)
    refused({ wide: new Uint8Array(9).fill(1) }, /message\.wide: an integer of 9 bytes/)
    refused({ flag: Uint8Array.of(2) }, /message\.flag: 2 is neither/)
    refused({ data: new Uint8Array(41) }, /message\.data: 41 bytes/)
    refused({ fixed: new Uint8Array(3) }, /message\.fixed: 3 bytes where 4/)
    refused({ nothing: Uint8Array.of(8) }, /message\.nothing: must be 0x07/)
    refused({ name: Uint8Array.of(0xff) }, /message\.name: .*UTF-8/)
    refused({ list: [1, 2, 3, 4, 5, 6].map(i => Uint8Array.of(i)) }, /message\.list: 6 elements/)
    refused({ maybe: [Uint8Array.of(1), Uint8Array.of(2)] }, /message\.maybe: 2 elements/)
    refused({ shape: [Uint8Array.of(3), []] }, /message\.shape: a type that this version does not know/)
    refused({ shape: [Uint8Array.of(1), []] }, /message\.shape\.circle: 0 fields/)
  })

  it('know how many items an encoding has at most, and refuse more', () => {
    const countOf = (item: RlpItem): number =>
      item instanceof Uint8Array ? 1 : item.reduce((sum: number, inner) => sum + countOf(inner), 1)
    fc.assert(
      fc.property(values, value => {
        expect(countOf(record.toRlp(value))).toBeLessThanOrEqual(record.itemsMax)
      }),
    )
    const pair = codec.struct({ few: codec.list(codec.uint, 2), more: codec.optional(codec.list(codec.bool, 3)) })
    const fullest = { few: [1, 2], more: [true, false, true] }
    expect(countOf(pair.toRlp(fullest))).toBe(pair.itemsMax)
    expect(codec.decode(pair, codec.encode(pair, fullest))).toEqual(fullest)
    const bomb = encodeRlp([Array.from({ length: 1_000 }, () => Uint8Array.of(1)), []])
    expect(() => codec.decode(pair, bomb)).toThrow(/more items/)
  })

  it('refuse too many bytes before they look at them', () => {
    expect(() => codec.decode(codec.uint, new Uint8Array(100), 99)).toThrowError(
      expect.objectContaining({ code: 'codec/size' }),
    )
  })

  it('assert that what we make ourselves is within its bounds', () => {
    const broken: [codec.Codec<unknown>, unknown][] = [
      [codec.uint, -1],
      [codec.uint, 0.5],
      [codec.uint, 2 ** 53],
      [codec.uint64, 2n ** 64n],
      [codec.bytes(1), new Uint8Array(2)],
      [codec.fixedBytes(1), new Uint8Array(2)],
      [codec.hash, '0x12'],
      [codec.list(codec.uint, 1), [1, 2]],
    ]
    for (const [type, value] of broken) expect(() => codec.encode(type, value)).toThrow(AssertionError)
  })
})
