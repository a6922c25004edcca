// The swarm's core: one machine for viewers and edges alike, for one resource. Inputs in, effects out; it touches no
// clock, socket or disk, so that tests and simulations run the very code that pages and servers run. Here its parts meet:
// connections, getting pieces, paying for them, serving them and being paid.
import type { PayeeOptions } from '@tan/payments'
import type { Address, Random } from '@tan/primitives'
import type { PieceRef, SignedVoucher, SwarmMessageOf, Voucher } from '@tan/protocol'
import { Collecting } from './asking/collecting.ts'
import { Paying } from './asking/paying.ts'
import { reject } from './codes.ts'
import type { Catalog } from './content/catalog.ts'
import type { LinkId, SwarmEffect, SwarmInput } from './effects.ts'
import type { Identity } from './link/handshake.ts'
import { type OpenLink, refusal } from './link/link.ts'
import { Links, type OpenMessage } from './link/links.ts'
import { Earning } from './serving/earning.ts'
import { NOT_SERVING, Offering } from './serving/offering.ts'

export interface SwarmOptions {
  readonly catalog: Catalog
  readonly identity: Identity
  /** secure, for nonces and hash chains */
  readonly random: Random
  /** does it serve others from the start? */
  readonly serves: boolean
  readonly payee: ServingTerms
  /** with the key that signs vouchers of its pools */
  readonly signVoucher: (voucher: Voucher) => SignedVoucher
}

/** On what terms it serves others; what a resource says by itself is not among them. */
export interface ServingTerms
  extends Omit<PayeeOptions, 'resourceId' | 'unitsMax' | 'self' | 'chainId' | 'unitPriceWei'> {
  readonly piecePriceWei: bigint
}

/** One peer as statistics show it. Amounts in TANGam wei. */
export interface PeerReport {
  readonly link: LinkId
  readonly address: Address
  readonly latencyMs: number
  readonly bytesPerMs: number
  readonly inFlight: number
  readonly receivedBytes: number
  readonly receivedPieces: number
  readonly servedBytes: number
  readonly servedPieces: number
  /** promised to it over our pool's life */
  readonly paidWei: bigint
  /** it has shown over its pool's life */
  readonly earnedWei: bigint
}

export class Swarm {
  readonly #catalog: Catalog
  readonly #links: Links
  readonly #collecting: Collecting
  readonly #paying: Paying
  readonly #offering: Offering
  readonly #earning: Earning

  constructor({ catalog, identity, random, serves, payee, signVoucher }: SwarmOptions) {
    const { piecePriceWei, ...terms } = payee
    this.#catalog = catalog
    this.#links = new Links({
      catalog,
      identity,
      random,
      onOpened: link => this.#offering.begin(link),
      onClosed: link => {
        this.#collecting.giveUp(link)
        this.#earning.forget(link)
        this.#paying.forget(link)
      },
    })
    const price = { type: 'price' as const, pieceWei: piecePriceWei, openingWei: payee.openingWei }
    this.#offering = new Offering(this.#links, catalog, price, serves)
    this.#paying = new Paying(this.#links, { signVoucher, random })
    this.#collecting = new Collecting(catalog, this.#links, this.#paying, (rendition, segment) =>
      this.#offering.setHeld(rendition, segment, true),
    )
    const payeeOptions: PayeeOptions = {
      ...terms,
      unitPriceWei: piecePriceWei,
      chainId: catalog.manifest.chainId,
      resourceId: catalog.resourceId,
      unitsMax: catalog.renditions.reduce((sum, { pieceCount }) => sum + pieceCount, 0),
      self: identity.address,
    }
    this.#earning = new Earning(this.#links, catalog, payeeOptions, this.#offering.have)
  }

  /** The effects are to be carried out in their order. Time must not run backwards. */
  step(input: SwarmInput, nowMs: number): readonly SwarmEffect[] {
    this.#links.begin(nowMs)
    this.#handle(input)
    for (const link of this.#links.openLinks()) this.#earning.pump(link)
    this.#earning.save(false)
    this.#collecting.plan()
    this.#paying.settle()
    return this.#links.takeEffects()
  }

  /** Was this piece asked of this peer? If not, it need not be looked at. */
  expects(link: LinkId, ref: PieceRef): boolean {
    return this.#links.get(link)?.asking.expects(ref) ?? false
  }

  holds(rendition: number, segment: number): boolean {
    return this.#offering.have.has(rendition, segment)
  }

  /** Measured of the origin and of all peers together: what a player can count on. */
  get bytesPerMs(): number {
    let peers = 0
    for (const { asking } of this.#links.openLinks()) if (asking.receivedPieces > 0) peers += asking.bytesPerMs
    return Math.max(peers, this.#collecting.scheduler.origin.bytesPerMs)
  }

  /** part of the segments that are held */
  get have(): number {
    return this.#offering.have.count / this.#catalog.segmentCount
  }

  get servesOthers(): boolean {
    return this.#offering.isOn
  }

  isBanned(address: Address): boolean {
    return this.#links.isBanned(address)
  }

  peers(): PeerReport[] {
    return [...this.#links.openLinks()].map(({ id, address, asking, serving }) => ({
      link: id,
      address,
      latencyMs: asking.latencyMs,
      bytesPerMs: asking.bytesPerMs,
      inFlight: asking.requestCount,
      receivedBytes: asking.receivedBytes,
      receivedPieces: asking.receivedPieces,
      servedBytes: serving.servedBytes,
      servedPieces: serving.servedPieces,
      paidWei: this.#paying.payer?.promisedWei(address) ?? 0n,
      earnedWei: serving.poolId === undefined ? 0n : this.#earning.payee.shownWei(serving.poolId),
    }))
  }

  /** promised from our pool, to all payees over its life */
  get paidWei(): bigint {
    return this.#paying.payer?.totalPromisedWei ?? 0n
  }

  // ------------------------------------------------------------------------------------------------ inputs

  #handle(input: SwarmInput): void {
    const { scheduler } = this.#collecting
    switch (input.type) {
      case 'connected':
        return this.#links.connected(input)
      case 'disconnected':
        return this.#links.disconnected(input.link)
      case 'message':
        return this.#links.receive(input.link, input.message, (link, message) => this.#message(link, message))
      case 'malformed':
        return this.#links.malformed(input.link, input.rejection)
      case 'piece':
        return this.#collecting.piece(input)
      case 'fetched':
        return scheduler.origin.done(input.fetch, input.isComplete, this.#links.nowMs)
      case 'hashes-fetched':
        return scheduler.hashesDone(input.fetch, input.hashes, this.#links.nowMs)
      case 'wanted':
        return scheduler.want(input.wanted)
      case 'held':
        scheduler.book.hold(input.rendition, input.segment, input.hashes)
        return this.#offering.setHeld(input.rendition, input.segment, true)
      case 'dropped':
        scheduler.book.drop(input.rendition, input.segment)
        return this.#offering.setHeld(input.rendition, input.segment, false)
      case 'served':
        return this.#withOpen(input.link, link =>
          this.#earning.served(link, input.ref, input.isSent, input.isCrowding ?? false),
        )
      case 'drained':
        return this.#withOpen(input.link, link => this.#earning.drained(link))
      case 'serving':
        return this.#offering.turn(input.isOn, link => this.#earning.stop(link))
      case 'paying-pool':
        return this.#paying.setPool(input.pool, input.record, input.isComing ?? false)
      case 'pool-proof':
        return this.#withOpen(input.link, link => this.#paying.proved(link, input.proof))
      case 'reserved':
        for (const link of this.#links.openLinks()) if (link.address === input.target) this.#paying.renew(link)
        return
      case 'payments-saved':
        return this.#paying.saved(input.revision)
      case 'pool-verified':
        return this.#withOpen(input.link, link => this.#earning.verified(link, input.proven))
      case 'pool-changed':
        return this.#earning.changed(input.proven)
      case 'pool-ended':
        return this.#earning.payee.forget(input.poolId)
      case 'earnings-saved':
        return this.#earning.saved(input.revision)
      case 'claimed':
        return this.#earning.payee.claimed(input.poolId, input.claimWei, input.isAdmitted)
      case 'height':
        return this.#earning.payee.learnHeight(input.height)
      case 'tick':
        this.#links.tick()
        this.#collecting.tick()
        this.#earning.tick()
        return this.#paying.tick()
    }
  }

  #withOpen(id: LinkId, handle: (link: OpenLink) => void): void {
    const link = this.#links.getOpen(id)
    if (link !== undefined) handle(link)
  }

  // ------------------------------------------------------------------------------------------------ messages

  #message(link: OpenLink, message: OpenMessage): void {
    const { asking } = link
    switch (message.type) {
      case 'have':
        if (!asking.have.merge(message))
          this.#links.refuse(link, reject('swarm/have', 'it names segments that the resource does not have'))
        return
      case 'price':
        if (asking.bill !== undefined)
          return this.#links.refuse(link, reject('swarm/unexpected', 'prices are said once'))
        return asking.setPrice(message)
      case 'choke':
        asking.isChoking = message.choked
        if (message.choked) this.#collecting.giveUp(link)
        return
      case 'request':
        return this.#request(link, message)
      case 'cancel':
        return this.#earning.cancel(link, message)
      case 'reject':
        return this.#collecting.rejected(link, message)
      case 'hashes-request': {
        const known = this.#collecting.scheduler.book.hashesOf(message.rendition, message.segment)
        return this.#offering.sendHashes(link, message, known)
      }
      case 'hashes':
        return this.#collecting.hashes(link, message)
      case 'pool':
        if (!this.#offering.isOn) return this.#links.send(link, refusal(NOT_SERVING))
        return this.#earning.pool(link, message.proof)
      case 'pool-accepted':
        return this.#paying.accepted(link, message)
      case 'voucher':
        return this.#earning.voucher(link, message.voucher)
      case 'preimage':
        return this.#earning.preimage(link, message)
      case 'renew':
        return this.#paying.renew(link)
      case 'refused':
        if (this.#paying.refused(link, message)) return this.#collecting.giveUp(link)
        return this.#links.close(link, message)
    }
  }

  #request(link: OpenLink, message: SwarmMessageOf<'request'>): void {
    const { rendition, segment, piece } = message
    const entry = this.#catalog.segment(rendition, segment)
    if (entry === undefined || piece >= entry.pieceCount)
      return this.#links.refuse(link, reject('swarm/no-such-piece', `${rendition}/${segment}/${piece}`))
    if (this.#offering.isOn) this.#earning.request(link, message)
    else this.#links.send(link, { type: 'reject', rendition, segment, piece, code: NOT_SERVING.code })
  }
}
