// Many changes to a trie at once. The old nodes stay unchanged: changed nodes are rebuilt along the paths, hashed once,
// bottom up, and reported together with the nodes that they replace.
import { compareBytes, concatBytes, equalBytes, fromHex, type Hash, keccak256, toHex } from '@tan/primitives'
import { MissingStateError } from '../missing-state.ts'
import {
  type BranchNode,
  type ChildEdit,
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
import { NodeTable } from './node-table.ts'
import { commonLength, endOfGroup, endsAt, endsWith, isPut, type Step, sortedSteps, type TrieChange } from './steps.ts'

/** The root of a trie without keys: the hash of an empty string's encoding. */
export const EMPTY_ROOT: Hash = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'
const EMPTY_ROOT_BYTES = fromHex(EMPTY_ROOT)

/** The encoding of the node with this hash, or undefined if it must be fetched first. */
export type NodeSource = (hash: Uint8Array) => Uint8Array | undefined

/** What updates did to the places of a trie where nodes hang. A node that hangs in two places counts twice. */
export class NodeChanges {
  readonly inserted = new NodeTable()
  readonly removed: Uint8Array[] = []
}

/**
 * The new root. Each key may be changed once. Throws MissingStateError with all nodes that it would need next, and what
 * `report` then holds is to be thrown away.
 */
export function updateTrie(nodes: NodeSource, root: Hash, changes: readonly TrieChange[], report: NodeChanges): Hash {
  if (changes.length === 0) return root
  const place = root === EMPTY_ROOT ? NO_NODE : fromHex(root)
  return toHex(new TrieUpdate(nodes, report).run(place, sortedSteps(changes)))
}

/** A branch that is being made. */
interface BranchDraft {
  readonly kind: 'draft'
  readonly base: BranchNode | undefined
  readonly edits: readonly ChildEdit[]
  readonly value: Uint8Array | undefined
}

/**
 * What hangs at a place after a change: a reference if it is nothing, or an older node (the place's own, if the change
 * changed nothing), and otherwise a node that is not encoded yet, because its parent may still merge with it.
 */
type Link = NodeRef | LeafNode | ExtensionNode | BranchDraft

/** A child of a branch after a change, and what hung there before. */
interface ChildLink {
  readonly nibble: number
  readonly link: Link
  readonly replaced: NodeRef
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
    const link = this.#change(root, 0, steps, 0, steps.length)
    const ref = link instanceof Uint8Array ? this.#finish(link, root) : this.#finishRoot(link, root)
    if (this.#missing.length > 0) throw new MissingStateError(this.#missing.map(hash => ({ type: 'node', hash })))
    return ref.length === 0 ? EMPTY_ROOT_BYTES : ref
  }

  // `steps` from `start` to `end` are sorted, at least one, and share the `depth` nibbles that lead to the place.

  #change(place: NodeRef, depth: number, steps: readonly Step[], start: number, end: number): Link {
    if (place.length === 0) return this.#buildPuts(depth, steps, start, end)
    const encoding = this.#encodingOf(place)
    if (encoding === undefined) return place
    const node = decodeNode(encoding)
    if (node.kind === 'branch') return this.#changeBranch(node, place, depth, steps, start, end)
    if (node.kind === 'leaf') return this.#changeLeaf(node, place, depth, steps, start, end)
    return this.#changeExtension(node, place, depth, steps, start, end)
  }

  #changeBranch(
    branch: BranchNode,
    place: NodeRef,
    depth: number,
    steps: readonly Step[],
    start: number,
    end: number,
  ): Link {
    const children: ChildLink[] = []
    let value: Uint8Array | undefined
    let at = start
    if (endsAt(steps[start]!, depth)) {
      const own = steps[at++]!.value ?? NO_NODE
      if (!equalBytes(own, branch.value)) value = own
    }
    while (at < end) {
      const nibble = steps[at]!.path[depth]!
      const groupEnd = endOfGroup(steps, at, end, depth)
      const replaced = branch.child(nibble)
      const link = this.#change(replaced, depth + 1, steps, at, groupEnd)
      if (link !== replaced) children.push({ nibble, link, replaced })
      at = groupEnd
    }
    return children.length === 0 && value === undefined ? place : this.#joined(branch, children, value)
  }

  #changeLeaf(leaf: LeafNode, place: NodeRef, depth: number, steps: readonly Step[], start: number, end: number): Link {
    let own: Step | undefined
    for (let i = start; i < end; i++) if (endsWith(steps[i]!.path, depth, leaf.path)) own = steps[i]!
    const value = own === undefined ? leaf.value : own.value
    if (own !== undefined && end - start === 1) {
      if (value === undefined) return NO_NODE
      return equalBytes(value, leaf.value) ? place : { kind: 'leaf', path: leaf.path, value }
    }
    const puts = steps.slice(start, end).filter(step => step !== own && isPut(step))
    if (value !== undefined) {
      if (puts.length === 0 && equalBytes(value, leaf.value)) return place
      const path = concatBytes(steps[start]!.path.subarray(0, depth), leaf.path)
      const at = puts.findIndex(step => compareBytes(step.path, path) > 0)
      puts.splice(at < 0 ? puts.length : at, 0, { path, value, order: 0 })
    }
    return this.#build(depth, puts, 0, puts.length)
  }

  /** `place` is undefined for an extension that is not a node yet, but the rest of one that was split. */
  #changeExtension(
    node: ExtensionNode,
    place: NodeRef | undefined,
    depth: number,
    steps: readonly Step[],
    start: number,
    end: number,
  ): Link {
    // Sorted, so that the first and the last step leave the path earliest.
    const shared = Math.min(
      commonLength(node.path, steps[start]!.path, depth),
      commonLength(node.path, steps[end - 1]!.path, depth),
    )
    if (shared === node.path.length) {
      const child = this.#change(node.child, depth + shared, steps, start, end)
      return child === node.child ? (place ?? node) : this.#prefixed(node.path, child, node.child)
    }
    const branch = this.#splitExtension(node, shared, depth + shared, steps, start, end)
    return shared === 0 ? branch : this.#prefixed(node.path.subarray(0, shared), branch, NO_NODE)
  }

  /** What hangs after `shared` nibbles of the extension's path, `depth` from the root: a branch there, if it has to be. */
  #splitExtension(
    node: ExtensionNode,
    shared: number,
    depth: number,
    steps: readonly Step[],
    start: number,
    end: number,
  ): Link {
    const path = node.path.subarray(shared + 1)
    // The extension's child hangs here itself, or under what is left of the path.
    const rest = path.length === 0 ? undefined : ({ kind: 'extension', path, child: node.child } as const)
    const own: ChildLink = {
      nibble: node.path[shared]!,
      link: rest ?? node.child,
      replaced: rest ? NO_NODE : node.child,
    }
    const children: ChildLink[] = []
    let at = start
    const value = endsAt(steps[start]!, depth) ? steps[at++]!.value : undefined
    let isOwnDone = false
    while (at < end) {
      const nibble = steps[at]!.path[depth]!
      const groupEnd = endOfGroup(steps, at, end, depth)
      if (!isOwnDone && nibble > own.nibble) {
        children.push(own)
        isOwnDone = true
      }
      if (nibble !== own.nibble)
        children.push({ nibble, link: this.#buildPuts(depth + 1, steps, at, groupEnd), replaced: NO_NODE })
      else {
        const link =
          rest === undefined
            ? this.#change(node.child, depth + 1, steps, at, groupEnd)
            : this.#changeExtension(rest, undefined, depth + 1, steps, at, groupEnd)
        children.push({ ...own, link })
        isOwnDone = true
      }
      at = groupEnd
    }
    if (!isOwnDone) children.push(own)
    return this.#joined(undefined, children, value)
  }

  /**
   * A branch: the base, or nothing, with these children (in the order of their nibbles) and, unless it is undefined, this
   * value. Where less than two of all of them are there, what it collapses to.
   */
  #joined(base: BranchNode | undefined, children: readonly ChildLink[], value: Uint8Array | undefined): Link {
    // A branch to which nothing is lost stays one.
    const isIntact = base !== undefined && value !== NO_NODE && !children.some(({ link }) => isNothing(link))
    if (!isIntact) {
      const endValue = value ?? base?.value ?? NO_NODE
      const only = onlyChild(base, children, endValue.length > 0)
      if (only !== 'several') {
        for (const child of children) if (child !== only) this.#finish(child.link, child.replaced)
        if (only !== 'none') return this.#prefixed(Uint8Array.of(only.nibble), only.link, only.replaced)
        return endValue.length > 0 ? { kind: 'leaf', path: NO_NODE, value: endValue } : NO_NODE
      }
    }
    const edits = children.map(({ nibble, link, replaced }) => ({ nibble, ref: this.#finish(link, replaced) }))
    return { kind: 'draft', base, edits, value }
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
    return { ...below, path: concatBytes(path, below.path) }
  }

  #buildPuts(depth: number, steps: readonly Step[], start: number, end: number): Link {
    for (let i = start; i < end; i++) {
      if (isPut(steps[i]!)) continue
      const puts = steps.slice(start, end).filter(isPut)
      return this.#build(depth, puts, 0, puts.length)
    }
    return this.#build(depth, steps, start, end)
  }

  /** Where nothing was: a trie of its own. All steps are puts. */
  #build(depth: number, puts: readonly Step[], start: number, end: number): Link {
    if (start === end) return NO_NODE
    const { path, value } = puts[start]!
    if (end - start === 1) return { kind: 'leaf', path: path.subarray(depth), value: value! }
    const fork = depth + commonLength(path.subarray(depth), puts[end - 1]!.path, depth)
    const edits: ChildEdit[] = []
    let at = start
    if (path.length === fork) at++
    while (at < end) {
      const nibble = puts[at]!.path[fork]!
      const groupEnd = endOfGroup(puts, at, end, fork)
      edits.push({ nibble, ref: this.#finish(this.#build(fork + 1, puts, at, groupEnd), NO_NODE) })
      at = groupEnd
    }
    const branch: BranchDraft = {
      kind: 'draft',
      base: undefined,
      edits,
      value: path.length === fork ? value : undefined,
    }
    if (fork === depth) return branch
    return { kind: 'extension', path: path.subarray(depth, fork), child: this.#finish(branch, NO_NODE) }
  }

  /** Encodes and hashes what now hangs for good where `replaced` hung, and reports both. */
  #finish(link: Link, replaced: NodeRef): NodeRef {
    if (link instanceof Uint8Array) {
      if (link !== replaced) this.#remove(replaced)
      return link
    }
    const encoding = encodeInScratch(link)
    if (encoding.length >= HASH_BYTES) return this.#insert(encoding, replaced)
    this.#remove(replaced)
    return encoding.slice()
  }

  /** A root has a hash however short it is. */
  #finishRoot(link: Exclude<Link, NodeRef>, replaced: NodeRef): NodeRef {
    return this.#insert(encodeInScratch(link), replaced)
  }

  #insert(encoding: Uint8Array, replaced: NodeRef): NodeRef {
    const hash = keccak256(encoding)
    if (equalBytes(hash, replaced)) return replaced
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

/** Valid until the next call: what is worth keeping is copied once it is hashed. */
function encodeInScratch(node: Exclude<Link, NodeRef>): Uint8Array {
  if (node.kind === 'leaf') return encodeLeaf(node.path, node.value, takeScratch)
  if (node.kind === 'extension') return encodeExtension(node.path, node.child, takeScratch)
  return encodeBranch(node.base, node.edits, node.value, takeScratch)
}

let scratch = new Uint8Array(1_024)

function takeScratch(size: number): Uint8Array {
  if (size > scratch.length) scratch = new Uint8Array(2 * size)
  return new Uint8Array(scratch.buffer, 0, size)
}

/** The one child of a branch that has less than two of children and value. */
function onlyChild(
  base: BranchNode | undefined,
  children: readonly ChildLink[],
  hasValue: boolean,
): ChildLink | 'none' | 'several' {
  let only: ChildLink | undefined
  let nextChild = 0
  for (let nibble = 0; nibble < 16; nibble++) {
    let child = children[nextChild]
    if (child?.nibble === nibble) nextChild++
    else {
      const ref = base?.child(nibble) ?? NO_NODE
      child = { nibble, link: ref, replaced: ref }
    }
    if (isNothing(child.link)) continue
    if (only !== undefined || hasValue) return 'several'
    only = child
  }
  return only ?? 'none'
}

function isNothing(link: Link): boolean {
  return link instanceof Uint8Array && link.length === 0
}
