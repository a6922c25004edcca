// What payees say that credit pools owe them. A pool's payer may promise more than the deposit, each payee sees only its
// own part, and the chain learns of it late: here they add up at once. A claim that does not fit beside the others is not
// taken down, and its payee stops serving. Amounts are over a pool's life, so that a redeem changes nothing.
import type { Address, Hash } from '@tan/primitives'
import { CLAIM_PAYEES_MAX, CLAIM_POOLS_MAX } from './limits.ts'
import { createRecent } from './recent.ts'

export interface Claim {
  readonly poolId: Hash
  readonly payee: Address
  readonly claimWei: bigint
  /** as the payee's proof of the pool showed it: a wrong one misleads nobody but itself */
  readonly depositWei: bigint
}

export interface ClaimAnswer {
  readonly admitted: boolean
  /** of all payees, this one's if admitted */
  readonly claimedWei: bigint
  readonly payees: number
}

export interface Claims {
  announce(claim: Claim): ClaimAnswer
  readonly pools: number
}

interface Pool {
  readonly byPayee: Map<Address, bigint>
  claimedWei: bigint
}

/** spec T-CLAIM. */
export function createClaims(): Claims {
  const pools = createRecent<Hash, Pool>(CLAIM_POOLS_MAX)

  return {
    announce({ poolId, payee, claimWei, depositWei }) {
      const pool = pools.get(poolId) ?? { byPayee: new Map<Address, bigint>(), claimedWei: 0n }
      pools.set(poolId, pool)
      const before = pool.byPayee.get(payee)
      // A claim only rises, like the vouchers behind it.
      const raisedWei = before === undefined ? claimWei : claimWei > before ? claimWei - before : 0n
      const fits = pool.claimedWei + raisedWei <= depositWei
      const hasRoom = before !== undefined || pool.byPayee.size < CLAIM_PAYEES_MAX
      const admitted = fits && hasRoom
      if (admitted) {
        pool.byPayee.set(payee, (before ?? 0n) + raisedWei)
        pool.claimedWei += raisedWei
      }
      return { admitted, claimedWei: pool.claimedWei, payees: pool.byPayee.size }
    },
    get pools() {
      return pools.size
    },
  }
}
