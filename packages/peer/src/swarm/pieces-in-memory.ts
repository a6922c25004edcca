// Pieces in memory: what a viewer has watched lately, and can serve to others. Bounded; the segment that was used longest
// ago goes first.
import { segmentId } from '@tan/delivery'
import type { PieceRef } from '@tan/protocol'
import type { PieceStore } from '../ports.ts'

interface Kept {
  readonly rendition: number
  readonly segment: number
  readonly pieces: Map<number, Uint8Array>
  sizeBytes: number
  isComplete: boolean
}

export class PiecesInMemory implements PieceStore {
  readonly #maxBytes: number
  readonly #onDropped: (rendition: number, segment: number) => void
  /** in order of their last use */
  readonly #kept = new Map<number, Kept>()
  #sizeBytes = 0

  /** `onDropped`: a whole segment went, to make room. */
  constructor(maxBytes: number, onDropped: (rendition: number, segment: number) => void) {
    this.#maxBytes = maxBytes
    this.#onDropped = onDropped
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  keep({ rendition, segment, piece }: PieceRef, bytes: Uint8Array): void {
    const id = segmentId(rendition, segment)
    const kept = this.#kept.get(id) ?? { rendition, segment, pieces: new Map(), sizeBytes: 0, isComplete: false }
    const before = kept.pieces.get(piece)?.length ?? 0
    kept.pieces.set(piece, bytes)
    kept.sizeBytes += bytes.length - before
    this.#sizeBytes += bytes.length - before
    this.#use(id, kept)
    this.#makeRoom(id)
  }

  complete(rendition: number, segment: number): void {
    const kept = this.#kept.get(segmentId(rendition, segment))
    if (kept !== undefined) kept.isComplete = true
  }

  async read({ rendition, segment, piece }: PieceRef): Promise<Uint8Array | undefined> {
    const id = segmentId(rendition, segment)
    const kept = this.#kept.get(id)
    if (kept !== undefined) this.#use(id, kept)
    return kept?.pieces.get(piece)
  }

  forget(rendition: number, segment: number): void {
    const id = segmentId(rendition, segment)
    this.#sizeBytes -= this.#kept.get(id)?.sizeBytes ?? 0
    this.#kept.delete(id)
  }

  #use(id: number, kept: Kept): void {
    this.#kept.delete(id)
    this.#kept.set(id, kept)
  }

  #makeRoom(except: number): void {
    for (const [id, { rendition, segment, isComplete }] of this.#kept) {
      if (this.#sizeBytes <= this.#maxBytes) return
      // What is only begun is still on its way to the player.
      if (id === except || !isComplete) continue
      this.forget(rendition, segment)
      this.#onDropped(rendition, segment)
    }
  }
}
