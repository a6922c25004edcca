// Paying peers from our pool: showing them its proof, agreeing on what was charged, and promising for each piece under way
// what they must see before they serve it (spec D-AHEAD). Nothing is sent before it is stored.

import { isPaymentCode, Outbox, Payer, type PayerRecord, type PayingPool, type Payment, Reserving } from '@tan/payments'
import type { Random, Reason, Result } from '@tan/primitives'
import type { PoolProof, SignedVoucher, SwarmMessageOf, Voucher } from '@tan/protocol'
import { reject } from '../codes.ts'
import { REFUSED_PAUSE_MS } from '../limits.ts'
import type { Core, Link, OpenLink } from '../link/link.ts'

export interface PayingOptions {
  readonly signVoucher: (voucher: Voucher) => SignedVoucher
  readonly random: Random
}

export class Paying {
  readonly #core: Core
  readonly #options: PayingOptions
  #payer: Payer | undefined
  /** a pool is on its way to being settled */
  #isComing = false
  readonly #outbox = new Outbox<Link>()
  readonly #reserving = new Reserving()

  constructor(core: Core, options: PayingOptions) {
    this.#core = core
    this.#options = options
  }

  get payer(): Payer | undefined {
    return this.#payer
  }

  setPool(pool: PayingPool | undefined, record: PayerRecord | undefined, isComing: boolean): void {
    const { signVoucher, random } = this.#options
    this.#isComing = isComing
    this.#payer = pool && new Payer({ pool, sign: signVoucher, random, record })
    this.#outbox.clear()
    this.#reserving.clear()
    for (const link of this.#core.openLinks()) link.asking.standing = 'unpaid'
  }

  /** What the pool can still take on beyond all that is promised or committed. */
  spareWei(): bigint {
    const payer = this.#payer
    if (payer === undefined) return 0n
    let spareWei = payer.pool.budgetWei - payer.totalPromisedWei
    for (const { address, asking } of this.#core.openLinks()) {
      if (asking.standing !== 'accepted') continue
      const aheadWei = asking.bill!.committedWei(asking.pendingCount) - payer.promisedWei(address)
      if (aheadWei > 0n) spareWei -= aheadWei
    }
    return spareWei
  }

  // ------------------------------------------------------------------------------------------------ showing the pool

  /** Shows our pool to a peer that serves for money, has something that we want, and has not seen it. */
  begin(link: OpenLink): void {
    const { asking, id, address } = link
    const { bill } = asking
    const payer = this.#payer
    if (payer === undefined || bill === undefined || bill.isFree) return
    const isTurn = asking.standing === 'unpaid' || asking.standing === 'refused'
    if (!isTurn || this.#core.nowMs < asking.pauseMs || !payer.isAffordable(address, bill.price.openingWei)) return
    asking.standing = 'proving'
    this.#core.emit({ type: 'prove-pool', link: id, poolId: payer.pool.poolId, target: address })
  }

  /** Does it serve us, or may it soon? */
  isProspect({ asking }: Link): boolean {
    if (asking.bill === undefined || asking.isChoking || asking.have.count === 0) return false
    if (asking.bill.isFree) return true
    if (asking.standing === 'unpaid') return this.#payer !== undefined || this.#isComing
    return asking.standing !== 'refused'
  }

  /** A newer proof: the peer asked for it, or it now shows a reserve. */
  renew({ id, address, asking }: OpenLink): void {
    const payer = this.#payer
    if (payer === undefined || (asking.standing !== 'accepted' && asking.standing !== 'shown')) return
    this.#core.emit({ type: 'prove-pool', link: id, poolId: payer.pool.poolId, target: address })
  }

  proved(link: OpenLink, proof: Result<PoolProof>): void {
    const { asking } = link
    if (this.#payer === undefined || asking.standing === 'unpaid') return
    if (proof.ok) {
      if (asking.standing !== 'accepted') asking.standing = 'shown'
      this.#core.send(link, { type: 'pool', proof: proof.value })
    } else if (asking.standing !== 'accepted') this.#pause(link)
  }

  accepted(link: OpenLink, { poolId, chargedWei, limitWei }: SwarmMessageOf<'pool-accepted'>): void {
    const { asking, address } = link
    const { bill } = asking
    const payer = this.#payer
    if (payer === undefined || poolId !== payer.pool.poolId) return
    if (bill === undefined || (asking.standing !== 'shown' && asking.standing !== 'accepted'))
      return this.#core.refuse(link, reject('swarm/unexpected', 'no pool was shown'))
    if (limitWei > bill.limitWei) this.#reserving.settled(address)
    bill.limitWei = limitWei
    if (asking.standing === 'accepted') return
    // What it says that it has charged may be wrong by what was lost, and no more (spec D-LOST).
    const agreement = bill.agree(payer, address, chargedWei)
    if (!agreement.ok) return this.#core.refuse(link, agreement.rejection)
    if (agreement.value === 'lost' || !payer.isAffordable(address, bill.owedWei) || this.#outbox.isFull) {
      this.#pause(link)
      return
    }
    asking.standing = 'accepted'
    this.#outbox.add(link, payer.open(address, bill.price.unitPriceWei, bill.owedWei))
  }

  /** False where the refusal was not about paying. */
  refused(link: OpenLink, { code }: Reason): boolean {
    if (!isPaymentCode(code) || link.asking.standing === 'unpaid') return false
    this.#pause(link)
    return true
  }

  #pause({ asking }: OpenLink): void {
    asking.standing = 'refused'
    asking.pauseMs = this.#core.nowMs + REFUSED_PAUSE_MS
  }

  // ------------------------------------------------------------------------------------------------ promising

  received({ address, asking }: OpenLink): void {
    if (this.#payer === undefined || asking.standing !== 'accepted') return
    this.#payer.received(address, asking.bill!.price.unitPriceWei)
    this.#outbox.noteNews()
  }

  /** What came is stored soon after: what is forgotten of it in a crash would count as lost. */
  tick(): void {
    if (this.#payer !== undefined) this.#save(this.#payer, true)
  }

  /** Promises what is due to each peer, and asks for reserves where they end. */
  settle(): void {
    const payer = this.#payer
    if (payer === undefined) return
    for (const link of this.#core.openLinks()) {
      if (link.asking.standing !== 'accepted') continue
      const payment = this.#promise(link, payer)
      if (payment !== undefined) this.#outbox.add(link, payment)
      this.#reserveAhead(link, payer)
    }
    this.#save(payer, false)
  }

  #promise({ asking, address }: OpenLink, payer: Payer): Payment | undefined {
    const dueWei = asking.bill!.dueWei(asking.requestCount)
    return !this.#outbox.isFull && payer.isAffordable(address, dueWei) ? payer.promise(address, dueWei) : undefined
  }

  #reserveAhead({ asking, address }: OpenLink, payer: Payer): void {
    const { pool } = payer
    if (pool.kind !== 'strict') return
    const { nowMs } = this.#core
    const receivedWei = payer.receivedWei(address)
    const amountWei = this.#reserving.next(address, asking.bill!, asking.pendingCount, receivedWei, nowMs)
    if (amountWei !== undefined) this.#core.emit({ type: 'reserve', poolId: pool.poolId, target: address, amountWei })
  }

  #save(payer: Payer, alsoNews: boolean): void {
    const revision = this.#outbox.startSave(alsoNews)
    if (revision !== undefined) this.#core.emit({ type: 'save-payments', revision, record: payer.record() })
  }

  saved(revision: number): void {
    for (const { to, payment } of this.#outbox.saved(revision))
      if (to.asking.standing === 'accepted') this.#core.send(to, payment)
  }

  forget(link: Link): void {
    this.#outbox.drop(link)
  }
}
