// What a transport stands on: connections between proven identities, byte streams on them, and flooding of messages to
// all. libp2p is one (libp2p/), the in-memory network another (memory/). A wire trusts nothing that comes in and
// judges nothing: it asks its events.
import type { Reason } from '@tan/primitives'
import type { PeerId, Verdict } from '../transport.ts'

export interface Wire {
  readonly self: PeerId
  readonly addresses: readonly string[]
  start(setup: WireSetup): Promise<void>
  /** What is on its way still arrives, then all connections end; whether `disconnected` is told of them is left open. */
  stop(): Promise<void>
  /** What the text says, or undefined if this wire cannot dial it. */
  readAddress(address: string): WireAddress | undefined
  /** Finds the connection that there is, or makes one; `connected` has been told before this resolves. Coded errors. */
  dial(address: string, signal: AbortSignal): Promise<PeerId>
  /** At once, without what is still on its way. */
  disconnect(peer: PeerId): void
  /** Throws `network/unsupported` if the peer does not speak it, `network/closed` or `network/timeout`. */
  open(peer: PeerId, protocolId: string, signal: AbortSignal): Promise<Channel>
  publish(topicId: string, message: Uint8Array): void
}

export interface WireSetup {
  /** what all names of this chain begin with */
  readonly prefix: string
  readonly protocolIds: readonly string[]
  readonly topicIds: readonly string[]
  readonly gossipMessageSizeMaxBytes: number
  readonly events: WireEvents
}

export interface WireEvents {
  /** May this peer connect from there? */
  admits(peer: PeerId, link: Link): boolean
  connected(peer: PeerId, link: Link): void
  disconnected(peer: PeerId): void
  /** A peer opened a stream. `listen` has to be called before this returns, or the channel aborted. */
  opened(channel: Channel, protocolId: string): void
  /** Asked for each copy of a gossiped message before anything else is done with it; false: forget it. */
  gossipArrives(from: PeerId, topicId: string, sizeBytes: number): boolean
  /** Asked for the first copy: only what is accepted is passed on. Never throws or rejects. */
  gossip(from: PeerId, topicId: string, message: Uint8Array): Promise<Verdict>
  /** The wire itself cannot go on with this peer. */
  fault(peer: PeerId, reason: Reason): void
  penaltyPoints(peer: PeerId): number
}

/** `private`: loopback and networks that are not routed. `name`: something has to be resolved first. */
export type AddressScope = 'public' | 'private' | 'name'

export interface Link {
  /** inbound: the other side dialled */
  readonly direction: 'inbound' | 'outbound'
  readonly host: string
  readonly scope: AddressScope
}

export interface WireAddress {
  /** whose it is, if the address says so */
  readonly peer: PeerId | undefined
  readonly host: string
  readonly scope: AddressScope
}

/** One stream of bytes in each direction. */
export interface Channel {
  readonly peer: PeerId
  listen(listener: ChannelListener): void
  /** The bytes are taken in any case; false: write no more until `drained`. After a close it does nothing. */
  write(bytes: Uint8Array): boolean
  /** No more will be written; what was, still arrives. */
  end(): void
  /** Both directions, at once. */
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
