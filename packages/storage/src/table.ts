// A table is a name space in a store: its keys are prefixed with the table's name. Tables create operations instead of
// writing, so that one atomic batch can change several of them.
import { assert, EMPTY_BYTES, utf8ToBytes } from '@tan/primitives'
import type { KeyRange, KeyValueEntry, KeyValueStore, WriteOperation } from './key-value.ts'

export interface Table {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /** Only if the engine has it. */
  getSync?(key: Uint8Array): Uint8Array | undefined
  put(key: Uint8Array, value: Uint8Array): WriteOperation
  delete(key: Uint8Array): WriteOperation
  iterate(range?: KeyRange): AsyncIterable<KeyValueEntry>
  /** The key in the store, for one read of several tables at once. */
  storeKey(key: Uint8Array): Uint8Array
}

const SEPARATOR = '/'
const AFTER_SEPARATOR = '0'

/**
 * The name is part of the format on disk. No name is a prefix of another table's keys, because names exclude the
 * separator.
 */
export function openTable(store: KeyValueStore, name: string): Table {
  assert(/^[a-z][a-z-]*$/.test(name), `not a table's name: ${name}`)
  const prefix = utf8ToBytes(name + SEPARATOR)
  const end = utf8ToBytes(name + AFTER_SEPARATOR)
  const storeKey = (key: Uint8Array) => {
    const out = new Uint8Array(prefix.length + key.length)
    out.set(prefix)
    out.set(key, prefix.length)
    return out
  }
  const table: Table = {
    storeKey,
    get: key => store.get(storeKey(key)),
    getMany: keys => store.getMany(keys.map(storeKey)),
    put: (key, value) => ({ type: 'put', key: storeKey(key), value }),
    delete: key => ({ type: 'delete', key: storeKey(key) }),
    async *iterate(range = {}) {
      const bounds = {
        from: storeKey(range.from ?? EMPTY_BYTES),
        to: range.to === undefined ? end : storeKey(range.to),
      }
      for await (const [key, value] of store.iterate({ ...range, ...bounds }))
        yield [key.subarray(prefix.length), value]
    },
  }
  if (store.getSync !== undefined) table.getSync = key => store.getSync?.(storeKey(key))
  return table
}
