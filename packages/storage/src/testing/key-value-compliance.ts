// The contract of a key-value engine as tests. Every engine runs them.
import { AssertionError, createSeededRandom, type Hex, randomBelow, toHex, utf8ToBytes } from '@tan/primitives'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeyRange, KeyValueStore, WriteOperation } from '../key-value.ts'
import { KEY_MAX_BYTES } from '../limits.ts'

const DURABLE = { durable: true }
const b = utf8ToBytes

export function put(key: string, value: string): WriteOperation {
  return { type: 'put', key: b(key), value: b(value) }
}

export function remove(key: string): WriteOperation {
  return { type: 'delete', key: b(key) }
}

export async function entriesOf(store: Pick<KeyValueStore, 'iterate'>, range?: KeyRange): Promise<string[]> {
  const entries: string[] = []
  const text = new TextDecoder()
  for await (const [key, value] of store.iterate(range)) entries.push(`${text.decode(key)}=${text.decode(value)}`)
  return entries
}

/** `open` gives an empty store each time. */
export function describeKeyValueStore(name: string, open: () => Promise<KeyValueStore>): void {
  describe(`${name}: the key-value contract`, () => {
    let store: KeyValueStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(async () => {
      await store.close()
    })

    it('is empty at first', async () => {
      expect(await store.get(b('a'))).toBeUndefined()
      expect(await store.getMany([b('a'), b('b')])).toEqual([undefined, undefined])
      expect(await entriesOf(store)).toEqual([])
    })

    it('returns what was written, as plain bytes', async () => {
      await store.write([put('a', '1'), put('b', '')], DURABLE)
      const value = await store.get(b('a'))
      expect(value).toEqual(b('1'))
      expect(value?.constructor).toBe(Uint8Array)
      expect(await store.get(b('b'))).toEqual(new Uint8Array(0))
    })

    it('answers many keys in their order, and repeated ones', async () => {
      await store.write([put('a', '1'), put('b', '2')], DURABLE)
      const values = await store.getMany([b('b'), b('x'), b('a'), b('b')])
      expect(values).toEqual([b('2'), undefined, b('1'), b('2')])
      for (const value of values) expect(value === undefined || value.constructor === Uint8Array).toBe(true)
      expect(await store.getMany([])).toEqual([])
    })

    it('answers at once, if it can, as it answers later', async () => {
      if (store.getSync === undefined) return
      await store.write([put('a', '1')], DURABLE)
      expect(store.getSync(b('a'))).toEqual(b('1'))
      expect(store.getSync(b('a'))?.constructor).toBe(Uint8Array)
      expect(store.getSync(b('x'))).toBeUndefined()
    })

    it('carries a batch out in its order', async () => {
      await store.write([put('a', '1'), put('a', '2'), remove('b'), put('b', '3'), put('c', '4'), remove('c')], DURABLE)
      expect(await entriesOf(store)).toEqual(['a=2', 'b=3'])
    })

    it('overwrites, deletes, and takes deletes of what is not there', async () => {
      await store.write([put('a', '1')], { durable: false })
      await store.write([put('a', '2'), remove('x')], { durable: false })
      expect(await store.get(b('a'))).toEqual(b('2'))
      await store.write([remove('a')], DURABLE)
      expect(await store.get(b('a'))).toBeUndefined()
      await store.write([], DURABLE)
    })

    it('writes nothing of a batch with an operation that is not allowed', async () => {
      const tooLong: WriteOperation = { type: 'put', key: new Uint8Array(KEY_MAX_BYTES + 1), value: b('') }
      for (const bad of [tooLong, { ...tooLong, key: new Uint8Array(0) }]) {
        await expect(store.write([put('a', '1'), bad], DURABLE)).rejects.toThrow(AssertionError)
        expect(await store.get(b('a'))).toBeUndefined()
      }
      await store.write([{ ...tooLong, key: new Uint8Array(KEY_MAX_BYTES) }], DURABLE)
    })

    it('iterates in the order of bytes, within bounds, both ways', async () => {
      const keys = [[0], [0, 0], [0, 1], [1], [127], [128], [200, 1], [255], [255, 0], [255, 255]]
      const all: WriteOperation[] = keys.map(key => ({ type: 'put', key: Uint8Array.from(key), value: b('') }))
      await store.write(all.toReversed(), DURABLE)
      const found = async (range?: KeyRange) => {
        const out: number[][] = []
        for await (const [key] of store.iterate(range)) out.push([...key])
        return out
      }
      const at = (...key: number[]) => Uint8Array.from(key)
      expect(await found()).toEqual(keys)
      expect(await found({ reverse: true })).toEqual(keys.toReversed())
      expect(await found({ from: at(0, 1) })).toEqual(keys.slice(2))
      expect(await found({ to: at(0, 1) })).toEqual(keys.slice(0, 2))
      expect(await found({ from: at(2), to: at(255) })).toEqual([[127], [128], [200, 1]])
      expect(await found({ from: at(2), to: at(255), reverse: true })).toEqual([[200, 1], [128], [127]])
      expect(await found({ limit: 3 })).toEqual(keys.slice(0, 3))
      expect(await found({ limit: 2, reverse: true })).toEqual([
        [255, 255],
        [255, 0],
      ])
      expect(await found({ from: at(1), limit: 2, reverse: true, to: at(255) })).toEqual([[200, 1], [128]])
      expect(await found({ limit: 0 })).toEqual([])
      expect(await found({ from: at(200), to: at(100) })).toEqual([])
      expect(await found({ from: at(5), to: at(5) })).toEqual([])
    })

    it('iterates over what was there at the first step', async () => {
      await store.write([put('a', '1'), put('b', '2'), put('c', '3')], DURABLE)
      const seen: string[] = []
      for await (const [key] of store.iterate()) {
        seen.push(toHex(key))
        await store.write([remove('b'), put('c', '4'), put('d', '5')], DURABLE)
      }
      expect(seen).toEqual(['a', 'b', 'c'].map(key => toHex(b(key))))
      expect(await entriesOf(store)).toEqual(['a=1', 'c=4', 'd=5'])
    })

    it('can stop an iteration, and go on', async () => {
      await store.write([put('a', '1'), put('b', '2')], DURABLE)
      for await (const _ of store.iterate()) break
      await store.write([put('c', '3')], DURABLE)
      expect(await entriesOf(store)).toEqual(['a=1', 'b=2', 'c=3'])
    })

    it('behaves as a sorted map over a random history', async () => {
      const random = createSeededRandom(11)
      const oracle = new Map<Hex, number>()
      for (let round = 0; round < 60; round++) {
        const operations: WriteOperation[] = []
        for (let i = randomBelow(random, 20); i > 0; i--) {
          const key = Uint8Array.from({ length: 1 + randomBelow(random, 3) }, () => randomBelow(random, 6) * 50)
          if (randomBelow(random, 3) === 0) {
            operations.push({ type: 'delete', key })
            oracle.delete(toHex(key))
          } else {
            const value = Uint8Array.of(randomBelow(random, 256))
            operations.push({ type: 'put', key, value })
            oracle.set(toHex(key), value[0]!)
          }
        }
        await store.write(operations, { durable: round % 3 === 0 })
        const found: (readonly [Hex, number])[] = []
        for await (const [key, value] of store.iterate()) found.push([toHex(key), value[0]!])
        expect(found).toEqual([...oracle].sort(([x], [y]) => (x < y ? -1 : 1)))
      }
    })

    it('refuses use after close with a code, and closes again without harm', async () => {
      await store.write([put('a', '1')], DURABLE)
      await store.close()
      await store.close()
      const closed = { code: 'storage/closed' }
      await expect(store.get(b('a'))).rejects.toMatchObject(closed)
      await expect(store.getMany([b('a')])).rejects.toMatchObject(closed)
      await expect(store.write([put('b', '2')], DURABLE)).rejects.toMatchObject(closed)
      await expect(entriesOf(store)).rejects.toMatchObject(closed)
      if (store.getSync !== undefined) expect(() => store.getSync?.(b('a'))).toThrow(expect.objectContaining(closed))
    })

    it('finishes what is under way when it is closed', async () => {
      const writes = Array.from({ length: 20 }, (_, i) => store.write([put(`k${i}`, 'v')], DURABLE))
      await store.close()
      await Promise.all(writes)
    })
  })
}
