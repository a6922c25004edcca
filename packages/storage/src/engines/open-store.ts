// Selects the engine by a URL in the configuration.
import { CodedError, shorten } from '@tan/primitives'
import type { KeyValueStore } from '../key-value.ts'
import { openLevelStore } from './level-store.ts'
import { MemoryStore } from './memory-store.ts'

/**
 * `memory:` or `level:<folder>`. With `create: false` a missing store is an error. Throws `storage/url`, or the
 * engine's own errors.
 */
export async function openStore(
  url: string,
  { create = true }: { readonly create?: boolean } = {},
): Promise<KeyValueStore> {
  if (url === 'memory:') return new MemoryStore()
  if (url.startsWith('level:') && url.length > 'level:'.length)
    return await openLevelStore(url.slice('level:'.length), { create })
  throw new CodedError('storage/url', `not a store URL: ${shorten(url)} (use memory: or level:<folder>)`)
}
