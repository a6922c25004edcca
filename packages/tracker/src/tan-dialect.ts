// The tracker's side of its own protocol (`@tan/protocol/tracker`): who has shown to be whom, which swarms it is in, whom
// it is told of, and what is passed on.
import {
  type Address,
  assert,
  CodedError,
  fromHex,
  type Hash,
  type Reason,
  type Rejection,
  recoverAddress,
  secureRandomBytes,
  signatureFromBytes,
  toHex,
} from '@tan/primitives'
import {
  type Candidate,
  CLOSE_REPLACED,
  type ClientMessage,
  type ClientMessageOf,
  decodeClientMessage,
  encodeTrackerMessage,
  type PeerRole,
  type ServerMessage,
  trackerLoginDigest,
} from '@tan/protocol/tracker'
import { CANDIDATES_MAX, ERROR_MESSAGE_MAX_CHARS, TRACKER_NONCE_BYTES } from '@tan/protocol/tracker/limits'
import { type Claims, createClaims } from './claims.ts'
import { reject } from './codes.ts'
import type { Connection, Dialect } from './connection.ts'
import type { DialectContext } from './dialect-context.ts'
import { siteOf } from './ip.ts'
import { seedRttMs } from './network-distance.ts'
import type { Member } from './ranking.ts'
import { createTokenBucket } from './rate.ts'
import { kilometres, spherePoint, squaredDistance } from './sphere-point.ts'
import { createSwarms, type Introduction, type SwarmPeer, type Swarms } from './swarms.ts'

/** A peer that has shown who it is. A new record replaces it when it says something else of itself. */
export interface TanPeer extends SwarmPeer {
  readonly id: Address
  readonly connection: Connection
  readonly uploadBytesPerSecond: number
  readonly servedBytes: number
  /** rounded, as others may see it */
  readonly region: { readonly latitude: number; readonly longitude: number } | undefined
}

export interface TanDialect {
  accept(connection: Connection): Dialect
  readonly swarms: Swarms<TanPeer>
  readonly claims: Claims
  /** of one role, with the number of its resources */
  peers(role: PeerRole): Iterable<readonly [peer: TanPeer, resources: number]>
  count(role: PeerRole): number
}

export function createTanDialect(context: DialectContext): TanDialect {
  const { random, rtt } = context
  const hub: Hub = {
    context,
    swarms: createSwarms<TanPeer>({ random, rtt, introducedMax: CANDIDATES_MAX }),
    claims: createClaims(),
    sessions: { viewer: new Map(), edge: new Map() },
  }
  return {
    accept: connection => new Session(connection, hub),
    swarms: hub.swarms,
    claims: hub.claims,
    *peers(role) {
      for (const session of hub.sessions[role].values()) yield [session.peer!, session.resources]
    },
    count: role => hub.sessions[role].size,
  }
}

interface Hub {
  readonly context: DialectContext
  readonly swarms: Swarms<TanPeer>
  readonly claims: Claims
  readonly sessions: Readonly<Record<PeerRole, Map<Address, Session>>>
}

class Session implements Dialect {
  readonly hasHeartbeats = true
  readonly #connection: Connection
  readonly #hub: Hub
  readonly #nonce = toHex(secureRandomBytes(TRACKER_NONCE_BYTES))
  readonly #joined = new Map<Hash, { readonly member: Member; have: number }>()
  readonly #announces
  readonly #signals
  #peer: TanPeer | undefined
  #isClaiming = false

  constructor(connection: Connection, hub: Hub) {
    this.#connection = connection
    this.#hub = hub
    const { clock, limits, intervalMs, iceServers } = hub.context
    this.#announces = createTokenBucket(clock, limits.announcesPerSecond)
    this.#signals = createTokenBucket(clock, limits.signalsPerSecond)
    this.#send({ type: 'welcome', nonce: this.#nonce, intervalMs, iceServers })
  }

  get peer(): TanPeer | undefined {
    return this.#peer
  }

  get resources(): number {
    return this.#joined.size
  }

  receive(text: string): void | Promise<void> {
    const message = decodeClientMessage(text)
    this.#hub.context.metrics.count('tan_tracker_messages_total', 1, { type: message.type })
    if (message.type === 'hello') this.#identify(message)
    else return this.#handle(message, this.#identified())
  }

  refuse({ code, message }: Reason): void {
    this.#send({ type: 'error', code, message: message.slice(0, ERROR_MESSAGE_MAX_CHARS) })
  }

  closed(): void {
    for (const { member } of this.#joined.values()) this.#hub.swarms.leave(member)
    this.#joined.clear()
    if (this.#peer !== undefined) this.#hub.sessions[this.#peer.role].delete(this.#peer.id)
    this.#peer = undefined
  }

  /** Every message after the hello, which gave the peer. */
  #handle(message: Exclude<ClientMessage, { type: 'hello' }>, peer: TanPeer): void | Promise<void> {
    switch (message.type) {
      case 'announce':
        return this.#announce(message, peer)
      case 'heartbeat':
        return this.#beat(message, peer)
      case 'signal':
        return this.#relay(message, peer)
      case 'claim':
        return this.#claim(message, peer)
      case 'leave':
        return this.#leave(message.resourceId)
    }
  }

  #identified(): TanPeer {
    if (this.#peer === undefined)
      throw new CodedError('tracker/hello', 'say hello first, with your id and its signature')
    return this.#peer
  }

  // spec T-HELLO: who signed this login to this host
  #identify(hello: ClientMessageOf<'hello'>): void {
    const { peerId, role, signature, uploadBytesPerSecond } = hello
    const digest = trackerLoginDigest(this.#nonce, this.#connection.host)
    if (recoverAddress(digest, signatureFromBytes(fromHex(signature))) !== peerId)
      throw new CodedError(
        'tracker/identity',
        `the signature is not ${peerId}'s over this login to ${this.#connection.host}`,
      )
    const old = this.#peer
    if (old !== undefined && (old.id !== peerId || old.role !== role))
      throw new CodedError('tracker/identity', `this socket is ${old.id}'s, as ${old.role}: use another one`)
    const { load, servedBytes } = old ?? { load: 0, servedBytes: 0 }
    const peer: TanPeer = {
      ...{ id: peerId, role, connection: this.#connection, uploadBytesPerSecond, load, servedBytes },
      ...this.#whereabouts(hello),
    }
    if (old === undefined) this.#takeOver(peer)
    this.#renew(peer)
  }

  /** spec T-HELLO: The same peer on an older socket, which may be lost without having said so, makes way. */
  #takeOver(peer: TanPeer): void {
    const { viewer, edge } = this.#hub.sessions
    const older = viewer.get(peer.id) ?? edge.get(peer.id)
    if (older !== undefined) {
      older.closed()
      older.#connection.close(CLOSE_REPLACED, reject('tracker/replaced', 'a newer socket of this address is here').code)
    }
    this.#hub.sessions[peer.role].set(peer.id, this)
  }

  /** spec T-WHERE. */
  #whereabouts({ place }: ClientMessageOf<'hello'>): Pick<TanPeer, 'point' | 'asn' | 'region'> {
    const { trustReportedPlaces, locate } = this.#hub.context
    if (place !== undefined && trustReportedPlaces) return { asn: place.asn, ...seenFrom(place) }
    const found = locate(this.#connection.ip)
    return { asn: found?.asn ?? 0, ...seenFrom(found?.position) }
  }

  #renew(peer: TanPeer): void {
    this.#peer = peer
    for (const { member, have } of this.#joined.values()) this.#hub.swarms.renew(member, peer, have)
  }

  #announce({ resourceId, have, want }: ClientMessageOf<'announce'>, peer: TanPeer): void {
    const { limits } = this.#hub.context
    // To be in a swarm costs little, so that an edge may come back with all of its resources at once; an answer costs more.
    if (want > 0 && !this.#announces.take()) {
      const message = `more than ${limits.announcesPerSecond} announces per second that want peers: wait`
      this.#decline(reject('tracker/rate', message), { resourceId })
    } else if (!this.#joined.has(resourceId) && this.#joined.size >= limits.resourcesPerPeer) {
      const message = `a peer may announce ${limits.resourcesPerPeer} resources: leave some`
      this.#decline(reject('tracker/resources', message), { resourceId })
    } else {
      const { swarms } = this.#hub
      const peers = swarms.introduce(this.#join(resourceId, peer, have), want).map(asCandidate)
      this.#send({ type: 'candidates', resourceId, ...swarms.size(resourceId), peers })
    }
  }

  #join(resourceId: Hash, peer: TanPeer, have: number): Member {
    const { swarms } = this.#hub
    const joined = this.#joined.get(resourceId)
    if (joined !== undefined) {
      joined.have = have
      swarms.renew(joined.member, peer, have)
      return joined.member
    }
    const member = swarms.join(resourceId, peer, have)
    this.#joined.set(resourceId, { member, have })
    return member
  }

  #leave(resourceId: Hash): void {
    const joined = this.#joined.get(resourceId)
    if (joined === undefined) return
    this.#hub.swarms.leave(joined.member)
    this.#joined.delete(resourceId)
  }

  #beat({ load, servedBytes, rtt }: ClientMessageOf<'heartbeat'>, peer: TanPeer): void {
    if (load !== peer.load || servedBytes !== peer.servedBytes) this.#renew({ ...peer, load, servedBytes })
    for (const { peerId, rttMs } of rtt) this.#noteRtt(peer, peerId, rttMs)
    this.#send({ type: 'alive' })
  }

  #noteRtt(peer: TanPeer, peerId: Address, rttMs: number): void {
    const { sessions, context } = this.#hub
    const other = (sessions.edge.get(peerId) ?? sessions.viewer.get(peerId))?.peer
    if (other === undefined || other.id === peer.id) return
    // Where peers tell their places they share one machine: there each speaks for itself.
    const reporter = context.trustReportedPlaces ? peer.id : siteOf(this.#connection.ip)
    context.rtt.report(reporter, peer.asn, other.asn, rttMs - seedBetween(peer, other))
  }

  #relay({ resourceId, to, signal }: ClientMessageOf<'signal'>, peer: TanPeer): void {
    const { swarms, context } = this.#hub
    const about = { peerId: to, resourceId }
    const other = this.#joined.has(resourceId) ? swarms.find(resourceId, to) : undefined
    if (!this.#signals.take())
      this.#decline(
        reject('tracker/rate', `more than ${context.limits.signalsPerSecond} signals per second: wait`),
        about,
      )
    else if (!this.#joined.has(resourceId))
      this.#decline(reject('tracker/swarm', 'announce a resource before you signal to peers of its swarm'), about)
    else if (other === undefined) this.#decline(reject('tracker/gone', 'that peer is not in the swarm'), about)
    else other.connection.send(encodeTrackerMessage({ type: 'signal', resourceId, from: peer.id, signal }))
  }

  async #claim({ poolId, claimWei, depositWei, voucher }: ClientMessageOf<'claim'>, peer: TanPeer): Promise<void> {
    const { verifyClaim } = this.#hub.context
    if (this.#isClaiming) throw new CodedError('tracker/claim', 'wait for the answer to a claim before the next one')
    if (verifyClaim !== undefined) {
      this.#isClaiming = true
      try {
        if (!(await verifyClaim({ poolId, payee: peer.id, claimWei, voucher })))
          throw new CodedError(
            'tracker/claim',
            `no voucher of pool ${poolId} that promises you ${claimWei} wei came with the claim`,
          )
      } finally {
        this.#isClaiming = false
      }
    }
    const answer = this.#hub.claims.announce({ poolId, payee: peer.id, claimWei, depositWei })
    this.#send({ type: 'claims', poolId, ...answer })
  }

  /** spec T-REFUSE: what an honest peer may meet in a hurry, or when others go, does not count against it. */
  #decline({ code, message, blame }: Rejection, about: { readonly peerId?: Address; readonly resourceId: Hash }): void {
    assert(blame === 'nobody', `${code} is the sender's fault: throw it`)
    this.#hub.context.metrics.count('tan_tracker_declined_total', 1, { code })
    this.#send({ type: 'error', code, message, ...about })
  }

  #send(message: ServerMessage): void {
    this.#connection.send(encodeTrackerMessage(message))
  }
}

/** spec T-PRIVATE: others see whole degrees */
function seenFrom(
  position: { readonly latitude: number; readonly longitude: number } | undefined,
): Pick<TanPeer, 'point' | 'region'> {
  if (position === undefined) return { point: undefined, region: undefined }
  const { latitude, longitude } = position
  return {
    point: spherePoint(latitude, longitude),
    region: { latitude: Math.round(latitude), longitude: Math.round(longitude) },
  }
}

function seedBetween({ point: from, asn }: TanPeer, { point: to, asn: otherAsn }: TanPeer): number {
  const distanceKm = from === undefined || to === undefined ? undefined : kilometres(squaredDistance(from, to))
  return seedRttMs(distanceKm, asn !== 0 && asn === otherAsn)
}

function asCandidate({ peer, have, rttMs, sameNetwork, distanceKm }: Introduction<TanPeer>): Candidate {
  return {
    peerId: peer.id,
    role: peer.role,
    have,
    load: peer.load,
    uploadBytesPerSecond: peer.uploadBytesPerSecond,
    rttMs: Math.round(rttMs * 10) / 10,
    sameNetwork,
    distanceKm: distanceKm === undefined ? undefined : Math.round(distanceKm),
    region: peer.region,
  }
}
