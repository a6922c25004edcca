import { createMPT } from '@ethereumjs/mpt'
import {
  AssertionError,
  compareBytes,
  createSeededRandom,
  equalBytes,
  fromHex,
  type Hex,
  keccak256,
  randomBelow,
  randomBytesFrom,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MissingStateError } from '../missing-state.ts'
import { TrieForTests } from '../testing/trie.ts'
import { verifyTrieProof } from './proof.ts'
import { getFromTrie, iterateTrie, proveInTrie } from './read.ts'
import type { TrieChange } from './steps.ts'
import { EMPTY_ROOT, NodeChanges, updateTrie } from './update.ts'

const b = utf8ToBytes

describe('updates', () => {
  it('leave an empty trie empty', () => {
    const trie = new TrieForTests()
    expect(trie.update([]).inserted.size).toBe(0)
    trie.update([{ key: b('a'), value: undefined }])
    expect(trie.root).toBe(EMPTY_ROOT)
    expect(EMPTY_ROOT).toBe(toHex(keccak256(Uint8Array.of(0x80))))
  })

  it('refuse to change a key twice', () => {
    const twice = ['a', 'b', 'a'].map(key => ({ key: b(key), value: b('v') }))
    expect(() => new TrieForTests().update(twice)).toThrow(AssertionError)
    const long = [new Uint8Array(9), new Uint8Array(8), new Uint8Array(9)].map(key => ({ key, value: b('v') }))
    expect(() => new TrieForTests().update(long)).toThrow(AssertionError)
  })

  it('report nothing when nothing changes', () => {
    const trie = new TrieForTests()
    const random = createSeededRandom(3)
    const entries = Array.from({ length: 200 }, () => ({
      key: randomBytesFrom(random, 32),
      value: randomBytesFrom(random, 40),
    }))
    trie.update(entries)
    const absent = Array.from({ length: 200 }, () => ({ key: randomBytesFrom(random, 32), value: undefined }))
    const report = trie.update([...entries.slice(0, 100), ...absent])
    expect(report.inserted.size).toBe(0)
    expect(report.removed).toEqual([])
  })

  it('name all nodes that they need next, at once', () => {
    const random = createSeededRandom(4)
    const changes = Array.from({ length: 300 }, () => ({
      key: randomBytesFrom(random, 32),
      value: randomBytesFrom(random, 40),
    }))
    const trie = new TrieForTests()
    trie.update(changes)
    const known = new Map<Hex, Uint8Array>()
    const next = changes.map(({ key }, i) => (i % 2 ? { key, value: undefined } : { key, value: b('new') }))
    const expected = new TrieForTests()
    expected.update(changes)
    expected.update(next)
    let rounds = 0
    for (; ; rounds++) {
      try {
        expect(updateTrie(hash => known.get(toHex(hash)), trie.root, next, new NodeChanges())).toBe(expected.root)
        break
      } catch (error) {
        if (!(error instanceof MissingStateError)) throw error
        expect(new Set(error.keys.map(key => JSON.stringify(key))).size).toBe(error.keys.length)
        for (const key of error.keys) {
          if (key.type !== 'node') throw new Error('not a node')
          expect(known.has(key.hash)).toBe(false)
          known.set(key.hash, trie.encodings.get(key.hash)!)
        }
      }
    }
    // 300 random keys fill two levels of branches: so many round trips, and perhaps one to collapse a branch.
    expect(rounds).toBeGreaterThan(2)
    expect(rounds).toBeLessThanOrEqual(6)
  })
})

/** Keys that collide much: short ones that are the beginnings of others, and long ones with long common parts. */
const collidingKey = fc.oneof(
  fc.uint8Array({ maxLength: 4 }).map(key => key.map(byte => byte & 0x11)),
  fc.tuple(fc.nat(3), fc.nat(255)).map(([at, byte]) => new Uint8Array(32).fill(7).fill(byte, at * 10, at * 10 + 1)),
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
)
const smallOrLargeValue = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 3 }),
  fc.uint8Array({ minLength: 1, maxLength: 70 }),
)
const change = fc.record({ key: collidingKey, value: fc.option(smallOrLargeValue, { nil: undefined }) })
const batch = fc.uniqueArray(change, { maxLength: 30, selector: ({ key }) => toHex(key) })
describe('over random histories', () => {
  it('the root and the values are those of the peer library', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { maxLength: 6 }), async batches => {
        const trie = new TrieForTests()
        const content = new Map<Hex, Uint8Array>()
        for (const changes of batches) {
          trie.update(changes)
          for (const { key, value } of changes) {
            if (value === undefined) content.delete(toHex(key))
            else content.set(toHex(key), value)
          }
          // Each time a new one: the peer goes wrong over deletes where one key is the beginning of another.
          const peer = await createMPT()
          for (const [key, value] of content) await peer.put(fromHex(key), value)
          expect(trie.root).toBe(toHex(peer.root()))
        }
        for (const { key } of batches.flat())
          expect(getFromTrie(trie.node, trie.root, key)).toEqual(content.get(toHex(key)))
      }),
      { numRuns: 100 },
    )
  })

  it('content, order, proofs and reports agree with a sorted map', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 8 }), collidingKey, (batches, other) => {
        const trie = new TrieForTests()
        const map = new Map<Hex, Uint8Array>()
        const keys = new Map<Hex, Uint8Array>([[toHex(other), other]])
        for (const changes of batches) {
          trie.update(changes)
          for (const { key, value } of changes) {
            keys.set(toHex(key), key)
            if (value === undefined) map.delete(toHex(key))
            else map.set(toHex(key), value)
          }
          expect(trie.places).toEqual(trie.countPlaces())
        }
        const sorted = [...map]
          .map(([key, value]) => [fromHex(key), value] as const)
          .sort(([x], [y]) => compareBytes(x, y))
        expect([...iterateTrie(trie.node, trie.root)]).toEqual(sorted)
        expect([...iterateTrie(trie.node, trie.root, other)]).toEqual(
          sorted.filter(([key]) => compareBytes(key, other) >= 0),
        )
        for (const [name, key] of keys) {
          const proof = proveInTrie(trie.node, trie.root, key)
          expect(verifyTrieProof(trie.root, key, proof)).toEqual(map.get(name))
        }
        // One history or another: the same content has the same root.
        const again = new TrieForTests()
        again.update(sorted.map(([key, value]) => ({ key, value })))
        expect(again.root).toBe(trie.root)
        trie.update(sorted.map(([key]) => ({ key, value: undefined })))
        expect(trie.root).toBe(EMPTY_ROOT)
        expect(trie.places.size).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  it('holds for thousands of keys, too', async () => {
    const random = createSeededRandom(5)
    const peer = await createMPT()
    const trie = new TrieForTests()
    const keys: Uint8Array[] = []
    for (let round = 0; round < 8; round++) {
      const changes = new Map<Hex, TrieChange>()
      for (let i = 0; i < 500; i++) {
        const known = keys[randomBelow(random, 2 * keys.length + 1)]
        const key = known ?? randomBytesFrom(random, 32)
        if (known === undefined) keys.push(key)
        const value = randomBelow(random, 4) === 0 ? undefined : randomBytesFrom(random, 1 + randomBelow(random, 80))
        changes.set(toHex(key), { key, value })
      }
      trie.update([...changes.values()])
      for (const { key, value } of changes.values()) await (value === undefined ? peer.del(key) : peer.put(key, value))
      expect(trie.root).toBe(toHex(peer.root()))
      expect(trie.places).toEqual(trie.countPlaces())
    }
  })
})

describe('proofs', () => {
  const random = createSeededRandom(6)
  const trie = new TrieForTests()
  const entries = Array.from({ length: 500 }, () => ({
    key: randomBytesFrom(random, 32),
    value: randomBytesFrom(random, 50),
  }))
  trie.update(entries)
  const { key, value } = entries[0]!
  const proof = proveInTrie(trie.node, trie.root, key)
  const invalid = expect.objectContaining({ code: 'proof/invalid' })

  it('hold for exactly one root, key and list of nodes', () => {
    expect(verifyTrieProof(trie.root, key, proof)).toEqual(value)
    expect(proof.length).toBeGreaterThan(2)
    expect(() => verifyTrieProof(EMPTY_ROOT, key, proof)).toThrow(invalid)
    expect(() => verifyTrieProof(trie.root, key, proof.slice(1))).toThrow(invalid)
    expect(() => verifyTrieProof(trie.root, key, proof.slice(0, -1))).toThrow(invalid)
    expect(() => verifyTrieProof(trie.root, key, [...proof, proof[0]!])).toThrow(invalid)
    expect(() => verifyTrieProof(trie.root, key, proof.toReversed())).toThrow(invalid)
    expect(() => verifyTrieProof(trie.root, key, [])).toThrow(invalid)
    expect(verifyTrieProof(EMPTY_ROOT, key, [])).toBeUndefined()
  })

  it('do not hold with any bit changed', () => {
    fc.assert(
      fc.property(fc.nat(proof.length - 1), fc.nat(600 * 8), (index, bit) => {
        const changed = proof.map(node => node.slice())
        const node = changed[index]!
        node[(bit >> 3) % node.length]! ^= 1 << (bit & 7)
        expect(() => verifyTrieProof(trie.root, key, changed)).toThrow(invalid)
      }),
    )
  })

  it('are bounded', () => {
    expect(() => verifyTrieProof(trie.root, key, new Array(1_000).fill(proof[0]))).toThrow(invalid)
    expect(() => verifyTrieProof(trie.root, key, [new Uint8Array(10_000_000)])).toThrow(invalid)
  })

  it('never crash on garbage under its own hash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.uint8Array({ minLength: 32, maxLength: 32 }), (garbage, any) => {
        try {
          verifyTrieProof(toHex(keccak256(garbage)), any, [garbage])
        } catch (error) {
          expect(error).toMatchObject({ code: 'proof/invalid' })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('share no memory with the nodes', () => {
    const proven = verifyTrieProof(trie.root, key, proof)!
    expect(proof.some(node => node.buffer === proven.buffer)).toBe(false)
    expect(equalBytes(proven, value)).toBe(true)
  })
})
