// Many changes to a trie at once. The old nodes stay as they are: what changes is built anew along the paths, hashed once,
// bottom up, and reported together with what it replaces.
import { assert, compareBytes, equalBytes, fromHex, type Hash, keccak256, toHex } from '@tan/primitives'
import { TRIE_KEY_BYTES_MOST } from '../limits.ts'
import { MissingStateError } from '../missing-state.ts'
import {
  type BranchNode,
  bytesToNibbles,
  decodeNode,
  type ExtensionNode,
  encodeBranch,
  encodeExtension,
  encodeLeaf,
  HASH_BYTES,
  type LeafNode,
  type Nibbles,
  NO_NODE,
  type NodeRef,
} from './node.ts'
import { NodeTable, Slab } from './node-table.ts'

/** The root of a trie without keys: the hash of an empty string's encoding. */
export const EMPTY_ROOT: Hash = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
const EMPTY_ROOT_BYTES = fromHex(EMPTY_ROOT)

/** The encoding of the node with this hash, or undefined where it has to be fetched first. */
export type NodeSource = (hash: Uint8Array) => Uint8Array | undefined

export interface TrieChange {
  readonly key: Uint8Array
  /** Undefined, or no bytes, deletes. */
  readonly value: Uint8Array | undefined
}

/** What updates did to the places of a trie where nodes hang. A node that hangs in two places counts twice. */
export class NodeChanges {
  readonly inserted = new NodeTable()
  readonly removed: Uint8Array[] = []
  /** Where updates put what they encode. */
  readonly slab = new Slab()
}

/**
 * The new root. Each key may be changed once. Throws MissingStateError with all nodes that it would need next, and what
 * `report` then holds is to be thrown away.
 */
export function updateTrie(nodes: NodeSource, root: Hash, changes: readonly TrieChange[], report: NodeChanges): Hash {
  if (changes.length === 0) return root
  const place = root === EMPTY_ROOT ? NO_NODE : fromHex(root)
  return toHex(new TrieUpdate(nodes, report).run(place, sorted(changes)))
}

/** A change, its path in nibbles. */
interface Step {
  readonly path: Nibbles
  readonly value: Uint8Array | undefined
  /** The first nibbles as a number, so that sorting rarely has to look at the path. */
  readonly order: number
}

/** A branch that is being made: what is undefined is as in `base`. */
interface BranchDraft {
  readonly kind: 'draft'
  readonly base: BranchNode | undefined
  readonly children: readonly (NodeRef | undefined)[]
  readonly value: Uint8Array | undefined
}

/**
 * What hangs at a place after a change: a reference if it is nothing, or an older node (the place's own, if the change
 * changed nothing), and otherwise a node that is not encoded yet, because its parent may still merge with it.
 */
type Link = NodeRef | LeafNode | ExtensionNode | BranchDraft

function sorted(changes: readonly TrieChange[]): Step[] {
  const steps = changes.map(({ key, value }): Step => {
    assert(
      key.length <= TRIE_KEY_BYTES_MOST,
      `a key of ${key.length} bytes in a trie: at most ${TRIE_KEY_BYTES_MOST} fit`,
    )
    let order = 0
    for (let i = 0; i < 6; i++) order = order * 256 + (key[i] ?? 0)
    return { path: bytesToNibbles(key), value: value === undefined || value.length === 0 ? undefined : value, order }
  })
  steps.sort((a, b) => a.order - b.order || compareBytes(a.path, b.path))
  for (let i = 1; i < steps.length; i++)
    assert(
      steps[i]!.order !== steps[i - 1]!.order || !equalBytes(steps[i]!.path, steps[i - 1]!.path),
      'one update changes a key twice',
    )
  return steps
}

class TrieUpdate {
  readonly #nodes: NodeSource
  readonly #report: NodeChanges
  readonly #missing: Hash[] = []

  constructor(nodes: NodeSource, report: NodeChanges) {
    this.#nodes = nodes
    this.#report = report
  }

  run(root: NodeRef, steps: readonly Step[]): Uint8Array {
    const link = this.#change(root, 0, steps)
    const ref = link instanceof Uint8Array ? this.#finish(link, root) : this.#finishRoot(link, root)
    if (this.#missing.length > 0) throw new MissingStateError(this.#missing.map(hash => ({ type: 'node', hash })))
    return ref.length === 0 ? EMPTY_ROOT_BYTES : ref
  }

  /** `steps` are sorted and share the first `depth` nibbles with the place. */
  #change(place: NodeRef, depth: number, steps: readonly Step[]): Link {
    if (place.length === 0) return this.#build(depth, steps.filter(isPut))
    const encoding = this.#encodingOf(place)
    if (encoding === undefined) return place
    const node = decodeNode(encoding)
    if (node.kind === 'leaf') return this.#changeLeaf(node, place, depth, steps)
    if (node.kind === 'extension') return this.#changeExtension(node, place, depth, steps)
    return this.#changeBranch(node, place, depth, steps)
  }

  #changeLeaf(leaf: LeafNode, place: NodeRef, depth: number, steps: readonly Step[]): Link {
    let own: Step | undefined
    for (const step of steps) if (endsWith(step.path, depth, leaf.path)) own = step
    const value = own === undefined ? leaf.value : own.value
    if (steps.length === 1 && own !== undefined) {
      if (value === undefined) return NO_NODE
      return equalBytes(value, leaf.value) ? place : { kind: 'leaf', path: leaf.path, value }
    }
    const puts = steps.filter(step => step !== own && isPut(step))
    if (value !== undefined) {
      if (puts.length === 0 && equalBytes(value, leaf.value)) return place
      const path = joined(steps[0]!.path.subarray(0, depth), leaf.path)
      const at = puts.findIndex(step => compareBytes(step.path, path) > 0)
      puts.splice(at < 0 ? puts.length : at, 0, { path, value, order: 0 })
    }
    return this.#build(depth, puts)
  }

  /** `place` is undefined for an extension that is not a node yet, but the rest of one that was split. */
  #changeExtension(node: ExtensionNode, place: NodeRef | undefined, depth: number, steps: readonly Step[]): Link {
    // Sorted, so that the first and the last step leave the path earliest.
    const shared = Math.min(
      commonLength(node.path, steps[0]!.path, depth),
      commonLength(node.path, steps[steps.length - 1]!.path, depth),
    )
    if (shared === node.path.length) {
      const child = this.#change(node.child, depth + shared, steps)
      if (child === node.child) return place ?? node
      return this.#prefixed(node.path, child, node.child)
    }
    const nibble = node.path[shared]!
    const rest: ExtensionNode = { kind: 'extension', path: node.path.subarray(shared + 1), child: node.child }
    const isLast = rest.path.length === 0
    const children: (Link | undefined)[] = new Array(16)
    const replaced: NodeRef[] = new Array(16).fill(NO_NODE)
    children[nibble] = isLast ? node.child : rest
    if (isLast) replaced[nibble] = node.child
    const at = depth + shared
    const value = forEachGroup(steps, at, (group, inGroup) => {
      if (group !== nibble) children[group] = this.#build(at + 1, inGroup.filter(isPut))
      else if (isLast) children[group] = this.#change(node.child, at + 1, inGroup)
      else children[group] = this.#changeExtension(rest, undefined, at + 1, inGroup)
    })
    const branch = this.#joined(undefined, children, replaced, value?.value)
    return shared === 0 ? branch : this.#prefixed(node.path.subarray(0, shared), branch, NO_NODE)
  }

  #changeBranch(branch: BranchNode, place: NodeRef, depth: number, steps: readonly Step[]): Link {
    const children: (Link | undefined)[] = new Array(16)
    const replaced: NodeRef[] = new Array(16)
    let isChanged = false
    const step = forEachGroup(steps, depth, (nibble, inGroup) => {
      const old = branch.child(nibble)
      const link = this.#change(old, depth + 1, inGroup)
      if (link === old) return
      children[nibble] = link
      replaced[nibble] = old
      isChanged = true
    })
    let value: Uint8Array | undefined
    if (step !== undefined) {
      value = step.value ?? NO_NODE
      if (equalBytes(value, branch.value)) value = undefined
      else isChanged = true
    }
    return isChanged ? this.#joined(branch, children, replaced, value) : place
  }

  /**
   * A branch of these children and value, where undefined is as in `base`; or, when less than two of them are there, what
   * it collapses to. `replaced` holds what hung where a child is given.
   */
  #joined(
    base: BranchNode | undefined,
    children: readonly (Link | undefined)[],
    replaced: readonly NodeRef[],
    value: Uint8Array | undefined,
  ): Link {
    const linkAt = (nibble: number): Link => children[nibble] ?? base?.child(nibble) ?? NO_NODE
    const endValue = value ?? base?.value ?? NO_NODE
    let only = -1
    let count = endValue.length > 0 ? 1 : 0
    for (let nibble = 0; nibble < 16 && count < 2; nibble++) {
      if (isNothing(linkAt(nibble))) continue
      only = nibble
      count++
    }
    if (count >= 2) {
      const refs: (NodeRef | undefined)[] = new Array(16)
      for (let nibble = 0; nibble < 16; nibble++) {
        const link = children[nibble]
        if (link !== undefined) refs[nibble] = this.#finish(link, replaced[nibble]!)
      }
      return { kind: 'draft', base, children: refs, value }
    }
    for (let nibble = 0; nibble < 16; nibble++)
      if (nibble !== only && children[nibble] !== undefined) this.#finish(children[nibble]!, replaced[nibble]!)
    if (only >= 0) {
      const link = linkAt(only)
      return this.#prefixed(Uint8Array.of(only), link, replaced[only] ?? (link as NodeRef))
    }
    return endValue.length > 0 ? { kind: 'leaf', path: NO_NODE, value: endValue } : NO_NODE
  }

  /** The path in front of what hangs below it, merged with it where that is a leaf or an extension. */
  #prefixed(path: Nibbles, link: Link, replaced: NodeRef): Link {
    if (isNothing(link)) return this.#finish(link, replaced)
    let below = link
    if (below instanceof Uint8Array) {
      const encoding = this.#encodingOf(below)
      if (encoding === undefined) return below
      const node = decodeNode(encoding)
      if (node.kind === 'branch') return { kind: 'extension', path, child: below }
      below = node
    }
    if (below.kind === 'draft') return { kind: 'extension', path, child: this.#finish(below, replaced) }
    this.#remove(replaced)
    return { ...below, path: joined(path, below.path) }
  }

  /** A trie of its own from puts that share the first `depth` nibbles. */
  #build(depth: number, puts: readonly Step[]): Link {
    const first = puts[0]
    if (first === undefined) return NO_NODE
    if (puts.length === 1) return { kind: 'leaf', path: first.path.subarray(depth), value: first.value! }
    const end = depth + commonLength(first.path.subarray(depth), puts[puts.length - 1]!.path, depth)
    const children: (NodeRef | undefined)[] = new Array(16)
    const value = forEachGroup(puts, end, (nibble, inGroup) => {
      children[nibble] = this.#finish(this.#build(end + 1, inGroup), NO_NODE)
    })
    const branch: BranchDraft = { kind: 'draft', base: undefined, children, value: value?.value }
    if (end === depth) return branch
    return { kind: 'extension', path: first.path.subarray(depth, end), child: this.#finish(branch, NO_NODE) }
  }

  /** Encodes and hashes what now hangs for good where `replaced` hung, and reports both. */
  #finish(link: Link, replaced: NodeRef): NodeRef {
    if (link instanceof Uint8Array) {
      if (link !== replaced) this.#remove(replaced)
      return link
    }
    const { slab } = this.#report
    const encoding = encode(link, slab.allocate)
    if (encoding.length >= HASH_BYTES) return this.#insert(encoding, replaced)
    const inline = encoding.slice()
    slab.giveBack(encoding)
    this.#remove(replaced)
    return inline
  }

  /** A root has a hash however short it is. */
  #finishRoot(link: Exclude<Link, NodeRef>, replaced: NodeRef): NodeRef {
    return this.#insert(encode(link, this.#report.slab.allocate), replaced)
  }

  #insert(encoding: Uint8Array, replaced: NodeRef): NodeRef {
    const hash = keccak256(encoding)
    if (equalBytes(hash, replaced)) {
      this.#report.slab.giveBack(encoding)
      return replaced
    }
    this.#report.inserted.add(hash, encoding)
    this.#remove(replaced)
    return hash
  }

  #remove(replaced: NodeRef): void {
    if (replaced.length === HASH_BYTES) this.#report.removed.push(replaced)
  }

  #encodingOf(place: NodeRef): Uint8Array | undefined {
    if (place.length < HASH_BYTES) return place
    const encoding = this.#nodes(place)
    if (encoding === undefined) this.#missing.push(toHex(place))
    return encoding
  }
}

function encode(node: Exclude<Link, NodeRef>, allocate: (size: number) => Uint8Array): Uint8Array {
  if (node.kind === 'leaf') return encodeLeaf(node.path, node.value, allocate)
  if (node.kind === 'extension') return encodeExtension(node.path, node.child, allocate)
  return encodeBranch(node.base, node.children, node.value, allocate)
}

/**
 * Calls back for each nibble at `depth` with the steps that go on through it. Returns the step that ends there, if one
 * does: being the shortest, it is the first.
 */
function forEachGroup(
  steps: readonly Step[],
  depth: number,
  callback: (nibble: number, inGroup: readonly Step[]) => void,
): Step | undefined {
  const ending = steps[0]!.path.length === depth ? steps[0] : undefined
  let start = ending === undefined ? 0 : 1
  while (start < steps.length) {
    const nibble = steps[start]!.path[depth]!
    let end = start + 1
    while (end < steps.length && steps[end]!.path[depth] === nibble) end++
    callback(nibble, start === 0 && end === steps.length ? steps : steps.slice(start, end))
    start = end
  }
  return ending
}

function isPut(step: Step): boolean {
  return step.value !== undefined
}

function isNothing(link: Link): boolean {
  return link instanceof Uint8Array && link.length === 0
}

/** Is what follows the first `depth` nibbles of the path exactly `tail`? */
function endsWith(path: Nibbles, depth: number, tail: Nibbles): boolean {
  return path.length === depth + tail.length && commonLength(tail, path, depth) === tail.length
}

/** How many nibbles from the start of `path` on are the same as those of `other` from `depth` on. */
function commonLength(path: Nibbles, other: Nibbles, depth: number): number {
  const most = Math.min(path.length, other.length - depth)
  let i = 0
  while (i < most && path[i] === other[depth + i]) i++
  return i
}

function joined(a: Nibbles, b: Nibbles): Nibbles {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}
