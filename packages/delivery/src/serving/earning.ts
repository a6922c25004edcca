// Serving peers for money: checking their pools and payments, and sending them pieces, never more than one ahead of what
// they paid and we stored (spec D-ONE).
import {
  type EarningRecord,
  ENDED_WITH,
  isFree,
  Payee,
  type PayeeOptions,
  type PaymentCode,
  type ProvenPool,
  paymentLimits,
  rejectPayment,
} from '@tan/payments'
import type { Hash, Rejection, Result } from '@tan/primitives'
import { type PieceRef, type PoolProof, pieceSizeOf, type SignedVoucher, type SwarmMessageOf } from '@tan/protocol'
import type { SwarmCode } from '../codes.ts'
import type { Catalog } from '../content/catalog.ts'
import type { HaveMap } from '../content/have-map.ts'
import { SENDING_MAX, UNPAID_MAX_MS } from '../limits.ts'
import { type Core, type Link, type OpenLink, refusal } from '../link/link.ts'

export class Earning {
  readonly payee: Payee
  readonly #core: Core
  readonly #catalog: Catalog
  readonly #options: PayeeOptions
  readonly #have: HaveMap
  #revision = 0
  #saving: { readonly revision: number; readonly records: readonly EarningRecord[] } | undefined

  constructor(core: Core, catalog: Catalog, options: PayeeOptions, have: HaveMap) {
    this.#core = core
    this.#catalog = catalog
    this.#options = options
    this.#have = have
    this.payee = new Payee(options)
  }

  // ------------------------------------------------------------------------------------------------ pools

  pool(link: OpenLink, proof: PoolProof): void {
    link.serving.proofs.show(proof)
    this.#checkNext(link)
  }

  #checkNext({ serving, id }: OpenLink): void {
    const proof = serving.proofs.next(this.#core.nowMs)
    if (proof !== undefined) this.#core.emit({ type: 'verify-pool', link: id, proof })
  }

  verified(link: OpenLink, proven: Result<ProvenPool>): void {
    const { serving, address } = link
    const shown = serving.proofs.checked()
    if (shown === undefined) return
    const refused = proven.ok
      ? this.payee.accept(address, proven.value, shown.salt, this.#core.nowMs)
      : proven.rejection
    if (refused !== undefined) {
      // It may show another: the connection stays.
      this.#core.send(link, refusal(refused))
      return
    }
    serving.poolId = shown.poolId
    this.#tellLimit(link, shown.poolId)
  }

  /** From the chain itself. */
  changed(proven: ProvenPool): void {
    const beforeWei = this.payee.limitWei(proven.poolId)
    this.payee.update(proven, this.#core.nowMs)
    if (this.payee.limitWei(proven.poolId) === beforeWei) return
    for (const link of this.#core.openLinks())
      if (link.serving.poolId === proven.poolId) this.#tellLimit(link, proven.poolId)
  }

  #tellLimit(link: Link, poolId: Hash): void {
    const chargedWei = this.payee.chargedWei(poolId)
    this.#core.send(link, { type: 'pool-accepted', poolId, chargedWei, limitWei: this.payee.limitWei(poolId) })
  }

  // ------------------------------------------------------------------------------------------------ payments

  voucher(link: OpenLink, voucher: SignedVoucher): void {
    const wrong =
      voucher.poolId === link.serving.poolId
        ? this.payee.voucher(link.address, voucher, this.#core.nowMs)
        : rejectPayment('payment/unknown-pool', 'the voucher is of a pool that was not accepted')
    this.#orRefuse(link, wrong)
  }

  preimage(link: OpenLink, { index, preimage }: SwarmMessageOf<'preimage'>): void {
    const { poolId } = link.serving
    const wrong =
      poolId === undefined
        ? rejectPayment('payment/no-voucher', 'a preimage before any pool')
        : this.payee.preimage(poolId, index, preimage)
    this.#orRefuse(link, wrong)
  }

  /** Whoever pays wrongly is not served any more. */
  #orRefuse(link: Link, rejection: Rejection | undefined): void {
    if (rejection !== undefined) this.#core.refuse(link, rejection)
  }

  /** Stores what was earned: one write at a time, with all that came since the last. */
  save(alsoCharges: boolean): void {
    if (this.#saving !== undefined) return
    const records = this.payee.takeChanges(alsoCharges)
    if (records.length === 0) return
    this.#saving = { revision: ++this.#revision, records }
    this.#core.emit({ type: 'save-earnings', revision: this.#revision, records })
  }

  saved(revision: number): void {
    if (this.#saving?.revision !== revision) return
    this.payee.saved(this.#saving.records)
    this.#saving = undefined
  }

  // ------------------------------------------------------------------------------------------------ serving

  request(link: OpenLink, ref: PieceRef): void {
    if (!this.#have.has(ref.rendition, ref.segment)) this.#answer(link, ref, 'swarm/not-held')
    else if (!isFree(this.#options) && link.serving.poolId === undefined) this.#answer(link, ref, 'payment/required')
    else if (!link.serving.enqueue(asRef(ref), this.#core.nowMs)) this.#answer(link, ref, 'swarm/busy')
  }

  /** Always answered: by the piece, if it is on its way already. */
  cancel(link: OpenLink, ref: PieceRef): void {
    if (link.serving.remove(ref)) this.#answer(link, ref, 'swarm/cancelled')
  }

  /** Sends what may be sent now. */
  pump(link: OpenLink): void {
    const { serving } = link
    while (serving.sendingCount < SENDING_MAX) {
      const next = serving.next()
      if (next === undefined) return
      const { ref } = next
      if (!this.#have.has(ref.rendition, ref.segment)) {
        this.#reject(link, ref, 'swarm/not-held')
        continue
      }
      const poolId = isFree(this.#options) ? undefined : serving.poolId
      if (poolId !== undefined) {
        const permission = this.payee.permission(poolId, this.#core.nowMs)
        if (permission === 'unpaid' || permission === 'claim') return
        if (permission === 'stale') return this.#askToRenew(link)
        if (permission !== 'yes') {
          this.#reject(link, ref, ENDED_WITH[permission])
          continue
        }
        this.payee.charge(poolId)
      }
      serving.startSending(ref, poolId)
      this.#core.emit({ type: 'serve', link: link.id, ref })
    }
  }

  /** What went into the channel stays charged: nobody here can tell whether it arrived, and who takes it could hang up. */
  served(link: OpenLink, ref: PieceRef, isSent: boolean, isCrowding: boolean): void {
    const paidBy = link.serving.sent(ref)
    if (paidBy === 'unknown') return
    if (isSent) {
      if (isCrowding) link.serving.crowding++
      link.serving.servedPieces++
      link.serving.servedBytes += pieceSizeOf(this.#catalog.segment(ref.rendition, ref.segment)!.sizeBytes, ref.piece)
      return
    }
    if (paidBy !== undefined) this.payee.refund(paidBy)
    this.#answer(link, ref, 'swarm/not-held')
  }

  drained({ serving }: OpenLink): void {
    serving.crowding = 0
  }

  /** No more is served to anyone. */
  stop(link: OpenLink): void {
    for (const ref of link.serving.takeQueue()) this.#answer(link, ref, 'swarm/not-serving')
  }

  forget({ serving }: Link): void {
    serving.takeQueue()
    for (const paidBy of serving.takeSending()) if (paidBy !== undefined) this.payee.refund(paidBy)
  }

  tick(): void {
    const { nowMs } = this.#core
    for (const link of this.#core.openLinks()) {
      const { serving } = link
      serving.hashesRequests = 0
      this.#checkNext(link)
      const next = serving.next()
      if (next !== undefined && nowMs - next.sinceMs > UNPAID_MAX_MS) this.#reject(link, next.ref, 'payment/unpaid')
      if (serving.poolId !== undefined && this.payee.isRenewalDue(serving.poolId, nowMs)) this.#askToRenew(link)
    }
    for (const claim of this.payee.takeClaims(nowMs)) this.#core.emit({ type: 'claim', claim })
    this.save(true)
  }

  #reject(link: OpenLink, ref: PieceRef, code: SwarmCode | PaymentCode): void {
    link.serving.remove(ref)
    this.#answer(link, ref, code)
  }

  #answer(link: OpenLink, ref: PieceRef, code: SwarmCode | PaymentCode): void {
    this.#core.send(link, { type: 'reject', ...asRef(ref), code })
  }

  #askToRenew(link: OpenLink): void {
    const { nowMs } = this.#core
    if (nowMs - link.serving.renewMs < paymentLimits.PROOF_RENEW_RETRY_MS) return
    link.serving.renewMs = nowMs
    this.#core.send(link, { type: 'renew' })
  }
}

function asRef({ rendition, segment, piece }: PieceRef): PieceRef {
  return { rendition, segment, piece }
}
