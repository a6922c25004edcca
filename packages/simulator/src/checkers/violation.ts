// What a checker found: the kinds of violation, and the error that ends a world.

/**
 * conflict: different blocks settled at one height, finalized blocks that conflict, or one that contradicts the other.
 * liveness: after the network healed, an honest node did not go on in time.
 * contradiction: an honest node signed what no honest node signs both of.
 * accusation: evidence against an honest node.
 * proof: a proof of settlement does not convince a light client.
 * assertion: production code met a bug of its own.
 */
export const VIOLATION_KINDS = ['conflict', 'liveness', 'contradiction', 'accusation', 'proof', 'assertion'] as const
export type ViolationKind = (typeof VIOLATION_KINDS)[number]

export class Violation extends Error {
  override readonly name = 'Violation'
  readonly kind: ViolationKind

  constructor(kind: ViolationKind, message: string) {
    super(message)
    this.kind = kind
  }
}
