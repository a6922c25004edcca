// Reading a trie: one key, the proof of it, and all keys in order. Each throws MissingStateError for a node that must
// be fetched first.
import { compareBytes, fromHex, type Hash, toHex } from '@tan/primitives'
import { MissingStateError } from '../missing-state.ts'
import { bytesToNibbles, decodeNode, HASH_BYTES, type Nibbles, NO_NODE, type NodeRef, nibblesToBytes } from './node.ts'
import { EMPTY_ROOT, type NodeSource } from './update.ts'

/** The value, or undefined where the trie does not have the key. */
export function getFromTrie(nodes: NodeSource, root: Hash, key: Uint8Array): Uint8Array | undefined {
  return walk(nodes, root, bytesToNibbles(key), () => {})
}

/**
 * The encodings of the nodes from the root towards the key, as `eth_getProof` has them (nodes that are embedded in their
 * parent are not listed). They prove the value, or that there is none. An empty trie needs no nodes.
 */
export function proveInTrie(nodes: NodeSource, root: Hash, key: Uint8Array): Uint8Array[] {
  const proof: Uint8Array[] = []
  walk(nodes, root, bytesToNibbles(key), encoding => proof.push(encoding))
  return proof
}

export type TrieEntry = readonly [key: Uint8Array, value: Uint8Array]

/** All keys from `from` on, in the order of their bytes. */
export function* iterateTrie(nodes: NodeSource, root: Hash, from: Uint8Array = NO_NODE): Iterable<TrieEntry> {
  if (root !== EMPTY_ROOT) yield* entriesFrom(nodes, fromHex(root), NO_NODE, bytesToNibbles(from))
}

/** The hash of the node at each place of the trie, parents first: one that hangs twice comes twice. */
export function* nodeHashes(nodes: NodeSource, root: Hash): Iterable<Uint8Array> {
  if (root !== EMPTY_ROOT) yield* hashesBelow(nodes, fromHex(root))
}

function* hashesBelow(nodes: NodeSource, ref: NodeRef): Iterable<Uint8Array> {
  // What is embedded has no hash, and is too short to hold one.
  if (ref.length < HASH_BYTES) return
  yield ref
  const node = decodeNode(encodingOf(nodes, ref))
  if (node.kind === 'extension') yield* hashesBelow(nodes, node.child)
  if (node.kind === 'branch') for (let nibble = 0; nibble < 16; nibble++) yield* hashesBelow(nodes, node.child(nibble))
}

function walk(
  nodes: NodeSource,
  root: Hash,
  path: Nibbles,
  onNode: (encoding: Uint8Array) => void,
): Uint8Array | undefined {
  if (root === EMPTY_ROOT) return undefined
  let ref = fromHex(root)
  let depth = 0
  for (;;) {
    const encoding = encodingOf(nodes, ref)
    if (ref.length === HASH_BYTES) onNode(encoding)
    const node = decodeNode(encoding)
    if (node.kind === 'branch') {
      if (depth === path.length) return node.value.length === 0 ? undefined : node.value
      ref = node.child(path[depth]!)
      if (ref.length === 0) return undefined
      depth++
      continue
    }
    for (const nibble of node.path) if (path[depth++] !== nibble) return undefined
    if (node.kind === 'leaf') return depth === path.length ? node.value : undefined
    ref = node.child
  }
}

function* entriesFrom(nodes: NodeSource, ref: NodeRef, prefix: Nibbles, from: Nibbles): Iterable<TrieEntry> {
  const node = decodeNode(encodingOf(nodes, ref))
  if (node.kind === 'branch') {
    if (node.value.length > 0 && compareBytes(prefix, from) >= 0) yield [nibblesToBytes(prefix), node.value]
    for (let nibble = 0; nibble < 16; nibble++) {
      const child = node.child(nibble)
      const below = extended(prefix, Uint8Array.of(nibble))
      if (child.length > 0 && mayReach(below, from)) yield* entriesFrom(nodes, child, below, from)
    }
    return
  }
  const path = extended(prefix, node.path)
  if (node.kind === 'extension') {
    if (mayReach(path, from)) yield* entriesFrom(nodes, node.child, path, from)
  } else if (compareBytes(path, from) >= 0) yield [nibblesToBytes(path), node.value]
}

/** Can keys that begin with `prefix` be `from` or above? */
function mayReach(prefix: Nibbles, from: Nibbles): boolean {
  return compareBytes(prefix, from.subarray(0, prefix.length)) >= 0
}

function encodingOf(nodes: NodeSource, ref: NodeRef): Uint8Array {
  if (ref.length < HASH_BYTES) return ref
  const encoding = nodes(ref)
  if (encoding === undefined) throw new MissingStateError([{ type: 'node', hash: toHex(ref) }])
  return encoding
}

function extended(path: Nibbles, by: Nibbles): Nibbles {
  const out = new Uint8Array(path.length + by.length)
  out.set(path)
  out.set(by, path.length)
  return out
}
