// The engine in memory. It also plays a disk for tests and simulations: it knows which batches a crash would lose.
import { CodedError, type Hex, toHex } from '@tan/primitives'
import {
  assertKey,
  assertOperation,
  type KeyRange,
  type KeyValueEntry,
  type KeyValueStore,
  type WriteOperation,
  type WriteOptions,
} from '../key-value.ts'
import { UNSYNCED_BATCHES_MAX } from '../limits.ts'

type Entry = { readonly key: Uint8Array; readonly value: Uint8Array }
/** What a batch replaced, by key. */
type Undo = Map<Hex, Entry | undefined>

export class MemoryStore implements KeyValueStore {
  // Lower-case hexadecimal sorts as the bytes do.
  #entries = new Map<Hex, Entry>()
  /** All keys in order, until one is added or deleted. */
  #ordered: Hex[] | undefined = []
  #unsynced: Undo[] = []
  #closed = false

  /** Batches, oldest first, that are not durable yet. */
  get unsyncedBatches(): number {
    return this.#unsynced.length
  }

  /**
   * The power fails: what the disk holds, as a store to open again. All durable batches are there, and of the others the
   * first `survivingBatches`. This store is closed.
   */
  crash(survivingBatches = 0): MemoryStore {
    for (const undo of this.#unsynced.slice(survivingBatches).reverse())
      for (const [key, entry] of undo) entry === undefined ? this.#entries.delete(key) : this.#entries.set(key, entry)
    const disk = new MemoryStore()
    disk.#entries = this.#entries
    disk.#ordered = undefined
    this.#entries = new Map()
    this.#unsynced = []
    this.#closed = true
    return disk
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.getSync(key)
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map(key => this.getSync(key))
  }

  getSync(key: Uint8Array): Uint8Array | undefined {
    this.#assertOpen()
    assertKey(key)
    return this.#entries.get(toHex(key))?.value
  }

  async write(operations: Iterable<WriteOperation>, { durable }: WriteOptions): Promise<void> {
    this.#assertOpen()
    const batch = [...operations]
    batch.forEach(assertOperation)
    const undo: Undo = new Map()
    for (const operation of batch) {
      const key = toHex(operation.key)
      const before = this.#entries.get(key)
      if (!durable && !undo.has(key)) undo.set(key, before)
      if ((before === undefined) === (operation.type === 'put')) this.#ordered = undefined
      if (operation.type === 'put') this.#entries.set(key, operation)
      else this.#entries.delete(key)
    }
    if (durable) this.#unsynced = []
    else if (this.#unsynced.push(undo) > UNSYNCED_BATCHES_MAX) this.#unsynced.shift()
  }

  async *iterate(range: KeyRange = {}): AsyncIterable<KeyValueEntry> {
    this.#assertOpen()
    this.#ordered ??= [...this.#entries.keys()].sort()
    const ordered = this.#ordered
    const start = range.from === undefined ? 0 : lowerBound(ordered, toHex(range.from))
    const end = range.to === undefined ? ordered.length : lowerBound(ordered, toHex(range.to))
    const limit = range.limit ?? Number.POSITIVE_INFINITY
    const keys = range.reverse
      ? ordered.slice(Math.max(start, end - limit), end).reverse()
      : ordered.slice(start, Math.min(end, start + limit))
    for (const { key, value } of keys.map(each => this.#entries.get(each)!)) {
      this.#assertOpen()
      yield [key, value]
    }
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #assertOpen(): void {
    if (this.#closed) throw new CodedError('storage/closed', 'the store is closed: open it again')
  }
}

/** The first place where what is there is not below the key. */
function lowerBound(ordered: readonly Hex[], key: Hex): number {
  let low = 0
  let high = ordered.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ordered[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
