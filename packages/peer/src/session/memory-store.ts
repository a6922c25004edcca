// Records that last as long as the process: a session that is worth nothing afterwards, in pages that may keep none.
import type { DurableStore } from '../ports.ts'

export function createMemoryStore(): DurableStore {
  const records = new Map<string, Uint8Array>()
  return {
    get: async key => records.get(key),
    put: async (...entries) => {
      for (const [key, value] of entries) records.set(key, value)
    },
    delete: async key => void records.delete(key),
    list: async prefix => [...records].filter(([key]) => key.startsWith(prefix)),
  }
}
