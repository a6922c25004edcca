import {
  type Address,
  AssertionError,
  createSeededRandom,
  fromHex,
  type Hash,
  keccakHash,
  type Random,
  randomBelow,
  toHex,
  utf8ToBytes,
  ZERO_HASH,
} from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../engines/memory-store.ts'
import type { KeyValueStore } from '../key-value.ts'
import { MissingStateError } from '../missing-state.ts'
import { openTable } from '../table.ts'
import { entriesOf } from '../testing/key-value-compliance.ts'
import {
  ADDRESSES,
  type Model,
  modelAfter,
  modelRoot,
  modelStorageRoot,
  randomWrites,
  SLOTS,
} from '../testing/model.ts'
import { EMPTY_ROOT } from '../trie/update.ts'
import { EMPTY_CODE_HASH } from './account.ts'
import type { State } from './layer.ts'
import { verifyAccountProof, verifyStorageProof } from './state-proof.ts'
import { StateStore } from './state-store.ts'
import type { StateWrites } from './writes.ts'

const NO_WRITES: StateWrites = { accounts: new Map(), storage: new Map(), codes: new Map() }
const TINY_CACHES = { nodeBytes: 20_000, accounts: 40, slots: 60, codeBytes: 1_000 }
const alice = ADDRESSES[0]!
const bob = ADDRESSES[1]!

function paid(address: typeof alice, balance: bigint): StateWrites {
  return { ...NO_WRITES, accounts: new Map([[address, { nonce: 1n, balance, codeHash: EMPTY_CODE_HASH }]]) }
}

/** An engine that cannot answer at once. */
function asynchronous(store: KeyValueStore): KeyValueStore {
  return {
    get: key => store.get(key),
    getMany: keys => store.getMany(keys),
    write: (operations, options) => store.write(operations, options),
    iterate: range => store.iterate(range),
    close: () => store.close(),
  }
}

async function expectSame(
  states: StateStore,
  reader: State,
  model: Model,
  addresses: readonly Address[] = ADDRESSES,
): Promise<void> {
  expect(reader.root).toBe(modelRoot(model))
  for (const address of addresses) {
    // One run for each account: what a run reads has to fit into the caches.
    await states.run(() => {
      const expected = model.get(address)
      const account = reader.account(address)
      if (expected === undefined) expect(account).toBeUndefined()
      else {
        expect(account).toEqual({ ...expected.fields, storageRoot: modelStorageRoot(expected.slots) })
        expect(keccakHash(reader.code(account!.codeHash))).toBe(account!.codeHash)
      }
      for (const slot of SLOTS) expect(reader.storage(address, slot)).toBe(expected?.slots.get(slot) ?? 0n)
    })
  }
}

async function expectProven(states: StateStore, reader: State): Promise<void> {
  for (const address of ADDRESSES) {
    const proof = await states.run(() => reader.prove(address, SLOTS.slice(0, 3)))
    const account = verifyAccountProof(reader.root, address, proof.accountProof)
    expect(account).toEqual(proof.account)
    expect(account).toEqual(await states.run(() => reader.account(address)))
    for (const { slot, value, proof: nodes } of proof.storageProof) {
      expect(verifyStorageProof(account?.storageRoot ?? EMPTY_ROOT, slot, nodes)).toBe(value)
      expect(value).toBe(await states.run(() => reader.storage(address, slot)))
    }
  }
}

describe('a store of states', () => {
  it('begins empty', async () => {
    const states = await StateStore.open(new MemoryStore())
    expect(states.settled.root).toBe(EMPTY_ROOT)
    expect(states.settled.account(alice)).toBeUndefined()
    expect(states.settled.storage(alice, ZERO_HASH)).toBe(0n)
    expect(states.settled.code(EMPTY_CODE_HASH)).toEqual(new Uint8Array(0))
    expect(states.settled.prove(alice, [ZERO_HASH])).toMatchObject({ account: undefined, accountProof: [] })
  })

  it('writes nothing before a state is settled, and then all at once with what the caller adds', async () => {
    const store = new MemoryStore()
    const states = await StateStore.open(store)
    const one = states.apply(states.settled, paid(alice, 5n))
    const two = states.apply(one, paid(bob, 7n))
    expect(await entriesOf(store)).toEqual([])
    const heights = openTable(store, 'height')
    await states.settle(two, [heights.put(utf8ToBytes('2'), fromHex(two.root))])
    expect(store.unsyncedBatches).toBe(0)
    expect(await heights.get(utf8ToBytes('2'))).toEqual(fromHex(two.root))
    const again = await StateStore.open(store)
    expect(again.settled.root).toBe(two.root)
    expect(again.settled.account(alice)?.balance).toBe(5n)
    expect(again.settled.account(bob)?.balance).toBe(7n)
  })

  it('keeps siblings apart, and settles only what builds on the settled one', async () => {
    const states = await StateStore.open(new MemoryStore())
    const base = states.apply(states.settled, paid(alice, 1n))
    const left = states.apply(base, paid(alice, 2n))
    const right = states.apply(base, paid(alice, 3n))
    const rightChild = states.apply(right, paid(bob, 4n))
    expect([base, left, right, rightChild].map(state => state.account(alice)?.balance)).toEqual([1n, 2n, 3n, 3n])
    await states.settle(left)
    expect(states.settled).toBe(left)
    for (const state of [base, right, rightChild]) await expect(states.settle(state)).rejects.toThrow(AssertionError)
    // The ones that lost can still be read, and built on: whoever is in the middle of that need not know yet.
    expect([base, left, right, rightChild].map(state => state.account(alice)?.balance)).toEqual([1n, 2n, 3n, 3n])
    expect(states.apply(rightChild, paid(alice, 2n)).root).toBe(states.apply(left, paid(bob, 4n)).root)
  })

  it('takes a state as settled at once, and readers see no difference while it is written', async () => {
    let release = () => {}
    const inner = new MemoryStore()
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const store = asynchronous(inner)
    const states = await StateStore.open({
      ...store,
      write: async (...args) => {
        await gate
        await store.write(...args)
      },
    })
    const one = await states.run(() => states.apply(states.settled, paid(alice, 1n)))
    const old = states.settled
    const settling = states.settle(one)
    expect(states.settled).toBe(one)
    expect(one.account(alice)?.balance).toBe(1n)
    const two = await states.run(() => states.apply(one, paid(bob, 2n)))
    await expect(states.settle(two)).rejects.toThrow(AssertionError)
    expect(await entriesOf(inner)).toEqual([])
    release()
    await settling
    expect(old.account(alice)).toBeUndefined()
    expect(two.account(alice)?.balance).toBe(1n)
    await states.settle(two)
    expect((await StateStore.open(inner)).settled.root).toBe(two.root)
  })

  it('is of no more use after a write that failed', async () => {
    const store = new MemoryStore()
    const states = await StateStore.open({
      ...asynchronous(store),
      getSync: key => store.getSync(key),
      write: async () => {
        throw new Error('the disk is full')
      },
    })
    const one = states.apply(states.settled, paid(alice, 1n))
    await expect(states.settle(one)).rejects.toThrow('the disk is full')
    await expect(states.settle(one)).rejects.toMatchObject({ code: 'storage/failed' })
    expect((await StateStore.open(store)).settled.root).toBe(EMPTY_ROOT)
  })

  it('refuses states of another store, storage without an account, and too many unsettled states', async () => {
    const states = await StateStore.open(new MemoryStore())
    const other = await StateStore.open(new MemoryStore())
    expect(() => states.apply(other.settled, NO_WRITES)).toThrow(AssertionError)
    const storage = new Map([[alice, { cleared: false, slots: new Map([[ZERO_HASH, 1n]]) }]])
    expect(() => states.apply(states.settled, { ...NO_WRITES, storage })).toThrow(AssertionError)
    let state: State = states.settled
    const build = () => {
      for (let i = 0; i <= 1_024; i++) state = states.apply(state, NO_WRITES)
    }
    expect(build).toThrow(expect.objectContaining({ code: 'storage/too-deep' }))
    await states.settle(state)
    states.apply(state, NO_WRITES)
  })

  it('says which keys a read needs, and runs again when they are there', async () => {
    const inner = new MemoryStore()
    const first = await StateStore.open(inner)
    await first.settle(first.apply(first.apply(first.settled, paid(alice, 1n)), paid(bob, 2n)))
    const states = await StateStore.open(asynchronous(inner))
    expect(() => states.settled.account(alice)).toThrow(MissingStateError)
    await states.prefetch([
      { type: 'account', address: alice },
      { type: 'account', address: bob },
    ])
    expect(states.settled.account(alice)?.balance).toBe(1n)
    expect(await states.run(() => states.settled.storage(alice, ZERO_HASH))).toBe(0n)
    const missing: Hash = `0x${'ab'.repeat(32)}`
    await expect(states.run(() => states.settled.code(missing))).rejects.toMatchObject({ code: 'storage/corrupt' })
    await expect(states.at(missing)).rejects.toMatchObject({ code: 'storage/missing-node' })
  })

  it('does not let an answer that comes late hide a newer value', async () => {
    const inner = new MemoryStore()
    const first = await StateStore.open(inner)
    await first.settle(first.apply(first.settled, paid(alice, 1n)))
    let answer = () => {}
    const store = asynchronous(inner)
    let isHeld = false
    const states = await StateStore.open(
      {
        ...store,
        getMany: async keys => {
          const values = await store.getMany(keys)
          if (isHeld) {
            isHeld = false
            await new Promise<void>(resolve => {
              answer = resolve
            })
          }
          return values
        },
      },
      TINY_CACHES,
    )
    const two = await states.run(() => states.apply(states.settled, paid(alice, 2n)))
    isHeld = true
    const late = states.prefetch([
      { type: 'account', address: bob },
      { type: 'slot', address: alice, slot: ZERO_HASH },
    ])
    await states.settle(two)
    // Out of the cache again, so that only the late answer would be there.
    for (let i = 0; i < 100; i++)
      await states.prefetch([{ type: 'account', address: toHex(new Uint8Array(20).fill(100 + i)) }])
    answer()
    await late
    expect(await states.run(() => two.account(alice)?.balance)).toBe(2n)
  })
})

describe.each([
  ['an engine that answers at once', (store: KeyValueStore) => store, {}],
  ['an engine that answers later, and tiny caches', asynchronous, TINY_CACHES],
])('over random histories, with %s', (_, engine, bounds) => {
  it('each state reads, proves and roots as a plain map does', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = createSeededRandom(seed)
      const store = new MemoryStore()
      let states = await StateStore.open(engine(store), bounds)
      let settled: Model = new Map()
      let live: LiveState[] = []
      const history: [Hash, Model][] = []
      for (let step = 0; step < 40; step++) {
        const [parent, model] = live[randomBelow(random, live.length)] ?? ([states.settled, settled] as const)
        const writes = randomWrites(random, model)
        const state = await states.run(() => states.apply(parent, writes))
        live.push([state, modelAfter(model, writes), parent])
        const choice = randomBelow(random, 8)
        if (choice === 0) {
          const [winner, content] = live[randomBelow(random, live.length)]!
          await states.settle(winner)
          history.push([winner.root, content])
          settled = content
          const others = live
          live = descendants(live, winner)
          for (const [other, known] of others.slice(-3)) await expectSame(states, other, known, some(random))
        }
        if (choice === 1) {
          states = await StateStore.open(engine(store), bounds)
          live = []
        }
        await expectSame(states, states.settled, settled, choice <= 1 ? ADDRESSES : some(random))
        const [other, known] = live[randomBelow(random, live.length)] ?? [states.settled, settled]
        await expectSame(states, other, known, some(random))
      }
      await expectProven(states, states.settled)
      if (live[0] !== undefined) await expectProven(states, live[0][0])
      for (const [root, content] of history) await expectSame(states, await states.at(root), content, some(random))
    }
  })
})

function some(random: Random): Address[] {
  return Array.from({ length: 4 }, () => ADDRESSES[randomBelow(random, ADDRESSES.length)]!)
}

type LiveState = readonly [state: State, model: Model, parent: State]

/** In the order in which they were made, parents first. */
function descendants(live: readonly LiveState[], of: State): LiveState[] {
  const found = new Set([of])
  return live.filter(([state, , parent]) => found.has(parent) && found.add(state))
}
