// On what terms a payee serves: what a unit costs, what it may lose, and which pools it takes.
import type { Address, Hash, Rejection } from '@tan/primitives'
import { type PoolState, resourceCommitment } from '@tan/protocol'
import { reject } from './codes.ts'
import { POOL_UNITS_MIN, PROOF_AGE_BLOCKS_MAX } from './limits.ts'
import type { ProvenPool } from './pool.ts'
import type { EarningRecord } from './records.ts'

/** What one payee asks. TANGam wei */
export interface Price {
  readonly unitPriceWei: bigint
  readonly openingWei: bigint
}

export interface PayeeOptions extends Price {
  readonly chainId: number
  /** what its pools are for */
  readonly resourceId: Hash
  /** units that there are to sell, all together */
  readonly unitsMax: number
  /** our address: the target of vouchers */
  readonly self: Address
  /** of one credit pool, not yet redeemed: what we can lose to a payer that overspends */
  readonly unredeemedMaxWei: bigint
  /** no serving when a pool is this close to its expiry */
  readonly expiryMarginBlocks: number
  /** serve credit pools only up to claims that the tracker admitted */
  readonly announcesClaims: boolean
  /**
   * whoever runs this tells the chain's height from time to time (`height`): before the first, no pool is accepted, because
   * nobody could say how old its proof is
   */
  readonly followsChain?: boolean | undefined
  readonly records?: readonly EarningRecord[] | undefined
}

export function isFree({ unitPriceWei, openingWei }: Price): boolean {
  return unitPriceWei === 0n && openingWei === 0n
}

/** What the cheapest thing costs that is sold. */
export function cheapestWei({ unitPriceWei, openingWei }: Price): bigint {
  return openingWei > 0n && (unitPriceWei === 0n || openingWei < unitPriceWei) ? openingWei : unitPriceWei
}

/** What a pool must be able to pay for an account to be worth keeping (spec D-ACCOUNT). */
export function worthWei({ unitPriceWei, openingWei, unitsMax }: PayeeOptions): bigint {
  return openingWei + unitPriceWei * BigInt(Math.min(POOL_UNITS_MIN, unitsMax))
}

/** Does a pool whose proof is right belong to this payer and resource, and is it open for a while (spec D-PROOF)? */
export function checkPool(
  payer: Address,
  { pool, height }: ProvenPool,
  salt: Hash,
  knownHeight: number,
  options: PayeeOptions,
): Rejection | undefined {
  if (knownHeight - height > PROOF_AGE_BLOCKS_MAX)
    return reject(
      'payment/stale-proof',
      `the proof is of block ${height}, and the chain is at ${knownHeight}: send a newer one`,
    )
  if (pool.signer !== payer)
    return reject('payment/signer', `vouchers of this pool are signed by ${pool.signer}, not by ${payer}`)
  if (resourceCommitment(options.resourceId, salt) !== pool.resourceCommitment)
    return reject('payment/resource', 'the pool was made for another resource')
  if (pool.status !== 'open') return reject('payment/pool', `the pool is ${pool.status}`)
  if (isNearExpiry(pool, knownHeight, options))
    return reject('payment/expiry', `the pool expires at block ${pool.expiryHeight}; this is ${height}`)
  return undefined
}

export function isNearExpiry(
  { expiryHeight }: PoolState,
  knownHeight: number,
  { expiryMarginBlocks }: PayeeOptions,
): boolean {
  return knownHeight + expiryMarginBlocks >= expiryHeight
}
