// What is made of the ABI text here is what viem makes of it, for every function and event.
import { fromHex, toHex } from '@tan/primitives'
import fc from 'fast-check'
import {
  type Abi,
  type AbiEvent,
  type AbiFunction,
  type AbiParameter,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionData,
  parseAbi,
  toEventSelector,
} from 'viem'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { PAYMENT_POOLS_ABI, STAKING_ABI, TAN_TOKEN_ABI } from './abi.ts'
import { paymentPools, staking, tanToken } from './interfaces.ts'

const contracts = [
  { name: 'TanToken', contract: tanToken, abi: parseAbi(TAN_TOKEN_ABI) as Abi },
  { name: 'Staking', contract: staking, abi: parseAbi(STAKING_ABI) as Abi },
  { name: 'PaymentPools', contract: paymentPools, abi: parseAbi(PAYMENT_POOLS_ABI) as Abi },
]

/** A value of ours, and the same as viem takes it. */
interface Sample {
  readonly ours: unknown
  readonly theirs: unknown
}

function samples(parameter: AbiParameter): fc.Arbitrary<Sample> {
  const { type } = parameter
  const same = (values: fc.Arbitrary<unknown>) => values.map(value => ({ ours: value, theirs: value }))
  const hex = (size: number) => fc.uint8Array({ minLength: size, maxLength: size }).map(toHex)
  if (type.endsWith('[]'))
    return fc
      .array(samples({ ...parameter, type: type.slice(0, -2) }), { maxLength: 3 })
      .map(list => ({ ours: list.map(({ ours }) => ours), theirs: list.map(({ theirs }) => theirs) }))
  if (type === 'tuple') return record((parameter as { components: readonly AbiParameter[] }).components)
  if (type === 'address') return same(hex(20))
  if (type === 'bytes32') return same(hex(32))
  if (type === 'bool') return same(fc.boolean())
  if (type === 'bytes') return fc.uint8Array({ maxLength: 80 }).map(value => ({ ours: value, theirs: toHex(value) }))
  if (type === 'string') return same(fc.string())
  const bits = Number(type.slice('uint'.length))
  return fc
    .bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n })
    .map(value => ({ ours: value, theirs: bits <= 48 ? Number(value) : value }))
}

function record(parameters: readonly AbiParameter[]): fc.Arbitrary<{ ours: Named; theirs: Named }> {
  return fc.tuple(...parameters.map(samples)).map(values => ({
    ours: Object.fromEntries(parameters.map(({ name }, i) => [name, values[i]!.ours])),
    theirs: Object.fromEntries(parameters.map(({ name }, i) => [name, values[i]!.theirs])),
  }))
}
type Named = Readonly<Record<string, unknown>>

describe.each(contracts)('$name', ({ contract, abi }) => {
  const loose = contract as unknown as {
    readonly address: `0x${string}`
    encodeCall(name: string, values: Named): Uint8Array
    decodeEvent(name: string, log: object): Named | undefined
    topicOf(name: string): string
  }

  it.each(abi.filter((item): item is AbiFunction => item.type === 'function'))('encodes calls of $name', item => {
    fc.assert(
      fc.property(record(item.inputs), ({ ours, theirs }) => {
        const args = item.inputs.map(({ name }) => theirs[name!])
        const data = encodeFunctionData({ abi, functionName: item.name, args })
        expect(toHex(loose.encodeCall(item.name, ours))).toBe(data)
      }),
      { numRuns: 20 },
    )
  })

  it.each(abi.filter((item): item is AbiEvent => item.type === 'event'))('decodes logs of $name', item => {
    expect(loose.topicOf(item.name)).toBe(toEventSelector(item))
    fc.assert(
      fc.property(record(item.inputs), ({ ours, theirs }) => {
        const topics = encodeEventTopics({ abi, eventName: item.name, args: theirs })
        const plain = item.inputs.filter(({ indexed }) => !indexed)
        const data = fromHex(
          encodeAbiParameters(
            plain,
            plain.map(({ name }) => theirs[name!]),
          ),
        )
        const log = { address: loose.address, topics, data }
        expect(loose.decodeEvent(item.name, log)).toEqual(ours)
        expect(loose.decodeEvent(item.name, { ...log, address: `0x${'00'.repeat(20)}` })).toBeUndefined()
        expect(loose.decodeEvent(item.name, { ...log, topics: [] })).toBeUndefined()
      }),
      { numRuns: 20 },
    )
  })
})

describe('the types of the values', () => {
  it('are those of the text', () => {
    expectTypeOf(tanToken.encodeCall<'transfer'>)
      .parameter(1)
      .toEqualTypeOf<{ readonly to: `0x${string}` } & { readonly amount: bigint }>()
    type Created = NonNullable<ReturnType<typeof paymentPools.decodeEvent<'PoolCreated'>>>
    expectTypeOf<Created['poolId']>().toEqualTypeOf<`0x${string}`>()
    expectTypeOf<Created['expiryHeight']>().toEqualTypeOf<bigint>()
    type Redeem = Parameters<typeof paymentPools.encodeCall<'redeem'>>[1]
    expectTypeOf<Redeem['redemptions'][number]['signature']>().toEqualTypeOf<Uint8Array>()
    // @ts-expect-error no such event
    expect(() => paymentPools.topicOf('PoolForgotten')).toThrow(/has no event/)
  })
})
