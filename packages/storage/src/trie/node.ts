// Nodes of a Merkle-Patricia trie (Yellow Paper, appendix D) and their encoding. Paths are arrays of nibbles, one a byte.
// A branch stays in its encoding: reading or replacing one child of sixteen should not unpack the others.
import { CodedError, EMPTY_BYTES } from '@tan/primitives'

export type Nibbles = Uint8Array

/** Where a node hangs: 32 bytes are its hash, 1 to 31 are its whole encoding, and no bytes are no node. */
export type NodeRef = Uint8Array
export const NO_NODE: NodeRef = EMPTY_BYTES
export const HASH_BYTES = 32

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
  if (encoding.length === 0 || encoding[0]! < 0xc0 || itemEnd(encoding, 0) !== encoding.length)
    throw invalid('not a list')
  const start = payloadStart(encoding, 0)
  let count = 0
  for (let at = start; at < encoding.length; count++) at = itemEnd(encoding, at)
  if (count === 17) return new BranchNode(encoding, start)
  if (count !== 2) throw invalid(`a list of ${count} items`)
  const packed = stringAt(encoding, start)
  const flags = packed.length === 0 ? 255 : packed[0]! >> 4
  if (flags > 3) throw invalid('a path without its flags')
  const path = unpackPath(packed, (flags & 1) === 1)
  const second = itemEnd(encoding, start)
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

/** Children and value that are undefined are those of `base`, and none without one. */
export function encodeBranch(
  base: BranchNode | undefined,
  children: readonly (NodeRef | undefined)[],
  value: Uint8Array | undefined,
  allocate: Allocate,
): Uint8Array {
  let payload = 0
  let from = base === undefined ? 0 : base.itemStart(0)
  for (let i = 0; i <= 16; i++) {
    const end = base === undefined ? 0 : itemEnd(base.encoding, from)
    const item = i < 16 ? children[i] : value
    if (item !== undefined) payload += i < 16 ? refSize(item) : stringSize(item)
    else payload += base === undefined ? 1 : end - from
    from = end
  }
  const out = allocate(headSize(payload) + payload)
  let at = writeHead(out, 0, payload, 0xc0)
  from = base === undefined ? 0 : base.itemStart(0)
  for (let i = 0; i <= 16; i++) {
    const end = base === undefined ? 0 : itemEnd(base.encoding, from)
    const item = i < 16 ? children[i] : value
    if (item !== undefined) at = i < 16 ? writeRef(out, at, item) : writeString(out, at, item)
    else if (base === undefined) out[at++] = 0x80
    else for (let k = from; k < end; k++) out[at++] = base.encoding[k]!
    from = end
  }
  return out
}

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
  if (head < 0x80) return at + 1
  const size = head < 0xc0 ? head - 0x80 : head - 0xc0
  let end = at + 1 + size
  if (size >= 56) {
    if (size - 55 > 4) throw invalid('a length of more than four bytes')
    let long = 0
    for (let i = 1; i <= size - 55; i++) long = long * 256 + (bytes[at + i] ?? 0)
    end = at + 1 + (size - 55) + long
  }
  if (end > bytes.length) throw invalid('cut short')
  return end
}

function stringAt(bytes: Uint8Array, at: number): Uint8Array {
  if (bytes[at]! >= 0xc0) throw invalid('a list where a string must be')
  return bytes.subarray(payloadStart(bytes, at), itemEnd(bytes, at))
}

function refAt(bytes: Uint8Array, at: number): NodeRef {
  const head = bytes[at]!
  if (head === 0x80) return NO_NODE
  if (head === 0x80 + HASH_BYTES) return bytes.subarray(at + 1, itemEnd(bytes, at))
  if (head >= 0xc0 && head < 0xc0 + HASH_BYTES - 1) return bytes.subarray(at, itemEnd(bytes, at))
  throw invalid('a reference that is neither a hash nor a short node')
}

function unpackPath(packed: Uint8Array, odd: boolean): Nibbles {
  const all = bytesToNibbles(packed)
  return all.subarray(odd ? 1 : 2)
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
