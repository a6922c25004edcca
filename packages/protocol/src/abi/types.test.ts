import { concatBytes, fromHex, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { decodeAbiParameters, encodeAbiParameters, type Hex } from 'viem'
import { describe, expect, it } from 'vitest'
import {
  type AbiType,
  address,
  array,
  bool,
  bytes,
  bytes32,
  decodeValues,
  encodeValues,
  string,
  struct,
  uint8,
  uint64,
  uint256,
} from './types.ts'

/** A type of ours with the same one for viem, values of it, and how viem shows them. */
interface Sample {
  readonly type: AbiType<unknown>
  readonly parameter: Parameter
  readonly values: fc.Arbitrary<unknown>
  toViem(value: never): unknown
}
interface Parameter {
  readonly type: string
  readonly name?: string
  readonly components?: readonly Parameter[]
}

const same = (value: unknown) => value
const uintSample = (type: AbiType<bigint>, bits: number): Sample => ({
  type,
  parameter: { type: type.name },
  values: fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }),
  toViem: (value: bigint) => (bits <= 48 ? Number(value) : value),
})
const hex = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(toHex)
const leaves: Sample[] = [
  uintSample(uint8, 8),
  uintSample(uint64, 64),
  uintSample(uint256, 256),
  { type: bool, parameter: { type: 'bool' }, values: fc.boolean(), toViem: same },
  { type: address, parameter: { type: 'address' }, values: hex(20), toViem: same },
  { type: bytes32, parameter: { type: 'bytes32' }, values: hex(32), toViem: same },
  {
    type: bytes,
    parameter: { type: 'bytes' },
    values: fc.uint8Array({ maxLength: 100 }),
    toViem: (value: Uint8Array) => toHex(value),
  },
  { type: string, parameter: { type: 'string' }, values: fc.string({ unit: 'binary', maxLength: 40 }), toViem: same },
]

const samples: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>(tie => ({
  sample: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.constantFrom(...leaves),
    tie('sample').map(
      ({ type, parameter, values, toViem }): Sample => ({
        type: array(type),
        parameter: { ...parameter, type: `${parameter.type}[]` },
        values: fc.array(values, { maxLength: 4 }),
        toViem: (list: never[]) => list.map(toViem),
      }),
    ),
    fc.array(tie('sample'), { minLength: 1, maxLength: 4 }).map((parts): Sample => {
      const named = parts.map((part, i) => [`f${i}`, part] as const)
      return {
        type: struct(Object.fromEntries(named.map(([name, part]) => [name, part.type]))),
        parameter: { type: 'tuple', components: named.map(([name, part]) => ({ ...part.parameter, name })) },
        values: fc.record(Object.fromEntries(named.map(([name, part]) => [name, part.values]))),
        toViem: (value: Record<string, never>) =>
          Object.fromEntries(named.map(([name, part]) => [name, part.toViem(value[name] as never)])),
      }
    }),
  ),
})).sample

const parameters = fc
  .array(samples, { maxLength: 4 })
  .chain(list => fc.record({ list: fc.constant(list), values: fc.tuple(...list.map(sample => sample.values)) }))

describe('types of the ABI', () => {
  it('encode and decode as viem does', () => {
    fc.assert(
      fc.property(parameters, ({ list, values }) => {
        const types = list.map(sample => sample.type)
        const encoded = encodeValues(types, values)
        const forViem = values.map((value, i) => list[i]!.toViem(value as never))
        const viemTypes = list.map(sample => sample.parameter)
        expect(toHex(encoded)).toBe(encodeAbiParameters(viemTypes, forViem))
        expect(decodeValues(types, encoded)).toEqual(values)
      }),
      { numRuns: 300 },
    )
  })

  it('refuse, with a code, or decode as viem does whatever bytes come', () => {
    const mutated = parameters.chain(({ list, values }) => {
      const types = list.map(sample => sample.type)
      const encoded = encodeValues(types, values)
      const mutation = fc.record({ at: fc.nat({ max: Math.max(0, encoded.length - 1) }), byte: fc.nat({ max: 255 }) })
      return fc.record({
        list: fc.constant(list),
        data: fc.tuple(fc.array(mutation, { maxLength: 3 }), fc.nat({ max: 40 })).map(([mutations, cut]) => {
          const data = encoded.slice(0, encoded.length - Math.min(cut, encoded.length))
          for (const { at, byte } of mutations) if (at < data.length) data[at] = byte
          return data
        }),
      })
    })
    fc.assert(
      fc.property(mutated, ({ list, data }) => {
        const types = list.map(sample => sample.type)
        let ours: unknown[]
        try {
          ours = [...decodeValues(types, data)]
        } catch (error) {
          expect(error).toMatchObject({ code: 'abi/invalid' })
          return
        }
        const viemTypes = list.map(sample => sample.parameter)
        // viem refuses some that Solidity takes (overlapping tails above its read limit): then there is nothing to compare
        let theirs: readonly unknown[]
        try {
          theirs = decodeAbiParameters(viemTypes, toHex(data) as Hex) as readonly unknown[]
        } catch {
          return
        }
        expect(
          JSON.stringify(
            ours.map((value, i) => list[i]!.toViem(value as never)),
            show,
          ).toLowerCase(),
        ).toBe(JSON.stringify(theirs, show).toLowerCase())
      }),
      { numRuns: 500 },
    )
  })

  it('refuse a length or an offset that points outside, before they allocate', () => {
    const word = (value: bigint) => fromHex(`0x${value.toString(16).padStart(64, '0')}`)
    for (const size of [1n, 2n ** 31n, 2n ** 53n, 2n ** 256n - 1n]) {
      expect(() => decodeValues([array(uint256)], concatBytes(word(32n), word(size)))).toThrow(/does not decode/)
      expect(() => decodeValues([bytes], concatBytes(word(32n), word(size)))).toThrow(/does not decode/)
      expect(() => decodeValues([bytes], concatBytes(word(size), word(0n)))).toThrow(/does not decode/)
    }
  })

  it('refuse offsets that lead twice to the same bytes, leave gaps or go backwards', () => {
    const pair = [bytes, bytes]
    const good = encodeValues(pair, [Uint8Array.of(1), Uint8Array.of(2)])
    expect(decodeValues(pair, good)).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    const twice = good.slice()
    twice.set(good.subarray(0, 32), 32)
    const gap = concatBytes(good.subarray(0, 64), new Uint8Array(32), good.subarray(64))
    gap[31]! += 32
    gap[63]! += 32
    const swapped = concatBytes(good.subarray(32, 64), good.subarray(0, 32), good.subarray(64))
    for (const data of [twice, gap, swapped]) expect(() => decodeValues(pair, data)).toThrow(/an offset to/)
    const dirty = good.slice()
    dirty[dirty.length - 1] = 1
    expect(() => decodeValues(pair, dirty)).toThrow(/bits above the bytes that it pads/)
    // what follows the last value is nobody's, as tags that wallets append
    expect(decodeValues(pair, concatBytes(good, Uint8Array.of(9)))).toEqual(decodeValues(pair, good))
  })

  it('refuse words that are wider than their type', () => {
    const wide = fromHex(`0x01${'00'.repeat(31)}`)
    for (const type of [uint8, uint64, bool, address]) expect(() => decodeValues([type], wide)).toThrow(/bits above/)
    expect(() => decodeValues([bool], fromHex(`0x${'00'.repeat(31)}02`))).toThrow(/neither 0 nor 1/)
  })
})

function show(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
