// Three descriptions of one interface: the tables that answer calls, the ABI that wallets call by, and the Solidity that
// contracts are written against. Here the first two; contracts/ has its own test.
import { PAYMENT_POOLS_ABI, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import { type Abi, type AbiEvent, type AbiFunction, parseAbi, toEventSelector, toFunctionSelector } from 'viem'
import { formatAbiParams } from 'viem/utils'
import { describe, expect, it } from 'vitest'
import { paymentPools } from './payment-pools/contract.ts'
import { staking } from './staking.ts'
import { tanToken } from './tan-token.ts'

const contracts = [
  { name: 'TanToken', contract: tanToken, abi: parseAbi(TAN_TOKEN_ABI) as Abi, at: SYSTEM_ADDRESSES.tanToken },
  { name: 'Staking', contract: staking, abi: parseAbi(STAKING_ABI) as Abi, at: SYSTEM_ADDRESSES.staking },
  {
    name: 'PaymentPools',
    contract: paymentPools,
    abi: parseAbi(PAYMENT_POOLS_ABI) as Abi,
    at: SYSTEM_ADDRESSES.paymentPools,
  },
]

describe.each(contracts)('$name', ({ contract, abi, at }) => {
  // spec L-SYSTEM
  it('stands where it should', () => {
    expect(contract.address).toBe(at)
  })

  it('has the functions of its ABI, with their outputs and mutability', () => {
    const ours = [...contract.functions.values()].map(({ selector, name, inputs, outputs, mutability }) => ({
      selector,
      name,
      inputs: inputs.map(type => type.name).join(','),
      outputs: outputs.map(type => type.name).join(','),
      mutability,
    }))
    const theirs = abi
      .filter((item): item is AbiFunction => item.type === 'function')
      .map(item => ({
        selector: toFunctionSelector(item),
        name: item.name,
        inputs: canonical(item.inputs),
        outputs: canonical(item.outputs),
        mutability: item.stateMutability,
      }))
    expect(bySelector(ours)).toEqual(bySelector(theirs))
  })

  it('has its events, with the same topics indexed', () => {
    const ours = contract.events.map(({ topic, name, inputs }) => ({
      selector: topic,
      name,
      inputs: inputs.map(({ type, isIndexed }) => type.name + (isIndexed ? ' indexed' : '')).join(','),
    }))
    const theirs = abi
      .filter((item): item is AbiEvent => item.type === 'event')
      .map(item => ({
        selector: toEventSelector(item),
        name: item.name,
        inputs: item.inputs.map(input => canonical([input]) + (input.indexed ? ' indexed' : '')).join(','),
      }))
    expect(bySelector(ours)).toEqual(bySelector(theirs))
  })

  it('has its errors', () => {
    const ours = contract.errors.map(({ selector, name }) => ({ selector, name }))
    const theirs = abi
      .filter(item => item.type === 'error')
      .map(item => ({ selector: toFunctionSelector(`${item.name}(${canonical(item.inputs)})`), name: item.name }))
    expect(bySelector(ours)).toEqual(bySelector(theirs))
  })
})

function canonical(parameters: Parameters<typeof formatAbiParams>[0]): string {
  return formatAbiParams(parameters).replaceAll(' ', '')
}

function bySelector<T extends { readonly selector: string }>(list: readonly T[]): T[] {
  return [...list].sort((a, b) => (a.selector < b.selector ? -1 : 1))
}
