// How synchronous code reads an asynchronous store: it throws the missing keys, the caller fetches them and runs it
// again.
import type { Address, Hash } from '@tan/primitives'

export type StateKey =
  | { readonly type: 'account'; readonly address: Address }
  | { readonly type: 'slot'; readonly address: Address; readonly slot: Hash }
  | { readonly type: 'code'; readonly hash: Hash }
  | { readonly type: 'node'; readonly hash: Hash }

/** Neither a bug nor bad input: fetch the keys and repeat. `StateStore.run` does both. */
export class MissingStateError extends Error {
  override readonly name = 'MissingStateError'
  readonly keys: readonly StateKey[]

  constructor(keys: readonly StateKey[]) {
    super(`${keys.length} keys of the state are not loaded: prefetch them and run again`)
    this.keys = keys
  }
}
