// Declarations of protocols: the room that speaks a protocol declares it once, as a constant. The declaration holds
// everything that this room enforces (sizes, rates, times, penalties).
import { assert, type Hash } from '@tan/primitives'

interface ProtocolDeclaration {
  readonly name: string
  /** another version is another protocol: a node may speak both */
  readonly version: number
  readonly messageSizeMaxBytes: number
  /** per peer. A bucket holds the messages of `timeoutMs`, so a stall costs an honest peer nothing */
  readonly messagesPerSecondMax: number
  /** how long a peer may take to answer, to finish a message that it began, or to read what waits for it */
  readonly timeoutMs: number
  /** penalty points for one offence; 100 lead to a ban */
  readonly penaltyPoints: number
}

/** Messages to one peer, in order, on a stream that is kept open. */
export interface MessageProtocol extends ProtocolDeclaration {
  readonly kind: 'message'
}

/**
 * Messages to all subscribers, passed on from peer to peer. One peer may bring all of them, so the rate is that of the
 * whole network, and messages above it are dropped without blame: the peer that brings them need not be their author.
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

/** The prefix of all names on the wire, so that nodes of different chains have no protocol in common. */
export function chainPrefix(genesis: Hash): string {
  return `/tan/${genesis.slice(2, 18)}`
}

export function protocolId(prefix: string, protocol: Protocol): string {
  return `${prefix}/${protocol.name}/${protocol.version}`
}

/** Lengths take 4 bytes, and a response has one additional byte. */
function isSize(sizeBytes: number): boolean {
  return Number.isInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes < 2 ** 31
}
