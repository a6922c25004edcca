// Roots over lists: a block's transactions and receipts hang in a trie under their index.
import { assert, bigIntToMinimalBytes, encodeRlp, type Hash } from '@tan/primitives'
import { EMPTY_ROOT, NodeChanges, updateTrie } from './update.ts'

/** The root of the trie with `values[i]`, each not empty, under the encoding of i. */
export function orderedListRoot(values: readonly Uint8Array[]): Hash {
  assert(
    values.every(value => value.length > 0),
    'an empty value has no place in a trie',
  )
  const changes = values.map((value, i) => ({ key: encodeRlp(bigIntToMinimalBytes(BigInt(i))), value }))
  return updateTrie(() => undefined, EMPTY_ROOT, changes, new NodeChanges())
}
