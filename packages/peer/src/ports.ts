// What running a swarm needs of the world: channels between peers, stores, and HTTP. Browsers and Node each bring theirs.
import type { Reason } from '@tan/primitives'
import type { ChannelBinding, PieceRef } from '@tan/protocol'
import type { IceSignal } from '@tan/protocol/tracker'
import type { Timers } from '@tan/protocol/tracker/client'

export type { Timers }

/** An ordered channel of binary messages to one peer, encrypted under the certificates of its binding. */
export interface Channel {
  readonly binding: ChannelBinding
  /** accepted, and not yet on the network */
  readonly bufferedBytes: number
  /** Dropped without a word once the channel is closed. */
  send(message: Uint8Array): void
  close(): void
  /** Once, at once when the channel is handed over: no event comes before. */
  listen(events: ChannelEvents): void
}

export interface ChannelEvents {
  /** the bytes are the listener's */
  message(bytes: Uint8Array): void
  /** the buffer has run low again */
  drained(): void
  /** once, when the other side closed it or it broke */
  closed(): void
}

/** One try to connect with a peer over WebRTC, candidates trickling both ways. */
export interface RtcAttempt {
  /** from the other side */
  signal(signal: RtcSignal): void
  /** Gives the attempt up. A channel that it has handed over lives on. */
  close(): void
}

export type RtcSignal = IceSignal extends infer S ? (S extends IceSignal ? Omit<S, 'attempt'> : never) : never

export interface RtcOptions {
  /** makes the offer, or waits for it */
  readonly isOffering: boolean
  /** `stun:` and `stuns:` addresses */
  readonly iceServers: readonly string[]
  readonly events: {
    signal(signal: RtcSignal): void
    channel(channel: Channel): void
    failed(rejection: Reason): void
  }
}

export type ConnectRtc = (options: RtcOptions) => RtcAttempt

/** Where the pieces of one resource are kept. */
export interface PieceStore {
  /** `hash`: SHA-256 of the bytes */
  keep(ref: PieceRef, bytes: Uint8Array, hash: Uint8Array): void
  /** all pieces of the segment are there and right */
  complete(rendition: number, segment: number, hashes: Uint8Array): void
  /** undefined where it is gone, or is not what it was */
  read(ref: PieceRef): Promise<Uint8Array | undefined>
  forget(rendition: number, segment: number): void
}

/** A few records that must survive. Each call is done when it is on disk. */
export interface DurableStore {
  get(key: string): Promise<Uint8Array | undefined>
  /** all of them or none */
  put(...entries: readonly (readonly [key: string, value: Uint8Array])[]): Promise<void>
  delete(key: string): Promise<void>
  list(prefix: string): Promise<readonly (readonly [key: string, value: Uint8Array])[]>
}

export interface HttpAnswer {
  readonly status: number
  /** as it comes; ends with an error where the connection does */
  readonly body: AsyncIterable<Uint8Array>
}

export interface HttpOptions {
  /** bytes from, and up to and including */
  readonly range?: readonly [number, number] | undefined
  readonly signal: AbortSignal
}

/** GET. Throws what a network throws. */
export type HttpGet = (url: string, options: HttpOptions) => Promise<HttpAnswer>

export type Sha256 = (bytes: Uint8Array) => Promise<Uint8Array>
