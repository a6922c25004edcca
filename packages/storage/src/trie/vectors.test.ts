// Ethereum's public vectors for tries. They are not copied into this repository: TAN_VECTORS says where they are.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareBytes, fromHex, keccak256, utf8ToBytes } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { TrieForTests } from '../testing/trie.ts'
import { iterateTrie } from './read.ts'

const folder = join(
  process.env.TAN_VECTORS ?? join(import.meta.dirname, '../../../../../shared/vectors'),
  'ethereum/TrieTests',
)
const isThere = existsSync(folder)

interface RootVector {
  readonly in: readonly (readonly [string, string | null])[] | Readonly<Record<string, string | null>>
  readonly root: string
}

function load<T>(name: string): [string, T][] {
  return isThere ? Object.entries(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Record<string, T>) : []
}

function toBytes(text: string): Uint8Array {
  return text.startsWith('0x') ? fromHex(text) : utf8ToBytes(text)
}

if (!isThere) it.skip(`Ethereum's trie vectors: there are none in ${folder}, set TAN_VECTORS`, () => {})
else
  describe('Ethereum vectors', () => {
    for (const name of [
      'trietest',
      'trieanyorder',
      'trietest_secureTrie',
      'trieanyorder_secureTrie',
      'hex_encoded_securetrie_test',
    ]) {
      const isSecure = name.toLowerCase().includes('secure')
      for (const [vector, { in: input, root }] of load<RootVector>(`${name}.json`)) {
        const steps = (Array.isArray(input) ? input : Object.entries(input)) as readonly (readonly [
          string,
          string | null,
        ])[]
        const changes = steps.map(([key, value]) => ({
          key: isSecure ? keccak256(toBytes(key)) : toBytes(key),
          value: value === null ? undefined : toBytes(value),
        }))

        it(`${name}: ${vector}, one by one`, () => {
          const trie = new TrieForTests()
          for (const change of changes) trie.update([change])
          expect(trie.root).toBe(root)
          expect(trie.places).toEqual(trie.countPlaces())
        })

        it(`${name}: ${vector}, as one batch`, () => {
          const last = new Map(steps.map(([key], i) => [key, changes[i]!]))
          const trie = new TrieForTests()
          trie.update([...last.values()])
          expect(trie.root).toBe(root)
        })
      }
    }

    for (const [vector, { in: keys, tests }] of load<{ in: string[]; tests: [string, string, string][] }>(
      'trietestnextprev.json',
    ))
      it(`trietestnextprev: ${vector}`, () => {
        const trie = new TrieForTests()
        trie.update(keys.map(key => ({ key: utf8ToBytes(key), value: utf8ToBytes(key) })))
        for (const [at, previous, next] of tests) {
          const key = utf8ToBytes(at)
          const text = (entry: readonly [Uint8Array, Uint8Array] | undefined) =>
            entry === undefined ? '' : new TextDecoder().decode(entry[0])
          const above = [...iterateTrie(trie.node, trie.root, key)].find(([found]) => compareBytes(found, key) > 0)
          const below = [...iterateTrie(trie.node, trie.root)].findLast(([found]) => compareBytes(found, key) < 0)
          expect([text(below), text(above)]).toEqual([previous, next])
        }
      })
  })
