// The topics that this node listens to: which copies of gossip are looked at, what waits for its handlers, and how much
// is passed on, so that neighbours never get more from this node than they take.
import { assert, type Clock, type Reason } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import type { Standing } from '../peer/standing.ts'
import { burstOf, type GossipProtocol, protocolId } from '../protocols.ts'
import type { Telemetry } from '../telemetry.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { MessageHandler, PeerId, Verdict } from '../transport.ts'
import { RATE, type Verdicts } from '../verdicts.ts'

interface Topic {
  readonly protocol: GossipProtocol
  readonly handler: MessageHandler
  /** what this node sends of it, whoever made it */
  readonly sending: TokenBucket
}

export class Topics {
  readonly #prefix: string
  readonly #standing: Standing
  readonly #telemetry: Telemetry
  readonly #verdicts: Verdicts
  readonly #clock: Clock
  readonly #topics = new Map<string, Topic>()
  #pendingMessages = 0
  #pendingBytes = 0

  constructor(prefix: string, standing: Standing, telemetry: Telemetry, verdicts: Verdicts, clock: Clock) {
    this.#prefix = prefix
    this.#standing = standing
    this.#telemetry = telemetry
    this.#verdicts = verdicts
    this.#clock = clock
  }

  add(protocol: GossipProtocol, handler: MessageHandler): void {
    const id = protocolId(this.#prefix, protocol)
    assert(!this.#topics.has(id), `${protocol.name}: one handler for each topic`)
    const share = LIMITS.gossipSentPercent / 100
    const sending = new TokenBucket(this.#clock, {
      burst: Math.max(1, burstOf(protocol) * share),
      perSecond: protocol.messagesPerSecondMax * share,
    })
    this.#topics.set(id, { protocol, handler, sending })
  }

  get ids(): readonly string[] {
    return [...this.#topics.keys()]
  }

  get messageSizeMaxBytes(): number {
    return Math.max(0, ...[...this.#topics.values()].map(({ protocol }) => protocol.messageSizeMaxBytes))
  }

  /** Is this copy of a gossiped message worth looking at? */
  arrives(from: PeerId, id: string, sizeBytes: number): boolean {
    const protocol = this.#topics.get(id)?.protocol
    if (protocol === undefined || this.#standing.isBanned(from)) return false
    if (sizeBytes > protocol.messageSizeMaxBytes) {
      const message = `a message of ${sizeBytes} bytes where ${protocol.name} allows ${protocol.messageSizeMaxBytes}`
      this.#verdicts.penalize(from, protocol, { code: 'network/oversize', message })
      return false
    }
    // no offence: whoever passes on what others flood with is no worse than they, and must not be cut off for it
    if (!this.#standing.take(from, protocol)) {
      this.#telemetry.dropped(from, protocol, 1, RATE)
      return false
    }
    const isFull =
      this.#pendingMessages >= LIMITS.gossipPendingMessagesMax ||
      this.#pendingBytes + sizeBytes > LIMITS.gossipPendingMaxBytes
    if (isFull) this.#telemetry.dropped(from, protocol, 1, BUSY)
    return !isFull
  }

  /** spec S-GOSSIP: never rejects. */
  async receive(from: PeerId, id: string, message: Uint8Array): Promise<Verdict> {
    const topic = this.#topics.get(id)
    if (topic === undefined) return 'ignore'
    this.#telemetry.received(topic.protocol, message.length)
    this.#pendingMessages++
    this.#pendingBytes += message.length
    try {
      const verdict = this.#verdicts.judge(from, topic.protocol, await topic.handler(from, message))
      if (verdict !== 'accept' || topic.sending.take()) return verdict
      this.#telemetry.dropped(undefined, topic.protocol, 1, SENDING)
      return 'ignore'
    } catch (error) {
      this.#verdicts.handlerFailed(topic.protocol, error)
      return 'ignore'
    } finally {
      this.#pendingMessages--
      this.#pendingBytes -= message.length
    }
  }

  /** What this node made itself goes out in any case, and leaves less room for what others made. */
  noteBroadcast(protocol: GossipProtocol): void {
    this.#topics.get(protocolId(this.#prefix, protocol))?.sending.take()
  }
}

const SENDING: Reason = { code: 'network/passed-on', message: 'as much was passed on as others take' }
const BUSY: Reason = { code: 'network/busy', message: 'too much gossip waits for its handlers' }
