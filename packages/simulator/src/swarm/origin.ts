// The origin as one simulated peer sees it: a line with latency and bandwidth, whose pieces may come in bursts, and which may
// end.
import type { EffectOf, SwarmInput } from '@tan/delivery'
import { PIECE_HASH_BYTES, type PieceRef, pieceSizeOf } from '@tan/protocol'
import type { Conditions } from './manner.ts'
import type { SwarmWorld } from './world.ts'

export class Origin {
  /** media that left it */
  sentBytes = 0
  readonly #world: SwarmWorld
  readonly #conditions: Conditions
  readonly #report: (input: SwarmInput) => void
  readonly #aborted = new Set<number>()
  #freeMs = 0

  constructor(world: SwarmWorld, conditions: Conditions, report: (input: SwarmInput) => void) {
    this.#world = world
    this.#conditions = conditions
    this.#report = report
  }

  fetch({ fetch, range }: EffectOf<'fetch'>): void {
    const world = this.#world
    const { rendition, segment, firstPiece, pieceCount } = range
    const { originLatencyMs, originBytesPerMs, originBurst: burst = 1 } = this.#conditions
    const { sizeBytes } = world.catalog.segment(rendition, segment)!
    this.#freeMs = Math.max(this.#freeMs, world.nowMs + originLatencyMs)
    const arrivals = Array.from({ length: pieceCount }, (_, i) => {
      this.#freeMs += pieceSizeOf(sizeBytes, firstPiece + i) / originBytesPerMs
      return this.#freeMs
    })
    for (let i = 0; i < pieceCount; i++) {
      const arrivesMs = arrivals[Math.min(pieceCount, i - (i % burst) + burst) - 1]!
      const ref = { rendition, segment, piece: firstPiece + i }
      world.after(arrivesMs - world.nowMs, () => this.#arrive(fetch, ref, i === pieceCount - 1))
    }
  }

  #arrive(fetch: number, ref: PieceRef, isLast: boolean): void {
    if (this.#aborted.has(fetch)) return
    if (this.#isDown) {
      if (isLast) this.#report({ type: 'fetched', fetch, isComplete: false })
      return
    }
    const sizeBytes = pieceSizeOf(this.#world.catalog.segment(ref.rendition, ref.segment)!.sizeBytes, ref.piece)
    this.sentBytes += sizeBytes
    this.#report({ type: 'piece', from: { fetch }, ref, sizeBytes, hash: rightHash(this.#world, ref) })
    if (isLast) this.#report({ type: 'fetched', fetch, isComplete: true })
  }

  abort(fetch: number): void {
    this.#aborted.add(fetch)
  }

  fetchHashes({ fetch, rendition, firstSegment, segmentCount }: EffectOf<'fetch-hashes'>): void {
    const world = this.#world
    world.after(this.#conditions.originLatencyMs, () => {
      const segments = world.catalog.renditions[rendition]!.segments.slice(firstSegment, firstSegment + segmentCount)
      const lists = segments.map(({ id }) => world.hashes.get(id)!)
      const hashes = this.#isDown ? undefined : Uint8Array.from(lists.flatMap(list => [...list]))
      this.#report({ type: 'hashes-fetched', fetch, hashes })
    })
  }

  get #isDown(): boolean {
    return this.#world.nowMs >= (this.#conditions.originEndsMs ?? Number.POSITIVE_INFINITY)
  }
}

/** As the publisher made it. */
export function rightHash(world: SwarmWorld, { rendition, segment, piece }: PieceRef): Uint8Array {
  const { id } = world.catalog.segment(rendition, segment)!
  return world.hashes.get(id)!.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
}
