// Rules of transactions that Ethereum's state tests do not reach.
import { type Address, EMPTY_BYTES, fromHex, toHex } from '@tan/primitives'
import { expect, test } from 'vitest'
import { createEvm } from './evm.ts'
import { FORKS } from './forks.ts'
import { environmentOf } from './testing/differential.ts'
import { World } from './testing/world.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const TARGET: Address = '0x00000000000000000000000000000000000000bb'
const AUTHORITY: Address = '0x0000000000000000000000000000000000005555'

test('authorizations are refused before Prague, and carried out from it on', () => {
  for (const fork of FORKS) {
    const world = new World()
    world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
    const applied = createEvm().applyTransaction(
      {
        ...{ sender: SENDER, nonce: 1n, gasLimit: 200_000n, to: TARGET, value: 0n, data: EMPTY_BYTES },
        ...{ maxFeePerGas: 10n, maxPriorityFeePerGas: 1n },
        authorizations: [{ chainId: 0n, address: TARGET, nonce: 0n, authority: AUTHORITY }],
      },
      environmentOf(fork),
      world,
    )
    if (fork === 'prague' || fork === 'osaka') {
      const changed = applied.ok ? applied.value.changes.accounts.map(({ address }) => address) : []
      expect([fork, changed]).toEqual([fork, expect.arrayContaining([AUTHORITY])])
    } else
      expect([fork, applied]).toMatchObject([fork, { ok: false, rejection: { code: 'transaction/authorizations' } }])
  }
})

const input = {
  ...{ sender: SENDER, nonce: 1n, gasLimit: 100_000n, to: TARGET, value: 3n, data: EMPTY_BYTES },
  ...{ maxFeePerGas: 10n, maxPriorityFeePerGas: 1n },
}

test('fees are burned, but for a tip that somebody gets', () => {
  const burnedWith = (tipTo: Address | undefined): [bigint, bigint] => {
    const world = new World()
    world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
    const applied = createEvm().applyTransaction(input, environmentOf('osaka'), world, { tipTo })
    if (!applied.ok) throw new Error(applied.rejection.message)
    world.apply(applied.value.changes)
    const supply = [...world.accounts.values()].reduce((sum, { balance }) => sum + balance, 0n)
    return [applied.value.burned, 10n ** 18n - supply]
  }
  // a base fee of 7 and a tip of 1
  expect(burnedWith(undefined)).toEqual([21_000n * 8n, 21_000n * 8n])
  expect(burnedWith(AUTHORITY)).toEqual([21_000n * 7n, 21_000n * 7n])
})

test('what a block has left must hold the whole gas limit', () => {
  const world = new World()
  world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
  const evm = createEvm()
  const withLeft = (gasAvailable: bigint) =>
    evm.applyTransaction(input, environmentOf('osaka'), world, { gasAvailable }).ok
  expect([withLeft(99_999n), withLeft(100_000n)]).toEqual([false, true])
})

test('a simulated transaction does what a real one would, leaves no trace, and needs no fee, nonce or right', () => {
  const world = new World()
  world.put(SENDER, { nonce: 5n, balance: 10n, code: fromHex('0x00') })
  // counts in slot 0, and returns the count
  world.put(TARGET, {
    nonce: 1n,
    code: fromHex('0x60005460010180600055600052 60206000f3'.replace(' ', '') as `0x${string}`),
  })
  const evm = createEvm()
  const call = { sender: SENDER, to: TARGET, value: 3n, data: EMPTY_BYTES, gasLimit: 100_000n }
  const simulate = (changes: Partial<typeof call> = {}) =>
    evm.simulateTransaction({ ...call, ...changes }, environmentOf('osaka'), world)
  for (let i = 0; i < 3; i++) {
    const result = simulate()
    if (!result.ok) throw new Error(result.rejection.message)
    expect([result.value.status, BigInt(toHex(result.value.returnData))]).toEqual(['success', 1n])
    expect(result.value.gasUsed).toBe(result.value.gasSpent)
    // with exactly what it spends, and not with less
    const statusWith = (gasLimit: bigint) => {
      const again = simulate({ gasLimit })
      return again.ok && again.value.status
    }
    expect([statusWith(result.value.gasSpent), statusWith(result.value.gasSpent - 1n)]).toEqual(['success', 'halt'])
  }
  expect(simulate({ value: 11n })).toMatchObject({ rejection: { code: 'transaction/balance' } })
  expect(simulate({ gasLimit: 20_999n })).toMatchObject({ rejection: { code: 'transaction/gas-intrinsic' } })
  const execution = evm.execute(
    { caller: SENDER, to: TARGET, value: 0n, input: EMPTY_BYTES, gas: 100_000n, gasPrice: 0n },
    environmentOf('osaka'),
    world,
  )
  expect(execution.changes.slots.map(({ value }) => value)).toEqual([1n])
})
