// Pools as values: one that pays us, as a proof showed it, and one of ours that we pay from.
import type { Hash, Rejection } from '@tan/primitives'
import { availableTo, type PoolState, type PoolTarget } from '@tan/protocol'
import { reject } from './codes.ts'

/** A pool as a proof against a settled header showed it, or as the payee's own node says. */
export interface ProvenPool {
  readonly poolId: Hash
  readonly pool: PoolState
  /** the payee's own slot */
  readonly target: PoolTarget
  /** of the settled header */
  readonly height: number
}

/** A pool of ours, settled on chain. */
export interface PayingPool {
  readonly poolId: Hash
  readonly kind: 'credit' | 'strict'
  /** most that may be promised in all, at most the pool's deposit. TANGam wei */
  readonly budgetWei: bigint
}

/** A strict pool pays what is reserved; a credit pool vouches for the rest with its collateral (spec P-KINDS). */
export function isCreditPool({ collateral }: PoolState): boolean {
  return collateral > 0n
}

/**
 * Up to what total a payee serves before something changes on chain (spec D-LIMIT): what is reserved for it, or, from a
 * credit pool, what it was paid and what is left, but for at most `unredeemedMaxWei` beyond what it was paid.
 */
export function limitWeiOf({ pool, target }: ProvenPool, unredeemedMaxWei: bigint): bigint {
  if (!isCreditPool(pool)) return target.reserved
  const leftWei = availableTo(pool, target)
  return target.paid + (leftWei < unredeemedMaxWei ? leftWei : unredeemedMaxWei)
}

/** What whoever checks proofs for a payee says of one that shows no pool in a settled block (spec D-PROOF). */
export function unproven(message: string): Rejection {
  return reject('payment/proof', message)
}

/** What a payee says to every proof that trusts no chain. */
export function unanchored(): Rejection {
  return reject('payment/no-anchor', 'this peer trusts no chain')
}
