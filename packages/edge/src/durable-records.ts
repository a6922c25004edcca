// Records that must survive, over a key-value store: written through to disk before they count.

import type { DurableStore } from '@tan/peer'
import { bytesToUtf8, utf8ToBytes } from '@tan/primitives'
import type { KeyValueStore } from '@tan/storage'

const DURABLE = { durable: true } as const

/** The keys of several owners can live in one store, each under its own prefix. */
export function durableRecords(store: KeyValueStore, prefix = ''): DurableStore {
  const keyOf = (key: string): Uint8Array => utf8ToBytes(prefix + key)
  return {
    get: key => store.get(keyOf(key)),
    put: (...entries) =>
      store.write(
        entries.map(([key, value]) => ({ type: 'put', key: keyOf(key), value })),
        DURABLE,
      ),
    delete: key => store.write([{ type: 'delete', key: keyOf(key) }], DURABLE),
    async list(below) {
      const from = keyOf(below)
      const found: [string, Uint8Array][] = []
      for await (const [key, value] of store.iterate({ from, to: after(from) }))
        found.push([bytesToUtf8(key).slice(prefix.length), value])
      return found
    },
  }
}

/** The first key behind all that start with these bytes: none of them ends in 0xff, being UTF-8. */
function after(from: Uint8Array): Uint8Array {
  const to = from.slice()
  to[to.length - 1]! += 1
  return to
}
