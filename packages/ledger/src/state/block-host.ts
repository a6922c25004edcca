// What the engine reads while a block runs: the parent's state, and over it what the block's transactions have changed. What
// was changed, taken together, is what the block writes.
import type { Host, HostAccount, NativeContract, StateChanges } from '@tan/evm'
import { type Address, assert, type Hash } from '@tan/primitives'
import { type AccountWrite, EMPTY_ROOT, type StateReader, type StateWrites } from '@tan/storage'
import { nativeContractAt } from '../system/contracts.ts'

/** What a block reads of the state that it begins with. */
export type ParentState = Pick<StateReader, 'account' | 'storage' | 'code'>

/** The block's height, and the hashes of the blocks before it: newest last, as many as BLOCKHASH sees. */
export interface Ancestry {
  readonly height: number
  readonly ancestors: readonly Hash[]
}

interface ChangedStorage {
  /** what the parent's state has is gone */
  readonly isCleared: boolean
  readonly slots: Map<Hash, bigint>
}

export class BlockHost implements Host {
  readonly #parent: ParentState
  readonly #ancestry: Ancestry
  /** undefined for one that is gone */
  readonly #accounts = new Map<Address, AccountWrite | undefined>()
  readonly #storage = new Map<Address, ChangedStorage>()
  readonly #codes = new Map<Hash, Uint8Array>()

  constructor(parent: ParentState, ancestry: Ancestry) {
    this.#parent = parent
    this.#ancestry = ancestry
  }

  account(address: Address): HostAccount | undefined {
    const changed = this.#accounts.get(address)
    if (changed === undefined && this.#accounts.has(address)) return undefined
    const before = this.#parent.account(address)
    const account = changed ?? before
    if (account === undefined) return undefined
    const storage = this.#storage.size === 0 ? undefined : this.#storage.get(address)
    const hasOld = before !== undefined && before.storageRoot !== EMPTY_ROOT && storage?.isCleared !== true
    const hasStorage = hasOld || (storage !== undefined && storage.slots.size > 0)
    return { nonce: account.nonce, balance: account.balance, codeHash: account.codeHash, hasStorage }
  }

  slot(address: Address, key: Hash): bigint {
    const storage = this.#storage.get(address)
    if (storage === undefined) return this.#parent.storage(address, key)
    return storage.slots.get(key) ?? (storage.isCleared ? 0n : this.#parent.storage(address, key))
  }

  code(hash: Hash): Uint8Array {
    return this.#codes.get(hash) ?? this.#parent.code(hash)
  }

  blockHash(number: bigint): Hash {
    const { height, ancestors } = this.#ancestry
    const hash = ancestors[ancestors.length - (height - Number(number))]
    assert(hash !== undefined, `block ${height} is run without the hash of block ${number}`)
    return hash
  }

  native(address: Address): NativeContract | undefined {
    return nativeContractAt(address)
  }

  /** What a transaction has changed. */
  apply({ deleted, accounts, slots }: StateChanges): void {
    for (const address of deleted) {
      this.#accounts.set(address, undefined)
      this.#storage.set(address, { isCleared: true, slots: new Map() })
    }
    for (const { address, nonce, balance, codeHash, code } of accounts) {
      this.#accounts.set(address, { nonce, balance, codeHash })
      if (code !== undefined) this.#codes.set(codeHash, code)
    }
    for (const { address, key, value } of slots) this.#storageOf(address).slots.set(key, value)
  }

  /** An account as it is to begin with, where a chain does. */
  put(address: Address, account: AccountWrite, code?: Uint8Array): void {
    this.#accounts.set(address, account)
    if (code !== undefined) this.#codes.set(account.codeHash, code)
  }

  /** All that differs from the parent's state, and perhaps some that was changed and changed back. */
  writes(): StateWrites {
    const storage = new Map(
      Array.from(this.#storage, ([address, { isCleared, slots }]) => [address, { cleared: isCleared, slots }]),
    )
    return { accounts: this.#accounts, storage, codes: this.#codes }
  }

  #storageOf(address: Address): ChangedStorage {
    let storage = this.#storage.get(address)
    if (storage === undefined) {
      storage = { isCleared: false, slots: new Map() }
      this.#storage.set(address, storage)
    }
    return storage
  }
}
