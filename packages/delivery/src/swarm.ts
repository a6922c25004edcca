// The swarm's core: one machine for viewers and edges alike, for one resource. Inputs in, effects out; it touches no
// clock, socket or disk, so that tests and simulations run the very code that pages and servers run.
import { type Address, type Random, type Reason, randomBytesFrom, signatureToBytes } from '@tan/primitives'
import {
  type PieceRef,
  type SignedVoucher,
  SWARM_VERSION,
  type SwarmMessage,
  type SwarmMessageOf,
  type Voucher,
} from '@tan/protocol'
import { Asking } from './asking.ts'
import type { Catalog } from './catalog.ts'
import { Earning } from './earning.ts'
import type { LinkId, SwarmEffect, SwarmInput } from './effects.ts'
import { checkAuth, checkHello, digestToSign, type Identity } from './handshake.ts'
import { HaveMap } from './have-map.ts'
import {
  BANNED_MAX,
  HANDSHAKE_MAX_MS,
  HASHES_REQUESTS_MAX,
  LINKS_MAX,
  MESSAGES_PER_SECOND_MAX,
  SILENT_MAX,
  SILENT_PAUSE_MAX_MS,
  SILENT_PAUSE_MIN_MS,
  STRIKES_MAX,
} from './limits.ts'
import { type Core, type Link, type OpenLink, refusal } from './link.ts'
import type { PayeeOptions } from './payee.ts'
import { Paying } from './paying.ts'
import { Scheduler, type SchedulerPort, type Source } from './scheduler.ts'
import { Serving } from './serving.ts'

export interface SwarmOptions {
  readonly catalog: Catalog
  readonly identity: Identity
  /** secure, for nonces and hash chains */
  readonly random: Random
  /** does it serve others from the start? */
  readonly serves: boolean
  readonly payee: Omit<PayeeOptions, 'resourceId' | 'resourcePieces' | 'self' | 'chainId'>
  /** with the key that signs vouchers of its pools */
  readonly signVoucher: (voucher: Voucher) => SignedVoucher
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
  readonly #options: SwarmOptions
  readonly #links = new Map<LinkId, Link>()
  readonly #banned = new Set<Address>()
  /** who was left for its silence, until it has delivered something again */
  readonly #silent = new Map<Address, { readonly untilMs: number; readonly pauseMs: number }>()
  readonly #scheduler: Scheduler
  readonly #paying: Paying
  readonly #earning: Earning
  readonly #have: HaveMap
  #serves: boolean
  #wantsAnything = false
  /** what our pool can still take on, during a plan */
  #spareWei = 0n
  #nowMs = 0
  #effects: SwarmEffect[] = []

  constructor(options: SwarmOptions) {
    const { catalog, identity, signVoucher, random } = options
    this.#options = options
    this.#serves = options.serves
    this.#have = new HaveMap(catalog)
    const core = this.#createCore()
    this.#scheduler = new Scheduler(catalog, this.#createPort())
    this.#paying = new Paying(core, { signVoucher, random })
    this.#earning = new Earning(
      core,
      catalog,
      {
        ...options.payee,
        chainId: catalog.manifest.chainId,
        resourceId: catalog.resourceId,
        resourcePieces: catalog.renditions.reduce((sum, { pieceCount }) => sum + pieceCount, 0),
        self: identity.address,
      },
      (rendition, segment) => this.#have.has(rendition, segment),
    )
  }

  /** The effects are to be carried out in their order. Time must not run backwards. */
  step(input: SwarmInput, nowMs: number): readonly SwarmEffect[] {
    this.#nowMs = nowMs
    this.#effects = []
    this.#handle(input)
    for (const link of this.#openLinks()) this.#earning.pump(link)
    this.#earning.save(false)
    this.#plan()
    this.#paying.settle()
    return this.#effects
  }

  /** Was this piece asked of this peer? If not, it need not be looked at. */
  expects(link: LinkId, ref: PieceRef): boolean {
    return this.#links.get(link)?.asking.expects(ref) ?? false
  }

  holds(rendition: number, segment: number): boolean {
    return this.#have.has(rendition, segment)
  }

  /** Measured of the origin and of all peers together: what a player can count on. */
  get bytesPerMs(): number {
    let peers = 0
    for (const { asking } of this.#openLinks()) if (asking.receivedPieces > 0) peers += asking.bytesPerMs
    return Math.max(peers, this.#scheduler.originBytesPerMs)
  }

  /** part of the segments that are held */
  get have(): number {
    return this.#have.count / this.#options.catalog.segmentCount
  }

  get servesOthers(): boolean {
    return this.#serves
  }

  isBanned(address: Address): boolean {
    return this.#banned.has(address)
  }

  peers(): PeerReport[] {
    return [...this.#openLinks()].map(({ id, address, asking, serving }) => ({
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
    switch (input.type) {
      case 'connected':
        return this.#connected(input)
      case 'disconnected':
        return this.#withLink(input.link, link => this.#remove(link))
      case 'message':
        return this.#withLink(input.link, link => this.#message(link, input.message))
      case 'malformed':
        return this.#withLink(input.link, link => this.#refuse(link, input.rejection))
      case 'piece':
        return this.#piece(input)
      case 'fetched':
        return this.#scheduler.fetchDone(input.fetch, input.isComplete, this.#nowMs)
      case 'hashes-fetched':
        return this.#scheduler.hashesDone(input.fetch, input.hashes, this.#nowMs)
      case 'wanted':
        this.#wantsAnything = input.wanted.length > 0
        return this.#scheduler.want(input.wanted)
      case 'held':
        this.#scheduler.hold(input.rendition, input.segment, input.hashes)
        return this.#tellHave(input.rendition, input.segment, true)
      case 'dropped':
        this.#scheduler.drop(input.rendition, input.segment)
        return this.#tellHave(input.rendition, input.segment, false)
      case 'served':
        return this.#withOpen(input.link, link =>
          this.#earning.served(link, input.ref, input.isSent, input.isCrowding ?? false),
        )
      case 'drained':
        return this.#withOpen(input.link, link => this.#earning.drained(link))
      case 'serving':
        return this.#setServing(input.isOn)
      case 'paying-pool':
        return this.#paying.setPool(input.pool, input.record, input.isComing ?? false)
      case 'pool-proof':
        return this.#withOpen(input.link, link => this.#paying.proved(link, input.proof))
      case 'reserved':
        for (const link of this.#openLinks()) if (link.address === input.target) this.#paying.renew(link)
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
        return this.#tick()
    }
  }

  #connected({ link: id, binding, expected }: Extract<SwarmInput, { type: 'connected' }>): void {
    const { catalog, identity, random } = this.#options
    const own: SwarmMessageOf<'hello'> = {
      type: 'hello',
      version: SWARM_VERSION,
      resourceId: catalog.resourceId,
      address: identity.address,
      nonce: randomBytesFrom(random, 32),
    }
    const link: Link = {
      id,
      handshake: { own, binding, expected, sinceMs: this.#nowMs, theirs: undefined },
      address: undefined,
      asking: new Asking(catalog),
      serving: new Serving(),
      messages: 0,
      secondMs: this.#nowMs,
    }
    this.#links.set(id, link)
    if (this.#links.size > LINKS_MAX)
      this.#refuse(link, { code: 'swarm/full', message: `${LINKS_MAX} peers are connected` })
    else this.#send(link, own)
  }

  #message(link: Link, message: SwarmMessage): void {
    if (this.#nowMs - link.secondMs >= 1_000) {
      link.secondMs = this.#nowMs
      link.messages = 0
    }
    if (++link.messages > MESSAGES_PER_SECOND_MAX)
      return this.#refuse(link, { code: 'swarm/flood', message: `more than ${MESSAGES_PER_SECOND_MAX} messages/s` })
    if (message.type === 'hello') return this.#hello(link, message)
    if (message.type === 'auth') return this.#auth(link, message)
    if (message.type === 'refused' && !isOpen(link)) return this.#close(link, message)
    if (!isOpen(link))
      return this.#refuse(link, { code: 'swarm/unexpected', message: `${message.type} before the handshake` })
    this.#openMessage(link, message)
  }

  #hello(link: Link, hello: SwarmMessageOf<'hello'>): void {
    const wrong = checkHello(link.handshake, hello)
    if (wrong !== undefined) return this.#refuse(link, wrong)
    if (this.#banned.has(hello.address))
      return this.#refuse(link, { code: 'swarm/banned', message: `${hello.address} is banned here` })
    link.handshake.theirs = hello
    const digest = digestToSign(link.handshake, hello)
    this.#send(link, { type: 'auth', signature: signatureToBytes(this.#options.identity.sign(digest)) })
  }

  #auth(link: Link, { signature }: SwarmMessageOf<'auth'>): void {
    if (link.address !== undefined) return this.#refuse(link, { code: 'swarm/unexpected', message: 'a second auth' })
    const wrong = checkAuth(link.handshake, signature)
    if (wrong !== undefined) return this.#refuse(link, wrong)
    const { address } = link.handshake.theirs!
    // The same peer again: the older connection may be dead without our knowing.
    for (const other of this.#openLinks())
      if (other.address === address)
        this.#refuse(other, { code: 'swarm/replaced', message: 'a newer connection is there' })
    link.address = address
    this.#effects.push({ type: 'opened', link: link.id, address })
    if (this.#serves) this.#offer(link)
  }

  #openMessage(link: OpenLink, message: Exclude<SwarmMessage, { type: 'hello' | 'auth' }>): void {
    const { asking } = link
    switch (message.type) {
      case 'have':
        if (!asking.have.merge(message))
          this.#refuse(link, { code: 'swarm/have', message: 'it names segments that the resource does not have' })
        return
      case 'price':
        return this.#price(link, message)
      case 'choke':
        asking.isChoking = message.choked
        if (message.choked) this.#giveUp(link, asking.takeRequests())
        return
      case 'request':
        return this.#request(link, message)
      case 'cancel':
        return this.#earning.cancel(link, message)
      case 'reject':
        return this.#rejected(link, message)
      case 'hashes-request':
        return this.#hashesRequest(link, message)
      case 'hashes':
        if (
          message.hashes.length > 0 &&
          !this.#scheduler.learnHashes(message.rendition, message.segment, message.hashes)
        )
          this.#ban(link, { code: 'swarm/wrong-hashes', message: 'piece hashes that are not those of the segment' })
        return
      case 'pool':
        if (!this.#serves) return this.#send(link, refusal(NOT_SERVING))
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
        if (this.#paying.refused(link, message)) return this.#giveUp(link, asking.takeRequests())
        return this.#close(link, message)
    }
  }

  #price(link: OpenLink, price: SwarmMessageOf<'price'>): void {
    const { asking } = link
    if (asking.price !== undefined)
      return this.#refuse(link, { code: 'swarm/unexpected', message: 'prices are said once' })
    // Who asks more than the manifest allows is not asked for anything.
    if (asking.isFair(price)) asking.price = { pieceWei: price.pieceWei, openingWei: price.openingWei }
  }

  #request(link: OpenLink, message: SwarmMessageOf<'request'>): void {
    const { rendition, segment, piece } = message
    const entry = this.#options.catalog.segment(rendition, segment)
    if (entry === undefined || piece >= entry.pieceCount)
      return this.#refuse(link, { code: 'swarm/no-such-piece', message: `${rendition}/${segment}/${piece}` })
    if (this.#serves) this.#earning.request(link, message)
    else this.#send(link, { type: 'reject', rendition, segment, piece, code: NOT_SERVING.code })
  }

  #rejected(link: OpenLink, message: SwarmMessageOf<'reject'>): void {
    const { asking } = link
    const { rendition, segment, piece, code } = message
    if (!asking.rejected(message)) return
    this.#scheduler.failed(link.id, { rendition, segment, piece })
    if (code === 'swarm/not-held') asking.have.set(rendition, segment, false)
    else if (code === 'payment/limit') asking.limitWei = asking.owedWei
    else asking.pauseMs = this.#nowMs + BUSY_PAUSE_MS
  }

  #hashesRequest(link: OpenLink, { rendition, segment }: SwarmMessageOf<'hashes-request'>): void {
    if (++link.serving.hashesRequests > HASHES_REQUESTS_MAX)
      return this.#refuse(link, { code: 'swarm/flood', message: 'too many requests for hashes' })
    const hashes = this.#scheduler.hashesOf(rendition, segment) ?? new Uint8Array(0)
    this.#send(link, { type: 'hashes', rendition, segment, hashes })
  }

  #piece({ from, ref, sizeBytes, hash }: Extract<SwarmInput, { type: 'piece' }>): void {
    if ('fetch' in from) {
      this.#scheduler.originDelivered(from.fetch, sizeBytes, this.#nowMs)
      const arrival = this.#scheduler.arrived('origin', ref, hash)
      if (arrival === 'complete') this.#scheduler.originWorks()
      if (arrival === 'wrong' || arrival === 'wrong-segment') {
        this.#scheduler.pauseOrigin(this.#nowMs)
        this.#effects.push({ type: 'leave-origin', fetch: from.fetch })
      }
      return this.#keep(arrival, ref)
    }
    this.#withOpen(from.link, link => {
      if (!link.asking.expects(ref)) return
      link.asking.arrived(ref, sizeBytes, this.#nowMs)
      this.#paying.received(link)
      this.#silent.delete(link.address)
      const arrival = this.#scheduler.arrived(link.id, ref, hash)
      if (arrival === 'wrong')
        return this.#ban(link, {
          code: 'swarm/wrong-piece',
          message: `piece ${ref.piece} of segment ${ref.segment} is not what the publisher signed`,
        })
      this.#keep(arrival, ref)
    })
  }

  #keep(arrival: string, ref: PieceRef): void {
    if (arrival !== 'kept' && arrival !== 'complete') return
    this.#effects.push({ type: 'keep', ref })
    if (arrival === 'kept') return
    const { rendition, segment } = ref
    this.#effects.push({ type: 'complete', rendition, segment, hashes: this.#scheduler.hashesOf(rendition, segment)! })
    this.#tellHave(rendition, segment, true)
  }

  #tick(): void {
    for (const link of this.#links.values())
      if (!isOpen(link) && this.#nowMs - link.handshake.sinceMs > HANDSHAKE_MAX_MS)
        this.#refuse(link, { code: 'swarm/handshake-timeout', message: `no handshake within ${HANDSHAKE_MAX_MS} ms` })
    for (const link of this.#openLinks()) {
      const overdue = link.asking.takeOverdue(this.#nowMs)
      if (overdue.count === 0) continue
      for (const ref of overdue.requests) {
        this.#scheduler.failed(link.id, ref)
        this.#callOff(link, ref)
      }
      if (++link.asking.strikes < STRIKES_MAX) continue
      this.#rememberSilence(link.address)
      this.#refuse(link, { code: 'swarm/silent', message: `requests were not answered ${STRIKES_MAX} times` })
    }
    this.#earning.tick()
    this.#paying.tick()
  }

  /** Whoever comes back at once to be asked again could be silent for ever. */
  #rememberSilence(address: Address): void {
    const before = this.#silent.get(address)?.pauseMs
    const pauseMs = before === undefined ? SILENT_PAUSE_MIN_MS : Math.min(SILENT_PAUSE_MAX_MS, 2 * before)
    this.#silent.delete(address)
    this.#silent.set(address, { untilMs: this.#nowMs + pauseMs, pauseMs })
    if (this.#silent.size > SILENT_MAX) this.#silent.delete(this.#silent.keys().next().value!)
  }

  #isPaused({ address }: OpenLink): boolean {
    return this.#nowMs < (this.#silent.get(address)?.untilMs ?? Number.NEGATIVE_INFINITY)
  }

  #setServing(isOn: boolean): void {
    if (this.#serves === isOn) return
    this.#serves = isOn
    for (const link of this.#openLinks()) {
      this.#send(link, { type: 'choke', choked: !isOn })
      if (!isOn) this.#earning.stop(link, NOT_SERVING.code)
      else this.#offer(link)
    }
  }

  // ------------------------------------------------------------------------------------------------ what follows

  #plan(): void {
    if (!this.#wantsAnything) return
    const asked = [...this.#openLinks()].filter(link => !this.#isPaused(link))
    for (const link of asked) if (link.asking.have.count > 0) this.#paying.begin(link)
    this.#spareWei = this.#paying.spareWei()
    const sources: Source[] = []
    for (const { id, asking } of asked)
      if (asking.isUsable(this.#nowMs))
        sources.push({
          id,
          has: (rendition, segment) => asking.have.has(rendition, segment),
          slots: () => asking.slots(this.#spareWei),
          expectedMs: sizeBytes => asking.expectedMs(sizeBytes),
        })
    const hasProspects = [...this.#links.values()].some(
      link => !isOpen(link) || (!this.#isPaused(link) && this.#paying.isProspect(link)),
    )
    this.#scheduler.plan(this.#nowMs, sources, hasProspects)
  }

  #createPort(): SchedulerPort {
    return {
      ask: (id, ref) => {
        const link = this.#links.get(id)!
        link.asking.request(ref, this.#nowMs)
        this.#spareWei -= link.asking.price!.pieceWei
        this.#send(link, { type: 'request', ...ref })
      },
      callOff: (id, ref) => {
        const link = this.#links.get(id)
        if (link !== undefined) this.#callOff(link, ref)
      },
      askHashes: (id, rendition, segment) =>
        this.#send(this.#links.get(id)!, { type: 'hashes-request', rendition, segment }),
      fetch: (fetch, range) => this.#effects.push({ type: 'fetch', fetch, range }),
      abort: fetch => this.#effects.push({ type: 'abort', fetch }),
      fetchHashes: (fetch, rendition, firstSegment, segmentCount) =>
        this.#effects.push({ type: 'fetch-hashes', fetch, rendition, firstSegment, segmentCount }),
      forget: (rendition, segment) => this.#effects.push({ type: 'forget', rendition, segment }),
    }
  }

  #createCore(): Core {
    const swarm = this
    return {
      get nowMs() {
        return swarm.#nowMs
      },
      openLinks: () => this.#openLinks(),
      emit: effect => this.#effects.push(effect),
      send: (link, message) => this.#send(link, message),
      refuse: (link, rejection) => this.#refuse(link, rejection),
      ban: (link, rejection) => this.#ban(link, rejection),
    }
  }

  #callOff(link: Link, ref: PieceRef): void {
    if (!link.asking.isRequested(ref)) return
    link.asking.callOff(ref, this.#nowMs)
    this.#send(link, { type: 'cancel', ...ref })
  }

  #giveUp(link: Link, refs: readonly PieceRef[]): void {
    for (const ref of refs) this.#scheduler.failed(link.id, ref)
  }

  /** Says what it asks, and what there is. */
  #offer(link: Link): void {
    if (!link.serving.isOffered) this.#send(link, this.#earning.price())
    link.serving.isOffered = true
    for (const message of this.#have.messages()) this.#send(link, message)
  }

  #tellHave(rendition: number, segment: number, isHeld: boolean): void {
    this.#have.set(rendition, segment, isHeld)
    if (!this.#serves) return
    for (const link of this.#openLinks()) this.#send(link, this.#have.messageAround(rendition, segment))
  }

  // ------------------------------------------------------------------------------------------------ links

  *#openLinks(): Generator<OpenLink> {
    for (const link of this.#links.values()) if (isOpen(link)) yield link
  }

  #withLink(id: LinkId, handle: (link: Link) => void): void {
    const link = this.#links.get(id)
    if (link !== undefined) handle(link)
  }

  #withOpen(id: LinkId, handle: (link: OpenLink) => void): void {
    this.#withLink(id, link => {
      if (isOpen(link)) handle(link)
    })
  }

  #send(link: Link, message: SwarmMessage): void {
    this.#effects.push({ type: 'send', link: link.id, message })
  }

  #refuse(link: Link, rejection: Reason): void {
    if (!this.#links.has(link.id)) return
    this.#send(link, refusal(rejection))
    this.#close(link, rejection)
  }

  #ban(link: Link, rejection: Reason): void {
    const { address } = link
    if (address !== undefined) {
      this.#banned.add(address)
      if (this.#banned.size > BANNED_MAX) this.#banned.delete(this.#banned.values().next().value!)
      this.#effects.push({ type: 'ban', address, rejection })
    }
    this.#refuse(link, rejection)
  }

  #close(link: Link, { code, message }: Reason): void {
    if (!this.#links.has(link.id)) return
    this.#effects.push({ type: 'close', link: link.id, rejection: { code, message } })
    this.#remove(link)
  }

  #remove(link: Link): void {
    this.#links.delete(link.id)
    this.#giveUp(link, link.asking.takeRequests())
    this.#earning.forget(link)
    this.#paying.forget(link)
  }
}

const NOT_SERVING: Reason = { code: 'swarm/not-serving', message: 'this peer does not serve' }
/** a peer that was too busy is asked again after this */
const BUSY_PAUSE_MS = 500

function isOpen(link: Link): link is OpenLink {
  return link.address !== undefined
}
