// The earning side: pools that peers pay us from, what each has shown by voucher and preimage, and what we have charged it.
// The rule that bounds every loss: a piece is served only while what was charged does not exceed what is shown and
// durably stored, so that nobody is ever more than one piece behind.
import { type Address, EMPTY_BYTES, fromHex, type Hash, type Reason } from '@tan/primitives'
import {
  availableTo,
  isChainPreimage,
  type PoolState,
  type PoolTarget,
  recoverVoucherSigner,
  resourceCommitment,
  type SignedVoucher,
  voucherValue,
} from '@tan/protocol'
import {
  ACCOUNT_IDLE_MS,
  ACCOUNTS_MAX,
  CHAIN_LENGTH,
  CLAIM_RETRY_MS,
  CLAIM_STEP_PIECES,
  IN_FLIGHT_MAX,
  POOL_PIECES_MIN,
  PROOF_AGE_BLOCKS_MAX,
  PROOF_RENEW_MS,
  VOUCHER_MS,
  VOUCHER_PIECES,
  VOUCHERS_MAX,
} from './limits.ts'

/** A pool as a proof against a settled header showed it. */
export interface ProvenPool {
  readonly poolId: Hash
  readonly pool: PoolState
  /** our own slot */
  readonly target: PoolTarget
  /** of the settled header */
  readonly height: number
}

/** All that redeeming takes. Durable; only the newest of a pool is worth keeping. */
export interface EarningRecord {
  readonly poolId: Hash
  readonly resourceId: Hash
  readonly voucher: SignedVoucher
  /** of the newest preimage; 0 and no bytes while there is none */
  readonly index: number
  readonly preimage: Uint8Array
  /** opening payment and pieces served, over the pool's life */
  readonly chargedWei: bigint
  readonly expiryHeight: number
}

export interface PayeeOptions {
  readonly chainId: number
  readonly resourceId: Hash
  /** of the whole resource, all renditions together */
  readonly resourcePieces: number
  /** our address: the target of vouchers */
  readonly self: Address
  readonly piecePriceWei: bigint
  readonly openingWei: bigint
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

export interface Claim {
  readonly poolId: Hash
  readonly claimWei: bigint
  readonly depositWei: bigint
  readonly voucher: SignedVoucher | undefined
}

/** May the next piece be served? If not, why; `unpaid` and `claim` end by themselves. */
export type Permission = 'yes' | 'unpaid' | 'claim' | 'stale' | 'ended' | 'limit'

interface Account {
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

export class Payee {
  readonly #options: PayeeOptions
  readonly #accounts = new Map<Hash, Account>()
  /** the highest known, from the chain or from proofs */
  #height = 0
  /** the chain itself has said where it is */
  #isHeightTold = false

  constructor(options: PayeeOptions) {
    this.#options = options
    for (const { poolId, voucher, index, preimage, chargedWei } of options.records ?? []) {
      const account = this.#create(poolId)
      account.voucher = voucher
      account.index = index
      account.preimage = preimage
      account.chargedWei = chargedWei
      account.shownWei = account.savedWei = account.settledWei = voucherValue(voucher, index) ?? 0n
    }
  }

  /** The chain itself says that it has settled this height. */
  learnHeight(height: number): void {
    this.#isHeightTold = true
    this.#raiseHeight(height)
  }

  #raiseHeight(height: number): void {
    if (height > this.#height) this.#height = height
  }

  /** Checks a pool whose proof is right: does it belong to this payer and resource, and can it pay? */
  accept(payer: Address, proven: ProvenPool, salt: Hash, nowMs: number): Reason | undefined {
    const { pool, height, poolId } = proven
    // A proof says where the chain was, not where it is.
    if (this.#options.followsChain === true && !this.#isHeightTold)
      return { code: 'payment/height', message: 'this peer does not know yet where the chain is' }
    this.#raiseHeight(height)
    if (this.#height - height > PROOF_AGE_BLOCKS_MAX)
      return {
        code: 'payment/stale-proof',
        message: `the proof is of block ${height}, and the chain is at ${this.#height}: send a newer one`,
      }
    if (pool.signer !== payer)
      return { code: 'payment/signer', message: `vouchers of this pool are signed by ${pool.signer}, not by ${payer}` }
    if (resourceCommitment(this.#options.resourceId, salt) !== pool.resourceCommitment)
      return { code: 'payment/resource', message: 'the pool was made for another resource' }
    if (pool.status !== 'open') return { code: 'payment/pool', message: `the pool is ${pool.status}` }
    if (this.#isNearExpiry(pool))
      return { code: 'payment/expiry', message: `the pool expires at block ${pool.expiryHeight}; this is ${height}` }
    const known = this.#accounts.get(poolId)
    if (known?.proven !== undefined && known.proven.height > height)
      return { code: 'payment/stale-proof', message: `block ${known.proven.height} was proven before` }
    if (known === undefined && availableTo(pool, proven.target) < this.#worthWei)
      return { code: 'payment/funds', message: `the pool cannot pay ${this.#worthWei} wei any more` }
    if (known === undefined && !this.#makeRoom(nowMs))
      return { code: 'payment/busy', message: `accounts of ${ACCOUNTS_MAX} pools are open already` }
    const account = known ?? this.#create(poolId)
    // What it has redeemed, it had charged: so much is known even where the account had to make room.
    if (known === undefined && proven.target.paid > account.chargedWei) account.chargedWei = proven.target.paid
    account.proven = proven
    account.provenMs = account.usedMs = nowMs
    return undefined
  }

  /** What the chain itself says now of a pool: a freeze, a redeem, a reserve. */
  update(proven: ProvenPool, nowMs: number): void {
    this.learnHeight(proven.height)
    const account = this.#accounts.get(proven.poolId)
    if (account?.proven === undefined || proven.height < account.proven.height) return
    account.proven = proven
    account.provenMs = nowMs
  }

  voucher(payer: Address, voucher: SignedVoucher, nowMs: number): Reason | undefined {
    const account = this.#accounts.get(voucher.poolId)
    const proven = account?.proven
    if (account === undefined || proven === undefined)
      return { code: 'payment/unknown-pool', message: `no proof of pool ${voucher.poolId} was shown` }
    if (proven.pool.signer !== payer) return { code: 'payment/signer', message: 'the pool is another payer’s' }
    const { self, piecePriceWei, chainId } = this.#options
    if (voucher.target !== self) return { code: 'payment/target', message: `the voucher pays ${voucher.target}` }
    if (voucher.unit !== piecePriceWei)
      return { code: 'payment/unit', message: `a unit of ${voucher.unit} wei, where a piece costs ${piecePriceWei}` }
    const known = account.voucher
    if (known !== undefined && voucher.targetSettlementSequence <= known.targetSettlementSequence)
      return {
        code: 'payment/sequence',
        message: `sequence ${voucher.targetSettlementSequence} after ${known.targetSettlementSequence}`,
      }
    if (voucher.amount < account.shownWei)
      return { code: 'payment/amount', message: `${voucher.amount} wei, where ${account.shownWei} were shown before` }
    if (voucher.chainLength > CHAIN_LENGTH || voucherValue(voucher, voucher.chainLength) === undefined)
      return { code: 'payment/chain', message: 'its chain is too long, or is worth more than 2^256' }
    // Each costs a signature to check, and its chain up to 256 hashes.
    if (!this.#takeVoucher(account, nowMs))
      return { code: 'payment/vouchers', message: 'new vouchers came faster than they were used up' }
    if (recoverVoucherSigner(chainId, voucher) !== payer)
      return { code: 'payment/signature', message: 'the voucher is not signed by the pool’s signer' }
    account.voucher = voucher
    account.index = 0
    account.preimage = EMPTY_BYTES
    account.shownWei = account.settledWei = voucher.amount
    account.isChanged = true
    return undefined
  }

  preimage(poolId: Hash, index: number, preimage: Uint8Array): Reason | undefined {
    const account = this.#accounts.get(poolId)
    const voucher = account?.voucher
    if (account === undefined || voucher === undefined)
      return { code: 'payment/no-voucher', message: 'a preimage before the first voucher' }
    if (index <= account.index || index > voucher.chainLength)
      return {
        code: 'payment/index',
        message: `preimage ${index} after ${account.index}, of a chain of ${voucher.chainLength}`,
      }
    const shownWei = voucherValue(voucher, index)!
    // Nobody pays further ahead, and each unit is a hash to check.
    if (shownWei > this.#payableWei(account))
      return { code: 'payment/ahead', message: `${shownWei} wei, where ${account.chargedWei} were charged` }
    const known = account.index === 0 ? fromHex(voucher.chainAnchor) : account.preimage
    if (!isChainPreimage(preimage, index - account.index, known, voucher))
      return { code: 'payment/preimage', message: `preimage ${index} does not lead to the one before` }
    account.index = index
    account.preimage = preimage
    account.shownWei = shownWei
    account.isChanged = true
    return undefined
  }

  #payableWei({ chargedWei, settledWei }: Account): bigint {
    const baseWei = chargedWei > settledWei ? chargedWei : settledWei
    return baseWei + this.#options.piecePriceWei * BigInt(IN_FLIGHT_MAX)
  }

  #takeVoucher(account: Account, nowMs: number): boolean {
    const { piecePriceWei } = this.#options
    const { left, atMs, chargedWei } = account.vouchers
    const soldWei = account.chargedWei > chargedWei ? account.chargedWei - chargedWei : 0n
    const pieces = piecePriceWei === 0n ? 0 : Number(soldWei / piecePriceWei)
    const now = Math.min(VOUCHERS_MAX, left + pieces / VOUCHER_PIECES + (nowMs - atMs) / VOUCHER_MS)
    account.vouchers = { left: now < 1 ? now : now - 1, atMs: nowMs, chargedWei: account.chargedWei }
    return now >= 1
  }

  /** Opening payment and pieces served, over the pool's life. */
  chargedWei(poolId: Hash): bigint {
    return this.#accounts.get(poolId)?.chargedWei ?? this.#options.openingWei
  }

  shownWei(poolId: Hash): bigint {
    return this.#accounts.get(poolId)?.shownWei ?? 0n
  }

  /** Up to what total it will serve before something changes on chain. */
  limitWei(poolId: Hash): bigint {
    const proven = this.#accounts.get(poolId)?.proven
    if (proven === undefined) return 0n
    const { pool, target } = proven
    if (pool.collateral === 0n) return target.reserved
    const available = availableTo(pool, target)
    const most = this.#options.unredeemedMaxWei
    return target.paid + (available < most ? available : most)
  }

  permission(poolId: Hash, nowMs: number): Permission {
    const account = this.#accounts.get(poolId)
    const proven = account?.proven
    if (account === undefined || proven === undefined) return 'ended'
    if (proven.pool.status !== 'open' || this.#isNearExpiry(proven.pool)) return 'ended'
    if (nowMs - account.provenMs > 2 * PROOF_RENEW_MS) return 'stale'
    const afterWei = account.chargedWei + this.#options.piecePriceWei
    if (afterWei > this.limitWei(poolId)) return 'limit'
    if (account.chargedWei > account.savedWei) return 'unpaid'
    if (this.#needsClaims(account) && afterWei > account.admittedWei) return 'claim'
    account.usedMs = nowMs
    return 'yes'
  }

  /** Before a piece is served; `refund` if it could not be sent after all. */
  charge(poolId: Hash): void {
    const account = this.#accounts.get(poolId)
    if (account === undefined) return
    account.chargedWei += this.#options.piecePriceWei
    account.isCharged = true
  }

  refund(poolId: Hash): void {
    const account = this.#accounts.get(poolId)
    if (account === undefined) return
    account.chargedWei -= this.#options.piecePriceWei
    account.isCharged = true
  }

  /** The pool is redeemed for good, or expired. */
  forget(poolId: Hash): void {
    this.#accounts.delete(poolId)
  }

  isRenewalDue(poolId: Hash, nowMs: number): boolean {
    const account = this.#accounts.get(poolId)
    return account?.proven !== undefined && nowMs - account.provenMs > PROOF_RENEW_MS
  }

  /**
   * What was paid since it was asked last, to be stored before `saved` is called with the same list; or also what was
   * charged, which need not wait for anything. Payments that are worth less than anything that is sold are no records: to
   * keep and to watch them costs more than they bring.
   */
  takeChanges(alsoCharges: boolean): EarningRecord[] {
    const records: EarningRecord[] = []
    for (const account of this.#accounts.values()) {
      const { poolId, voucher, index, preimage, chargedWei, proven } = account
      if (voucher === undefined || !(account.isChanged || (alsoCharges && account.isCharged))) continue
      if (account.shownWei < this.#leastWei) continue
      account.isChanged = false
      account.isCharged = false
      const expiryHeight = proven?.pool.expiryHeight ?? 0
      records.push({
        poolId,
        resourceId: this.#options.resourceId,
        voucher,
        index,
        preimage,
        chargedWei,
        expiryHeight,
      })
    }
    return records
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
    const step = this.#options.piecePriceWei * BigInt(CLAIM_STEP_PIECES)
    for (const account of this.#accounts.values()) {
      const { poolId, chargedWei, admittedWei, nextClaimMs, proven, voucher } = account
      if (proven === undefined || !this.#needsClaims(account) || nowMs < nextClaimMs) continue
      const limitWei = this.limitWei(poolId)
      const wantedWei = chargedWei + step < limitWei ? chargedWei + step : limitWei
      if (2n * (admittedWei - chargedWei) >= step || wantedWei <= admittedWei) continue
      account.nextClaimMs = nowMs + CLAIM_RETRY_MS
      claims.push({ poolId, claimWei: wantedWei, depositWei: proven.pool.deposit, voucher })
    }
    return claims
  }

  claimed(poolId: Hash, claimWei: bigint, isAdmitted: boolean): void {
    const account = this.#accounts.get(poolId)
    if (account === undefined || !isAdmitted) return
    if (claimWei > account.admittedWei) account.admittedWei = claimWei
    account.nextClaimMs = 0
  }

  #needsClaims(account: Account): boolean {
    return this.#options.announcesClaims && account.proven !== undefined && account.proven.pool.collateral > 0n
  }

  #isNearExpiry(pool: PoolState): boolean {
    return this.#height + this.#options.expiryMarginBlocks >= pool.expiryHeight
  }

  #create(poolId: Hash): Account {
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
      vouchers: { left: VOUCHERS_MAX, atMs: 0, chargedWei: this.#options.openingWei },
      savedWei: 0n,
      chargedWei: this.#options.openingWei,
      admittedWei: 0n,
      nextClaimMs: 0,
      isChanged: false,
      isCharged: false,
    }
    this.#accounts.set(poolId, account)
    return account
  }

  /** What the cheapest thing costs that it sells. */
  get #leastWei(): bigint {
    const { piecePriceWei, openingWei } = this.#options
    return openingWei > 0n && (piecePriceWei === 0n || openingWei < piecePriceWei) ? openingWei : piecePriceWei
  }

  /** What a pool must be able to pay for an account to be worth keeping. */
  get #worthWei(): bigint {
    const { piecePriceWei, openingWei, resourcePieces } = this.#options
    return openingWei + piecePriceWei * BigInt(Math.min(POOL_PIECES_MIN, resourcePieces))
  }

  /**
   * Of those that are not in use, the one that brings least goes; or else one that has shown nothing of worth. What is
   * forgotten of an account is what it owed, or had to its credit, at most: the least of all.
   */
  #makeRoom(nowMs: number): boolean {
    if (this.#accounts.size < ACCOUNTS_MAX) return true
    let least: Account | undefined
    for (const account of this.#accounts.values()) {
      const isIdle = nowMs - account.usedMs > ACCOUNT_IDLE_MS
      if (!isIdle && unredeemedWei(account) >= this.#leastWei) continue
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
