// Nodes by hash, for the hot path: open addressing over the bytes of the hash (which are as good as random), no strings,
// and encodings side by side in slabs, because an ArrayBuffer for each node costs more than hashing it.
import { HASH_BYTES } from './node.ts'

const SLAB_BYTES_LEAST = 4_096
const SLAB_BYTES_MOST = 65_536
/** What a node costs beside its encoding: hash, index, and the view of its bytes. */
const ENTRY_BYTES = 192

/** Memory that is handed out in pieces, and freed as a whole. */
export class Slab {
  #bytes = new Uint8Array(0)
  #used = 0

  readonly allocate = (size: number): Uint8Array => {
    if (this.#used + size > this.#bytes.length) {
      const next = Math.min(Math.max(2 * this.#bytes.length, SLAB_BYTES_LEAST), SLAB_BYTES_MOST)
      this.#bytes = new Uint8Array(Math.max(next, size))
      this.#used = 0
    }
    const piece = new Uint8Array(this.#bytes.buffer, this.#used, size)
    this.#used += size
    return piece
  }

  /** Only the newest piece can be given back. */
  giveBack(piece: Uint8Array): void {
    this.#used -= piece.length
  }
}

/** A map that only grows. */
export class NodeTable {
  #slots = new Int32Array(32)
  #hashes: Uint8Array = new Uint8Array(16 * HASH_BYTES)
  readonly #encodings: Uint8Array[] = []
  readonly #places: number[] = []
  #sizeBytes = 0

  get size(): number {
    return this.#encodings.length
  }

  /** Roughly what it holds in memory. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    const index = this.#slots[this.#slotOf(hash)]! - 1
    return index < 0 ? undefined : this.#encodings[index]
  }

  /** Once for each place where the node hangs. Keeps the encoding, and copies the hash. */
  add(hash: Uint8Array, encoding: Uint8Array): void {
    const slot = this.#slotOf(hash)
    const known = this.#slots[slot]! - 1
    if (known >= 0) {
      this.#places[known]!++
      return
    }
    const index = this.#encodings.length
    if ((index + 1) * HASH_BYTES > this.#hashes.length) this.#hashes = grown(this.#hashes)
    this.#hashes.set(hash, index * HASH_BYTES)
    this.#encodings.push(encoding)
    this.#places.push(1)
    this.#sizeBytes += encoding.length + ENTRY_BYTES
    this.#slots[slot] = index + 1
    if (2 * (index + 1) > this.#slots.length) this.#rehash()
  }

  /** `places` is how often the node was added. */
  *entries(): Iterable<{ readonly hash: Uint8Array; readonly encoding: Uint8Array; readonly places: number }> {
    for (let i = 0; i < this.size; i++)
      yield { hash: this.#hashAt(i), encoding: this.#encodings[i]!, places: this.#places[i]! }
  }

  #hashAt(index: number): Uint8Array {
    return this.#hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOf(hash: Uint8Array): number {
    const mask = this.#slots.length - 1
    let slot = ((hash[0]! << 24) | (hash[1]! << 16) | (hash[2]! << 8) | hash[3]!) & mask
    for (;;) {
      const index = this.#slots[slot]! - 1
      if (index < 0 || this.#isAt(hash, index * HASH_BYTES)) return slot
      slot = (slot + 1) & mask
    }
  }

  #isAt(hash: Uint8Array, at: number): boolean {
    for (let i = 0; i < HASH_BYTES; i++) if (this.#hashes[at + i] !== hash[i]) return false
    return true
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    for (let i = 0; i < this.size; i++) this.#slots[this.#slotOf(this.#hashAt(i))] = i + 1
  }
}

/** The nodes used last, within a bound: two tables, of which the older is dropped when the younger is full. */
export class NodeCache {
  readonly #sizeBytesMost: number
  #young = new NodeTable()
  #old = new NodeTable()
  #slab = new Slab()

  constructor(sizeBytesMost: number) {
    this.#sizeBytesMost = sizeBytesMost
  }

  get sizeBytes(): number {
    return this.#young.sizeBytes + this.#old.sizeBytes
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    const young = this.#young.get(hash)
    if (young !== undefined) return young
    const old = this.#old.get(hash)
    return old === undefined ? undefined : this.add(hash, old)
  }

  /** Copies the encoding, which may be a view of something large, and returns the copy. */
  add(hash: Uint8Array, encoding: Uint8Array): Uint8Array {
    if (2 * (this.#young.sizeBytes + encoding.length) > this.#sizeBytesMost) {
      this.#old = this.#young
      this.#young = new NodeTable()
      this.#slab = new Slab()
    }
    const copy = this.#slab.allocate(encoding.length)
    copy.set(encoding)
    this.#young.add(hash, copy)
    return copy
  }
}

function grown(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * bytes.length)
  out.set(bytes)
  return out
}
