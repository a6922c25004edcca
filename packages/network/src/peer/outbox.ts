// Sends messages of one protocol to one peer: a bounded queue in front of a stream that opens when first needed and
// stays open. Keeps order; if the peer is too slow, drops the oldest messages.
import { type Clock, type Reason, reasonOf } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import type { MessageProtocol } from '../protocols.ts'
import type { Channel } from '../wire/wire.ts'
import { encodeFrames } from './frames.ts'

export interface OutboxOwner {
  open(protocol: MessageProtocol): Promise<Channel>
  /** Messages that will not be sent, and why. */
  dropped(protocol: MessageProtocol, count: number, reason: Reason): void
}

export class Outbox {
  readonly #protocol: MessageProtocol
  readonly #owner: OutboxOwner
  readonly #clock: Clock
  readonly #maxBytes: number
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #channel: Channel | undefined
  #opening = false
  #isUnsupported = false
  #isClosed = false
  #flushScheduled = false
  #stalledSinceMs: number | undefined

  constructor(protocol: MessageProtocol, owner: OutboxOwner, clock: Clock) {
    this.#protocol = protocol
    this.#owner = owner
    this.#clock = clock
    this.#maxBytes = Math.max(LIMITS.queuedMinBytes, LIMITS.queuedLargestMessagesMax * protocol.messageSizeMaxBytes)
  }

  send(message: Uint8Array): void {
    if (this.#isClosed || this.#isUnsupported) {
      this.#owner.dropped(this.#protocol, 1, this.#isClosed ? CLOSED : UNSUPPORTED)
      return
    }
    this.#queue.push(message)
    this.#queuedBytes += message.length
    this.#keepWithinBounds()
    if (this.#channel === undefined) void this.#open()
    else this.#scheduleFlush()
  }

  /** Since when the peer has read nothing although messages wait for it. */
  get stalledSinceMs(): number | undefined {
    return this.#stalledSinceMs
  }

  close(): void {
    this.#isClosed = true
    this.#channel?.abort()
    this.#drop(CLOSED)
  }

  #keepWithinBounds(): void {
    let excess = 0
    let bytes = this.#queuedBytes
    while (this.#queue.length - excess > LIMITS.queuedMessagesMax || bytes > this.#maxBytes)
      bytes -= this.#queue[excess++]!.length
    if (excess === 0) return
    this.#queue.splice(0, excess)
    this.#queuedBytes = bytes
    this.#owner.dropped(this.#protocol, excess, QUEUE_FULL)
  }

  async #open(): Promise<void> {
    if (this.#opening) return
    this.#opening = true
    try {
      const channel = await this.#owner.open(this.#protocol)
      if (this.#isClosed) return channel.abort()
      this.#channel = channel
      channel.listen({
        data: () => {},
        ended: () => {},
        drained: () => {
          this.#stalledSinceMs = undefined
          this.#flush()
        },
        closed: () => {
          this.#channel = undefined
          this.#stalledSinceMs = undefined
          this.#drop(CLOSED)
        },
      })
      this.#flush()
    } catch (error) {
      const reason = reasonOf(error)
      this.#isUnsupported = reason.code === 'network/unsupported'
      this.#drop(reason)
    } finally {
      this.#opening = false
    }
  }

  /** At the end of the turn, so that messages sent together travel together. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    queueMicrotask(() => {
      this.#flushScheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#queue.length > 0 && this.#channel !== undefined && this.#stalledSinceMs === undefined) {
      const { bytes, count } = encodeFrames(this.#queue)
      for (const message of this.#queue.splice(0, count)) this.#queuedBytes -= message.length
      if (!this.#channel.write(bytes)) this.#stalledSinceMs = this.#clock.nowMs()
    }
  }

  #drop(reason: Reason): void {
    if (this.#queue.length === 0) return
    const count = this.#queue.length
    this.#queue = []
    this.#queuedBytes = 0
    this.#owner.dropped(this.#protocol, count, reason)
  }
}

const QUEUE_FULL: Reason = {
  code: 'network/queue-full',
  message: 'the peer takes messages more slowly than they are sent',
}
const CLOSED: Reason = { code: 'network/closed', message: 'the stream to the peer closed' }
const UNSUPPORTED: Reason = { code: 'network/unsupported', message: 'the peer does not speak the protocol' }
