import type { AccountChange, StateChanges } from '@tan/evm'
import { type Address, type Hash, keccakHash, toHex } from '@tan/primitives'
import { EMPTY_CODE_HASH, MemoryStore, type State, StateStore } from '@tan/storage'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { BlockHost } from './block-host.ts'

const addresses: readonly Address[] = [1, 2, 3].map(i => toHex(new Uint8Array(20).fill(i)))
const slots: readonly Hash[] = [1, 2].map(i => toHex(new Uint8Array(32).fill(i)))
const codes = [1, 2].map(i => new Uint8Array(3).fill(i))

/** What a transaction may do to one account, by its place in `addresses`. */
type Step =
  | { readonly type: 'account'; readonly at: number; readonly balance: bigint; readonly code: number | undefined }
  | { readonly type: 'slot'; readonly at: number; readonly slot: number; readonly value: bigint }
  | { readonly type: 'delete'; readonly at: number }

const at = fc.nat({ max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('account' as const),
    at,
    balance: fc.bigInt({ min: 0n, max: 3n }),
    code: fc.option(fc.nat({ max: 1 }), { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('slot' as const),
    at,
    slot: fc.nat({ max: 1 }),
    value: fc.bigInt({ min: 0n, max: 2n }),
  }),
  fc.record({ type: fc.constant('delete' as const), at }),
)

interface ModelAccount {
  nonce: bigint
  balance: bigint
  codeHash: Hash
  readonly slots: Map<Hash, bigint>
}

describe('the host of a block', () => {
  let store: StateStore
  let parent: State
  const start = (): Map<Address, ModelAccount> =>
    new Map([
      [addresses[0]!, { nonce: 1n, balance: 5n, codeHash: EMPTY_CODE_HASH, slots: new Map([[slots[0]!, 9n]]) }],
      [addresses[1]!, { nonce: 1n, balance: 6n, codeHash: EMPTY_CODE_HASH, slots: new Map() }],
    ])
  beforeAll(async () => {
    store = await StateStore.open(new MemoryStore())
    const accounts = start()
    parent = store.apply(store.settled, {
      accounts: new Map([...accounts].map(([address, { slots: _, ...account }]) => [address, account])),
      storage: new Map([...accounts].map(([address, account]) => [address, { cleared: false, slots: account.slots }])),
      codes: new Map(),
    })
  })

  /** The changes that one step is, as the engine would tell them. */
  function changesOf(taken: Step, model: Map<Address, ModelAccount>): StateChanges {
    const address = addresses[taken.at]!
    const account = model.get(address)
    if (taken.type === 'delete') return { deleted: account === undefined ? [] : [address], accounts: [], slots: [] }
    const known = account ?? { nonce: 0n, balance: 0n, codeHash: EMPTY_CODE_HASH }
    const code = taken.type === 'account' && taken.code !== undefined ? codes[taken.code] : undefined
    const change: AccountChange = {
      address,
      nonce: known.nonce + 1n,
      balance: taken.type === 'account' ? taken.balance : known.balance,
      codeHash: code === undefined ? known.codeHash : keccakHash(code),
      code,
    }
    const written = taken.type === 'slot' ? [{ address, key: slots[taken.slot]!, value: taken.value }] : []
    return { deleted: [], accounts: [change], slots: written }
  }

  function follow(model: Map<Address, ModelAccount>, changes: StateChanges): void {
    for (const address of changes.deleted) model.delete(address)
    for (const { address, nonce, balance, codeHash } of changes.accounts)
      model.set(address, { nonce, balance, codeHash, slots: model.get(address)?.slots ?? new Map() })
    for (const { address, key, value } of changes.slots) {
      if (value === 0n) model.get(address)!.slots.delete(key)
      else model.get(address)!.slots.set(key, value)
    }
  }

  it('shows what its transactions have made of the parent, and so does the state that it writes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), steps => {
        const model = start()
        const host = new BlockHost(parent, { height: 1, ancestors: [] })
        for (const taken of steps) {
          const changes = changesOf(taken, model)
          follow(model, changes)
          host.apply(changes)
        }
        const after = store.apply(parent, host.writes())
        for (const address of addresses) {
          const expected = model.get(address)
          const account = expected && { nonce: expected.nonce, balance: expected.balance, codeHash: expected.codeHash }
          const shown = host.account(address)
          expect(shown).toEqual(account && { ...account, hasStorage: shown!.hasStorage })
          // it may say so of an account that had some once, never the other way round
          if (expected !== undefined && expected.slots.size > 0) expect(shown!.hasStorage).toBe(true)
          expect(after.account(address)).toEqual(account && expect.objectContaining(account))
          for (const slot of slots) {
            const value = expected?.slots.get(slot) ?? 0n
            expect(host.slot(address, slot)).toBe(value)
            if (expected !== undefined) expect(after.storage(address, slot)).toBe(value)
          }
        }
        for (const code of codes) {
          const hash = keccakHash(code)
          if ([...model.values()].some(({ codeHash }) => codeHash === hash)) {
            expect(host.code(hash)).toEqual(code)
            expect(after.code(hash)).toEqual(code)
          }
        }
      }),
      { numRuns: 400 },
    )
  })

  it('changes nothing where its transactions do', () => {
    const host = new BlockHost(parent, { height: 1, ancestors: [] })
    host.account(addresses[0]!)
    host.slot(addresses[0]!, slots[0]!)
    expect(store.apply(parent, host.writes()).root).toBe(parent.root)
  })

  it('asserts that a hash that is asked for is there', () => {
    const hashes = [toHex(new Uint8Array(32).fill(8)), toHex(new Uint8Array(32).fill(9))]
    const host = new BlockHost(parent, { height: 7, ancestors: hashes })
    expect([host.blockHash(5n), host.blockHash(6n)]).toEqual(hashes)
    expect(() => host.blockHash(4n)).toThrow(/without the hash of block 4/)
  })
})
