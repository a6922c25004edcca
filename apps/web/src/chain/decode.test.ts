import type { Address, Hash } from '@tan/primitives'
import { PAYMENT_POOLS_ABI, REDEMPTION_CODES, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import {
  encodeAbiParameters,
  encodeErrorResult,
  encodeEventTopics,
  encodeFunctionData,
  parseAbi,
  toFunctionSelector,
} from 'viem'
import { describe, expect, test } from 'vitest'
import { decodeCall, decodeEvent, decodeRevert, mainValue } from './decode.ts'

const alice: Address = `0x${'a1'.repeat(20)}`
const poolId: Hash = `0x${'0f'.repeat(32)}`
const pools = parseAbi(PAYMENT_POOLS_ABI)

describe('calls', () => {
  test('a transfer of TAN', () => {
    const input = encodeFunctionData({ abi: parseAbi(TAN_TOKEN_ABI), functionName: 'transfer', args: [alice, 5n] })
    const call = decodeCall(SYSTEM_ADDRESSES.tanToken, input)!
    expect(call).toEqual({
      contract: 'TAN token',
      name: 'transfer',
      values: [
        { name: 'to', value: { kind: 'address', address: alice } },
        { name: 'amount', value: { kind: 'amount', wei: 5n, currency: 'TAN' } },
      ],
    })
    expect(mainValue(call)?.name).toBe('amount')
  })

  test('a batch of redemptions keeps the fields of each', () => {
    const redemption = {
      poolId,
      target: alice,
      amount: 7n,
      targetSettlementSequence: 3n,
      chainAnchor: poolId,
      chainLength: 512n,
      unit: 2n,
      signature: '0x11',
      preimage: poolId,
      index: 9n,
    } as const
    const input = encodeFunctionData({ abi: pools, functionName: 'redeem', args: [[redemption, redemption]] })
    const value = decodeCall(SYSTEM_ADDRESSES.paymentPools, input)!.values[0]!.value
    if (value.kind !== 'list') throw new Error(`a ${value.kind}`)
    expect(value.items).toHaveLength(2)
    expect(value.items[0]).toMatchObject({
      kind: 'fields',
      fields: expect.arrayContaining([
        { name: 'pool id', value: { kind: 'pool', poolId } },
        { name: 'amount', value: { kind: 'amount', wei: 7n, currency: 'TANGam' } },
        { name: 'index', value: { kind: 'plain', text: '9' } },
      ]),
    })
  })

  test('what is no system call is not decoded', () => {
    expect(decodeCall(alice, '0x12345678')).toBeUndefined()
    expect(decodeCall(null, '0x')).toBeUndefined()
    expect(decodeCall(SYSTEM_ADDRESSES.tanToken, '0x')).toBeUndefined()
    expect(decodeCall(SYSTEM_ADDRESSES.tanToken, '0xffffffff')).toBeUndefined()
    expect(decodeCall(SYSTEM_ADDRESSES.tanToken, toFunctionSelector('transfer(address,uint256)'))).toBeUndefined()
  })
})

test('events, in the order of the interface', () => {
  const topics = encodeEventTopics({ abi: pools, eventName: 'Redeemed', args: { poolId, target: alice } }) as Hash[]
  const data = encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint8' }], [8n, 6n, 2])
  expect(decodeEvent({ address: SYSTEM_ADDRESSES.paymentPools, topics, data })).toEqual({
    contract: 'Payment pools',
    name: 'Redeemed',
    values: [
      { name: 'pool id', value: { kind: 'pool', poolId } },
      { name: 'target', value: { kind: 'address', address: alice } },
      { name: 'shown', value: { kind: 'amount', wei: 8n, currency: 'TANGam' } },
      { name: 'paid', value: { kind: 'amount', wei: 6n, currency: 'TANGam' } },
      { name: 'code', value: { kind: 'plain', text: REDEMPTION_CODES[2] } },
    ],
  })
  expect(decodeEvent({ address: SYSTEM_ADDRESSES.paymentPools, topics: [poolId], data: '0x' })).toBeUndefined()
})

test('why a call was reverted', () => {
  const data = encodeErrorResult({ abi: parseAbi(STAKING_ABI), errorName: 'NothingToClaim', args: [1200n] })
  expect(decodeRevert(SYSTEM_ADDRESSES.staking, data)).toEqual({
    contract: 'Staking',
    name: 'NothingToClaim',
    values: [{ name: 'claimable height', value: { kind: 'height', height: 1200 } }],
  })
})
