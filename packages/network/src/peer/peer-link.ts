// A connected peer: its send queues, the streams that it opened, and whether it has shown that it belongs to our chain.
// One per connection that the wire reports; it ends with the connection.
import { type Clock, CodedError, type Reason } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import type { MessageProtocol, RequestProtocol } from '../protocols.ts'
import type { PeerId } from '../transport.ts'
import type { Channel, Link } from '../wire/wire.ts'
import { Inbox, type InboxOwner } from './inbox.ts'
import { Outbox, type OutboxOwner } from './outbox.ts'
import { type AnswerOwner, answer } from './requests.ts'

export interface PeerLinkOwner {
  open(link: PeerLink, protocol: MessageProtocol): Promise<Channel>
  dropped(link: PeerLink, protocol: MessageProtocol, count: number, reason: Reason): void
  deliver(link: PeerLink, protocol: MessageProtocol, message: Uint8Array): Promise<void> | undefined
  respond(link: PeerLink, protocol: RequestProtocol, request: Uint8Array): Promise<Uint8Array | Reason>
  garbage(link: PeerLink, protocol: MessageProtocol | RequestProtocol, reason: Reason): void
}

export class PeerLink {
  readonly peer: PeerId
  readonly direction: Link['direction']
  readonly host: string
  readonly connectedAtMs: number
  /** the addresses that it reports */
  addresses: readonly string[] = []
  /** whether we have greeted it; the side that dialled does */
  hasGreeted = false
  /** the reason to report; set when we end the connection */
  closeReason: Reason | undefined
  readonly #owner: PeerLinkOwner
  readonly #clock: Clock
  readonly #outboxes = new Map<MessageProtocol, Outbox>()
  readonly #inboxes = new Set<Inbox>()
  /** running requests by protocol: ours to the peer, and the peer's to us */
  readonly #asked = new Map<RequestProtocol, number>()
  readonly #answering = new Map<RequestProtocol, number>()
  readonly #ready = Promise.withResolvers<void>()
  #isReady = false
  #isClosed = false

  constructor(peer: PeerId, link: Link, owner: PeerLinkOwner, clock: Clock) {
    this.peer = peer
    this.direction = link.direction
    this.host = link.host
    this.connectedAtMs = clock.nowMs()
    this.#owner = owner
    this.#clock = clock
    this.#ready.promise.catch(() => {})
  }

  /** Whether it has shown, while connected, that it belongs to our chain. */
  get isReady(): boolean {
    return this.#isReady
  }

  get isUsable(): boolean {
    return this.#isReady && this.closeReason === undefined
  }

  /** Rejects with the reason if the connection ends first. */
  get whenReady(): Promise<void> {
    return this.#ready.promise
  }

  becomeReady(): void {
    this.#isReady = true
    this.#ready.resolve()
  }

  send(protocol: MessageProtocol, message: Uint8Array): void {
    let outbox = this.#outboxes.get(protocol)
    if (outbox === undefined) {
      const owner: OutboxOwner = {
        open: () => this.#owner.open(this, protocol),
        dropped: (of, count, reason) => this.#owner.dropped(this, of, count, reason),
      }
      outbox = new Outbox(protocol, owner, this.#clock)
      this.#outboxes.set(protocol, outbox)
    }
    outbox.send(message)
  }

  /** Counts a request of ours while `run` runs. Throws `network/busy` where the peer would refuse it. */
  async asking<T>(protocol: RequestProtocol, run: () => Promise<T>): Promise<T> {
    const count = this.#asked.get(protocol) ?? 0
    if (count >= LIMITS.requestsAtOnceMax)
      throw new CodedError(
        'network/busy',
        `${protocol.name}: ${count} requests to ${this.peer} are pending: wait for one`,
      )
    this.#asked.set(protocol, count + 1)
    try {
      return await run()
    } finally {
      this.#asked.set(protocol, this.#asked.get(protocol)! - 1)
    }
  }

  acceptMessages(channel: Channel, protocol: MessageProtocol): void {
    let open = 0
    for (const inbox of this.#inboxes) if (inbox.protocol === protocol) open++
    if (open >= LIMITS.messageStreamsMax) {
      channel.abort()
      return
    }
    const owner: InboxOwner = {
      deliver: (of, message) => this.#owner.deliver(this, of, message),
      garbage: (of, reason) => this.#owner.garbage(this, of, reason),
      closed: inbox => this.#inboxes.delete(inbox),
    }
    this.#inboxes.add(new Inbox(channel, protocol, owner, this.#clock))
  }

  acceptRequest(channel: Channel, protocol: RequestProtocol): void {
    const count = this.#answering.get(protocol) ?? 0
    if (count >= LIMITS.requestsAtOnceMax) {
      channel.abort()
      return
    }
    this.#answering.set(protocol, count + 1)
    const owner: AnswerOwner = {
      respond: (of, request) => this.#owner.respond(this, of, request),
      garbage: (of, reason) => this.#owner.garbage(this, of, reason),
      finished: () => this.#answering.set(protocol, this.#answering.get(protocol)! - 1),
    }
    answer(channel, protocol, owner)
  }

  /** Ends stalled streams, and returns the protocol whose messages the peer does not read. */
  checkProgress(nowMs: number): MessageProtocol | undefined {
    for (const inbox of this.#inboxes) inbox.checkProgress(nowMs)
    for (const [protocol, { stalledSinceMs }] of this.#outboxes)
      if (stalledSinceMs !== undefined && nowMs - stalledSinceMs > protocol.timeoutMs) return protocol
    return undefined
  }

  close(reason: Reason): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ready.reject(new CodedError(reason.code, `${this.peer}: ${reason.message}`))
    for (const outbox of this.#outboxes.values()) outbox.close()
    for (const inbox of this.#inboxes) inbox.close()
  }
}
