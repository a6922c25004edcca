// Serving peers for money: checking their pools and payments, and sending them pieces, never more than one ahead of what
// they paid and we stored.
import type { Hash, Reason } from '@tan/primitives'
import { type PieceRef, type PoolProof, pieceSizeOf, type SignedVoucher, type SwarmMessageOf } from '@tan/protocol'
import type { Catalog } from './catalog.ts'
import type { Outcome } from './effects.ts'
import { PROOF_MIN_MS, SENDING_MAX, UNPAID_MAX_MS } from './limits.ts'
import { type Core, type Link, type OpenLink, refusal } from './link.ts'
import { type EarningRecord, Payee, type PayeeOptions, type ProvenPool } from './payee.ts'

export class Earning {
  readonly payee: Payee
  readonly #core: Core
  readonly #catalog: Catalog
  readonly #options: PayeeOptions
  readonly #holds: (rendition: number, segment: number) => boolean
  #revision = 0
  #saving: { readonly revision: number; readonly records: readonly EarningRecord[] } | undefined

  constructor(
    core: Core,
    catalog: Catalog,
    options: PayeeOptions,
    holds: (rendition: number, segment: number) => boolean,
  ) {
    this.#core = core
    this.#catalog = catalog
    this.#options = options
    this.#holds = holds
    this.payee = new Payee(options)
  }

  get #isFree(): boolean {
    return this.#options.piecePriceWei === 0n && this.#options.openingWei === 0n
  }

  price(): SwarmMessageOf<'price'> {
    return { type: 'price', pieceWei: this.#options.piecePriceWei, openingWei: this.#options.openingWei }
  }

  // ------------------------------------------------------------------------------------------------ pools

  /** One proof at a time, and not too often: the newest waits for its turn. */
  pool(link: OpenLink, proof: PoolProof): void {
    link.serving.waitingProof = proof
    this.#checkWaiting(link)
  }

  #checkWaiting({ serving, id }: OpenLink): void {
    const { waitingProof: proof } = serving
    const { nowMs } = this.#core
    if (proof === undefined || serving.checking !== undefined || nowMs - serving.lastProofMs < PROOF_MIN_MS) return
    serving.waitingProof = undefined
    serving.checking = { poolId: proof.poolId, salt: proof.salt }
    serving.lastProofMs = nowMs
    this.#core.emit({ type: 'verify-pool', link: id, proof })
  }

  verified(link: OpenLink, outcome: Outcome<ProvenPool>): void {
    const { serving, address } = link
    const { checking } = serving
    serving.checking = undefined
    if (checking === undefined) return
    const refused = outcome.ok
      ? this.payee.accept(address, outcome.value, checking.salt, this.#core.nowMs)
      : { code: outcome.code, message: outcome.message }
    if (refused !== undefined) {
      this.#core.send(link, refusal(refused))
      return
    }
    serving.poolId = checking.poolId
    this.#tellLimit(link, checking.poolId)
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
    if (voucher.poolId !== link.serving.poolId)
      this.#core.refuse(link, {
        code: 'payment/unknown-pool',
        message: 'the voucher is of a pool that was not accepted',
      })
    else this.#orRefuse(link, this.payee.voucher(link.address, voucher, this.#core.nowMs))
  }

  preimage(link: OpenLink, { index, preimage }: SwarmMessageOf<'preimage'>): void {
    const { poolId } = link.serving
    if (poolId === undefined)
      this.#core.refuse(link, { code: 'payment/no-voucher', message: 'a preimage before any pool' })
    else this.#orRefuse(link, this.payee.preimage(poolId, index, preimage))
  }

  /** Whoever pays wrongly is not served any more. */
  #orRefuse(link: Link, rejection: Reason | undefined): void {
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
    const reject = (code: string) => this.#core.send(link, { type: 'reject', ...asRef(ref), code })
    if (!this.#holds(ref.rendition, ref.segment)) reject('swarm/not-held')
    else if (!this.#isFree && link.serving.poolId === undefined) reject('payment/required')
    else if (!link.serving.enqueue(asRef(ref), this.#core.nowMs)) reject('swarm/busy')
  }

  /** Always answered: by the piece, if it is on its way already. */
  cancel(link: OpenLink, ref: PieceRef): void {
    if (link.serving.remove(ref)) this.#core.send(link, { type: 'reject', ...asRef(ref), code: 'swarm/cancelled' })
  }

  /** Sends what may be sent now. */
  pump(link: OpenLink): void {
    const { serving } = link
    while (serving.sendingCount < SENDING_MAX) {
      const next = serving.next()
      if (next === undefined) return
      const { ref } = next
      if (!this.#holds(ref.rendition, ref.segment)) {
        this.#reject(link, ref, 'swarm/not-held')
        continue
      }
      const poolId = this.#isFree ? undefined : serving.poolId
      if (poolId !== undefined) {
        const permission = this.payee.permission(poolId, this.#core.nowMs)
        if (permission === 'unpaid' || permission === 'claim') return
        if (permission === 'stale') return this.#askToRenew(link)
        if (permission !== 'yes') {
          this.#reject(link, ref, `payment/${permission}`)
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
    this.#core.send(link, { type: 'reject', ...ref, code: 'swarm/not-held' })
  }

  drained({ serving }: OpenLink): void {
    serving.crowding = 0
  }

  /** No more is served to anyone. */
  stop(link: OpenLink, code: string): void {
    for (const ref of link.serving.takeQueue()) this.#core.send(link, { type: 'reject', ...ref, code })
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
      this.#checkWaiting(link)
      const next = serving.next()
      if (next !== undefined && nowMs - next.sinceMs > UNPAID_MAX_MS) this.#reject(link, next.ref, 'payment/unpaid')
      if (serving.poolId !== undefined && this.payee.isRenewalDue(serving.poolId, nowMs)) this.#askToRenew(link)
    }
    for (const claim of this.payee.takeClaims(nowMs)) this.#core.emit({ type: 'claim', claim })
    this.save(true)
  }

  #reject(link: OpenLink, ref: PieceRef, code: string): void {
    link.serving.remove(ref)
    this.#core.send(link, { type: 'reject', ...ref, code })
  }

  #askToRenew(link: OpenLink): void {
    const { nowMs } = this.#core
    if (nowMs - link.serving.renewMs < RENEW_AGAIN_MS) return
    link.serving.renewMs = nowMs
    this.#core.send(link, { type: 'renew' })
  }
}

const RENEW_AGAIN_MS = 5_000

function asRef({ rendition, segment, piece }: PieceRef): PieceRef {
  return { rendition, segment, piece }
}
