// The contract of every key-value engine. `testing/key-value-compliance.ts` holds its tests, which every engine passes.
import { assert } from '@tan/primitives'
import { KEY_MAX_BYTES, VALUE_MAX_BYTES } from './limits.ts'

/**
 * Keys are ordered by their bytes. After passing bytes in either direction, neither side changes them. Failures are
 * coded: `storage/closed` after close, `storage/corrupt` if the engine finds damage, `storage/io` for the rest.
 */
export interface KeyValueStore {
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  /** One value, or undefined, per key, in order. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  /** Only engines that can answer synchronously have it. */
  getSync?(key: Uint8Array): Uint8Array | undefined
  /**
   * Applies all of the operations or none, in order; reads them before it returns. If durable, then once it resolves a
   * crash loses neither this batch nor an earlier one. Otherwise a crash may lose the batch, but only together with all
   * later batches.
   */
  write(operations: Iterable<WriteOperation>, options: WriteOptions): Promise<void>
  /** Iterates over the store's content at the first step, whatever is written meanwhile. */
  iterate(range?: KeyRange): AsyncIterable<KeyValueEntry>
  /** Waits for pending operations; harmless when repeated. */
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

/** Every engine checks this before it writes anything of a batch. */
export function assertOperation(operation: WriteOperation): void {
  assertKey(operation.key)
  if (operation.type === 'put')
    assert(operation.value.length <= VALUE_MAX_BYTES, `a value of ${operation.value.length} bytes is too large`)
}

export function assertKey(key: Uint8Array): void {
  assert(key.length > 0 && key.length <= KEY_MAX_BYTES, `a key of ${key.length} bytes: 1 to ${KEY_MAX_BYTES} fit`)
}
