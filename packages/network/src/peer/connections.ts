// The connected peers: who is let in, when a peer counts as one of our chain, who is told of it, and why it goes.
import type { Clock, Reason } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import type { Protocol } from '../protocols.ts'
import type { Telemetry } from '../telemetry.ts'
import type { PeerEvent, PeerId, PeerInfo } from '../transport.ts'
import type { Link } from '../wire/wire.ts'
import { PeerLink, type PeerLinkOwner } from './peer-link.ts'
import type { Standing } from './standing.ts'

export interface ConnectionsOptions {
  readonly peersMax: number
  readonly arePrivateAllowed: boolean
  readonly clock: Clock
  readonly standing: Standing
  readonly telemetry: Telemetry
  readonly owner: ConnectionsOwner
}

export interface ConnectionsOwner extends PeerLinkOwner {
  isBootstrap(peer: PeerId): boolean
  /** Ends the wire's connection, which tells `remove` then. */
  disconnect(peer: PeerId): void
  /** A connection ended, whether or not the peer had become one of ours. */
  lost(peer: PeerId): void
  penalize(peer: PeerId, protocol: Protocol, reason: Reason): void
}

export class Connections {
  readonly #peersMax: number
  readonly #arePrivateAllowed: boolean
  readonly #clock: Clock
  readonly #standing: Standing
  readonly #telemetry: Telemetry
  readonly #owner: ConnectionsOwner
  readonly #links = new Map<PeerId, PeerLink>()
  readonly #handlers: ((event: PeerEvent) => void)[] = []
  #checkedMs = 0

  constructor({ peersMax, arePrivateAllowed, clock, standing, telemetry, owner }: ConnectionsOptions) {
    this.#peersMax = peersMax
    this.#arePrivateAllowed = arePrivateAllowed
    this.#clock = clock
    this.#standing = standing
    this.#telemetry = telemetry
    this.#owner = owner
  }

  onPeer(handler: (event: PeerEvent) => void): void {
    this.#handlers.push(handler)
  }

  all(): readonly PeerLink[] {
    return [...this.#links.values()]
  }

  get(peer: PeerId): PeerLink | undefined {
    return this.#links.get(peer)
  }

  /** Those that are of our chain, as others may know them. */
  infos(): readonly PeerInfo[] {
    return this.all()
      .filter(link => link.isUsable)
      .map(link => this.#info(link))
  }

  admits(peer: PeerId, link: Link): boolean {
    if (this.#standing.isBanned(peer)) return false
    if (link.direction === 'outbound' || this.#links.has(peer) || this.#owner.isBootstrap(peer)) return true
    if (this.#links.size >= this.#peersMax) return false
    if (link.scope === 'private' && this.#arePrivateAllowed) return true
    let fromHost = 0
    for (const { host } of this.#links.values()) if (host === link.host) fromHost++
    return fromHost < LIMITS.peersPerHostMax
  }

  /** The new link, or undefined if the peer is connected already. */
  add(peer: PeerId, wireLink: Link): PeerLink | undefined {
    if (this.#links.has(peer)) return undefined
    const link = new PeerLink(peer, wireLink, this.#owner, this.#clock)
    this.#links.set(peer, link)
    this.#telemetry.connected(peer, link.direction, link.host)
    return link
  }

  remove(peer: PeerId): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    const reason = link.closeReason ?? LOST
    this.#links.delete(peer)
    link.close(reason)
    this.#telemetry.disconnected(peer, reason)
    this.#owner.lost(peer)
    if (!link.isReady) return
    this.#telemetry.peers(this.infos().length)
    this.#emit({ type: 'disconnected', peer: this.#info(link), reason })
  }

  /** It has shown that it is of our chain. */
  becomeReady(link: PeerLink): void {
    if (link.isReady || link.closeReason !== undefined || this.#links.get(link.peer) !== link) return
    link.becomeReady()
    this.#telemetry.peers(this.infos().length)
    this.#emit({ type: 'connected', peer: this.#info(link) })
  }

  disconnect(link: PeerLink, reason: Reason): void {
    // a peer may have come back since: its new connection is not the one that is meant
    if (link.closeReason !== undefined || this.#links.get(link.peer) !== link) return
    link.closeReason = reason
    link.close(reason)
    this.#owner.disconnect(link.peer)
  }

  /** What is on its way still arrives; those who are connected when it ends are told `reason`. */
  prepareStop(reason: Reason): void {
    for (const link of this.#links.values()) link.closeReason ??= reason
  }

  /** Disconnects peers that do not read, and those that never greeted. */
  check(): void {
    const nowMs = this.#clock.nowMs()
    // after a pause of this process, what came meanwhile is read first: nobody is blamed for our own delay
    const wasPaused = nowMs - this.#checkedMs > LIMITS.pausedMs
    this.#checkedMs = nowMs
    for (const link of wasPaused ? [] : this.all()) {
      const slow = link.checkProgress(nowMs)
      if (slow !== undefined) {
        this.#owner.penalize(link.peer, slow, SLOW_READER)
        this.disconnect(link, SLOW_READER)
      } else if (!link.isReady && nowMs - link.connectedAtMs > LIMITS.helloTimeoutMs) this.disconnect(link, NO_HELLO)
    }
  }

  #emit(event: PeerEvent): void {
    for (const handler of this.#handlers) handler(event)
  }

  #info(link: PeerLink): PeerInfo {
    return {
      id: link.peer,
      direction: link.direction,
      addresses: link.addresses,
      connectedAtMs: link.connectedAtMs,
      penaltyPoints: this.#standing.points(link.peer),
    }
  }
}

const LOST: Reason = { code: 'network/lost', message: 'the connection closed' }
const SLOW_READER: Reason = { code: 'network/slow-reader', message: 'the peer does not take what is sent to it' }
const NO_HELLO: Reason = { code: 'network/no-hello', message: 'the peer did not greet in time' }
