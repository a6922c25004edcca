// From what a block changes to the roots of the tries: storage tries first, then accounts.
import { type Address, assert, type Hash } from '@tan/primitives'
import { MissingStateError, type StateKey } from '../missing-state.ts'
import { nodeHashes } from '../trie/read.ts'
import type { TrieChange } from '../trie/steps.ts'
import { EMPTY_ROOT, NodeChanges, type NodeSource, updateTrie } from '../trie/update.ts'
import { accountKey, encodeAccount, encodeSlotValue, slotKey } from './account.ts'
import type { Layer } from './layer.ts'
import type { AccountRecord, Overlay, StateWrites, StorageWrites } from './writes.ts'

const ALL_CLEARED: StorageWrites = { cleared: true, slots: new Map() }

/** Throws MissingStateError with all keys that it would need next. */
export function applyWrites(parent: Layer, writes: StateWrites): { readonly root: Hash; readonly overlay: Overlay } {
  const nodes = new NodeChanges()
  const missing = new MissingKeys()
  const accounts = new Map<Address, AccountRecord | null>()
  const storage = new Map<Address, StorageWrites>()
  const changes: TrieChange[] = []
  for (const address of new Set([...writes.accounts.keys(), ...writes.storage.keys()])) {
    const before = missing.attempt(() => parent.account(address))
    const isDeleted = writes.accounts.has(address) && writes.accounts.get(address) === undefined
    const rootBefore = before?.storageRoot ?? EMPTY_ROOT
    const slots = effective(isDeleted ? ALL_CLEARED : writes.storage.get(address), rootBefore)
    let storageRoot = rootBefore
    if (slots !== undefined) {
      storage.set(address, slots)
      storageRoot = missing.attempt(() => storageRootAfter(parent.node, rootBefore, slots, nodes)) ?? EMPTY_ROOT
    }
    const base = writes.accounts.get(address) ?? before
    assert(isDeleted || base !== undefined || missing.isAny, `storage of ${address}, which is no account, was written`)
    if (isDeleted || base === undefined) {
      accounts.set(address, null)
      changes.push({ key: accountKey(address), value: undefined })
    } else {
      const account = { nonce: base.nonce, balance: base.balance, storageRoot, codeHash: base.codeHash }
      const encoded = encodeAccount(account)
      accounts.set(address, { account, encoded })
      changes.push({ key: accountKey(address), value: encoded })
    }
  }
  const root = missing.attempt(() => updateTrie(parent.node, parent.root, changes, nodes))
  missing.throwAny()
  return { root: root!, overlay: { accounts, storage, codes: writes.codes, nodes: [nodes] } }
}

/** Where there was no storage, there is none to clear. */
function effective(writes: StorageWrites | undefined, rootBefore: Hash): StorageWrites | undefined {
  return writes?.cleared && rootBefore === EMPTY_ROOT ? { ...writes, cleared: false } : writes
}

function storageRootAfter(nodes: NodeSource, root: Hash, writes: StorageWrites, report: NodeChanges): Hash {
  if (writes.cleared) for (const hash of nodeHashes(nodes, root)) report.removed.push(hash)
  const changes = [...writes.slots].map(([slot, value]) => ({ key: slotKey(slot), value: encodeSlotValue(value) }))
  return updateTrie(nodes, writes.cleared ? EMPTY_ROOT : root, changes, report)
}

/** Goes on after what is missing, so that one fetch serves several reads. */
class MissingKeys {
  readonly #keys: StateKey[] = []

  get isAny(): boolean {
    return this.#keys.length > 0
  }

  attempt<T>(read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof MissingStateError)) throw error
      this.#keys.push(...error.keys)
      return undefined
    }
  }

  throwAny(): void {
    if (this.isAny) throw new MissingStateError(this.#keys)
  }
}
