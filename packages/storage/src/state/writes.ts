// What a block changes in the state, and the layer that it becomes.
import type { Address, Hash } from '@tan/primitives'
import type { NodeChanges } from '../trie/update.ts'
import type { Account } from './account.ts'

export interface StateWrites {
  /** Undefined deletes the account and all of its storage, whatever `storage` says about it. */
  readonly accounts: ReadonlyMap<Address, AccountWrite | undefined>
  /** Of accounts that exist, or that `accounts` creates. */
  readonly storage: ReadonlyMap<Address, StorageWrites>
  /** By their hash. */
  readonly codes: ReadonlyMap<Hash, Uint8Array>
}

/** An account without its storage root, which follows from the slots. */
export type AccountWrite = Omit<Account, 'storageRoot'>

export interface StorageWrites {
  /** All that was there goes first: the account was destroyed and made again. */
  readonly cleared: boolean
  /** 0 deletes. */
  readonly slots: ReadonlyMap<Hash, bigint>
}

/** An account with its encoding, which the trie and the flat record share. */
export interface AccountRecord {
  readonly account: Account
  readonly encoded: Uint8Array
}

/** Everything that a layer knows itself. */
export interface Overlay {
  /** Null for an account that is gone. */
  readonly accounts: ReadonlyMap<Address, AccountRecord | null>
  readonly storage: ReadonlyMap<Address, StorageWrites>
  readonly codes: ReadonlyMap<Hash, Uint8Array>
  /** One for each block, oldest first. */
  readonly nodes: readonly NodeChanges[]
}

export const EMPTY_OVERLAY: Overlay = { accounts: new Map(), storage: new Map(), codes: new Map(), nodes: [] }

/** Several layers, oldest first, as one. */
export function mergedOverlay(overlays: readonly Overlay[]): Overlay {
  if (overlays.length === 1) return overlays[0]!
  const storage = new Map<Address, StorageWrites>()
  for (const overlay of overlays) {
    for (const [address, writes] of overlay.storage) {
      const before = writes.cleared ? undefined : storage.get(address)
      storage.set(
        address,
        before === undefined ? writes : { cleared: before.cleared, slots: new Map([...before.slots, ...writes.slots]) },
      )
    }
  }
  return {
    accounts: new Map(overlays.flatMap(overlay => [...overlay.accounts])),
    storage,
    codes: new Map(overlays.flatMap(overlay => [...overlay.codes])),
    nodes: overlays.flatMap(overlay => overlay.nodes),
  }
}
