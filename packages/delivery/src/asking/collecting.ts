// Getting pieces: what the scheduler decides goes to peers and the origin, and what comes from them goes back to it. Peers
// that do not answer are left (spec D-HEDGE).
import type { PieceRef, SwarmMessageOf } from '@tan/protocol'
import { reject } from '../codes.ts'
import type { Catalog } from '../content/catalog.ts'
import type { SwarmInput } from '../effects.ts'
import { BUSY_PAUSE_MS, STRIKES_MAX } from '../limits.ts'
import { isOpen, type Link, type OpenLink } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import { Silence } from '../link/silence.ts'
import type { Paying } from './paying.ts'
import { Scheduler, type SchedulerPort } from './scheduler.ts'
import type { Arrival } from './segment-book.ts'
import type { Source } from './task.ts'

export class Collecting {
  readonly scheduler: Scheduler
  readonly #links: Links
  readonly #paying: Paying
  readonly #onWhole: (rendition: number, segment: number) => void
  /** who was left for its silence */
  readonly #silence = new Silence()
  /** what our pool can still take on, during a plan */
  #spareWei = 0n

  /** `onWhole`: a segment is there, and right. */
  constructor(catalog: Catalog, links: Links, paying: Paying, onWhole: (rendition: number, segment: number) => void) {
    this.#links = links
    this.#paying = paying
    this.#onWhole = onWhole
    this.scheduler = new Scheduler(catalog, this.#createPort())
  }

  // ------------------------------------------------------------------------------------------------ what comes

  piece(input: Extract<SwarmInput, { type: 'piece' }>): void {
    const { from } = input
    if ('fetch' in from) return this.#fromOrigin(from.fetch, input)
    const link = this.#links.getOpen(from.link)
    if (link?.asking.expects(input.ref)) this.#fromPeer(link, input)
  }

  #fromOrigin(fetch: number, { ref, sizeBytes, hash }: Extract<SwarmInput, { type: 'piece' }>): void {
    const { nowMs } = this.#links
    const { origin } = this.scheduler
    origin.delivered(fetch, sizeBytes, nowMs)
    const arrival = this.scheduler.arrived('origin', ref, hash)
    if (arrival === 'complete') origin.works()
    if (arrival === 'wrong' || arrival === 'wrong-segment') {
      origin.pause(nowMs)
      this.#links.emit({ type: 'leave-origin', fetch })
    }
    this.#keep(arrival, ref)
  }

  #fromPeer(link: OpenLink, { ref, sizeBytes, hash }: Extract<SwarmInput, { type: 'piece' }>): void {
    link.asking.arrived(ref, sizeBytes, this.#links.nowMs)
    this.#paying.received(link)
    this.#silence.end(link.address)
    const arrival = this.scheduler.arrived(link.id, ref, hash)
    if (arrival === 'wrong') {
      const message = `piece ${ref.piece} of segment ${ref.segment} is not what the publisher signed`
      return this.#links.refuse(link, reject('swarm/wrong-piece', message))
    }
    this.#keep(arrival, ref)
  }

  #keep(arrival: Arrival, ref: PieceRef): void {
    if (arrival !== 'kept' && arrival !== 'complete') return
    this.#links.emit({ type: 'keep', ref })
    if (arrival === 'kept') return
    const { rendition, segment } = ref
    const hashes = this.scheduler.book.hashesOf(rendition, segment)!
    this.#links.emit({ type: 'complete', rendition, segment, hashes })
    this.#onWhole(rendition, segment)
  }

  /** The wire says by its code alone why a peer does not serve what it was asked for. */
  rejected(link: OpenLink, message: SwarmMessageOf<'reject'>): void {
    const { asking } = link
    const { rendition, segment, piece, code } = message
    if (!asking.rejected(message)) return
    this.scheduler.failed(link.id, { rendition, segment, piece })
    if (code === 'swarm/not-held') asking.have.set(rendition, segment, false)
    else if (code === 'payment/limit') asking.bill?.endAtOwed()
    else asking.pauseMs = this.#links.nowMs + BUSY_PAUSE_MS
  }

  hashes(link: OpenLink, { rendition, segment, hashes }: SwarmMessageOf<'hashes'>): void {
    // None: it does not know them.
    if (hashes.length === 0 || this.scheduler.book.learnHashes(rendition, segment, hashes)) return
    this.#links.refuse(link, reject('swarm/wrong-hashes', 'piece hashes that are not those of the segment'))
  }

  // ------------------------------------------------------------------------------------------------ what does not come

  /** Nothing that it was asked for will come from it. */
  giveUp({ id, asking }: Link): void {
    for (const ref of asking.takeRequests()) this.scheduler.failed(id, ref)
  }

  tick(): void {
    const { nowMs } = this.#links
    for (const link of this.#links.openLinks()) {
      const overdue = link.asking.takeOverdue(nowMs)
      if (overdue.count === 0) continue
      for (const ref of overdue.requests) {
        this.scheduler.failed(link.id, ref)
        this.#callOff(link, ref)
      }
      if (++link.asking.strikes < STRIKES_MAX) continue
      this.#silence.note(link.address, nowMs)
      this.#links.refuse(link, reject('swarm/silent', `requests were not answered ${STRIKES_MAX} times`))
    }
  }

  #callOff(link: Link, ref: PieceRef): void {
    if (!link.asking.isRequested(ref)) return
    link.asking.callOff(ref, this.#links.nowMs)
    this.#links.send(link, { type: 'cancel', ...ref })
  }

  // ------------------------------------------------------------------------------------------------ planning

  plan(): void {
    if (!this.scheduler.wantsAnything) return
    const { nowMs } = this.#links
    const isAsked = (link: OpenLink) => !this.#silence.isPaused(link.address, nowMs)
    const asked = [...this.#links.openLinks()].filter(isAsked)
    for (const link of asked) if (link.asking.have.count > 0) this.#paying.begin(link)
    this.#spareWei = this.#paying.spareWei()
    const sources = asked.flatMap(link => this.#sourceOf(link) ?? [])
    const hasProspects = [...this.#links.all()].some(
      link => !isOpen(link) || (isAsked(link) && this.#paying.isProspect(link)),
    )
    this.scheduler.plan(nowMs, sources, hasProspects)
  }

  #sourceOf({ id, asking }: OpenLink): Source | undefined {
    const { bill } = asking
    if (bill === undefined || !asking.isUsable(this.#links.nowMs)) return undefined
    return {
      id,
      has: (rendition, segment) => asking.have.has(rendition, segment),
      slots: () => asking.slots(bill, this.#spareWei),
      expectedMs: sizeBytes => asking.expectedMs(sizeBytes),
    }
  }

  #createPort(): SchedulerPort {
    const links = this.#links
    return {
      ask: (id, ref) => {
        const link = links.get(id)!
        link.asking.request(ref, links.nowMs)
        this.#spareWei -= link.asking.bill!.price.unitPriceWei
        links.send(link, { type: 'request', ...ref })
      },
      callOff: (id, ref) => {
        const link = links.get(id)
        if (link !== undefined) this.#callOff(link, ref)
      },
      askHashes: (id, rendition, segment) => links.send(links.get(id)!, { type: 'hashes-request', rendition, segment }),
      fetch: (fetch, range) => links.emit({ type: 'fetch', fetch, range }),
      abort: fetch => links.emit({ type: 'abort', fetch }),
      fetchHashes: (fetch, rendition, firstSegment, segmentCount) =>
        links.emit({ type: 'fetch-hashes', fetch, rendition, firstSegment, segmentCount }),
      forget: (rendition, segment) => links.emit({ type: 'forget', rendition, segment }),
    }
  }
}
