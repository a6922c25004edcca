// The contract of every key-value engine. `testing/key-value-compliance.ts` says the same as tests, and each engine passes them.
import { assert } from '@tan/primitives'
import { KEY_MAX_BYTES, VALUE_MAX_BYTES } from './limits.ts'

/**
 * Keys are ordered by their bytes. Whoever hands bytes over, in either direction, changes them no more. Failures are
 * coded: `storage/closed` after close, `storage/corrupt` where the engine finds damage, `storage/io` for the rest.
 */
export interface KeyValueStore {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** One value, or undefined, for each key, in their order. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /** Only engines that answer at once, without a round trip to elsewhere, have it. */
  getSync?(key: Uint8Array): Uint8Array | undefined
  /**
   * All of the operations or none of them, in their order. They are taken before this returns. Durable: when it resolves, a crash loses neither this batch
   * nor an earlier one. Otherwise a crash may lose it, but only together with all batches after it.
   */
  write(operations: Iterable<WriteOperation>, options: WriteOptions): Promise<void>
  /** What the store held at the first step, whatever is written meanwhile. */
  iterate(range?: KeyRange): AsyncIterable<KeyValueEntry>
  /** Waits for what is under way; harmless when repeated. */
  close(): Promise<void>
}

export type KeyValueEntry = readonly [key: Uint8Array, value: Uint8Array]

export type WriteOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array }

export interface WriteOptions {
  readonly durable: boolean
}

export interface KeyRange {
  /** inclusive */
  readonly from?: Uint8Array
  /** exclusive */
  readonly to?: Uint8Array
  /** from the last key down */
  readonly reverse?: boolean
  readonly limit?: number
}

/** What every engine checks before it writes anything of a batch. */
export function assertOperation(operation: WriteOperation): void {
  assertKey(operation.key)
  if (operation.type === 'put')
    assert(operation.value.length <= VALUE_MAX_BYTES, `a value of ${operation.value.length} bytes is too large`)
}

export function assertKey(key: Uint8Array): void {
  assert(key.length > 0 && key.length <= KEY_MAX_BYTES, `a key of ${key.length} bytes: 1 to ${KEY_MAX_BYTES} fit`)
}
