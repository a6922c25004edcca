import { EMPTY_BYTES, fromHex } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { testAccount, testGenesis } from '../testing/chain.ts'
import { PoolWorld, payer } from '../testing/pools.ts'
import { CONTRACTS, type ContractName, encodeCall } from '../testing/world.ts'
import { SYSTEM_CONTRACTS } from './contracts.ts'

const alice = testAccount('alice')
const world = new PoolWorld(testGenesis([alice, payer]))
const names = Object.keys(CONTRACTS) as ContractName[]

describe.each(SYSTEM_CONTRACTS)('calls of $address that may not change state', contract => {
  const name = names.find(known => CONTRACTS[known].address === contract.address)!
  const call = (data: Uint8Array, gas = 100_000) => world.send(alice.address, name, data, { gas, isStatic: true })

  // spec L-CALL
  it('are answered by views, and by nothing else', () => {
    for (const { mutability, selector: hex, inputs } of contract.functions.values()) {
      const data = new Uint8Array(4 + 32 * 12)
      data.set(fromHex(hex))
      const before = structuredClone(world.state.writes())
      const { succeeded, gasLeft, logs } = call(data)
      expect(gasLeft).toBeGreaterThan(0)
      if (mutability !== 'view') expect(succeeded, hex).toBe(false)
      else if (inputs.every(type => !type.isDynamic) && contract.address !== CONTRACTS.pools.address)
        expect(succeeded, hex).toBe(true)
      expect(world.state.writes()).toEqual(before)
      expect(logs).toEqual([])
    }
  })

  it('revert without a word where no function fits, and halt without gas', () => {
    for (const data of [EMPTY_BYTES, Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3, 4)])
      expect(call(data)).toMatchObject({ succeeded: false, output: EMPTY_BYTES })
    const some = fromHex([...contract.functions.values()][0]!.selector)
    expect(call(some, 0)).toMatchObject({ succeeded: false, gasLeft: 0, output: EMPTY_BYTES })
  })
})

it('a view answers the same in a static call and in another', () => {
  const data = encodeCall('tan', 'balanceOf', [alice.address])
  const answers = [true, false].map(isStatic => world.send(alice.address, 'tan', data, { gas: 10_000, isStatic }))
  expect(answers[0]).toEqual(answers[1])
  expect(answers[0]!.succeeded).toBe(true)
})
