// The states that a node works on: one settled, on disk, and unsettled layers over it, in memory. Also readers of older
// states whose tries are still on disk.
import { assert, CodedError, type Hash } from '@tan/primitives'
import type { KeyValueStore, WriteOperation } from '../key-value.ts'
import {
  ACCOUNT_CACHE_ENTRIES,
  CODE_CACHE_BYTES,
  NODE_CACHE_BYTES,
  RUN_ROUNDS_MAX,
  SLOT_CACHE_ENTRIES,
  UNSETTLED_LAYERS_MAX,
} from '../limits.ts'
import { MissingStateError, type StateKey } from '../missing-state.ts'
import { EMPTY_ROOT } from '../trie/update.ts'
import { applyWrites } from './apply-writes.ts'
import { type CacheBounds, StateDisk } from './disk.ts'
import { Layer, type SettledPointer, type State } from './layer.ts'
import { EMPTY_OVERLAY, mergedOverlay, type StateWrites } from './writes.ts'

const DEFAULT_BOUNDS: CacheBounds = {
  nodeBytes: NODE_CACHE_BYTES,
  accounts: ACCOUNT_CACHE_ENTRIES,
  slots: SLOT_CACHE_ENTRIES,
  codeBytes: CODE_CACHE_BYTES,
}

export class StateStore {
  readonly #store: KeyValueStore
  readonly #disk: StateDisk
  readonly #pointer: SettledPointer
  #isSettling = false
  /** its write failed, and the disk may hold it or not: whatever is settled next holds all of it, and so mends the disk */
  #unsure: Layer | undefined

  /** Throws `storage/version` or `storage/corrupt`. In a new store the settled state is the empty one. */
  static async open(store: KeyValueStore, bounds: Partial<CacheBounds> = {}): Promise<StateStore> {
    const disk = new StateDisk(store, { ...DEFAULT_BOUNDS, ...bounds })
    return new StateStore(store, disk, await disk.loadRoot())
  }

  private constructor(store: KeyValueStore, disk: StateDisk, root: Hash) {
    this.#store = store
    this.#disk = disk
    this.#pointer = { settled: undefined, isFlatCurrent: true }
    new Layer(root, disk, this.#pointer, undefined, EMPTY_OVERLAY).becomeSettled(EMPTY_OVERLAY)
  }

  /** The state of the last `settle`; on disk once that has resolved. */
  get settled(): State {
    return this.#settled
  }

  /**
   * Creates a new state: the parent with the writes. Writes nothing to disk. Throws MissingStateError, and
   * `storage/too-deep` if too many states wait to be settled.
   */
  apply(parent: State, writes: StateWrites): State {
    const layer = this.#layerOf(parent)
    const depth = layersOver(layer)
    if (depth >= UNSETTLED_LAYERS_MAX)
      throw new CodedError('storage/too-deep', `${depth} states wait to be settled: settle some before more are made`)
    const { root, overlay } = applyWrites(layer, writes)
    return new Layer(root, this.#disk, this.#pointer, layer, overlay)
  }

  /**
   * The state, with those between it and the settled one, becomes the settled state: at once for readers, and on disk
   * when the promise resolves, in one atomic durable batch together with `alsoWrite`. Rival states can no longer be
   * settled. One call at a time. Throws what the write throws: then the previous state is still the settled one, and this
   * state, or one that builds on it, can be settled again.
   */
  async settle(state: State, alsoWrite: Iterable<WriteOperation> = []): Promise<void> {
    assert(!this.#isSettling, 'a state is settled while another one still is being written')
    const layer = this.#layerOf(state)
    const overlays = []
    let holdsUnsure = this.#unsure === undefined
    let base: Layer = layer
    for (; base.parent !== undefined; base = base.parent) {
      overlays.unshift(base.overlay)
      holdsUnsure ||= base === this.#unsure
    }
    assert(base === this.#settled, 'a state is settled that does not build on the settled one')
    assert(holdsUnsure, 'a state is settled beside one that the disk may hold')
    this.#isSettling = true
    const overlay = mergedOverlay(overlays)
    const undo = layer.becomeSettled(overlay)
    try {
      const operations = await this.#disk.operations(overlay, layer.root)
      await this.#store.write(both(operations, alsoWrite), { durable: true })
    } catch (error) {
      undo()
      this.#unsure = layer
      throw error
    } finally {
      this.#isSettling = false
    }
    this.#unsure = undefined
    this.#disk.remember(overlay)
    layer.becomeStored()
  }

  /**
   * An older settled state, to read and to build on. Throws `storage/missing-node` if it was never settled here or has
   * been pruned.
   */
  async at(root: Hash): Promise<State> {
    const state = new Layer(root, this.#disk, this.#pointer, undefined, EMPTY_OVERLAY)
    if (root !== EMPTY_ROOT) await this.#disk.prefetch([{ type: 'node', hash: root }])
    return state
  }

  /** Fetches what reads will need, in one round trip. */
  async prefetch(keys: readonly StateKey[]): Promise<void> {
    await this.#disk.prefetch(keys)
  }

  /** Runs a synchronous function over states, and restarts it as long as something that it reads must be fetched. */
  async run<T>(action: () => T): Promise<T> {
    for (let round = 0; round < RUN_ROUNDS_MAX; round++) {
      try {
        return action()
      } catch (error) {
        if (!(error instanceof MissingStateError)) throw error
        await this.#disk.prefetch(error.keys)
      }
    }
    throw new CodedError(
      'storage/rounds',
      `the state was fetched ${RUN_ROUNDS_MAX} times without end: the caches are too small for this work`,
    )
  }

  get #settled(): Layer {
    return this.#pointer.settled!
  }

  #layerOf(state: State): Layer {
    assert(state instanceof Layer && state.isOf(this.#disk), 'a state of another store')
    return state
  }
}

function* both<T>(first: Iterable<T>, second: Iterable<T>): Iterable<T> {
  yield* first
  yield* second
}

function layersOver(layer: Layer): number {
  let count = 0
  for (let below = layer.parent; below !== undefined; below = below.parent) count++
  return count
}
