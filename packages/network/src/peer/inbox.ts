// Receiving messages of one protocol from one peer: read from its stream one after the other, and not read at all while
// a handler is at work, so that what a peer sends too fast waits in its own memory.
import type { Clock, Reason } from '@tan/primitives'
import type { MessageProtocol } from '../protocols.ts'
import type { Channel } from '../wire/wire.ts'
import { FrameReader } from './frames.ts'

export interface InboxOwner {
  /** If it returns a promise, wait for it. It never rejects. */
  deliver(protocol: MessageProtocol, message: Uint8Array): Promise<void> | undefined
  /** The rest of the stream is unreadable. */
  garbage(protocol: MessageProtocol, reason: Reason): void
  closed(inbox: Inbox): void
}

export class Inbox {
  readonly protocol: MessageProtocol
  readonly #channel: Channel
  readonly #owner: InboxOwner
  readonly #clock: Clock
  readonly #reader: FrameReader
  #isBusy = false
  #hasEnded = false
  #isClosed = false
  #partialSinceMs: number | undefined

  constructor(channel: Channel, protocol: MessageProtocol, owner: InboxOwner, clock: Clock) {
    this.protocol = protocol
    this.#channel = channel
    this.#owner = owner
    this.#clock = clock
    this.#reader = new FrameReader(protocol.messageSizeMaxBytes)
    channel.listen({
      data: bytes => {
        this.#reader.push(bytes)
        this.#pump()
      },
      ended: () => {
        this.#hasEnded = true
        this.#pump()
      },
      drained: () => {},
      closed: () => {
        this.#isClosed = true
        owner.closed(this)
      },
    })
  }

  /** Ends a stream on which a message has stalled. */
  checkProgress(nowMs: number): void {
    if (this.#partialSinceMs !== undefined && nowMs - this.#partialSinceMs > this.protocol.timeoutMs)
      this.#fail(STALLED)
  }

  close(): void {
    this.#isClosed = true
    this.#channel.abort()
  }

  #pump(): void {
    while (!this.#isBusy && !this.#isClosed) {
      const message = this.#reader.next()
      if (message === undefined) break
      this.#partialSinceMs = undefined
      const pending = this.#owner.deliver(this.protocol, message)
      if (pending !== undefined) this.#waitFor(pending)
    }
    if (this.#reader.oversizeBytes !== undefined) {
      const most = this.protocol.messageSizeMaxBytes
      this.#fail({
        code: 'network/oversize',
        message: `a message of ${this.#reader.oversizeBytes} bytes where ${this.protocol.name} allows ${most}`,
      })
    }
    if (this.#isBusy) return
    if (this.#hasEnded && this.#reader.isPartial) this.#fail(CUT_OFF)
    else if (this.#hasEnded) this.#channel.end()
    else if (this.#reader.isPartial) this.#partialSinceMs ??= this.#clock.nowMs()
  }

  #waitFor(pending: Promise<void>): void {
    this.#isBusy = true
    this.#channel.pause()
    void pending.then(() => {
      this.#isBusy = false
      if (this.#isClosed) return
      this.#channel.resume()
      this.#pump()
    })
  }

  #fail(reason: Reason): void {
    if (this.#isClosed) return
    this.close()
    this.#owner.garbage(this.protocol, reason)
  }
}

const CUT_OFF: Reason = { code: 'network/garbage', message: 'the stream ended within a message' }
const STALLED: Reason = { code: 'network/stalled', message: 'a message was not finished in time' }
