import { utf8ToBytes } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { MemoryStore } from './engines/memory-store.ts'
import { openTable } from './table.ts'
import { entriesOf } from './testing/key-value-compliance.ts'

const b = utf8ToBytes

describe('tables', () => {
  it('keep their keys apart, and are written in one batch', async () => {
    const store = new MemoryStore()
    const block = openTable(store, 'block')
    const index = openTable(store, 'block-index')
    await store.write([block.put(b('1'), b('body')), block.put(b('2'), b('more')), index.put(b('1'), b('0x'))], {
      durable: true,
    })
    expect(await entriesOf(block)).toEqual(['1=body', '2=more'])
    expect(await entriesOf(index)).toEqual(['1=0x'])
    expect(await block.get(b('2'))).toEqual(b('more'))
    expect(block.getSync?.(b('2'))).toEqual(b('more'))
    expect(await block.getMany([b('3'), b('1')])).toEqual([undefined, b('body')])
    await store.write([block.delete(b('1'))], { durable: true })
    expect(await entriesOf(block)).toEqual(['2=more'])
    expect(await entriesOf(index)).toEqual(['1=0x'])
  })

  it('iterate within bounds, both ways', async () => {
    const store = new MemoryStore()
    const tables = ['a', 'b', 'c'].map(name => openTable(store, name))
    const keys = ['', '0', '5', 'z', '\u{7f}']
    for (const table of tables)
      await store.write(
        keys.map(key => table.put(b(key), b('v'))),
        { durable: true },
      )
    const middle = tables[1]!
    expect(await entriesOf(middle)).toEqual(keys.map(key => `${key}=v`))
    expect(await entriesOf(middle, { reverse: true, limit: 2 })).toEqual(['\u{7f}=v', 'z=v'])
    expect(await entriesOf(middle, { from: b('5') })).toEqual(['5=v', 'z=v', '\u{7f}=v'])
    expect(await entriesOf(middle, { from: b('0'), to: b('z') })).toEqual(['0=v', '5=v'])
  })

  it('have no synchronous read where the engine has none', () => {
    const { get, getMany, write, iterate, close } = new MemoryStore()
    expect(openTable({ get, getMany, write, iterate, close }, 'a').getSync).toBeUndefined()
  })
})
