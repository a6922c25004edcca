// What a payee announces before it serves on a credit pool (spec D-CLAIM): so much it is about to have earned. Whoever keeps
// the announced claims of all payees admits them while they fit the pool's deposit.
import type { Hash } from '@tan/primitives'
import type { SignedVoucher } from '@tan/protocol'
import type { Account } from './accounts.ts'
import { CLAIM_RETRY_MS, CLAIM_STEP_UNITS } from './limits.ts'
import { isCreditPool, limitWeiOf } from './pool.ts'
import type { PayeeOptions } from './terms.ts'

export interface Claim {
  readonly poolId: Hash
  readonly claimWei: bigint
  readonly depositWei: bigint
  readonly voucher: SignedVoucher | undefined
}

export function needsClaims({ proven }: Account, { announcesClaims }: PayeeOptions): boolean {
  return announcesClaims && proven !== undefined && isCreditPool(proven.pool)
}

/** The claim that has to be announced now so that serving can go on, if there is one. */
export function takeClaim(account: Account, options: PayeeOptions, nowMs: number): Claim | undefined {
  const { poolId, chargedWei, admittedWei, nextClaimMs, proven, voucher } = account
  if (proven === undefined || !needsClaims(account, options) || nowMs < nextClaimMs) return undefined
  const stepWei = options.unitPriceWei * BigInt(CLAIM_STEP_UNITS)
  const limitWei = limitWeiOf(proven, options.unredeemedMaxWei)
  const claimWei = chargedWei + stepWei < limitWei ? chargedWei + stepWei : limitWei
  if (2n * (admittedWei - chargedWei) >= stepWei || claimWei <= admittedWei) return undefined
  account.nextClaimMs = nowMs + CLAIM_RETRY_MS
  return { poolId, claimWei, depositWei: proven.pool.deposit, voucher }
}

export function admitClaim(account: Account, claimWei: bigint): void {
  if (claimWei > account.admittedWei) account.admittedWei = claimWei
  account.nextClaimMs = 0
}
