import { createSeededRandom, type Hex, keccak256, randomBelow, randomBytesFrom, toHex } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { NodeCache, NodeTable } from './node-table.ts'

const random = createSeededRandom(8)
const nodes = Array.from({ length: 3_000 }, () => {
  const encoding = randomBytesFrom(random, 32 + randomBelow(random, 500))
  return { hash: keccak256(encoding), encoding }
})

describe('a table of nodes', () => {
  it('is a map that counts how often a node was added since it was last deleted', () => {
    const table = new NodeTable()
    const oracle = new Map<Hex, { encoding: Uint8Array; places: number }>()
    for (let i = 0; i < 8_000; i++) {
      const { hash, encoding } = nodes[randomBelow(random, nodes.length)]!
      expect(table.get(hash)).toEqual(oracle.get(toHex(hash))?.encoding)
      if (randomBelow(random, 5) === 0) {
        table.delete(hash)
        oracle.delete(toHex(hash))
        expect(table.get(hash)).toBeUndefined()
        continue
      }
      table.add(hash, encoding)
      oracle.set(toHex(hash), { encoding, places: (oracle.get(toHex(hash))?.places ?? 0) + 1 })
      expect(table.size).toBe(oracle.size)
    }
    const found = new Map<Hex, { encoding: Uint8Array; places: number }>()
    for (const { hash, encoding, places } of table.entries()) found.set(toHex(hash), { encoding, places })
    expect(found).toEqual(oracle)
  })

  it('tells hashes apart that begin alike', () => {
    const table = new NodeTable()
    const hashes = Array.from({ length: 100 }, (_, i) => new Uint8Array(32).fill(i, 31))
    for (const hash of hashes) table.add(hash, hash)
    for (const hash of hashes) expect(table.get(hash)).toEqual(hash)
    expect(table.get(new Uint8Array(32).fill(200, 31))).toBeUndefined()
  })

  it('keeps neither the hash nor the encoding that it was given, and takes encodings of any size', () => {
    const table = new NodeTable()
    const hash = nodes[0]!.hash.slice()
    const encoding = new Uint8Array(1_000_000).fill(1)
    table.add(hash, encoding)
    const before = table.get(nodes[0]!.hash)!
    encoding.fill(2)
    hash.fill(0)
    for (const node of nodes) table.add(node.hash, node.encoding)
    expect(table.get(nodes[0]!.hash)).toEqual(new Uint8Array(1_000_000).fill(1))
    expect(before[0]).toBe(1)
  })
})

describe('a cache of nodes', () => {
  it('holds what was used last, and never more than its bound', () => {
    const cache = new NodeCache(200_000)
    const hot = nodes.slice(0, 50)
    for (const node of nodes) {
      cache.add(node.hash, node.encoding)
      expect(cache.sizeBytes).toBeLessThanOrEqual(200_000)
      for (const { hash, encoding } of hot.slice(0, nodes.indexOf(node) + 1)) expect(cache.get(hash)).toEqual(encoding)
    }
    expect(nodes.filter(node => cache.get(node.hash) !== undefined).length).toBeLessThan(nodes.length / 2)
    expect(cache.get(nodes.at(-1)!.hash)).toEqual(nodes.at(-1)!.encoding)
  })

  it('keeps what is not deleted longer', () => {
    const cache = new NodeCache(200_000)
    const kept = nodes.slice(0, 100)
    for (const { hash, encoding } of kept) cache.add(hash, encoding)
    for (const { hash, encoding } of nodes.slice(100)) {
      cache.add(hash, encoding)
      cache.delete(hash)
      expect(cache.get(hash)).toBeUndefined()
      expect(cache.sizeBytes).toBeLessThanOrEqual(200_000)
    }
    for (const { hash, encoding } of kept) expect(cache.get(hash)).toEqual(encoding)
  })
})
