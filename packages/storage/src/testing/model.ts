// The simplest thing that a state is, for tests: plain maps, copied for each block. Its root is built from nothing.
import { type Address, type Hash, keccakHash, type Random, randomBelow, toHex } from '@tan/primitives'
import { accountKey, EMPTY_CODE_HASH, encodeAccount, encodeSlotValue, slotKey } from '../state/account.ts'
import type { AccountWrite, StateWrites, StorageWrites } from '../state/writes.ts'
import { EMPTY_ROOT } from '../trie/update.ts'
import { TrieForTests } from './trie.ts'

interface ModelAccount {
  readonly fields: AccountWrite
  readonly slots: ReadonlyMap<Hash, bigint>
}

/** The accounts that exist, each with the slots that are not 0. */
export type Model = ReadonlyMap<Address, ModelAccount>

export const ADDRESSES: readonly Address[] = Array.from({ length: 24 }, (_, i) => toHex(new Uint8Array(20).fill(i + 1)))
export const SLOTS: readonly Hash[] = Array.from({ length: 12 }, (_, i) => toHex(new Uint8Array(32).fill(i)))
const CODES = [Uint8Array.of(0xfe), new Uint8Array(300).fill(0x5b)]

export function modelAfter(model: Model, writes: StateWrites): Model {
  const next = new Map(model)
  for (const [address, fields] of writes.accounts) {
    if (fields === undefined) next.delete(address)
    else next.set(address, { fields, slots: next.get(address)?.slots ?? new Map() })
  }
  for (const [address, { cleared, slots }] of writes.storage) {
    const account = next.get(address)
    if (account === undefined) continue
    const all = new Map([...(cleared ? [] : account.slots), ...slots])
    next.set(address, { ...account, slots: new Map([...all].filter(([, value]) => value !== 0n)) })
  }
  return next
}

const storageRoots = new WeakMap<ReadonlyMap<Hash, bigint>, Hash>()

export function modelStorageRoot(slots: ReadonlyMap<Hash, bigint>): Hash {
  const known = storageRoots.get(slots)
  if (known !== undefined) return known
  const trie = new TrieForTests()
  trie.update([...slots].map(([slot, value]) => ({ key: slotKey(slot), value: encodeSlotValue(value) })))
  storageRoots.set(slots, trie.root)
  return trie.root
}

export function modelRoot(model: Model): Hash {
  const trie = new TrieForTests()
  trie.update(
    [...model].map(([address, { fields, slots }]) => ({
      key: accountKey(address),
      value: encodeAccount({ ...fields, storageRoot: slots.size === 0 ? EMPTY_ROOT : modelStorageRoot(slots) }),
    })),
  )
  return trie.root
}

/** A few changes that the model allows: only accounts that exist afterwards have storage. */
export function randomWrites(random: Random, model: Model): StateWrites {
  const accounts = new Map<Address, AccountWrite | undefined>()
  const storage = new Map<Address, StorageWrites>()
  const codes = new Map<Hash, Uint8Array>()
  for (let i = randomBelow(random, 8); i > 0; i--) {
    const address = ADDRESSES[randomBelow(random, ADDRESSES.length)]!
    const kind = randomBelow(random, 6)
    if (kind === 0 && !storage.has(address)) {
      accounts.set(address, undefined)
      continue
    }
    if (kind > 1) {
      const code = CODES[randomBelow(random, 6)]
      const codeHash = code === undefined ? EMPTY_CODE_HASH : keccakHash(code)
      if (code !== undefined) codes.set(codeHash, code)
      accounts.set(address, { nonce: BigInt(random.uint32()), balance: BigInt(random.uint32()) << 60n, codeHash })
    }
    const exists = accounts.has(address) ? accounts.get(address) !== undefined : model.has(address)
    if (!exists || randomBelow(random, 2) === 0) continue
    const slots = new Map<Hash, bigint>()
    for (let k = randomBelow(random, 6); k > 0; k--)
      slots.set(
        SLOTS[randomBelow(random, SLOTS.length)]!,
        BigInt(randomBelow(random, 3)) << BigInt(randomBelow(random, 250)),
      )
    storage.set(address, { cleared: randomBelow(random, 5) === 0, slots })
  }
  return { accounts, storage, codes }
}
