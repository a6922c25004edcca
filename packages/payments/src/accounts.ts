// The accounts that a payee keeps, one for each pool that pays it: what it has shown, what it was charged, and what of it
// is stored. Their number is bounded; the account that brings least makes room (spec D-ACCOUNT).
import { EMPTY_BYTES, type Hash } from '@tan/primitives'
import { type SignedVoucher, voucherValue } from '@tan/protocol'
import { ACCOUNT_IDLE_MS, ACCOUNTS_MAX, VOUCHERS_MAX } from './limits.ts'
import type { ProvenPool } from './pool.ts'
import type { EarningRecord } from './records.ts'

export interface Account {
  readonly poolId: Hash
  proven: ProvenPool | undefined
  /** when it was proven */
  provenMs: number
  /** when it was shown by its payer, or served from, last */
  usedMs: number
  voucher: SignedVoucher | undefined
  index: number
  preimage: Uint8Array
  shownWei: bigint
  /** by vouchers alone, and by what was stored in an earlier run */
  settledWei: bigint
  /** new vouchers that may be checked, as they were counted then */
  vouchers: { readonly left: number; readonly atMs: number; readonly chargedWei: bigint }
  /** of what is shown, that which is stored */
  savedWei: bigint
  chargedWei: bigint
  admittedWei: bigint
  /** not before this is a claim announced again */
  nextClaimMs: number
  /** since the last record of it: it paid, or was charged */
  isChanged: boolean
  isCharged: boolean
}

export class Accounts {
  readonly #openingWei: bigint
  readonly #accounts = new Map<Hash, Account>()

  constructor(openingWei: bigint, records: readonly EarningRecord[]) {
    this.#openingWei = openingWei
    for (const { poolId, voucher, index, preimage, chargedWei } of records) {
      const account = this.create(poolId)
      account.voucher = voucher
      account.index = index
      account.preimage = preimage
      account.chargedWei = chargedWei
      account.shownWei = account.savedWei = account.settledWei = voucherValue(voucher, index) ?? 0n
    }
  }

  get(poolId: Hash): Account | undefined {
    return this.#accounts.get(poolId)
  }

  delete(poolId: Hash): void {
    this.#accounts.delete(poolId)
  }

  values(): Iterable<Account> {
    return this.#accounts.values()
  }

  create(poolId: Hash): Account {
    const account: Account = {
      poolId,
      proven: undefined,
      provenMs: 0,
      usedMs: Number.NEGATIVE_INFINITY,
      voucher: undefined,
      index: 0,
      preimage: EMPTY_BYTES,
      shownWei: 0n,
      settledWei: 0n,
      vouchers: { left: VOUCHERS_MAX, atMs: 0, chargedWei: this.#openingWei },
      savedWei: 0n,
      chargedWei: this.#openingWei,
      admittedWei: 0n,
      nextClaimMs: 0,
      isChanged: false,
      isCharged: false,
    }
    this.#accounts.set(poolId, account)
    return account
  }

  /**
   * Of those that are not in use, the one that brings least goes; or else one that has shown nothing of worth. What is
   * forgotten of an account is what it owed, or had to its credit, at most: the least of all.
   */
  makeRoom(cheapestWei: bigint, nowMs: number): boolean {
    if (this.#accounts.size < ACCOUNTS_MAX) return true
    let least: Account | undefined
    for (const account of this.#accounts.values()) {
      const isIdle = nowMs - account.usedMs > ACCOUNT_IDLE_MS
      if (!isIdle && unredeemedWei(account) >= cheapestWei) continue
      if (least === undefined || unredeemedWei(account) < unredeemedWei(least)) least = account
    }
    return least !== undefined && this.#accounts.delete(least.poolId)
  }
}

/** Shown, and not yet paid out on chain as far as is known. */
function unredeemedWei({ shownWei, proven }: Account): bigint {
  const paidWei = proven?.target.paid ?? 0n
  return shownWei > paidWei ? shownWei - paidWei : 0n
}
