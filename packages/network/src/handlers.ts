// The handlers of this node's protocols, with all checks between a peer's message and its handler (rate, size, pending
// work) and between the handler's answer and the peer (verdict, failure, penalty).
import { AssertionError, assert, type Clock, type Reason, reasonOf } from '@tan/primitives'
import { LIMITS } from './limits.ts'
import {
  burstOf,
  type GossipProtocol,
  type MessageProtocol,
  type Protocol,
  protocolId,
  type RequestProtocol,
} from './protocols.ts'
import type { Standing } from './standing.ts'
import type { Telemetry } from './telemetry.ts'
import { TokenBucket } from './token-bucket.ts'
import type { MessageHandler, PeerId, RequestHandler, Verdict } from './transport.ts'

interface Registered<P, H> {
  readonly protocol: P
  readonly handler: H
}

export class Handlers {
  readonly #prefix: string
  readonly #standing: Standing
  readonly #telemetry: Telemetry
  readonly #clock: Clock
  readonly #penalize: (peer: PeerId, protocol: Protocol, reason: Reason) => void
  /** by topic: the rate at which this node sends, whoever the author is */
  readonly #sending = new Map<string, TokenBucket>()
  readonly #messages = new Map<string, Registered<MessageProtocol, MessageHandler>>()
  readonly #requests = new Map<string, Registered<RequestProtocol, RequestHandler>>()
  readonly #topics = new Map<string, Registered<GossipProtocol, MessageHandler>>()
  #gossipPendingMessages = 0
  #gossipPendingBytes = 0

  constructor(
    prefix: string,
    standing: Standing,
    telemetry: Telemetry,
    clock: Clock,
    penalize: (peer: PeerId, protocol: Protocol, reason: Reason) => void,
  ) {
    this.#prefix = prefix
    this.#standing = standing
    this.#telemetry = telemetry
    this.#clock = clock
    this.#penalize = penalize
  }

  addMessage(protocol: MessageProtocol, handler: MessageHandler): void {
    this.#add(this.#messages, protocol, handler)
  }

  addGossip(topic: GossipProtocol, handler: MessageHandler): void {
    this.#add(this.#topics, topic, handler)
    const rate = { burst: burstOf(topic), perSecond: topic.messagesPerSecondMax }
    const share = LIMITS.gossipSentPercent / 100
    const bucket = new TokenBucket(this.#clock, {
      burst: Math.max(1, rate.burst * share),
      perSecond: rate.perSecond * share,
    })
    this.#sending.set(protocolId(this.#prefix, topic), bucket)
  }

  addRequest(protocol: RequestProtocol, handler: RequestHandler): void {
    this.#add(this.#requests, protocol, handler)
  }

  /** Of streams that peers may open. */
  get protocolIds(): readonly string[] {
    return [...this.#messages.keys(), ...this.#requests.keys()]
  }

  get topicIds(): readonly string[] {
    return [...this.#topics.keys()]
  }

  get gossipMessageSizeMaxBytes(): number {
    return Math.max(0, ...[...this.#topics.values()].map(({ protocol }) => protocol.messageSizeMaxBytes))
  }

  protocolOf(id: string): MessageProtocol | RequestProtocol | undefined {
    return (this.#messages.get(id) ?? this.#requests.get(id))?.protocol
  }

  /** A promise if the handler needs time; it never rejects. */
  deliver(peer: PeerId, protocol: MessageProtocol, message: Uint8Array): Promise<void> | undefined {
    if (!this.#takeToken(peer, protocol)) return undefined
    this.#telemetry.received(protocol, message.length)
    const { handler } = this.#messages.get(protocolId(this.#prefix, protocol))!
    try {
      const verdict = handler(peer, message)
      if (verdict instanceof Promise)
        return verdict.then(
          settled => {
            this.#judge(peer, protocol, settled)
          },
          error => this.#failed(protocol, error),
        )
      this.#judge(peer, protocol, verdict)
    } catch (error) {
      this.#failed(protocol, error)
    }
    return undefined
  }

  /** Never rejects. */
  async respond(peer: PeerId, protocol: RequestProtocol, request: Uint8Array): Promise<Uint8Array | Reason> {
    if (!this.#takeToken(peer, protocol)) return RATE
    this.#telemetry.received(protocol, request.length)
    try {
      const response = await this.#requests.get(protocolId(this.#prefix, protocol))!.handler(peer, request)
      const size = response instanceof Uint8Array ? response.length : 0
      assert(size <= protocol.responseSizeMaxBytes, `${protocol.name}: a response of ${size} bytes is above its bound`)
      return response
    } catch (error) {
      this.#failed(protocol, error)
      return { code: 'network/internal', message: 'the node failed to answer the request' }
    }
  }

  /** Whether to process this copy of a gossiped message. */
  gossipArrives(from: PeerId, topicId: string, sizeBytes: number): boolean {
    const protocol = this.#topics.get(topicId)?.protocol
    if (protocol === undefined || this.#standing.isBanned(from)) return false
    if (sizeBytes > protocol.messageSizeMaxBytes) {
      const message = `a message of ${sizeBytes} bytes where ${protocol.name} allows ${protocol.messageSizeMaxBytes}`
      this.#penalize(from, protocol, { code: 'network/oversize', message })
      return false
    }
    // Not an offence: a peer that relays a flood is not its author, and must not be cut off for it.
    if (!this.#standing.take(from, protocol)) {
      this.#telemetry.dropped(from, protocol, 1, RATE)
      return false
    }
    const isFull =
      this.#gossipPendingMessages >= LIMITS.gossipPendingMessagesMax ||
      this.#gossipPendingBytes + sizeBytes > LIMITS.gossipPendingMaxBytes
    if (isFull) this.#telemetry.dropped(from, protocol, 1, BUSY)
    return !isFull
  }

  /** Never rejects. */
  async gossip(from: PeerId, topicId: string, message: Uint8Array): Promise<Verdict> {
    const topic = this.#topics.get(topicId)
    if (topic === undefined) return 'ignore'
    this.#telemetry.received(topic.protocol, message.length)
    this.#gossipPendingMessages++
    this.#gossipPendingBytes += message.length
    try {
      const verdict = this.#judge(from, topic.protocol, await topic.handler(from, message))
      if (verdict !== 'accept' || this.#sending.get(topicId)!.take()) return verdict
      this.#telemetry.dropped(undefined, topic.protocol, 1, SENDING)
      return 'ignore'
    } catch (error) {
      this.#failed(topic.protocol, error)
      return 'ignore'
    } finally {
      this.#gossipPendingMessages--
      this.#gossipPendingBytes -= message.length
    }
  }

  /** This node's own messages always go out, and leave less room for those of others. */
  noteBroadcast(topic: GossipProtocol): void {
    this.#sending.get(protocolId(this.#prefix, topic))?.take()
  }

  #add<P extends Protocol, H>(to: Map<string, Registered<P, H>>, protocol: P, handler: H): void {
    const id = protocolId(this.#prefix, protocol)
    assert(!to.has(id), `${protocol.name}: one handler for each protocol`)
    to.set(id, { protocol, handler })
  }

  #takeToken(peer: PeerId, protocol: Protocol): boolean {
    if (this.#standing.take(peer, protocol)) return true
    this.#penalize(peer, protocol, RATE)
    return false
  }

  /** The verdict as it concerns the sender: without blame, the message is only not passed on. */
  #judge(peer: PeerId, protocol: Protocol, verdict: Verdict): Verdict {
    if (typeof verdict !== 'object') return verdict
    if (verdict.blame !== 'sender') return 'ignore'
    this.#penalize(peer, protocol, verdict)
    return verdict
  }

  /** Our own bug stops the process, even inside a library's callback; anything else is logged. */
  #failed(protocol: Protocol, error: unknown): void {
    if (error instanceof AssertionError)
      queueMicrotask(() => {
        throw error
      })
    else this.#telemetry.handlerFailed(protocol, reasonOf(error))
  }
}

const RATE: Reason = { code: 'network/rate', message: 'more messages than the protocol allows' }
const SENDING: Reason = { code: 'network/passed-on', message: 'relaying has reached the rate that other nodes accept' }
const BUSY: Reason = { code: 'network/busy', message: 'too many gossip messages are waiting for their handlers' }
