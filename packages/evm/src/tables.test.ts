// The engine's tables: where they put things cannot be chosen, and what they hold does not outlive the clock's turn.
import { type Address, createSeededRandom, EMPTY_BYTES, fromHex, type Hash, randomBytesFrom } from '@tan/primitives'
import { expect, test } from 'vitest'
import { createEngine } from './create-engine.ts'
import type { Engine } from './engine.ts'
import { evmOver } from './evm.ts'
import { environmentOf, forkOf, runCase } from './testing/differential.ts'
import { World } from './testing/world.ts'

const CONTRACT: Address = '0x00000000000000000000000000000000000000bb'
const osaka = environmentOf('osaka')
const secretOf = (seed: number): Uint8Array => randomBytesFrom(createSeededRandom(seed), 48)

/** The longest run of places next to each other: what a look-up may have to go through. */
function longestRun(places: readonly number[]): number {
  const taken = new Set(places)
  let longest = 0
  for (const place of taken) {
    if (taken.has(place - 1)) continue
    let end = place
    while (taken.has(end)) end++
    longest = Math.max(longest, end - place)
  }
  return longest
}

const COUNT = 4000
const GOLDEN = 0x9e3779b97f4a7c15n
/** Families that fall together where limbs are only multiplied and added up, and those that differ in one place. */
const FAMILIES: Readonly<Record<string, (n: bigint) => bigint>> = {
  'the same highest and lowest limb': n => (n << 192n) | n,
  'limbs that cancel each other out': n => (n << 64n) | BigInt.asUintN(64, n * GOLDEN),
  'numbers in a row': n => n,
  'multiples of 2^32': n => n << 32n,
  'multiples of 2^144': n => n << 144n,
}

test.each(Object.entries(FAMILIES))('chosen keys and addresses do not crowd in one place: %s', (_name, family) => {
  for (const seed of [1, 2, 3]) {
    const engine = createEngine(undefined, { secret: secretOf(seed) })
    const { at } = engine
    engine.enter(osaka, new World())
    engine.begin(0)
    const contract = engine.account(CONTRACT)
    const accounts: number[] = []
    for (let n = 1n; n <= COUNT; n++) {
      const address: Address = `0x${BigInt.asUintN(160, family(n)).toString(16).padStart(40, '0')}`
      accounts.push((engine.account(address) - at.ACCOUNTS) / at.ACCOUNT_SIZE)
      const key: Hash = `0x${family(n).toString(16).padStart(64, '0')}`
      engine.warmSlot(contract, key)
    }
    const slots: number[] = []
    for (let place = 0; place < 2 ** 17; place++)
      if (engine.memory.readU32(at.SLOTS + place * at.SLOT_SIZE + at.SLOT_ACCOUNT) === contract) slots.push(place)
    expect(slots).toHaveLength(COUNT)
    expect(longestRun(accounts)).toBeLessThan(24)
    expect(longestRun(slots)).toBeLessThan(24)
  }
})

test('two engines put the same account elsewhere, and each its own', () => {
  const placesOf = (engine: Engine): number[] => {
    engine.enter(osaka, new World())
    engine.begin(0)
    return [1, 2, 3, 4].map(n => engine.account(`0x${n.toString(16).padStart(40, '0')}`))
  }
  expect(placesOf(createEngine())).not.toEqual(placesOf(createEngine()))
})

test('no result depends on the secret', async () => {
  const engines = [createEngine(), createEngine(undefined, { secret: secretOf(7) })]
  for (let seed = 1; seed <= 150; seed++) {
    const [one, other] = await Promise.all(
      engines.map(engine => runCase(engine, undefined, environmentOf(forkOf(seed)), seed)),
    )
    expect(one!.transcript).toEqual(other!.transcript)
  }
})

test.each([
  ['near where they are taken back', 0xefff_fffb],
  ['at their very end', 0xffff_fffa],
])('counters that begin %s turn over, and nothing comes of it', (_name, firstTransaction) => {
  const sender: Address = '0x00000000000000000000000000000000000a11ce'
  const absent: Address = '0x00000000000000000000000000000000000000dd'
  const run = (engine: Engine) => {
    const evm = evmOver(engine)
    const world = new World()
    world.put(sender, { nonce: 1n, balance: 10n ** 18n })
    // adds 1 to a slot and to a transient one, reads an account, and returns the sum of both slots
    const code = fromHex('0x5f5460010180 5f55 5f5c60010180 5f5d 01 60ee3150 5f5260205ff3'.replaceAll(' ', '') as Hash)
    world.put(CONTRACT, { nonce: 1n, code })
    const results: unknown[] = []
    for (let i = 0; i < 12; i++) {
      if (i % 3 === 0) evm.forget()
      const message = { caller: sender, to: CONTRACT, value: 1n, input: EMPTY_BYTES, gas: 100_000n, gasPrice: 1n }
      const result = evm.execute({ ...message, accessList: [{ address: absent, slots: [] }] }, osaka, world)
      world.apply(result.changes)
      results.push(result)
      results.push(evm.execute({ ...message, to: undefined, input: fromHex('0x600160005360015ff3') }, osaka, world))
      world.apply((results.at(-1) as typeof result).changes)
    }
    return [results, world.describe()]
  }
  expect(run(createEngine(undefined, { firstTransaction }))).toEqual(run(createEngine()))
})

test('the random programs end the same while the counters turn over', async () => {
  const engine = createEngine(undefined, { firstTransaction: 0xefff_ff00 })
  const other = createEngine()
  for (let seed = 2; seed <= 400; seed += 2) {
    const one = await runCase(engine, undefined, osaka, seed)
    expect(one.transcript).toEqual((await runCase(other, undefined, osaka, seed)).transcript)
  }
})
