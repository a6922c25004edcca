// Nodes by hash, for the hot path. There is no object for a node: hashes lie side by side in one array, encodings in a few
// large buffers, and the index is open addressing over the bytes of the hash, which are as good as random.
import { HASH_BYTES } from './node.ts'

const CAPACITY_MIN = 16
const CHUNK_MIN_BYTES = 4_096
// Below the size from which on allocators ask the system, which costs more than filling them.
const CHUNK_MAX_BYTES = 65_536
/** What a node costs beside its encoding: hash, record, and its share of the index. */
const ENTRY_BYTES = 72

/** Numbers in the record of a node: which chunk, where in it, how long, and how often added: 0 once it is deleted. */
const RECORD_SIZE = 4

export interface NodeEntry {
  readonly hash: Uint8Array
  readonly encoding: Uint8Array
  /** How often it was added. */
  readonly places: number
}

export class NodeTable {
  /** Of each slot the first bytes of the hash, and the number of the node plus one, or 0. */
  #slots = new Int32Array(4 * CAPACITY_MIN)
  #hashes: Uint8Array = new Uint8Array(CAPACITY_MIN * HASH_BYTES)
  #records = new Int32Array(CAPACITY_MIN * RECORD_SIZE)
  readonly #chunks: Uint8Array[] = []
  #chunkUsed = 0
  /** Records, of deleted nodes too. */
  #recordCount = 0
  #size = 0
  #liveBytes = 0
  #usedBytes = 0

  get size(): number {
    return this.#size
  }

  /** Roughly what it holds in memory, deleted nodes included: their room is not used again. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** The part of it that is not deleted. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  /** The encoding: a view that stays as it is. */
  get(hash: Uint8Array): Uint8Array | undefined {
    const index = this.#indexOf(hash)
    return index < 0 ? undefined : this.#encodingAt(index)
  }

  /** Once for each place where the node hangs. Copies both. */
  add(hash: Uint8Array, encoding: Uint8Array): void {
    if (this.#recordCount * HASH_BYTES === this.#hashes.length) this.#grow()
    const tag = tagOf(hash)
    const slot = this.#slotOf(hash, tag)
    const known = this.#slots[slot + 1]! - 1
    if (known >= 0 && this.#records[known * RECORD_SIZE + 3]! > 0) {
      this.#records[known * RECORD_SIZE + 3]!++
      return
    }
    const index = known >= 0 ? known : this.#recordCount++
    this.#hashes.set(hash, index * HASH_BYTES)
    const chunk = this.#chunkFor(encoding.length)
    chunk.set(encoding, this.#chunkUsed)
    const record = index * RECORD_SIZE
    this.#records[record] = this.#chunks.length - 1
    this.#records[record + 1] = this.#chunkUsed
    this.#records[record + 2] = encoding.length
    this.#records[record + 3] = 1
    this.#chunkUsed += encoding.length
    this.#size++
    this.#usedBytes += encoding.length + ENTRY_BYTES
    this.#liveBytes += encoding.length + ENTRY_BYTES
    this.#slots[slot] = tag
    this.#slots[slot + 1] = index + 1
  }

  /** However often it was added. */
  delete(hash: Uint8Array): void {
    const index = this.#indexOf(hash)
    if (index < 0) return
    this.#records[index * RECORD_SIZE + 3] = 0
    this.#size--
    this.#liveBytes -= this.#records[index * RECORD_SIZE + 2]! + ENTRY_BYTES
  }

  *entries(): Iterable<NodeEntry> {
    for (let index = 0; index < this.#recordCount; index++) {
      const places = this.#records[index * RECORD_SIZE + 3]!
      if (places === 0) continue
      const hash = this.#hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
      yield { hash, encoding: this.#encodingAt(index), places }
    }
  }

  /** -1 for a node that is not there, or deleted. */
  #indexOf(hash: Uint8Array): number {
    const index = this.#slots[this.#slotOf(hash, tagOf(hash)) + 1]! - 1
    return index < 0 || this.#records[index * RECORD_SIZE + 3] === 0 ? -1 : index
  }

  #encodingAt(index: number): Uint8Array {
    const record = index * RECORD_SIZE
    const chunk = this.#chunks[this.#records[record]!]!
    return new Uint8Array(chunk.buffer, this.#records[record + 1]!, this.#records[record + 2]!)
  }

  #chunkFor(size: number): Uint8Array {
    const last = this.#chunks.at(-1)
    if (last !== undefined && this.#chunkUsed + size <= last.length) return last
    const next = Math.min(2 * (last?.length ?? CHUNK_MIN_BYTES / 2), CHUNK_MAX_BYTES)
    const chunk = new Uint8Array(Math.max(next, size))
    this.#chunks.push(chunk)
    this.#chunkUsed = 0
    return chunk
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOf(hash: Uint8Array, tag: number): number {
    const slots = this.#slots
    const mask = slots.length - 2
    for (let slot = (tag << 1) & mask; ; slot = (slot + 2) & mask) {
      const index = slots[slot + 1]! - 1
      if (index < 0 || (slots[slot] === tag && isAt(this.#hashes, index * HASH_BYTES, hash))) return slot
    }
  }

  /** Twice the room. The index stays at most half full. */
  #grow(): void {
    const hashes = new Uint8Array(2 * this.#hashes.length)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const records = new Int32Array(2 * this.#records.length)
    records.set(this.#records)
    this.#records = records
    const slots = new Int32Array(2 * this.#slots.length)
    const mask = slots.length - 2
    for (let from = 0; from < this.#slots.length; from += 2) {
      if (this.#slots[from + 1] === 0) continue
      let slot = (this.#slots[from]! << 1) & mask
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
      slots[slot] = this.#slots[from]!
      slots[slot + 1] = this.#slots[from + 1]!
    }
    this.#slots = slots
  }
}

/** The nodes used last, within a bound: two tables, of which the older is dropped when the younger is full. */
export class NodeCache {
  readonly #tableMaxBytes: number
  #young = new NodeTable()
  #old = new NodeTable()

  constructor(sizeMaxBytes: number) {
    this.#tableMaxBytes = sizeMaxBytes / 2
  }

  get sizeBytes(): number {
    return this.#young.usedBytes + this.#old.usedBytes
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    const young = this.#young.get(hash)
    if (young !== undefined) return young
    const old = this.#old.get(hash)
    if (old !== undefined) this.add(hash, old)
    return old
  }

  add(hash: Uint8Array, encoding: Uint8Array): void {
    if (this.#young.usedBytes + encoding.length + ENTRY_BYTES > this.#tableMaxBytes) this.#makeRoom()
    this.#young.add(hash, encoding)
  }

  /** For nodes that nobody is likely to read again, so that they take no room from others. */
  delete(hash: Uint8Array): void {
    this.#young.delete(hash)
    this.#old.delete(hash)
  }

  #makeRoom(): void {
    const full = this.#young
    this.#young = new NodeTable()
    if (2 * full.liveBytes > full.usedBytes) this.#old = full
    else for (const { hash, encoding } of full.entries()) this.#young.add(hash, encoding)
  }
}

function tagOf(hash: Uint8Array): number {
  return (hash[0]! << 24) | (hash[1]! << 16) | (hash[2]! << 8) | hash[3]!
}

function isAt(bytes: Uint8Array, at: number, hash: Uint8Array): boolean {
  for (let i = 0; i < HASH_BYTES; i++) if (bytes[at + i] !== hash[i]) return false
  return true
}
