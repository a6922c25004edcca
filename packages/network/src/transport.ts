// The door of this room: what a node can ask of the network, whatever carries it.
import type { Reason, Rejection } from '@tan/primitives'
import type { GossipProtocol, MessageProtocol, Protocol, RequestProtocol } from './protocols.ts'

/** A peer's public key in libp2p's text form. */
export type PeerId = string

export interface PeerInfo {
  readonly id: PeerId
  /** which side dialled */
  readonly direction: 'inbound' | 'outbound'
  /** where it says that it listens */
  readonly addresses: readonly string[]
  readonly connectedAtMs: number
  readonly penaltyPoints: number
}

export type PeerEvent =
  | { readonly type: 'connected'; readonly peer: PeerInfo }
  | { readonly type: 'disconnected'; readonly peer: PeerInfo; readonly reason: Reason }

/**
 * What became of a message. `accept`: good (gossip is passed on). `ignore`: of no use now (gossip is not passed on). A
 * Rejection is not passed on either, and where the sender is to blame, it is penalised as the protocol declares.
 */
export type Verdict = 'accept' | 'ignore' | Rejection

/**
 * While a message handler's promise is pending, the transport reads nothing more from that stream: the sender must
 * wait, and after the protocol's `timeoutMs` it treats this node as one that does not read.
 */
export type MessageHandler = (from: PeerId, message: Uint8Array) => Verdict | Promise<Verdict>

/** The requester receives a Reason, and it is not an offence: see `penalize`. */
export type RequestHandler = (from: PeerId, request: Uint8Array) => Promise<Uint8Array | Reason>

export interface RequestOptions {
  /** default: the protocol's */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * A node's end of the network. Handlers are registered before `start`, one for each protocol. Bytes that were handed over
 * belong to the transport: they must not be changed afterwards.
 */
export interface Transport {
  readonly self: PeerId
  /** Multiaddrs to give to others, each with the peer's identity; none before `start`. */
  readonly addresses: readonly string[]

  /** Throws `network/listen` if it cannot listen on the addresses. */
  start(): Promise<void>
  stop(): Promise<void>

  /**
   * Resolves when the peer is connected and known to be of the same chain. Throws `network/address`, `network/self`,
   * `network/banned`, `network/unreachable`, `network/handshake`, `network/other-chain`, `network/timeout`, or
   * `network/stopped` if this transport does not run.
   */
  dial(address: string): Promise<PeerId>
  /** The connected peers of this chain. */
  peers(): readonly PeerInfo[]

  /**
   * Sends in order, at most once. A message is silently lost if the peer is not connected or does not keep up: the
   * newest replaces the oldest waiting message, and a peer that reads nothing for the protocol's `timeoutMs` is
   * disconnected.
   */
  send(peer: PeerId, protocol: MessageProtocol, message: Uint8Array): void
  /** Sends to all nodes with a handler for the topic, except this one. Sends the same bytes once. */
  broadcast(topic: GossipProtocol, message: Uint8Array): void
  /**
   * Throws `network/not-connected`, `network/unsupported`, `network/timeout`, `network/aborted`, `network/closed`,
   * `network/busy`, `network/garbage`, `network/oversize`, and `network/refused` with the peer's own `{code, message}`
   * as data.
   */
  request(peer: PeerId, protocol: RequestProtocol, message: Uint8Array, options?: RequestOptions): Promise<Uint8Array>

  onMessage(protocol: MessageProtocol, handler: MessageHandler): void
  onGossip(topic: GossipProtocol, handler: MessageHandler): void
  onRequest(protocol: RequestProtocol, handler: RequestHandler): void
  onPeer(handler: (event: PeerEvent) => void): void

  /** For what only shows later that a peer misbehaved; a handler's Reason does the same at once. */
  penalize(peer: PeerId, protocol: Protocol, reason: Reason): void
}
