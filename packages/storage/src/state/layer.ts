// A state: the settled one, or a layer of unsettled changes over its parent. A layer shares everything that it does not
// change, and disappears when nothing refers to it: abandoned blocks cost nothing.
import { type Address, assert, type Hash } from '@tan/primitives'
import { EMPTY_ROOT } from '../trie/update.ts'
import type { Account } from './account.ts'
import type { StateDisk } from './disk.ts'
import { proveState, readAccount, readSlot, type StateProof } from './state-proof.ts'
import { EMPTY_OVERLAY, type Overlay } from './writes.ts'

/** What execution reads. Synchronous: each method throws MissingStateError if the store must be asked first. */
export interface StateReader {
  account(address: Address): Account | undefined
  /** 0 if nothing is stored. */
  storage(address: Address, slot: Hash): bigint
  /** Of the code hash of an account. */
  code(hash: Hash): Uint8Array
}

/** A state of a StateStore. It stays readable as long as its nodes are kept, even after other states settle. */
export interface State extends StateReader {
  readonly root: Hash
  prove(address: Address, slots: readonly Hash[]): StateProof
}

export interface SettledPointer {
  settled: Layer | undefined
  /** the flat records on disk, with the settled layer's overlay, are those of the settled layer */
  isFlatCurrent: boolean
}

export class Layer implements State {
  readonly root: Hash
  readonly #disk: StateDisk
  readonly #pointer: SettledPointer
  /** None under a layer that is, or was, the settled one. */
  #parent: Layer | undefined
  #overlay: Overlay

  constructor(root: Hash, disk: StateDisk, pointer: SettledPointer, parent: Layer | undefined, overlay: Overlay) {
    this.root = root
    this.#disk = disk
    this.#pointer = pointer
    this.#parent = parent
    this.#overlay = overlay
  }

  get parent(): Layer | undefined {
    return this.#parent
  }

  isOf(disk: StateDisk): boolean {
    return this.#disk === disk
  }

  get overlay(): Overlay {
    return this.#overlay
  }

  /**
   * Makes this layer the settled one; until they are on disk, it holds the changes since the last one. Returns a function
   * that undoes this after a failed write: nobody knows then what the disk took, so nothing reads the flat records.
   */
  becomeSettled(overlay: Overlay): () => void {
    const before = { parent: this.#parent, overlay: this.#overlay, settled: this.#pointer.settled }
    this.#parent = undefined
    this.#overlay = overlay
    this.#pointer.settled = this
    this.#pointer.isFlatCurrent = true
    return () => {
      this.#parent = before.parent
      this.#overlay = before.overlay
      this.#pointer.settled = before.settled
      this.#pointer.isFlatCurrent = false
    }
  }

  /** Everything is on disk. */
  becomeStored(): void {
    assert(this.#pointer.settled === this, 'a layer that is not settled was stored')
    this.#overlay = EMPTY_OVERLAY
  }

  account(address: Address): Account | undefined {
    for (let layer: Layer = this; ; layer = layer.#parent) {
      const record = layer.#overlay.accounts.get(address)
      if (record !== undefined) return record?.account
      if (layer.#parent === undefined) return layer.#storedAccount(address)
    }
  }

  storage(address: Address, slot: Hash): bigint {
    for (let layer: Layer = this; ; layer = layer.#parent) {
      const writes = layer.#overlay.storage.get(address)
      const value = writes?.slots.get(slot)
      if (value !== undefined) return value
      if (writes?.cleared) return 0n
      if (layer.#parent === undefined) return layer.#storedSlot(address, slot)
    }
  }

  code(hash: Hash): Uint8Array {
    for (let layer: Layer | undefined = this; layer !== undefined; layer = layer.#parent) {
      const code = layer.#overlay.codes.get(hash)
      if (code !== undefined) return code
    }
    return this.#disk.code(hash)
  }

  prove(address: Address, slots: readonly Hash[]): StateProof {
    return proveState(this.node, this.root, address, slots)
  }

  /** The encoding of a trie node of this state, or undefined if it must be fetched first. */
  readonly node = (hash: Uint8Array): Uint8Array | undefined => {
    for (let layer: Layer | undefined = this; layer !== undefined; layer = layer.#parent) {
      for (const { inserted } of layer.#overlay.nodes) {
        const encoding = inserted.get(hash)
        if (encoding !== undefined) return encoding
      }
    }
    return this.#disk.node(hash)
  }

  // The flat records follow the settled state. A layer over an earlier state reads its trie, which is slower.

  #isFlat(): boolean {
    return this.#pointer.settled === this && this.#pointer.isFlatCurrent
  }

  #storedAccount(address: Address): Account | undefined {
    if (this.#isFlat()) return this.#disk.account(address)
    return readAccount(this.node, this.root, address)
  }

  #storedSlot(address: Address, slot: Hash): bigint {
    if (this.#isFlat()) return this.#disk.slot(address, slot)
    return readSlot(this.node, this.#storedAccount(address)?.storageRoot ?? EMPTY_ROOT, slot)
  }
}
