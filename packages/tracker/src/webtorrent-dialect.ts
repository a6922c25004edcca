// The WebTorrent tracker protocol, for players built on existing libraries: they get near peers with no change. Binary
// ids are texts of 20 characters up to U+00FF; offers travel with the announce, and the tracker picks who gets them. Its
// swarms are its own, since its peers neither show who they are nor speak of pieces and payments as ours do.
import { CodedError, type Reason, shuffled } from '@tan/primitives'
import { SDP_MAX_CHARS } from '@tan/protocol/tracker/limits'
import {
  list,
  literal,
  numberFrom,
  object,
  optional,
  parseJson,
  type Shape,
  type ShapeValue,
  taggedObject,
  text,
} from '@tan/protocol/tracker/shape'
import { reject } from './codes.ts'
import type { Connection, Dialect } from './connection.ts'
import type { DialectContext } from './dialect-context.ts'
import {
  FRAME_MAX_BYTES,
  WEBTORRENT_OFFER_ID_MAX_CHARS,
  WEBTORRENT_OFFERS_MAX,
  WEBTORRENT_SCRAPE_MAX,
} from './limits.ts'
import type { Member } from './ranking.ts'
import { createTokenBucket } from './rate.ts'
import { type SpherePoint, spherePoint } from './sphere-point.ts'
import { createSwarms, type SwarmPeer, type Swarms } from './swarms.ts'

/** Between two announces of a peer. Its socket is asked for a pong more often. */
const ANNOUNCE_INTERVAL_S = 120
/** Offers go to a random choice of so many times as many near peers, so that each announce meets others. */
const CHOICE = 3

const binaryId: Shape<string> = (value, path) => {
  const id = text(20)(value, path)
  if (id.length !== 20 || /[^\0-\xff]/.test(id))
    throw new CodedError('tracker/field', `${path} is not an id: expected 20 characters up to U+00FF`)
  return id
}
const description = object({ type: text(16), sdp: text(SDP_MAX_CHARS) })
const offerId = text(WEBTORRENT_OFFER_ID_MAX_CHARS)
const scraped: Shape<readonly string[]> = (value, path) =>
  list(binaryId, WEBTORRENT_SCRAPE_MAX)(typeof value === 'string' ? [value] : value, path)

const request = taggedObject('action', {
  announce: object({
    action: literal('announce'),
    info_hash: binaryId,
    peer_id: binaryId,
    event: optional(text(16)),
    /** bytes that are missing still; null or nothing where the peer does not know */
    left: optional(numberFrom(0, Number.MAX_SAFE_INTEGER)),
    offers: optional(list(object({ offer_id: offerId, offer: description }), WEBTORRENT_OFFERS_MAX)),
    to_peer_id: optional(binaryId),
    offer_id: optional(offerId),
    answer: optional(description),
  }),
  scrape: object({ action: literal('scrape'), info_hash: scraped }),
})
type Request = ShapeValue<typeof request>
type Announce = Extract<Request, { action: 'announce' }>
type Scrape = Extract<Request, { action: 'scrape' }>

/** A peer that has the whole is an edge for us: it is never left out. */
interface WebtorrentPeer extends SwarmPeer {
  readonly session: Session
}

export interface WebtorrentDialect {
  accept(connection: Connection): Dialect
  readonly swarms: Swarms<WebtorrentPeer>
}

export function createWebtorrentDialect(context: DialectContext): WebtorrentDialect {
  const { random, rtt } = context
  const introducedMax = CHOICE * WEBTORRENT_OFFERS_MAX
  const swarms = createSwarms<WebtorrentPeer>({ random, rtt, introducedMax })
  return { accept: connection => new Session(connection, swarms, context), swarms }
}

class Session implements Dialect {
  readonly hasHeartbeats = false
  readonly #connection: Connection
  readonly #swarms: Swarms<WebtorrentPeer>
  readonly #context: DialectContext
  readonly #joined = new Map<string, { readonly member: Member; readonly peer: WebtorrentPeer }>()
  readonly #announces
  readonly #point: SpherePoint | undefined
  readonly #asn: number

  constructor(connection: Connection, swarms: Swarms<WebtorrentPeer>, context: DialectContext) {
    this.#connection = connection
    this.#swarms = swarms
    this.#context = context
    // An answer is an announce in this protocol.
    const { announcesPerSecond, signalsPerSecond } = context.limits
    this.#announces = createTokenBucket(context.clock, announcesPerSecond + signalsPerSecond)
    const found = context.locate(connection.ip)
    const position = found?.position
    this.#point = position === undefined ? undefined : spherePoint(position.latitude, position.longitude)
    this.#asn = found?.asn ?? 0
  }

  receive(source: string): void {
    const message = request(parseJson(source, FRAME_MAX_BYTES), 'message')
    this.#context.metrics.count('tan_tracker_webtorrent_messages_total', 1, { action: message.action })
    if (!this.#announces.take()) this.refuse(reject('tracker/rate', 'too many announces: wait'))
    else if (message.action === 'scrape') this.#scrape(message)
    else if (message.answer !== undefined) this.#answer(message)
    else if (message.event === 'stopped') this.leave(message.info_hash)
    else this.#announce(message)
  }

  refuse({ code, message }: Reason): void {
    this.send({ action: 'announce', 'failure reason': `${code}: ${message}` })
  }

  closed(): void {
    for (const infoHash of [...this.#joined.keys()]) this.leave(infoHash)
  }

  leave(infoHash: string): void {
    const joined = this.#joined.get(infoHash)
    if (joined === undefined) return
    this.#swarms.leave(joined.member)
    this.#joined.delete(infoHash)
  }

  send(message: object): void {
    this.#connection.send(JSON.stringify(message))
  }

  #announce({ info_hash, peer_id, event, left, offers = [] }: Announce): void {
    const { member, peer } = this.#join(info_hash, peer_id, left === 0 || event === 'completed')
    const { edges: complete, viewers: incomplete } = this.#swarms.size(info_hash)
    this.send({ action: 'announce', info_hash, interval: ANNOUNCE_INTERVAL_S, complete, incomplete })
    const near = this.#swarms.introduce(member, CHOICE * offers.length)
    for (const [i, { peer: other }] of shuffled(this.#context.random, near).slice(0, offers.length).entries())
      other.session.send({ action: 'announce', info_hash, peer_id: peer.id, ...offers[i]! })
  }

  #answer({ info_hash, to_peer_id, offer_id, answer }: Announce): void {
    const self = this.#joined.get(info_hash)?.peer
    if (self === undefined || to_peer_id === undefined || offer_id === undefined)
      throw new CodedError('tracker/field', 'an answer needs to_peer_id and offer_id, and an announce before it')
    const other = this.#swarms.find(info_hash, to_peer_id)
    other?.session.send({ action: 'announce', info_hash, peer_id: self.id, offer_id, answer })
  }

  #scrape({ info_hash }: Scrape): void {
    const files = info_hash.map(infoHash => {
      const { edges: complete, viewers: incomplete } = this.#swarms.size(infoHash)
      return [infoHash, { complete, incomplete, downloaded: complete }] as const
    })
    const flags = { min_request_interval: ANNOUNCE_INTERVAL_S }
    this.send({ action: 'scrape', files: Object.fromEntries(files), flags })
  }

  #join(
    infoHash: string,
    id: string,
    saysComplete: boolean,
  ): { readonly member: Member; readonly peer: WebtorrentPeer } {
    const joined = this.#joined.get(infoHash)
    // Later announces need not say it again.
    const isComplete = saysComplete || (joined?.peer.id === id && joined.peer.role === 'edge')
    const role = isComplete ? 'edge' : 'viewer'
    if (joined !== undefined && joined.peer.id === id && joined.peer.role === role) return joined
    this.leave(infoHash)
    const { resourcesPerPeer } = this.#context.limits
    if (this.#joined.size >= resourcesPerPeer)
      throw new CodedError('tracker/resources', `a socket may announce ${resourcesPerPeer} torrents: stop some`)
    // A peer that comes back on another socket takes its own place.
    this.#swarms.find(infoHash, id)?.session.leave(infoHash)
    const peer: WebtorrentPeer = { id, role, point: this.#point, asn: this.#asn, load: 0, session: this }
    const entered = { member: this.#swarms.join(infoHash, peer, isComplete ? 1 : 0.5), peer }
    this.#joined.set(infoHash, entered)
    return entered
  }
}
