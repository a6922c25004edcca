// What one peer asks of us: requests that wait, pieces that are being read or sent, and the pool that pays for them.
import { ProofQueue } from '@tan/payments'
import type { Hash } from '@tan/primitives'
import type { PieceRef } from '@tan/protocol'
import { pieceKey } from '../content/catalog.ts'
import { QUEUE_MAX } from '../limits.ts'

interface Queued {
  readonly ref: PieceRef
  readonly sinceMs: number
}

export class Serving {
  /** it was told our price */
  isOffered = false
  /** the pool that it pays from, once it was accepted */
  poolId: Hash | undefined
  readonly proofs = new ProofQueue()
  /** it was asked for a newer proof then */
  renewMs = Number.NEGATIVE_INFINITY
  hashesRequests = 0
  servedPieces = 0
  servedBytes = 0
  /** pieces that were sent, and crowd the channel until it drains */
  crowding = 0
  readonly #queue = new Map<number, Queued>()
  /** pieces that are being read, and what pays for each */
  readonly #sending = new Map<number, Hash | undefined>()

  get sendingCount(): number {
    return this.#sending.size + this.crowding
  }

  /** False where too much waits already, or this does. */
  enqueue(ref: PieceRef, nowMs: number): boolean {
    const key = pieceKey(ref)
    if (this.#queue.size >= QUEUE_MAX || this.#queue.has(key)) return false
    this.#queue.set(key, { ref, sinceMs: nowMs })
    return true
  }

  next(): Queued | undefined {
    for (const queued of this.#queue.values()) return queued
    return undefined
  }

  /** Was it still waiting? */
  remove(ref: PieceRef): boolean {
    return this.#queue.delete(pieceKey(ref))
  }

  takeQueue(): PieceRef[] {
    const refs = [...this.#queue.values()].map(({ ref }) => ref)
    this.#queue.clear()
    return refs
  }

  startSending(ref: PieceRef, paidBy: Hash | undefined): void {
    this.#queue.delete(pieceKey(ref))
    this.#sending.set(pieceKey(ref), paidBy)
  }

  /** What paid for it; undefined for what was free, and 'unknown' for what was not being sent. */
  sent(ref: PieceRef): Hash | undefined | 'unknown' {
    const key = pieceKey(ref)
    if (!this.#sending.has(key)) return 'unknown'
    const paidBy = this.#sending.get(key)
    this.#sending.delete(key)
    return paidBy
  }

  /** What paid for all that never went into the channel: it closed before. */
  takeSending(): (Hash | undefined)[] {
    const paidBy = [...this.#sending.values()]
    this.#sending.clear()
    return paidBy
  }
}
