// Calls that nobody would make: right ones, damaged, with any value and any gas. None throws, and no coin is made or lost.
import type { Address } from '@tan/primitives'
import { SYSTEM_ADDRESSES, TAN_SUPPLY_WEI } from '@tan/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { TOKEN, testAccount, testGenesis } from '../testing/chain.ts'
import { PoolWorld, payer } from '../testing/pools.ts'
import { type ContractName, encodeCall } from '../testing/world.ts'

const alice = testAccount('alice')
const genesis = testGenesis([alice, payer])
const world = new PoolWorld(genesis)
const id = world.open({
  deposit: 50n * TOKEN,
  collateral: 100n * TOKEN,
  reserves: [{ target: alice.address, amount: 5n }],
})
const voucher = (amount: bigint) =>
  world.voucher(id, { target: alice.address, amount, chain: { length: 9, unit: 2n, index: 4 } })
const terms = world.terms()
const guardian = genesis.guardians[0]!

const calls: readonly [ContractName, Uint8Array][] = [
  ['tan', encodeCall('tan', 'transfer', [payer.address, 5n])],
  ['tan', encodeCall('tan', 'transferFrom', [payer.address, alice.address, 5n])],
  ['tan', encodeCall('tan', 'permit', [alice.address, payer.address, 1n, 2n ** 255n, 27, id, id])],
  ['staking', encodeCall('staking', 'registerKey', [guardian.blsPublicKey, guardian.proofOfPossession])],
  ['staking', encodeCall('staking', 'deposit', [100_000n * TOKEN])],
  ['staking', encodeCall('staking', 'guardianAt', [2n])],
  ['pools', encodeCall('pools', 'redeem', [[voucher(7n), voucher(3n)]])],
  ['pools', encodeCall('pools', 'redeem', [[voucher(60n * TOKEN)]])],
  ['pools', encodeCall('pools', 'proveOverspend', [id, [voucher(70n * TOKEN), voucher(1n)]])],
  ['pools', encodeCall('pools', 'topUp', [id, 5n, 10n, 3n])],
  ['pools', encodeCall('pools', 'pool', [id])],
  [
    'pools',
    encodeCall('pools', 'createPool', [
      id,
      terms.deposit,
      terms.collateral,
      9n,
      terms.signer,
      terms.reserver,
      [{ target: alice.address, amount: 3n }],
    ]),
  ],
]

const change = fc.record({ at: fc.nat(), byte: fc.constantFrom(0, 1, 31, 32, 64, 127, 128, 255) })
const cases = fc.record({
  call: fc.constantFrom(...calls),
  changes: fc.array(change, { maxLength: 4 }),
  cut: fc.nat({ max: 70 }),
  keep: fc.boolean(),
  valueWei: fc.constantFrom(0n, 15n, terms.deposit + terms.collateral),
  gas: fc.oneof(fc.nat({ max: 60_000 }), fc.constant(2_000_000)),
})

it('damaged calls of system contracts are answered, and coins stay what they are', () => {
  const everyone: readonly Address[] = [
    alice.address,
    payer.address,
    ...genesis.guardians.map(({ address }) => address),
    ...Object.values(SYSTEM_ADDRESSES),
  ]
  const tangam = () => everyone.reduce((sum, address) => sum + world.balance(address), 0n) + world.burnedWei
  const before = tangam()
  let succeeded = 0
  fc.assert(
    fc.property(cases, ({ call: [contract, good], changes, cut, keep, valueWei, gas }) => {
      const data = good.slice(0, keep ? good.length : Math.max(0, good.length - cut))
      for (const { at, byte } of changes) if (data.length > 0) data[at % data.length] = byte
      const result = world.send(alice.address, contract, data, { valueWei, gas })
      expect(result.gasLeft).toBeGreaterThanOrEqual(0)
      expect(result.gasLeft).toBeLessThanOrEqual(gas)
      if (result.succeeded) succeeded++
    }),
    { numRuns: 1_500, seed: 3 },
  )
  expect(succeeded).toBeGreaterThan(50)
  // money that a damaged target was paid lies with nobody we know; the pool says how much that was
  const paid = world.pool(id).paid
  expect(before - tangam()).toBeLessThanOrEqual(paid)
  expect(everyone.reduce((sum, owner) => sum + world.tan(owner), 0n)).toBeLessThanOrEqual(TAN_SUPPLY_WEI)
  expect(world.read('tan', 'totalSupply')).toBe(TAN_SUPPLY_WEI)
})
