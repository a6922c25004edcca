// The trackers of a peer, shared by all swarms that it is in: announcing, candidates, signals and claims.
import type { Claim } from '@tan/payments'
import { type Address, encode, type Hash, type Logger, type Random, type Reason, toHex } from '@tan/primitives'
import { signedVoucherCodec } from '@tan/protocol'
import type { Candidate, IceSignal, PeerRole, Place } from '@tan/protocol/tracker'
import {
  createTrackerClient,
  type TrackerClient,
  type TrackerIdentity,
  type TrackerReport,
  type TrackerSocket,
} from '@tan/protocol/tracker/client'
import { ANNOUNCE_MS, ROUTES_MAX, TRACKERS_USED_MAX } from '../limits.ts'
import type { Timers } from '../ports.ts'

/** One swarm's side of it. */
export interface TrackedSwarm {
  /** part of the resource that it holds, and how many more peers it seeks */
  announcement(): { readonly have: number; readonly want: number }
  candidates(peers: readonly Candidate[]): void
  signal(from: Address, signal: IceSignal): void
  iceServers(servers: readonly string[]): void
  claimed(poolId: Hash, isAdmitted: boolean): void
}

export interface TrackersOptions {
  readonly urls: readonly string[]
  readonly identity: TrackerIdentity
  readonly role: PeerRole
  readonly uploadBytesPerSecond: number
  readonly place?: Place | undefined
  readonly openSocket: (url: string, subprotocol: string) => TrackerSocket
  readonly timers: Timers
  readonly random: Random
  readonly logger: Logger
  readonly report: () => TrackerReport
  /** whether any of them is connected */
  readonly onState?: ((isConnected: boolean) => void) | undefined
  readonly onError?: ((rejection: Reason) => void) | undefined
}

export class Trackers {
  readonly #options: TrackersOptions
  readonly #clients: readonly TrackerClient[]
  readonly #swarms = new Map<Hash, TrackedSwarm>()
  /** through which tracker a peer was named, or spoke to us */
  readonly #routes = new Map<Address, TrackerClient>()
  #iceServers: readonly string[] = []
  #stopTimer = () => {}

  constructor(options: TrackersOptions) {
    this.#options = options
    this.#clients = options.urls.slice(0, TRACKERS_USED_MAX).map(url => this.#createClient(url))
  }

  get isConnected(): boolean {
    return this.#clients.some(client => client.state === 'connected')
  }

  start(): void {
    for (const client of this.#clients) client.start()
    this.#repeat()
  }

  stop(): void {
    this.#stopTimer()
    for (const client of this.#clients) client.stop()
  }

  join(resourceId: Hash, swarm: TrackedSwarm): void {
    this.#swarms.set(resourceId, swarm)
    swarm.iceServers(this.#iceServers)
    this.announce(resourceId)
  }

  leave(resourceId: Hash): void {
    this.#swarms.delete(resourceId)
    for (const client of this.#clients) client.leave(resourceId)
  }

  announce(resourceId: Hash): void {
    const swarm = this.#swarms.get(resourceId)
    if (swarm === undefined) return
    const { have, want } = swarm.announcement()
    for (const client of this.#clients) client.announce(resourceId, have, want)
  }

  signal(resourceId: Hash, to: Address, signal: IceSignal): boolean {
    const client = this.#routes.get(to)
    return client?.signal(resourceId, to, signal) ?? false
  }

  /** True if at least one tracker will answer (spec T-CLAIM). */
  claim({ poolId, claimWei, depositWei, voucher }: Claim): boolean {
    const encoded = voucher === undefined ? undefined : toHex(encode(signedVoucherCodec, voucher))
    return this.#clients.map(client => client.claim({ poolId, claimWei, depositWei, voucher: encoded })).includes(true)
  }

  #repeat(): void {
    this.#stopTimer = this.#options.timers.after(ANNOUNCE_MS, () => {
      for (const resourceId of this.#swarms.keys()) this.announce(resourceId)
      this.#repeat()
    })
  }

  #createClient(url: string): TrackerClient {
    const { identity, role, uploadBytesPerSecond, place, openSocket, timers, random, logger, report } = this.#options
    const client: TrackerClient = createTrackerClient({
      ...{ url, identity, role, uploadBytesPerSecond, place, openSocket, timers, random, report },
      events: {
        welcome: ({ iceServers }) => {
          this.#iceServers = iceServers
          for (const swarm of this.#swarms.values()) swarm.iceServers(iceServers)
        },
        candidates: ({ resourceId, peers }) => {
          for (const { peerId } of peers) this.#route(peerId, client)
          this.#swarms.get(resourceId)?.candidates(peers)
        },
        signal: ({ resourceId, from, signal }) => {
          this.#route(from, client)
          this.#swarms.get(resourceId)?.signal(from, signal)
        },
        claims: ({ poolId, admitted }) => {
          for (const swarm of this.#swarms.values()) swarm.claimed(poolId, admitted)
        },
        error: rejection => {
          logger.debug('the tracker refused something', { url, ...rejection })
          this.#options.onError?.(rejection)
        },
        state: state => {
          logger.debug('tracker', { url, state })
          this.#options.onState?.(this.isConnected)
        },
      },
    })
    return client
  }

  #route(peer: Address, client: TrackerClient): void {
    this.#routes.delete(peer)
    this.#routes.set(peer, client)
    if (this.#routes.size > ROUTES_MAX) this.#routes.delete(this.#routes.keys().next().value!)
  }
}
