// Nodes of a Merkle-Patricia trie (Yellow Paper, appendix D) and their encoding. Paths are arrays of nibbles, one per
// byte. A branch stays in its encoding: reading or replacing one child of sixteen should not unpack the others.
import { CodedError, EMPTY_BYTES } from '@tan/primitives'

export type Nibbles = Uint8Array

/** Where a node hangs: 32 bytes are its hash, 1 to 31 are its whole encoding, and no bytes are no node. */
export type NodeRef = Uint8Array
export const NO_NODE: NodeRef = EMPTY_BYTES
export const HASH_BYTES = 32

const EMPTY_STRING = 0x80
const HASH_HEAD = 0x80 + HASH_BYTES

export type TrieNode = LeafNode | ExtensionNode | BranchNode

export interface LeafNode {
  readonly kind: 'leaf'
  readonly path: Nibbles
  readonly value: Uint8Array
}

export interface ExtensionNode {
  readonly kind: 'extension'
  readonly path: Nibbles
  readonly child: NodeRef
}

/** A branch as it is encoded. */
export class BranchNode {
  readonly kind = 'branch'
  readonly encoding: Uint8Array
  readonly #start: number

  constructor(encoding: Uint8Array, start: number) {
    this.encoding = encoding
    this.#start = start
  }

  child(nibble: number): NodeRef {
    return refAt(this.encoding, this.itemStart(nibble))
  }

  /** No bytes where no key ends here. */
  get value(): Uint8Array {
    return stringAt(this.encoding, this.itemStart(16))
  }

  /** Where in the encoding the child, or with 16 the value, begins. */
  itemStart(index: number): number {
    let at = this.#start
    for (let i = 0; i < index; i++) at = itemEnd(this.encoding, at)
    return at
  }
}

/** Throws `trie/node` for bytes that are no node. The result shares memory with the encoding. */
export function decodeNode(encoding: Uint8Array): TrieNode {
  if (encoding.length < 3 || encoding[0]! < 0xc0 || itemEnd(encoding, 0) !== encoding.length)
    throw invalid('not a list')
  const start = payloadStart(encoding, 0)
  const second = itemEnd(encoding, start)
  // A path is never empty or a list; one as long as a hash is told from a child by what follows it.
  const head = encoding[start]!
  const isBranch =
    head === EMPTY_STRING ||
    head >= 0xc0 ||
    (head === HASH_HEAD && second < encoding.length && itemEnd(encoding, second) !== encoding.length)
  if (isBranch) return new BranchNode(encoding, start)
  if (itemEnd(encoding, second) !== encoding.length) throw invalid('neither two items nor seventeen')
  const packed = stringAt(encoding, start)
  const flags = packed[0]! >> 4
  if (flags > 3) throw invalid('a path without its flags')
  const path = unpackPath(packed, flags & 1)
  if (flags >= 2) return { kind: 'leaf', path, value: stringAt(encoding, second) }
  const child = refAt(encoding, second)
  if (path.length === 0 || child.length === 0) throw invalid('an extension that leads nowhere')
  return { kind: 'extension', path, child }
}

export function bytesToNibbles(bytes: Uint8Array): Nibbles {
  const out = new Uint8Array(bytes.length * 2)
  for (let i = 0; i < bytes.length; i++) {
    out[2 * i] = bytes[i]! >> 4
    out[2 * i + 1] = bytes[i]! & 15
  }
  return out
}

/** Of an even number of nibbles. */
export function nibblesToBytes(nibbles: Nibbles): Uint8Array {
  const out = new Uint8Array(nibbles.length / 2)
  for (let i = 0; i < out.length; i++) out[i] = (nibbles[2 * i]! << 4) | nibbles[2 * i + 1]!
  return out
}

/** Where an encoder puts its result: `size` bytes, to be filled at once. */
export type Allocate = (size: number) => Uint8Array

export function encodeLeaf(path: Nibbles, value: Uint8Array, allocate: Allocate): Uint8Array {
  const payload = packedPathSize(path) + stringSize(value)
  const out = allocate(headSize(payload) + payload)
  const at = writePackedPath(out, writeHead(out, 0, payload, 0xc0), path, 2)
  writeString(out, at, value)
  return out
}

export function encodeExtension(path: Nibbles, child: NodeRef, allocate: Allocate): Uint8Array {
  const payload = packedPathSize(path) + refSize(child)
  const out = allocate(headSize(payload) + payload)
  const at = writePackedPath(out, writeHead(out, 0, payload, 0xc0), path, 0)
  writeRef(out, at, child)
  return out
}

/** A child that is not as in the base. */
export interface ChildEdit {
  readonly nibble: number
  readonly ref: NodeRef
}

/** What the edits (in the order of their nibbles) and the value do not say is as in the base, or empty without one. */
export function encodeBranch(
  base: BranchNode | undefined,
  edits: readonly ChildEdit[],
  value: Uint8Array | undefined,
  allocate: Allocate,
): Uint8Array {
  let payload = 0
  let isSameShape = base !== undefined
  let nextEdit = 0
  let from = base === undefined ? 0 : base.itemStart(0)
  for (let i = 0; i <= 16; i++) {
    ITEM_STARTS[i] = from
    const end = base === undefined ? 1 : itemEnd(base.encoding, from)
    let size = base === undefined ? 1 : end - from
    if (i === 16) {
      if (value !== undefined) size = stringSize(value)
    } else if (edits[nextEdit]?.nibble === i) size = refSize(edits[nextEdit++]!.ref)
    if (base !== undefined && size !== end - from) isSameShape = false
    payload += size
    if (base !== undefined) from = end
  }
  const out = allocate(headSize(payload) + payload)
  if (base !== undefined && isSameShape) {
    out.set(base.encoding)
    for (const { nibble, ref } of edits) writeRef(out, ITEM_STARTS[nibble]!, ref)
    if (value !== undefined) writeString(out, ITEM_STARTS[16]!, value)
    return out
  }
  let at = writeHead(out, 0, payload, 0xc0)
  nextEdit = 0
  for (let i = 0; i <= 16; i++) {
    if (i === 16 && value !== undefined) at = writeString(out, at, value)
    else if (edits[nextEdit]?.nibble === i) at = writeRef(out, at, edits[nextEdit++]!.ref)
    else if (base === undefined) out[at++] = EMPTY_STRING
    else {
      const end = i === 16 ? base.encoding.length : ITEM_STARTS[i + 1]!
      for (let k = ITEM_STARTS[i]!; k < end; k++) out[at++] = base.encoding[k]!
    }
  }
  return out
}

/** Scratch of `encodeBranch`: where the items of the base begin. */
const ITEM_STARTS = new Int32Array(17)

// RLP in place: the general decoder would make an array and seventeen views for each branch.

function payloadStart(bytes: Uint8Array, at: number): number {
  const head = bytes[at]!
  if (head < 0x80) return at
  const size = head < 0xc0 ? head - 0x80 : head - 0xc0
  return size < 56 ? at + 1 : at + 1 + size - 55
}

/** Throws `trie/node` where the item does not fit into the bytes. */
function itemEnd(bytes: Uint8Array, at: number): number {
  const head = bytes[at]
  if (head === undefined) throw invalid('cut short')
  let end = at + 1
  if (head === HASH_HEAD) end += HASH_BYTES
  else if (head > EMPTY_STRING) {
    const size = head < 0xc0 ? head - 0x80 : head - 0xc0
    end += size < 56 ? size : size - 55 + longLength(bytes, at, size - 55)
  }
  if (end > bytes.length) throw invalid('cut short')
  return end
}

function longLength(bytes: Uint8Array, at: number, count: number): number {
  if (count > 4) throw invalid('a length of more than four bytes')
  let length = 0
  for (let i = 1; i <= count; i++) length = length * 256 + (bytes[at + i] ?? 0)
  return length
}

function stringAt(bytes: Uint8Array, at: number): Uint8Array {
  const end = itemEnd(bytes, at)
  if (bytes[at]! >= 0xc0) throw invalid('a list where a string must be')
  return bytes[at] === EMPTY_STRING ? NO_NODE : bytes.subarray(payloadStart(bytes, at), end)
}

function refAt(bytes: Uint8Array, at: number): NodeRef {
  const end = itemEnd(bytes, at)
  const head = bytes[at]!
  if (head === EMPTY_STRING) return NO_NODE
  if (head === HASH_HEAD) return bytes.subarray(at + 1, end)
  if (head >= 0xc0 && end - at < HASH_BYTES) return bytes.subarray(at, end)
  throw invalid('a reference that is neither a hash nor a short node')
}

function unpackPath(packed: Uint8Array, odd: number): Nibbles {
  const path = new Uint8Array(2 * packed.length - 2 + odd)
  if (odd === 1) path[0] = packed[0]! & 15
  for (let i = 1, at = odd; i < packed.length; i++, at += 2) {
    path[at] = packed[i]! >> 4
    path[at + 1] = packed[i]! & 15
  }
  return path
}

function headSize(size: number): number {
  return size < 56 ? 1 : size < 0x100 ? 2 : size < 0x10000 ? 3 : size < 0x1000000 ? 4 : 5
}

function writeHead(out: Uint8Array, at: number, size: number, base: 0x80 | 0xc0): number {
  const bytes = headSize(size) - 1
  if (bytes === 0) {
    out[at] = base + size
    return at + 1
  }
  out[at] = base + 55 + bytes
  for (let i = bytes, rest = size; i > 0; i--, rest >>>= 8) out[at + i] = rest & 255
  return at + 1 + bytes
}

function stringSize(value: Uint8Array): number {
  return value.length === 1 && value[0]! < 0x80 ? 1 : headSize(value.length) + value.length
}

function writeString(out: Uint8Array, at: number, value: Uint8Array): number {
  const start = value.length === 1 && value[0]! < 0x80 ? at : writeHead(out, at, value.length, 0x80)
  out.set(value, start)
  return start + value.length
}

function refSize(ref: NodeRef): number {
  return ref.length === HASH_BYTES || ref.length === 0 ? 1 + ref.length : ref.length
}

function writeRef(out: Uint8Array, at: number, ref: NodeRef): number {
  if (ref.length === HASH_BYTES || ref.length === 0) out[at++] = 0x80 + ref.length
  for (let i = 0; i < ref.length; i++) out[at++] = ref[i]!
  return at
}

function packedPathSize(path: Nibbles): number {
  const bytes = (path.length >> 1) + 1
  return bytes === 1 ? 1 : headSize(bytes) + bytes
}

function writePackedPath(out: Uint8Array, at: number, path: Nibbles, flags: 0 | 2): number {
  const bytes = (path.length >> 1) + 1
  let next = bytes === 1 ? at : writeHead(out, at, bytes, 0x80)
  const odd = path.length & 1
  out[next++] = odd === 1 ? ((flags | 1) << 4) | path[0]! : flags << 4
  for (let i = odd; i < path.length; i += 2) out[next++] = (path[i]! << 4) | path[i + 1]!
  return next
}

function invalid(why: string): CodedError {
  return new CodedError('trie/node', `not a node of a trie: ${why}`)
}
