import { utf8ToBytes } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { describeKeyValueStore, entriesOf, put, remove } from '../testing/key-value-compliance.ts'
import { MemoryStore } from './memory-store.ts'

describeKeyValueStore('memory', async () => new MemoryStore())

describe('a crash of the memory engine', () => {
  async function written(): Promise<MemoryStore> {
    const store = new MemoryStore()
    await store.write([put('a', '1'), put('b', '1')], { durable: true })
    await store.write([put('a', '2'), put('c', '2'), put('c', '2b')], { durable: false })
    await store.write([remove('a'), remove('b')], { durable: false })
    await store.write([put('b', '4')], { durable: false })
    return store
  }

  it('keeps what is durable and loses the rest from the end', async () => {
    const states = [['a=1', 'b=1'], ['a=2', 'b=1', 'c=2b'], ['c=2b'], ['b=4', 'c=2b']]
    for (const [surviving, expected] of states.entries()) {
      const store = await written()
      expect(store.unsyncedBatches).toBe(3)
      const disk = store.crash(surviving)
      expect(await entriesOf(disk)).toEqual(expected)
      expect(disk.unsyncedBatches).toBe(0)
      await expect(store.get(utf8ToBytes('a'))).rejects.toMatchObject({ code: 'storage/closed' })
    }
  })

  it('loses nothing once a later batch is durable', async () => {
    const store = await written()
    await store.write([put('d', '5')], { durable: true })
    expect(store.unsyncedBatches).toBe(0)
    expect(await entriesOf(store.crash())).toEqual(['b=4', 'c=2b', 'd=5'])
  })

  it('can crash again after it was opened again', async () => {
    const disk = (await written()).crash(1)
    await disk.write([put('x', '1')], { durable: false })
    expect(await entriesOf(disk.crash())).toEqual(['a=2', 'b=1', 'c=2b'])
  })
})
