// What a transport stands on: connections between proven identities, byte streams on them, and flooding of messages to
// all. libp2p is one (libp2p/), the in-memory network another (memory/). A wire trusts nothing that comes in and
// judges nothing: it asks its events.
import type { Reason } from '@tan/primitives'
import type { PeerId, Verdict } from '../transport.ts'

export interface Wire {
  readonly self: PeerId
  readonly addresses: readonly string[]
  start(setup: WireSetup): Promise<void>
  /** Delivers what is in transit, then ends all connections; may or may not call `disconnected` for them. */
  stop(): Promise<void>
  /** Parses an address; undefined if this wire cannot dial it. */
  readAddress(address: string): WireAddress | undefined
  /** Finds the existing connection or makes one; calls `connected` before it resolves. Coded errors. */
  dial(address: string, signal: AbortSignal): Promise<PeerId>
  /** At once; drops what is still in transit. */
  disconnect(peer: PeerId): void
  /** Throws `network/unsupported` if the peer does not speak it, `network/closed` or `network/timeout`. */
  open(peer: PeerId, protocolId: string, signal: AbortSignal): Promise<Channel>
  publish(topicId: string, message: Uint8Array): void
}

export interface WireSetup {
  /** prefix of all names of this chain */
  readonly prefix: string
  readonly protocolIds: readonly string[]
  readonly topicIds: readonly string[]
  readonly gossipMessageSizeMaxBytes: number
  readonly events: WireEvents
}

export interface WireEvents {
  /** Whether this peer may connect from there. */
  admits(peer: PeerId, link: Link): boolean
  connected(peer: PeerId, link: Link): void
  disconnected(peer: PeerId): void
  /** A peer opened a stream. The callee must call `listen` or abort the channel before it returns. */
  opened(channel: Channel, protocolId: string): void
  /** Called for each copy of a gossiped message before any processing; false: drop it. */
  gossipArrives(from: PeerId, topicId: string, sizeBytes: number): boolean
  /** Called for the first copy: only accepted messages are passed on. Never throws or rejects. */
  gossip(from: PeerId, topicId: string, message: Uint8Array): Promise<Verdict>
  /** The wire itself cannot continue with this peer. */
  fault(peer: PeerId, reason: Reason): void
  penaltyPoints(peer: PeerId): number
}

/** `private`: loopback and unrouted networks. `name`: must be resolved first. */
export type AddressScope = 'public' | 'private' | 'name'

export interface Link {
  /** inbound: the other side dialled */
  readonly direction: 'inbound' | 'outbound'
  readonly host: string
  readonly scope: AddressScope
}

export interface WireAddress {
  /** the peer, if the address names it */
  readonly peer: PeerId | undefined
  readonly host: string
  readonly scope: AddressScope
}

/** One stream of bytes in each direction. */
export interface Channel {
  readonly peer: PeerId
  listen(listener: ChannelListener): void
  /** Always takes the bytes; false: write no more until `drained`. Does nothing after a close. */
  write(bytes: Uint8Array): boolean
  /** Ends writing; what was written still arrives. */
  end(): void
  /** Ends both directions at once. */
  abort(): void
  /** Nothing is delivered until `resume`, and the other side's writes stop when the buffers between are full. */
  pause(): void
  resume(): void
}

export interface ChannelListener {
  data(bytes: Uint8Array): void
  /** The other side has ended, and all that it wrote was delivered. */
  ended(): void
  drained(): void
  /** The channel is gone, for whatever reason. Told once, and last. */
  closed(): void
}
