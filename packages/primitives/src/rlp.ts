// Recursive Length Prefix (Yellow Paper, appendix B), strict: one encoding per value; everything else is rejected.
import { CodedError } from './errors.ts'

export type RlpItem = Uint8Array | readonly RlpItem[]

/** Lists may nest this deep; nothing that TAN or Ethereum defines comes near. */
export const RLP_DEPTH_MAX = 32

export function encodeRlp(item: RlpItem): Uint8Array {
  const out = new Uint8Array(encodedSize(item))
  write(item, out, 0)
  return out
}

function encodedSize(item: RlpItem): number {
  if (item instanceof Uint8Array) return item.length === 1 && item[0]! < 0x80 ? 1 : headSize(item.length) + item.length
  const size = payloadSize(item)
  return headSize(size) + size
}

function payloadSize(list: readonly RlpItem[]): number {
  let size = 0
  for (let i = 0; i < list.length; i++) size += encodedSize(list[i]!)
  return size
}

function headSize(size: number): number {
  return size < 56 ? 1 : 1 + lengthSize(size)
}

function lengthSize(size: number): number {
  return size < 0x100 ? 1 : size < 0x10000 ? 2 : size < 0x1000000 ? 3 : size < 0x100000000 ? 4 : 5
}

function write(item: RlpItem, out: Uint8Array, start: number): number {
  if (item instanceof Uint8Array) {
    if (item.length === 1 && item[0]! < 0x80) {
      out[start] = item[0]!
      return start + 1
    }
    const at = writeHead(out, start, item.length, 0x80)
    out.set(item, at)
    return at + item.length
  }
  let at = writeHead(out, start, payloadSize(item), 0xc0)
  for (let i = 0; i < item.length; i++) at = write(item[i]!, out, at)
  return at
}

function writeHead(out: Uint8Array, at: number, size: number, base: 0x80 | 0xc0): number {
  if (size < 56) {
    out[at] = base + size
    return at + 1
  }
  const bytes = lengthSize(size)
  out[at] = base + 55 + bytes
  for (let i = bytes, rest = size; i > 0; i--, rest = Math.floor(rest / 256)) out[at + i] = rest % 256
  return at + 1 + bytes
}

/**
 * Throws `rlp/invalid` for truncated, non-minimal, too deeply nested or trailing bytes, and for more than `itemsMax` items
 * (lists count as well): a byte on the wire can become an object here, so that bytes from outside need a bound on items too.
 * Byte strings of the result share memory with the input: copy what outlives it.
 */
export function decodeRlp(bytes: Uint8Array, itemsMax = Number.POSITIVE_INFINITY): RlpItem {
  const cursor = { at: 0, itemsLeft: itemsMax }
  const item = read(bytes, cursor, bytes.length, 0)
  if (cursor.at !== bytes.length) throw invalid(`${bytes.length - cursor.at} bytes follow the item`)
  return item
}

function read(bytes: Uint8Array, cursor: { at: number; itemsLeft: number }, end: number, depth: number): RlpItem {
  if (cursor.at >= end) throw invalid('an item is missing')
  if (cursor.itemsLeft-- <= 0) throw invalid('more items than there may be')
  const head = bytes[cursor.at]!
  if (head < 0x80) {
    cursor.at++
    return bytes.subarray(cursor.at - 1, cursor.at)
  }
  const isList = head >= 0xc0
  const base = isList ? 0xc0 : 0x80
  const size = head - base < 56 ? head - base : readLength(bytes, cursor.at + 1, head - base - 55, end)
  const start = cursor.at + headSize(size)
  if (start + size > end) throw invalid(`an item of ${size} bytes is cut short`)
  if (!isList) {
    if (size === 1 && bytes[start]! < 0x80) throw invalid('a single byte below 128 has a length in front')
    cursor.at = start + size
    return bytes.subarray(start, start + size)
  }
  if (depth >= RLP_DEPTH_MAX) throw invalid(`lists nest deeper than ${RLP_DEPTH_MAX}`)
  const list: RlpItem[] = []
  cursor.at = start
  while (cursor.at < start + size) list.push(read(bytes, cursor, start + size, depth + 1))
  return list
}

function readLength(bytes: Uint8Array, at: number, count: number, end: number): number {
  if (at + count > end) throw invalid('a length is cut short')
  if (count > 5) throw invalid(`a length of ${count} bytes`)
  let size = 0
  for (let i = 0; i < count; i++) size = size * 256 + bytes[at + i]!
  if (bytes[at] === 0) throw invalid('a length has leading zeros')
  if (size < 56) throw invalid(`a length of ${size} in the long form`)
  return size
}

function invalid(why: string): CodedError {
  return new CodedError('rlp/invalid', `not canonical RLP: ${why}`)
}
