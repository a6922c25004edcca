// A whole trie in memory, for tests: all nodes that any update inserted, and how often each hangs in the present trie.
import { type Hash, type Hex, toHex } from '@tan/primitives'
import { nodeHashes } from '../trie/read.ts'
import type { TrieChange } from '../trie/steps.ts'
import { EMPTY_ROOT, NodeChanges, updateTrie } from '../trie/update.ts'

export class TrieForTests {
  root: Hash = EMPTY_ROOT
  readonly encodings = new Map<Hex, Uint8Array>()
  /** By the reports alone. */
  readonly places = new Map<Hex, number>()

  readonly node = (hash: Uint8Array): Uint8Array | undefined => this.encodings.get(toHex(hash))

  update(changes: readonly TrieChange[]): NodeChanges {
    const report = new NodeChanges()
    this.root = updateTrie(this.node, this.root, changes, report)
    for (const { hash, encoding, places } of report.inserted.entries()) {
      this.encodings.set(toHex(hash), encoding)
      this.#count(toHex(hash), places)
    }
    for (const hash of report.removed) this.#count(toHex(hash), -1)
    return report
  }

  /** By walking the trie. */
  countPlaces(): Map<Hex, number> {
    const counts = new Map<Hex, number>()
    for (const hash of nodeHashes(this.node, this.root)) counts.set(toHex(hash), (counts.get(toHex(hash)) ?? 0) + 1)
    return counts
  }

  #count(hash: Hex, by: number): void {
    const count = (this.places.get(hash) ?? 0) + by
    if (count === 0) this.places.delete(hash)
    else this.places.set(hash, count)
  }
}
