// The settled state as the store holds it: accounts and slots flat, for reads without walking a trie; nodes and codes by
// hash. Caches are in front. Reads are synchronous if the engine can answer synchronously, and otherwise only from the
// caches.
import {
  type Address,
  CodedError,
  codec,
  concatBytes,
  decode,
  EMPTY_BYTES,
  encode,
  equalBytes,
  fromHex,
  type Hash,
  keccak256,
  keccakHash,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import { seal, unseal } from '../checksum.ts'
import type { KeyValueStore, WriteOperation } from '../key-value.ts'
import { MissingStateError, type StateKey } from '../missing-state.ts'
import { openTable, type Table } from '../table.ts'
import { NodeCache } from '../trie/node-table.ts'
import { EMPTY_ROOT } from '../trie/update.ts'
import { type Account, decodeAccount, decodeSlotValue, EMPTY_CODE_HASH, encodeSlotValue } from './account.ts'
import { RecentMap } from './recent-map.ts'
import type { Overlay } from './writes.ts'

export interface CacheBounds {
  readonly nodeBytes: number
  readonly accounts: number
  readonly slots: number
  readonly codeBytes: number
}

const FORMAT = 1
const HEAD_KEY = utf8ToBytes('head')
const headRecord = codec.struct({ format: codec.uint, root: codec.hash })

export class StateDisk {
  readonly #store: KeyValueStore
  readonly #head: Table
  readonly #accounts: Table
  readonly #slots: Table
  readonly #codes: Table
  readonly #nodes: Table
  readonly #accountCache: RecentMap<Address, Account | null>
  readonly #slotCache: RecentMap<string, bigint>
  readonly #codeCache: RecentMap<Hash, Uint8Array>
  readonly #nodeCache: NodeCache
  /** Counts changes that make pending answers outdated. */
  #changes = 0

  constructor(store: KeyValueStore, bounds: CacheBounds) {
    this.#store = store
    this.#head = openTable(store, 'state')
    this.#accounts = openTable(store, 'state-account')
    this.#slots = openTable(store, 'state-slot')
    this.#codes = openTable(store, 'state-code')
    this.#nodes = openTable(store, 'state-node')
    this.#accountCache = new RecentMap(bounds.accounts)
    this.#slotCache = new RecentMap(bounds.slots)
    this.#codeCache = new RecentMap(bounds.codeBytes, code => code.length)
    this.#nodeCache = new NodeCache(bounds.nodeBytes)
  }

  /** The settled root, of no accounts in a new store. Throws `storage/version` and `storage/corrupt`. */
  async loadRoot(): Promise<Hash> {
    const sealed = await this.#head.get(HEAD_KEY)
    if (sealed === undefined) return EMPTY_ROOT
    const { format, root } = decode(headRecord, unseal(HEAD_KEY, sealed))
    if (format !== FORMAT)
      throw new CodedError('storage/version', `the state on disk has format ${format}, this version reads ${FORMAT}`)
    if (root !== EMPTY_ROOT && (await this.#nodes.get(fromHex(root))) === undefined)
      throw new CodedError(
        'storage/corrupt',
        `the settled state ${root} has lost its root: restore the store, or sync again`,
      )
    return root
  }

  account(address: Address): Account | undefined {
    const known = this.#accountCache.get(address)
    if (known !== undefined) return known ?? undefined
    return this.#takeAccount(address, this.#readSync(this.#accounts, fromHex(address), { type: 'account', address }))
  }

  slot(address: Address, slot: Hash): bigint {
    const known = this.#slotCache.get(slotName(address, slot))
    if (known !== undefined) return known
    const key = slotRecordKey(address, slot)
    return this.#takeSlot(address, slot, this.#readSync(this.#slots, key, { type: 'slot', address, slot }))
  }

  code(hash: Hash): Uint8Array {
    if (hash === EMPTY_CODE_HASH) return EMPTY_BYTES
    const known = this.#codeCache.get(hash)
    if (known !== undefined) return known
    return this.#takeCode(hash, this.#readSync(this.#codes, fromHex(hash), { type: 'code', hash }))
  }

  /** Undefined if the node must be fetched first. */
  node(hash: Uint8Array): Uint8Array | undefined {
    const known = this.#nodeCache.get(hash)
    if (known !== undefined || this.#nodes.getSync === undefined) return known
    return this.#takeNode(hash, this.#nodes.getSync(hash))
  }

  /**
   * Fetches into the caches, in one read. Throws `storage/corrupt`, and `storage/missing-node` for nodes that no state
   * on disk has.
   */
  async prefetch(keys: readonly StateKey[]): Promise<void> {
    for (;;) {
      const changes = this.#changes
      const wanted = keys.filter(key => !this.#isCached(key))
      if (wanted.length === 0) return
      const records = await this.#store.getMany(wanted.map(key => this.#storeKey(key)))
      // Values written meanwhile may be newer than those read.
      if (changes !== this.#changes) continue
      wanted.forEach((key, i) => {
        this.#take(key, records[i])
      })
      return
    }
  }

  /** The operations that make the overlay the settled state. */
  async operations(overlay: Overlay, root: Hash): Promise<Iterable<WriteOperation>> {
    const clearedSlots: Uint8Array[] = []
    for (const [address, { cleared }] of overlay.storage)
      if (cleared) for await (const key of this.#slotKeys(address)) clearedSlots.push(key)
    return this.#operations(overlay, clearedSlots, root)
  }

  *#operations(overlay: Overlay, clearedSlots: readonly Uint8Array[], root: Hash): Iterable<WriteOperation> {
    for (const { inserted } of overlay.nodes)
      for (const { hash, encoding } of inserted.entries()) yield this.#nodes.put(hash, encoding)
    for (const [address, record] of overlay.accounts) {
      const key = fromHex(address)
      yield record === null ? this.#accounts.delete(key) : this.#accounts.put(key, seal(key, record.encoded))
    }
    for (const key of clearedSlots) yield this.#slots.delete(key)
    for (const [address, { slots }] of overlay.storage) {
      for (const [slot, value] of slots) {
        const key = slotRecordKey(address, slot)
        const encoded = encodeSlotValue(value)
        yield encoded === undefined ? this.#slots.delete(key) : this.#slots.put(key, seal(key, encoded))
      }
    }
    for (const [hash, code] of overlay.codes) yield this.#codes.put(fromHex(hash), code)
    yield this.#head.put(HEAD_KEY, seal(HEAD_KEY, encode(headRecord, { format: FORMAT, root })))
  }

  /** The overlay is on disk now. */
  remember(overlay: Overlay): void {
    this.#changes++
    for (const { inserted, removed } of overlay.nodes) {
      for (const hash of removed) this.#nodeCache.delete(hash)
      for (const { hash, encoding } of inserted.entries()) this.#nodeCache.add(hash, encoding)
    }
    for (const [address, record] of overlay.accounts) this.#accountCache.set(address, record?.account ?? null)
    for (const [address, { cleared, slots }] of overlay.storage) {
      if (cleared) this.#slotCache.clear()
      for (const [slot, value] of slots) this.#slotCache.set(slotName(address, slot), value)
    }
    for (const [hash, code] of overlay.codes) this.#codeCache.set(hash, code)
  }

  async *#slotKeys(address: Address): AsyncIterable<Uint8Array> {
    const from = fromHex(address)
    for await (const [key] of this.#slots.iterate({ from })) {
      if (!equalBytes(key.subarray(0, from.length), from)) return
      yield key
    }
  }

  #readSync(table: Table, key: Uint8Array, name: StateKey): Uint8Array | undefined {
    if (table.getSync === undefined) throw new MissingStateError([name])
    return table.getSync(key)
  }

  #isCached(key: StateKey): boolean {
    if (key.type === 'account') return this.#accountCache.get(key.address) !== undefined
    if (key.type === 'slot') return this.#slotCache.get(slotName(key.address, key.slot)) !== undefined
    if (key.type === 'code') return key.hash === EMPTY_CODE_HASH || this.#codeCache.get(key.hash) !== undefined
    return this.#nodeCache.get(fromHex(key.hash)) !== undefined
  }

  #storeKey(key: StateKey): Uint8Array {
    if (key.type === 'account') return this.#accounts.storeKey(fromHex(key.address))
    if (key.type === 'slot') return this.#slots.storeKey(slotRecordKey(key.address, key.slot))
    return (key.type === 'code' ? this.#codes : this.#nodes).storeKey(fromHex(key.hash))
  }

  #take(key: StateKey, record: Uint8Array | undefined): void {
    if (key.type === 'account') this.#takeAccount(key.address, record)
    else if (key.type === 'slot') this.#takeSlot(key.address, key.slot, record)
    else if (key.type === 'code') this.#takeCode(key.hash, record)
    else this.#takeNode(fromHex(key.hash), record)
  }

  #takeAccount(address: Address, record: Uint8Array | undefined): Account | undefined {
    const account = record === undefined ? undefined : decodeAccount(unseal(fromHex(address), record))
    this.#accountCache.set(address, account ?? null)
    return account
  }

  #takeSlot(address: Address, slot: Hash, record: Uint8Array | undefined): bigint {
    const value = record === undefined ? 0n : decodeSlotValue(unseal(slotRecordKey(address, slot), record))
    this.#slotCache.set(slotName(address, slot), value)
    return value
  }

  #takeCode(hash: Hash, record: Uint8Array | undefined): Uint8Array {
    if (record === undefined)
      throw new CodedError('storage/corrupt', `the code ${hash} is missing: restore the store, or sync again`)
    if (keccakHash(record) !== hash)
      throw new CodedError('storage/corrupt', `the code ${hash} is damaged: restore the store, or sync again`)
    this.#codeCache.set(hash, record)
    return record
  }

  #takeNode(hash: Uint8Array, record: Uint8Array | undefined): Uint8Array {
    if (record === undefined)
      throw new CodedError(
        'storage/missing-node',
        `the store has no node ${toHex(hash)}: its state was never settled here, or has been pruned`,
      )
    if (!equalBytes(keccak256(record), hash))
      throw new CodedError('storage/corrupt', `the node ${toHex(hash)} is damaged: restore the store, or sync again`)
    this.#nodeCache.add(hash, record)
    return record
  }
}

function slotName(address: Address, slot: Hash): string {
  return address + slot
}

function slotRecordKey(address: Address, slot: Hash): Uint8Array {
  return concatBytes(fromHex(address), fromHex(slot))
}
