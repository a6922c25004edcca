// Which engine: one URL in the configuration.
import { CodedError, shorten } from '@tan/primitives'
import type { KeyValueStore } from '../key-value.ts'
import { openLevelStore } from './level-store.ts'
import { MemoryStore } from './memory-store.ts'

/**
 * `memory:` or `level:<folder>`. With `create: false` a store that is not there is an error.
 * Throws `storage/url`, or what the engine's own opening throws.
 */
export async function openStore(
  url: string,
  { create = true }: { readonly create?: boolean } = {},
): Promise<KeyValueStore> {
  if (url === 'memory:') return new MemoryStore()
  if (url.startsWith('level:') && url.length > 'level:'.length)
    return await openLevelStore(url.slice('level:'.length), { create })
  throw new CodedError('storage/url', `not the URL of a store: ${shorten(url)} (known are memory: and level:<folder>)`)
}
