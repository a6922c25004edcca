// Proofs of pools that one payer shows: one at a time is checked, and not too often, since each costs two pairings. The
// newest waits for its turn (spec D-PROOF).
import type { Hash } from '@tan/primitives'
import type { PoolProof } from '@tan/protocol'
import { PROOF_MIN_MS } from './limits.ts'

/** A pool whose proof is being checked, and what opens its commitment. */
export interface ShownPool {
  readonly poolId: Hash
  readonly salt: Hash
}

export class ProofQueue {
  #checking: ShownPool | undefined
  #waiting: PoolProof | undefined
  #lastMs = Number.NEGATIVE_INFINITY

  show(proof: PoolProof): void {
    this.#waiting = proof
  }

  /** The proof that is to be checked now. */
  next(nowMs: number): PoolProof | undefined {
    const proof = this.#waiting
    if (proof === undefined || this.#checking !== undefined || nowMs - this.#lastMs < PROOF_MIN_MS) return undefined
    this.#waiting = undefined
    this.#checking = { poolId: proof.poolId, salt: proof.salt }
    this.#lastMs = nowMs
    return proof
  }

  /** The check is done: of which pool it was. */
  checked(): ShownPool | undefined {
    const checking = this.#checking
    this.#checking = undefined
    return checking
  }
}
