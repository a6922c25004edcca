// How a protocol is declared: once, as a constant, by the room that speaks it. Everything that this room enforces for
// it (sizes, rates, times, penalties) is in the declaration.
import { assert, type Hash } from '@tan/primitives'

interface ProtocolDeclaration {
  readonly name: string
  /** another version is another protocol: a node may speak both */
  readonly version: number
  readonly messageSizeMaxBytes: number
  /** for each peer. A bucket holds what comes together within `timeoutMs`, so a stall of an honest peer costs it nothing */
  readonly messagesPerSecondMax: number
  /** how long a peer may take: to answer, to finish what it began to send, to read what waits for it */
  readonly timeoutMs: number
  /** what one offence costs, of the 100 points that lead to a ban */
  readonly penaltyPoints: number
}

/** Messages to one peer, in order, on a stream that is kept open. */
export interface MessageProtocol extends ProtocolDeclaration {
  readonly kind: 'message'
}

/**
 * Messages to everybody who listens, passed on from peer to peer. Any peer may be the one that brings all of them, so
 * the rate is that of the whole network, and what is above it is dropped without blame: its bringer need not be its author.
 */
export interface GossipProtocol extends ProtocolDeclaration {
  readonly kind: 'gossip'
}

/** A question to one peer and its answer. `messageSizeMaxBytes` bounds the question. */
export interface RequestProtocol extends ProtocolDeclaration {
  readonly kind: 'request'
  readonly responseSizeMaxBytes: number
}

export type Protocol = MessageProtocol | GossipProtocol | RequestProtocol

export function declareProtocol<P extends Protocol>(protocol: P): P {
  const { name, version, messageSizeMaxBytes, messagesPerSecondMax, timeoutMs, penaltyPoints } = protocol
  assert(/^[a-z][a-z0-9-]{0,31}$/.test(name), `not a name for a protocol: ${name}`)
  assert(Number.isInteger(version) && version > 0, `${name}: versions count from 1, not ${version}`)
  assert(isSize(messageSizeMaxBytes), `${name}: not a size: ${messageSizeMaxBytes}`)
  assert(protocol.kind !== 'request' || isSize(protocol.responseSizeMaxBytes), `${name}: not a size of a response`)
  assert(messagesPerSecondMax > 0 && timeoutMs > 0 && penaltyPoints > 0, `${name}: rate, time and penalty are above 0`)
  return protocol
}

/** Tokens that a full bucket of the protocol holds. */
export function burstOf(protocol: Protocol): number {
  return Math.max(1, Math.ceil((protocol.messagesPerSecondMax * protocol.timeoutMs) / 1000))
}

/** What all names on the wire begin with, so that nodes of different chains have no protocol in common. */
export function chainPrefix(genesis: Hash): string {
  return `/tan/${genesis.slice(2, 18)}`
}

export function protocolId(prefix: string, protocol: Protocol): string {
  return `${prefix}/${protocol.name}/${protocol.version}`
}

/** Lengths travel in 4 bytes, and a response has one byte of its own. */
function isSize(sizeBytes: number): boolean {
  return Number.isInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes < 2 ** 31
}
