// Paying peers from our pool: showing them its proof, agreeing on what was charged, and promising for each piece under way
// what they must see before they serve it. Nothing is sent before it is stored.
import type { Address, Random, Reason } from '@tan/primitives'
import type { PoolProof, SignedVoucher, SwarmMessageOf, Voucher } from '@tan/protocol'
import type { Outcome } from './effects.ts'
import { REFUSED_PAUSE_MS, RESERVE_RETRY_MS, RESERVE_STEP_PIECES, RESERVE_STEP_PIECES_MIN } from './limits.ts'
import type { Core, Link, OpenLink } from './link.ts'
import { Payer, type PayerRecord, type PayingPool, type Payment } from './payer.ts'

export interface PayingOptions {
  readonly signVoucher: (voucher: Voucher) => SignedVoucher
  readonly random: Random
}

interface Unsent {
  readonly revision: number
  readonly link: OpenLink
  readonly payment: Payment
}

export class Paying {
  readonly #core: Core
  readonly #options: PayingOptions
  #payer: Payer | undefined
  /** a pool is on its way to being settled */
  #isComing = false
  #revision = 0
  /** being stored */
  #saving: number | undefined
  #unsent: Unsent[] = []
  /** since it was stored last */
  #hasReceived = false
  readonly #reserveAgainMs = new Map<Address, number>()

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
    this.#unsent = []
    this.#saving = undefined
    this.#hasReceived = false
    this.#reserveAgainMs.clear()
    for (const link of this.#core.openLinks()) link.asking.standing = 'unpaid'
  }

  /** What the pool can still take on beyond all that is promised or committed. */
  spareWei(): bigint {
    const payer = this.#payer
    if (payer === undefined) return 0n
    let spareWei = payer.pool.budgetWei - payer.totalPromisedWei
    for (const { address, asking } of this.#core.openLinks()) {
      if (asking.standing !== 'accepted') continue
      const aheadWei = asking.committedWei - payer.promisedWei(address)
      if (aheadWei > 0n) spareWei -= aheadWei
    }
    return spareWei
  }

  /** Shows our pool to a peer that serves for money, has something that we want, and has not seen it. */
  begin(link: OpenLink): void {
    const { asking, id, address } = link
    const payer = this.#payer
    if (payer === undefined || asking.price === undefined || asking.isFree) return
    const isTurn = asking.standing === 'unpaid' || asking.standing === 'refused'
    if (!isTurn || this.#core.nowMs < asking.pauseMs || !payer.isAffordable(address, asking.price.openingWei)) return
    asking.standing = 'proving'
    this.#core.emit({ type: 'prove-pool', link: id, poolId: payer.pool.poolId, target: address })
  }

  /** Does it serve us, or may it soon? */
  isProspect({ asking }: Link): boolean {
    if (asking.price === undefined || asking.isChoking || asking.have.count === 0) return false
    if (asking.isFree) return true
    if (asking.standing === 'unpaid') return this.#payer !== undefined || this.#isComing
    return asking.standing !== 'refused'
  }

  /** A newer proof: the peer asked for it, or it now shows a reserve. */
  renew({ id, address, asking }: OpenLink): void {
    const payer = this.#payer
    if (payer === undefined || (asking.standing !== 'accepted' && asking.standing !== 'shown')) return
    this.#core.emit({ type: 'prove-pool', link: id, poolId: payer.pool.poolId, target: address })
  }

  proved(link: OpenLink, proof: Outcome<PoolProof>): void {
    const { asking } = link
    if (this.#payer === undefined || asking.standing === 'unpaid') return
    if (proof.ok) {
      if (asking.standing !== 'accepted') asking.standing = 'shown'
      this.#core.send(link, { type: 'pool', proof: proof.value })
    } else if (asking.standing !== 'accepted') this.#pause(link)
  }

  accepted(link: OpenLink, { poolId, chargedWei, limitWei }: SwarmMessageOf<'pool-accepted'>): void {
    const { asking, address } = link
    const payer = this.#payer
    if (payer === undefined || poolId !== payer.pool.poolId) return
    // A reserve that was asked for is there: the next may be asked for as soon as it is needed.
    if (limitWei > asking.limitWei) this.#reserveAgainMs.delete(address)
    asking.limitWei = limitWei
    if (asking.standing === 'accepted') return
    if (asking.standing !== 'shown') {
      this.#core.refuse(link, { code: 'swarm/unexpected', message: 'no pool was shown' })
      return
    }
    const agreement = asking.agree(payer, address, chargedWei)
    if (agreement === 'invented') {
      this.#core.ban(link, { code: 'payment/overcharged', message: `${chargedWei} wei are more than it was promised` })
      return
    }
    if (agreement === 'lost' || !payer.isAffordable(address, asking.owedWei)) {
      this.#pause(link)
      return
    }
    asking.standing = 'accepted'
    this.#queue(link, payer.open(address, asking.price!.pieceWei, asking.owedWei))
  }

  /** False where the refusal was not about paying. */
  refused(link: OpenLink, { code }: Reason): boolean {
    if (!code.startsWith('payment/') || link.asking.standing === 'unpaid') return false
    this.#pause(link)
    return true
  }

  received({ address, asking }: OpenLink): void {
    if (this.#payer === undefined || asking.standing !== 'accepted') return
    this.#payer.received(address, asking.price!.pieceWei)
    this.#hasReceived = true
  }

  /** What came is stored soon after: what is forgotten of it in a crash would count as lost. */
  tick(): void {
    if (this.#payer === undefined || this.#saving !== undefined || !this.#hasReceived) return
    this.#store(this.#payer)
  }

  /** Promises what is due to each peer, and asks for reserves where they end. */
  settle(): void {
    const payer = this.#payer
    if (payer === undefined) return
    for (const link of this.#core.openLinks()) {
      const { asking, address } = link
      if (asking.standing !== 'accepted') continue
      const payment = payer.isAffordable(address, asking.dueWei) ? payer.promise(address, asking.dueWei) : undefined
      if (payment !== undefined) this.#queue(link, payment)
      this.#reserveAhead(link, payer)
    }
    this.#save(payer)
  }

  saved(revision: number): void {
    if (this.#saving !== revision) return
    this.#saving = undefined
    const isReady = (unsent: Unsent) => unsent.revision <= revision
    for (const { link, payment } of this.#unsent.filter(isReady))
      if (link.asking.standing === 'accepted') this.#core.send(link, payment)
    this.#unsent = this.#unsent.filter(unsent => !isReady(unsent))
  }

  forget(link: Link): void {
    this.#unsent = this.#unsent.filter(unsent => unsent.link !== link)
  }

  #queue(link: OpenLink, payment: Payment): void {
    this.#unsent.push({ revision: this.#revision + 1, link, payment })
  }

  /** One at a time: what is promised meanwhile goes into the next. */
  #save(payer: Payer): void {
    if (this.#saving === undefined && this.#unsent.some(({ revision }) => revision > this.#revision)) this.#store(payer)
  }

  #store(payer: Payer): void {
    this.#hasReceived = false
    this.#saving = ++this.#revision
    this.#core.emit({ type: 'save-payments', revision: this.#revision, record: payer.record() })
  }

  /** What is reserved for one payee is lost to all others: little for whom delivered little. */
  #reserveAhead({ asking, address }: OpenLink, payer: Payer): void {
    const { pool } = payer
    if (pool.kind !== 'strict') return
    const { nowMs } = this.#core
    const { pieceWei } = asking.price!
    const deliveredWei = 2n * payer.receivedWei(address) + pieceWei * BigInt(RESERVE_STEP_PIECES_MIN)
    const mostWei = pieceWei * BigInt(RESERVE_STEP_PIECES)
    const stepWei = deliveredWei < mostWei ? deliveredWei : mostWei
    const isAmple = 2n * (asking.limitWei - asking.committedWei) > stepWei
    if (isAmple || nowMs < (this.#reserveAgainMs.get(address) ?? 0)) return
    this.#reserveAgainMs.set(address, nowMs + RESERVE_RETRY_MS)
    const amountWei = asking.limitWei + stepWei
    this.#core.emit({ type: 'reserve', poolId: pool.poolId, target: address, amountWei })
  }

  #pause({ asking }: OpenLink): void {
    asking.standing = 'refused'
    asking.pauseMs = this.#core.nowMs + REFUSED_PAUSE_MS
  }
}
