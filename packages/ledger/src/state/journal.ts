// What a block changes on top of its parent's state, with rollback to any earlier point of a transaction, and what the
// transaction has touched (EIP-2929), logged and may have refunded.
import { type Address, assert, type Hash, keccakHash } from '@tan/primitives'
import {
  type Account,
  type AccountWrite,
  EMPTY_CODE_HASH,
  type StateReader,
  type StateWrites,
  type StorageWrites,
} from '@tan/storage'

/** What a block reads of the state that it begins with. */
export type ParentState = Pick<StateReader, 'account' | 'storage' | 'code'>

export interface Log {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

interface AccountEntry {
  /** in the parent's state */
  readonly before: Account | undefined
  nonce: bigint
  balance: bigint
  codeHash: Hash
  slots: Map<Hash, SlotEntry> | undefined
  /** number of the transaction that touched it last */
  touchedBy: number
}

interface SlotEntry {
  /** in the parent's state */
  readonly before: bigint
  value: bigint
  /** what it held when the transaction of `originalFor` began */
  original: bigint
  originalFor: number
  touchedBy: number
}

export class Journal {
  readonly #reader: ParentState
  readonly #accounts = new Map<Address, AccountEntry>()
  readonly #codes = new Map<Hash, Uint8Array>()
  /** undoes the changes of this transaction, newest last */
  readonly #undo: (() => void)[] = []
  #transaction = 0
  #logs: Log[] = []
  #refund = 0
  #burnedWei = 0n

  constructor(reader: ParentState) {
    this.#reader = reader
  }

  /** From here on: nothing touched, logged or refunded; slots have their present values as original ones. */
  beginTransaction(): void {
    this.#transaction++
    this.#undo.length = 0
    this.#logs = []
    this.#refund = 0
  }

  /** A point of the present transaction, for `rollback`. */
  checkpoint(): number {
    return this.#undo.length
  }

  rollback(checkpoint: number): void {
    assert(checkpoint <= this.#undo.length, 'a rollback to a point that has been left')
    while (this.#undo.length > checkpoint) this.#undo.pop()!()
  }

  // ------------------------------------------------------------------------------------------------ accounts

  nonce(address: Address): bigint {
    return this.#account(address).nonce
  }

  setNonce(address: Address, nonce: bigint): void {
    const entry = this.#account(address)
    const previous = entry.nonce
    this.#undo.push(() => {
      entry.nonce = previous
    })
    entry.nonce = nonce
  }

  balance(address: Address): bigint {
    return this.#account(address).balance
  }

  credit(address: Address, amountWei: bigint): void {
    const entry = this.#account(address)
    this.#setBalance(entry, entry.balance + amountWei)
  }

  debit(address: Address, amountWei: bigint): void {
    const entry = this.#account(address)
    assert(entry.balance >= amountWei, `a debit of ${amountWei} from ${address}, which has ${entry.balance}`)
    this.#setBalance(entry, entry.balance - amountWei)
  }

  /** TANGam that leaves the supply. */
  burn(address: Address, amountWei: bigint): void {
    this.debit(address, amountWei)
    const previous = this.#burnedWei
    this.#undo.push(() => {
      this.#burnedWei = previous
    })
    this.#burnedWei += amountWei
  }

  /** All that was burned since the parent's state. */
  burnedWei(): bigint {
    return this.#burnedWei
  }

  codeHash(address: Address): Hash {
    return this.#account(address).codeHash
  }

  code(address: Address): Uint8Array {
    const hash = this.codeHash(address)
    return this.#codes.get(hash) ?? this.#reader.code(hash)
  }

  setCode(address: Address, code: Uint8Array): void {
    const entry = this.#account(address)
    const previous = entry.codeHash
    this.#undo.push(() => {
      entry.codeHash = previous
    })
    entry.codeHash = keccakHash(code)
    this.#codes.set(entry.codeHash, code)
  }

  /** No nonce, balance or code (EIP-161): not there, as far as the state's root goes. */
  isEmpty(address: Address): boolean {
    return isEmpty(this.#account(address))
  }

  /** True at the first touch of the account in this transaction: it is cold (EIP-2929). */
  touch(address: Address): boolean {
    return this.#touch(this.#account(address))
  }

  // ------------------------------------------------------------------------------------------------ storage

  slot(address: Address, slot: Hash): bigint {
    return this.#slot(address, slot).value
  }

  /** What the slot held when the transaction began. */
  originalSlot(address: Address, slot: Hash): bigint {
    const entry = this.#slot(address, slot)
    return entry.originalFor === this.#transaction ? entry.original : entry.value
  }

  setSlot(address: Address, slot: Hash, value: bigint): void {
    const entry = this.#slot(address, slot)
    const previous = entry.value
    if (entry.originalFor !== this.#transaction) {
      entry.original = previous
      entry.originalFor = this.#transaction
    }
    this.#undo.push(() => {
      entry.value = previous
    })
    entry.value = value
  }

  touchSlot(address: Address, slot: Hash): boolean {
    return this.#touch(this.#slot(address, slot))
  }

  // ------------------------------------------------------------------------------------------------ logs and refunds

  log(log: Log): void {
    this.#undo.push(() => {
      this.#logs.pop()
    })
    this.#logs.push(log)
  }

  /** Of the present transaction, so far. */
  logs(): readonly Log[] {
    return this.#logs
  }

  /** Gas to give back at the end of the transaction; may be negative, the sum never is. */
  addRefund(gas: number): void {
    const previous = this.#refund
    this.#undo.push(() => {
      this.#refund = previous
    })
    this.#refund += gas
  }

  refund(): number {
    return this.#refund
  }

  // ------------------------------------------------------------------------------------------------ result

  /** All that differs from the parent's state. Accounts that ended empty are deleted (EIP-161). */
  writes(): StateWrites {
    const accounts = new Map<Address, AccountWrite | undefined>()
    const storage = new Map<Address, StorageWrites>()
    for (const [address, entry] of this.#accounts) {
      const { before, nonce, balance, codeHash } = entry
      if (isEmpty(entry)) {
        if (before !== undefined) accounts.set(address, undefined)
      } else if (before?.nonce !== nonce || before.balance !== balance || before.codeHash !== codeHash)
        accounts.set(address, { nonce, balance, codeHash })
      if (entry.slots === undefined) continue
      const slots = new Map<Hash, bigint>()
      for (const [slot, { before: old, value }] of entry.slots) if (value !== old) slots.set(slot, value)
      if (slots.size > 0) storage.set(address, { cleared: false, slots })
    }
    return { accounts, storage, codes: this.#codes }
  }

  #account(address: Address): AccountEntry {
    let entry = this.#accounts.get(address)
    if (entry === undefined) {
      const before = this.#reader.account(address)
      entry = {
        before,
        nonce: before?.nonce ?? 0n,
        balance: before?.balance ?? 0n,
        codeHash: before?.codeHash ?? EMPTY_CODE_HASH,
        slots: undefined,
        touchedBy: 0,
      }
      this.#accounts.set(address, entry)
    }
    return entry
  }

  #slot(address: Address, slot: Hash): SlotEntry {
    const account = this.#account(address)
    account.slots ??= new Map()
    let entry = account.slots.get(slot)
    if (entry === undefined) {
      const before = this.#reader.storage(address, slot)
      entry = { before, value: before, original: before, originalFor: 0, touchedBy: 0 }
      account.slots.set(slot, entry)
    }
    return entry
  }

  #setBalance(entry: AccountEntry, balance: bigint): void {
    const previous = entry.balance
    this.#undo.push(() => {
      entry.balance = previous
    })
    entry.balance = balance
  }

  #touch(entry: AccountEntry | SlotEntry): boolean {
    if (entry.touchedBy === this.#transaction) return false
    const previous = entry.touchedBy
    this.#undo.push(() => {
      entry.touchedBy = previous
    })
    entry.touchedBy = this.#transaction
    return true
  }
}

function isEmpty({ nonce, balance, codeHash }: AccountEntry): boolean {
  return nonce === 0n && balance === 0n && codeHash === EMPTY_CODE_HASH
}
