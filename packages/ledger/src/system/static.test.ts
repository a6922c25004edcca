import { EMPTY_BYTES, fromHex } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { testAccount, testGenesis } from '../test-chain.ts'
import { CONTRACTS, encodeCall } from '../test-world.ts'
import { answerCall } from './contract.ts'
import { SYSTEM_CONTRACTS } from './contracts.ts'
import { runSystemCall } from './journal-call.ts'
import { PoolWorld, payer } from './payment-pools/test-pools.ts'

const alice = testAccount('alice')
const world = new PoolWorld(testGenesis([alice, payer]))

describe.each(SYSTEM_CONTRACTS)('calls of $address that may not change state', contract => {
  const call = (data: Uint8Array, changes: { isStatic?: boolean; valueWei?: bigint; gas?: number } = {}) =>
    runSystemCall(
      world.journal,
      world.environment,
      { caller: alice.address, valueWei: 0n, gas: 100_000, isStatic: true, ...changes },
      call => answerCall(contract, call, data),
    )

  it('are answered by views, and by nothing else', () => {
    for (const { mutability, selector: hex, inputs } of contract.functions.values()) {
      world.journal.beginTransaction()
      const data = new Uint8Array(4 + 32 * 12)
      data.set(fromHex(hex))
      const before = world.journal.writes()
      const { succeeded, gasLeft } = call(data)
      expect(gasLeft).toBeGreaterThan(0)
      if (mutability !== 'view') expect(succeeded, hex).toBe(false)
      else if (inputs.every(type => !type.isDynamic) && contract.address !== CONTRACTS.pools.address)
        expect(succeeded, hex).toBe(true)
      expect(world.journal.writes()).toEqual(before)
      expect(world.journal.logs()).toEqual([])
    }
  })

  it('revert without a word where no function fits, and halt without gas', () => {
    for (const data of [EMPTY_BYTES, Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3, 4)])
      expect(call(data)).toMatchObject({ succeeded: false, output: EMPTY_BYTES })
    const some = fromHex([...contract.functions.values()][0]!.selector)
    expect(call(some, { gas: 0 })).toEqual({ succeeded: false, gasLeft: 0, output: EMPTY_BYTES })
  })
})

it('a view answers the same in a static call and in another', () => {
  const data = encodeCall('tan', 'balanceOf', [alice.address])
  const tan = SYSTEM_CONTRACTS[0]!
  const answers = [true, false].map(isStatic => {
    world.journal.beginTransaction()
    const request = { caller: alice.address, valueWei: 0n, gas: 10_000, isStatic }
    return runSystemCall(world.journal, world.environment, request, call => answerCall(tan, call, data))
  })
  expect(answers[0]).toEqual(answers[1])
  expect(answers[0]!.succeeded).toBe(true)
})
