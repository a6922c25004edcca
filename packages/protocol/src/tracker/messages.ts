// What a peer and a tracker say to each other: JSON texts over a WebSocket whose subprotocol is TRACKER_SUBPROTOCOL.
//
//   tracker  welcome      a nonce, the interval of heartbeats, STUN servers
//   peer     hello        who it is (signed), what it offers; once, first
//   peer     announce     it is in the swarm of a resource; how much it has, how many peers it wants
//   tracker  candidates   peers of that swarm, the best first
//   both     signal       WebRTC descriptions and candidates, relayed to a peer of the same swarm
//   peer     heartbeat    at least once an interval: load, bytes served, round-trip times; the tracker answers `alive`
//   peer     claim        what a payment pool owes it; the tracker answers `claims`
//   peer     leave        it left the swarm of a resource
//   tracker  error        why the last message was not accepted
import { CodedError, keccak256, shorten, utf8ToBytes } from '@tan/primitives'
import {
  CANDIDATES_MAX,
  CLAIM_VOUCHER_MAX_BYTES,
  ERROR_CODE_MAX_CHARS,
  ERROR_MESSAGE_MAX_CHARS,
  HOST_MAX_CHARS,
  ICE_CANDIDATE_MAX_CHARS,
  ICE_NAME_MAX_CHARS,
  ICE_SERVERS_MAX,
  RTT_MAX_MS,
  RTT_SAMPLES_MAX,
  SDP_MAX_CHARS,
  STATS_PEERS_MAX,
  STATS_RESOURCES_MAX,
  TRACKER_INTERVAL_MAX_MS,
  TRACKER_INTERVAL_MIN_MS,
  TRACKER_MESSAGE_MAX_CHARS,
  TRACKER_NONCE_BYTES,
  URL_MAX_CHARS,
} from './limits.ts'
import {
  flag,
  hexOf,
  hexUpTo,
  integerFrom,
  list,
  literal,
  numberFrom,
  object,
  optional,
  parseJson,
  type ShapeValue,
  taggedObject,
  text,
  wei,
} from './shape.ts'

/** spec T-SOCKET: the WebSocket subprotocol. A socket that does not ask for it speaks the WebTorrent tracker protocol. */
export const TRACKER_SUBPROTOCOL = 'tan.tracker.1'
/** Close code of a socket whose peer came back on another one: do not reconnect. */
export const CLOSE_REPLACED = 4001

export type PeerRole = 'viewer' | 'edge'

const address = hexOf(20)
const hash = hexOf(32)
const role = literal('viewer', 'edge')
const fraction = numberFrom(0, 1)
const count = integerFrom(0, Number.MAX_SAFE_INTEGER)

/** Degrees; `asn` is the number of the autonomous system, 0 where it is not known. */
const place = object({
  latitude: numberFrom(-90, 90),
  longitude: numberFrom(-180, 180),
  asn: integerFrom(0, 2 ** 32 - 1),
})

/** `attempt` names one try of two peers to connect, as the one that offers chose it. */
const attempt = text(ICE_NAME_MAX_CHARS)
const iceSignal = taggedObject('kind', {
  offer: object({ kind: literal('offer'), attempt, sdp: text(SDP_MAX_CHARS) }),
  answer: object({ kind: literal('answer'), attempt, sdp: text(SDP_MAX_CHARS) }),
  candidate: object({
    kind: literal('candidate'),
    attempt,
    candidate: text(ICE_CANDIDATE_MAX_CHARS),
    mid: text(ICE_NAME_MAX_CHARS),
  }),
})

const clientMessage = taggedObject('type', {
  hello: object({
    type: literal('hello'),
    /** session key of a viewer, payee key of an edge */
    peerId: address,
    /** 65 bytes over `trackerLoginDigest` */
    signature: hexOf(65),
    role,
    uploadBytesPerSecond: count,
    /** where the peer says it is: heeded by trackers of tests and devnets only */
    place: optional(place),
  }),
  announce: object({
    type: literal('announce'),
    resourceId: hash,
    /** part of the resource that it can serve now */
    have: fraction,
    /** candidates to answer with */
    want: integerFrom(0, CANDIDATES_MAX),
  }),
  heartbeat: object({
    type: literal('heartbeat'),
    /** part of its upload that is in use */
    load: fraction,
    /** since it started */
    servedBytes: count,
    /** as WebRTC measured them since the last heartbeat */
    rtt: list(object({ peerId: address, rttMs: numberFrom(0, RTT_MAX_MS) }), RTT_SAMPLES_MAX),
  }),
  signal: object({ type: literal('signal'), resourceId: hash, to: address, signal: iceSignal }),
  leave: object({ type: literal('leave'), resourceId: hash }),
  claim: object({
    type: literal('claim'),
    poolId: hash,
    /** all that the pool's signer has promised this peer over the pool's life, redeemed or not */
    claimWei: wei(),
    /** the pool's deposit, as its proof showed this peer */
    depositWei: wei(),
    /** the newest voucher, for trackers that check it */
    voucher: optional(hexUpTo(CLAIM_VOUCHER_MAX_BYTES)),
  }),
})

const candidate = object({
  peerId: address,
  role,
  have: fraction,
  load: fraction,
  uploadBytesPerSecond: count,
  /** what the tracker expects between the two */
  rttMs: numberFrom(0, 2 * RTT_MAX_MS),
  /** the same autonomous system */
  sameNetwork: flag(),
  /** great circle, where both positions are known */
  distanceKm: optional(numberFrom(0, 20_038)),
  /** rounded to whole degrees */
  region: optional(object({ latitude: numberFrom(-90, 90), longitude: numberFrom(-180, 180) })),
})

const serverMessage = taggedObject('type', {
  welcome: object({
    type: literal('welcome'),
    nonce: hexOf(TRACKER_NONCE_BYTES),
    /** a peer that is silent for longer is taken out */
    intervalMs: integerFrom(TRACKER_INTERVAL_MIN_MS, TRACKER_INTERVAL_MAX_MS),
    /** `stun:` and `stuns:` addresses */
    iceServers: list(text(URL_MAX_CHARS), ICE_SERVERS_MAX),
  }),
  candidates: object({
    type: literal('candidates'),
    resourceId: hash,
    /** of the whole swarm, this peer included */
    viewers: count,
    edges: count,
    peers: list(candidate, CANDIDATES_MAX),
  }),
  signal: object({ type: literal('signal'), resourceId: hash, from: address, signal: iceSignal }),
  alive: object({ type: literal('alive') }),
  claims: object({
    type: literal('claims'),
    poolId: hash,
    /** whether this peer's claim fits the deposit together with the other claims; if not, the tracker ignored it */
    admitted: flag(),
    /** of all payees, this peer's included if admitted */
    claimedWei: wei(),
    payees: count,
  }),
  error: object({
    type: literal('error'),
    code: text(ERROR_CODE_MAX_CHARS),
    message: text(ERROR_MESSAGE_MAX_CHARS),
    /** the peer or resource that the message was about */
    peerId: optional(address),
    resourceId: optional(hash),
  }),
})

const trackerStats = object({
  viewers: count,
  edges: count,
  sockets: count,
  /** swarms of the WebTorrent protocol, and their peers */
  webtorrent: object({ swarms: count, peers: count }),
  /** the largest swarms first */
  resources: list(object({ resourceId: hash, viewers: count, edges: count }), STATS_RESOURCES_MAX),
  /** edges first. Positions are rounded to whole degrees, and only edges, which seek customers, are named */
  peers: list(
    object({
      role,
      peerId: optional(address),
      region: optional(object({ latitude: numberFrom(-90, 90), longitude: numberFrom(-180, 180) })),
      load: fraction,
      uploadBytesPerSecond: count,
      servedBytes: count,
      resources: count,
    }),
    STATS_PEERS_MAX,
  ),
})

export type Place = ShapeValue<typeof place>
export type IceSignal = ShapeValue<typeof iceSignal>
export type ClientMessage = ShapeValue<typeof clientMessage>
export type ClientMessageOf<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>
export type Candidate = ShapeValue<typeof candidate>
export type ServerMessage = ShapeValue<typeof serverMessage>
export type ServerMessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { type: T }>
/** What `/stats` of a tracker answers. */
export type TrackerStats = ShapeValue<typeof trackerStats>

/** Throws `tracker/size`, `tracker/json` or `tracker/field`. */
export function decodeClientMessage(source: string): ClientMessage {
  return clientMessage(parseJson(source, TRACKER_MESSAGE_MAX_CHARS), 'message')
}

/** Throws `tracker/size`, `tracker/json` or `tracker/field`. */
export function decodeServerMessage(source: string): ServerMessage {
  return serverMessage(parseJson(source, TRACKER_MESSAGE_MAX_CHARS), 'message')
}

/** Of the parsed JSON of `/stats`. Throws `tracker/field`. */
export function validateTrackerStats(value: unknown): TrackerStats {
  return trackerStats(value, 'stats')
}

export function encodeTrackerMessage(message: ClientMessage | ServerMessage): string {
  // A replacer slows the frequent messages down several times, and only claims carry amounts.
  const hasAmounts = message.type === 'claim' || message.type === 'claims'
  return hasAmounts ? JSON.stringify(message, amountAsDigits) : JSON.stringify(message)
}

function amountAsDigits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/**
 * spec T-HELLO.
 * What a peer signs to show that its id is its own. The host (with port, as dialled) is in it, so that a tracker cannot
 * pass a login on to another one; the nonce, so that nobody can use it twice. Throws `tracker/host`.
 */
export function trackerLoginDigest(nonce: string, host: string): Uint8Array {
  if (host.length > HOST_MAX_CHARS || !/^[a-z0-9.:[\]-]+$/.test(host))
    throw new CodedError('tracker/host', `not a host and port as a URL has them: ${shorten(host)}`)
  return keccak256(utf8ToBytes(`TAN tracker login\nhost: ${host}\nnonce: ${nonce}`))
}
