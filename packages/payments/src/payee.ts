// The earning side: pools that payers pay us from, what each has shown by voucher and preimage, and what we have charged it.
// The rule that bounds every loss (spec D-ONE): a unit is served only while what was charged does not exceed what is shown
// and durably stored, so that nobody is ever more than one unit behind.
import type { Address, Hash, Rejection } from '@tan/primitives'
import { availableTo, type SignedVoucher, voucherValue } from '@tan/protocol'
import { type Account, Accounts } from './accounts.ts'
import { admitClaim, type Claim, needsClaims, takeClaim } from './claims.ts'
import { type PaymentCode, reject } from './codes.ts'
import { ACCOUNTS_MAX, PROOF_RENEW_MS } from './limits.ts'
import { limitWeiOf, type ProvenPool } from './pool.ts'
import type { EarningRecord } from './records.ts'
import { showPreimage, showVoucher } from './showing.ts'
import { cheapestWei, checkPool, isNearExpiry, type PayeeOptions, worthWei } from './terms.ts'

/** May the next unit be served? If not, why; `unpaid` and `claim` end by themselves, `stale` with a newer proof. */
export type Permission = 'yes' | 'unpaid' | 'claim' | 'stale' | 'ended' | 'limit'

/** With which code a unit is refused that is not served from its pool any more. */
export const ENDED_WITH = { ended: 'payment/ended', limit: 'payment/limit' } as const satisfies Partial<
  Record<Permission, PaymentCode>
>

export class Payee {
  readonly #options: PayeeOptions
  readonly #accounts: Accounts
  /** the highest known, from the chain or from proofs */
  #height = 0
  /** the chain itself has said where it is */
  #isHeightTold = false

  constructor(options: PayeeOptions) {
    this.#options = options
    this.#accounts = new Accounts(options.openingWei, options.records ?? [])
  }

  // ------------------------------------------------------------------------------------------------ pools

  /** The chain itself says that it has settled this height. */
  learnHeight(height: number): void {
    this.#isHeightTold = true
    this.#raiseHeight(height)
  }

  #raiseHeight(height: number): void {
    if (height > this.#height) this.#height = height
  }

  /** Checks a pool whose proof is right: does it belong to this payer and resource, and can it pay (spec D-PROOF)? */
  accept(payer: Address, proven: ProvenPool, salt: Hash, nowMs: number): Rejection | undefined {
    const { pool, height, poolId, target } = proven
    // A proof says where the chain was, not where it is.
    if (this.#options.followsChain === true && !this.#isHeightTold)
      return reject('payment/height', 'this peer does not know yet where the chain is')
    this.#raiseHeight(height)
    const wrong = checkPool(payer, proven, salt, this.#height, this.#options)
    if (wrong !== undefined) return wrong
    const known = this.#accounts.get(poolId)
    if (known?.proven !== undefined && known.proven.height > height)
      return reject('payment/stale-proof', `block ${known.proven.height} was proven before`)
    const leastWei = worthWei(this.#options)
    if (known === undefined && availableTo(pool, target) < leastWei)
      return reject('payment/funds', `the pool cannot pay ${leastWei} wei any more`)
    if (known === undefined && !this.#accounts.makeRoom(cheapestWei(this.#options), nowMs))
      return reject('payment/busy', `accounts of ${ACCOUNTS_MAX} pools are open already`)
    const account = known ?? this.#accounts.create(poolId)
    // What it has redeemed, it had charged: so much is known even where the account had to make room.
    if (known === undefined && target.paid > account.chargedWei) account.chargedWei = target.paid
    account.proven = proven
    account.provenMs = account.usedMs = nowMs
    return undefined
  }

  /** What the chain itself says now of a pool: a freeze, a redemption, a reserve. */
  update(proven: ProvenPool, nowMs: number): void {
    this.learnHeight(proven.height)
    const account = this.#accounts.get(proven.poolId)
    if (account?.proven === undefined || proven.height < account.proven.height) return
    account.proven = proven
    account.provenMs = nowMs
  }

  /** The pool is redeemed for good, or expired. */
  forget(poolId: Hash): void {
    this.#accounts.delete(poolId)
  }

  /** spec D-RENEW */
  isRenewalDue(poolId: Hash, nowMs: number): boolean {
    const account = this.#accounts.get(poolId)
    return account?.proven !== undefined && nowMs - account.provenMs > PROOF_RENEW_MS
  }

  // ------------------------------------------------------------------------------------------------ payments

  voucher(payer: Address, voucher: SignedVoucher, nowMs: number): Rejection | undefined {
    return showVoucher(this.#accounts.get(voucher.poolId), payer, voucher, this.#options, nowMs)
  }

  preimage(poolId: Hash, index: number, preimage: Uint8Array): Rejection | undefined {
    return showPreimage(this.#accounts.get(poolId), index, preimage, this.#options)
  }

  shownWei(poolId: Hash): bigint {
    return this.#accounts.get(poolId)?.shownWei ?? 0n
  }

  // ------------------------------------------------------------------------------------------------ charges

  /** Opening payment and units served, over the pool's life. */
  chargedWei(poolId: Hash): bigint {
    return this.#accounts.get(poolId)?.chargedWei ?? this.#options.openingWei
  }

  /** Up to what total it will serve before something changes on chain. */
  limitWei(poolId: Hash): bigint {
    const proven = this.#accounts.get(poolId)?.proven
    return proven === undefined ? 0n : limitWeiOf(proven, this.#options.unredeemedMaxWei)
  }

  permission(poolId: Hash, nowMs: number): Permission {
    const account = this.#accounts.get(poolId)
    const proven = account?.proven
    if (account === undefined || proven === undefined) return 'ended'
    if (proven.pool.status !== 'open' || isNearExpiry(proven.pool, this.#height, this.#options)) return 'ended'
    if (nowMs - account.provenMs > 2 * PROOF_RENEW_MS) return 'stale'
    const afterWei = account.chargedWei + this.#options.unitPriceWei
    if (afterWei > this.limitWei(poolId)) return 'limit'
    if (account.chargedWei > account.savedWei) return 'unpaid'
    if (needsClaims(account, this.#options) && afterWei > account.admittedWei) return 'claim'
    account.usedMs = nowMs
    return 'yes'
  }

  /** Before a unit is served; `refund` if it could not be sent after all. */
  charge(poolId: Hash): void {
    this.#chargeMore(poolId, this.#options.unitPriceWei)
  }

  refund(poolId: Hash): void {
    this.#chargeMore(poolId, -this.#options.unitPriceWei)
  }

  #chargeMore(poolId: Hash, wei: bigint): void {
    const account = this.#accounts.get(poolId)
    if (account === undefined) return
    account.chargedWei += wei
    account.isCharged = true
  }

  // ------------------------------------------------------------------------------------------------ storing, claiming

  /**
   * What was paid since it was asked last, to be stored before `saved` is called with the same list; or also what was
   * charged, which need not wait for anything. Payments that are worth less than anything that is sold are no records: to
   * keep and to watch them costs more than they bring.
   */
  takeChanges(alsoCharges: boolean): EarningRecord[] {
    const leastWei = cheapestWei(this.#options)
    const records: EarningRecord[] = []
    for (const account of this.#accounts.values()) {
      const { voucher } = account
      if (voucher === undefined || !(account.isChanged || (alsoCharges && account.isCharged))) continue
      if (account.shownWei < leastWei) continue
      account.isChanged = false
      account.isCharged = false
      records.push(this.#recordOf(account, voucher))
    }
    return records
  }

  #recordOf({ poolId, index, preimage, chargedWei, proven }: Account, voucher: SignedVoucher): EarningRecord {
    const expiryHeight = proven?.pool.expiryHeight ?? 0
    return { poolId, resourceId: this.#options.resourceId, voucher, index, preimage, chargedWei, expiryHeight }
  }

  saved(records: readonly EarningRecord[]): void {
    for (const { poolId, voucher, index } of records) {
      const account = this.#accounts.get(poolId)
      if (account !== undefined) account.savedWei = voucherValue(voucher, index) ?? 0n
    }
  }

  /** Claims on credit pools that have to be announced before more is served. */
  takeClaims(nowMs: number): Claim[] {
    const claims: Claim[] = []
    for (const account of this.#accounts.values()) {
      const claim = takeClaim(account, this.#options, nowMs)
      if (claim !== undefined) claims.push(claim)
    }
    return claims
  }

  claimed(poolId: Hash, claimWei: bigint, isAdmitted: boolean): void {
    const account = this.#accounts.get(poolId)
    if (account !== undefined && isAdmitted) admitClaim(account, claimWei)
  }
}
