// Requests to the origin that the core has under way: pieces as they come, lists of hashes, and calling them off.
import type { EffectOf, PieceRange, SwarmInput } from '@tan/delivery'
import { type Reason, reasonOf } from '@tan/primitives'
import type { Sha256 } from '../ports.ts'
import type { Origin } from './origin.ts'

export interface FetchesOptions {
  readonly origin: Origin
  readonly sha256: Sha256
  dispatch(input: SwarmInput, bytes?: Uint8Array): void
  failed(rejection: Reason): void
}

export class Fetches {
  readonly #options: FetchesOptions
  readonly #underWay = new Map<number, { readonly controller: AbortController; readonly origin: number }>()
  readonly #stopped = new AbortController()

  constructor(options: FetchesOptions) {
    this.#options = options
  }

  /** Reports each piece with its hash (spec D-CHECKED), and the end. */
  async fetch(fetch: number, range: PieceRange): Promise<void> {
    const { origin, sha256, dispatch, failed } = this.#options
    const controller = new AbortController()
    this.#underWay.set(fetch, { controller, origin: origin.current })
    const signal = AbortSignal.any([controller.signal, this.#stopped.signal])
    const hashing: Promise<void>[] = []
    let isComplete = true
    try {
      await origin.fetchPieces(range, signal, (ref, bytes) => {
        const hashed = sha256(bytes).then(hash => {
          if (controller.signal.aborted) return
          dispatch({ type: 'piece', from: { fetch }, ref, sizeBytes: bytes.length, hash }, bytes)
        })
        hashing.push(hashed)
      })
    } catch (error) {
      isComplete = false
      if (!signal.aborted) failed(reasonOf(error))
    }
    await Promise.all(hashing)
    this.#underWay.delete(fetch)
    dispatch({ type: 'fetched', fetch, isComplete })
  }

  async fetchHashes({ fetch, rendition, firstSegment, segmentCount }: EffectOf<'fetch-hashes'>): Promise<void> {
    const { origin, dispatch, failed } = this.#options
    const { signal } = this.#stopped
    let hashes: Uint8Array | undefined
    try {
      hashes = await origin.fetchHashes(rendition, firstSegment, segmentCount, signal)
    } catch (error) {
      if (!signal.aborted) failed(reasonOf(error))
    }
    dispatch({ type: 'hashes-fetched', fetch, hashes })
  }

  abort(fetch: number): void {
    this.#underWay.get(fetch)?.controller.abort()
  }

  /** What this fetch brought is wrong: the next origin is asked from now on (spec D-ORIGIN). */
  leaveOrigin(fetch: number): void {
    const { origin } = this.#options
    origin.leave(this.#underWay.get(fetch)?.origin ?? origin.current)
  }

  stop(): void {
    this.#stopped.abort()
  }
}
