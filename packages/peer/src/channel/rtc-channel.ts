// One end of a WebRTC data channel (spec D-CHANNEL): what a browser's (@tan/viewer, browser/rtc.ts) and libdatachannel's
// (@tan/edge, rtc.ts) share.
import type { Reason } from '@tan/primitives'
import type { ChannelBinding } from '@tan/protocol'
import { CHANNEL_LINGER_MS, EARLY_MESSAGES_MAX } from '../limits.ts'
import type { Channel, ChannelEvents, Timers } from '../ports.ts'
import { fingerprintOf } from './fingerprint.ts'

/** What differs: the library's channel, and the connection that it has for itself. */
export interface DataWire {
  readonly timers: Timers
  bufferedBytes(): number
  /** Throws once it is closed. */
  send(message: Uint8Array): void
  /** Of both. */
  close(): void
}

/** Why an attempt ended without a channel. */
export function rtcFailure(message: string): Reason {
  return { code: 'rtc/failed', message }
}

export class RtcChannel implements Channel {
  binding: ChannelBinding = { local: new Uint8Array(0), remote: new Uint8Array(0) }
  readonly #wire: DataWire
  #events: ChannelEvents | undefined
  /** before anybody listened */
  #early: Uint8Array[] = []
  #isClosed = false

  constructor(wire: DataWire) {
    this.#wire = wire
  }

  /** To the certificates that the two descriptions name; false if one names none. */
  bind(localSdp: string | undefined, remoteSdp: string | undefined): boolean {
    const local = fingerprintOf(localSdp)
    const remote = fingerprintOf(remoteSdp)
    if (local === undefined || remote === undefined) return false
    this.binding = { local, remote }
    return true
  }

  // ------------------------------------------------------------------------------------------------ for the swarm

  get bufferedBytes(): number {
    return this.#isClosed ? 0 : this.#wire.bufferedBytes()
  }

  send(message: Uint8Array): void {
    if (this.#isClosed) return
    try {
      this.#wire.send(message)
    } catch {
      this.lost() // it closed meanwhile, and its event is on the way
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#end()
  }

  listen(events: ChannelEvents): void {
    this.#events = events
    for (const bytes of this.#early.splice(0)) events.message(bytes)
    if (this.#isClosed) events.closed()
  }

  // ------------------------------------------------------------------------------------------------ from the library

  /** A text is no message of the swarm: it becomes one that cannot be decoded. */
  received(message: Uint8Array | string): void {
    if (this.#isClosed) return
    const bytes = typeof message === 'string' ? new Uint8Array(0) : message
    if (this.#events !== undefined) this.#events.message(bytes)
    else if (this.#early.length < EARLY_MESSAGES_MAX) this.#early.push(bytes)
    else this.lost()
  }

  drained(): void {
    this.#events?.drained()
  }

  /** Closed by the other side, or broken. */
  lost(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#events?.closed()
    this.#end()
  }

  /** What was sent last may still leave. */
  #end(): void {
    this.#wire.timers.after(CHANNEL_LINGER_MS, () => this.#wire.close())
  }
}
