// A peer: one identity that takes part in any number of swarms. It owns what they share: trackers, the account on chain,
// whose transactions go out one after the other, and the redeeming of what all of them earn.
import { type EarningRecord, type RedeemPolicy, unanchored } from '@tan/payments'
import { type Address, assert, type Hash, type Reason, rejected } from '@tan/primitives'
import type { PeerRole, Place } from '@tan/protocol/tracker'
import type { TrackerReport } from '@tan/protocol/tracker/client'
import type { PoolChain } from './chain/pool-chain.ts'
import { createPoolVerifier, type VerifyPool } from './chain/pool-verifier.ts'
import type { SettledTransaction } from './chain/rpc.ts'
import type { TrustAnchor } from './chain/trust-anchor.ts'
import { Trackers } from './meeting/trackers.ts'
import { type EarningsSummary, Redeemer } from './session/redeemer.ts'
import type { Session } from './session/session.ts'
import { type MemberHost, type MemberOptions, SwarmMember } from './swarm/member.ts'
import type { PeerWorld } from './world.ts'

export interface PeerOptions {
  /** as trackers and origins count it */
  readonly role: PeerRole
  readonly world: PeerWorld
  /** nobody else writes to it meanwhile (spec D-ONEWRITER) */
  readonly session: Session
  /** URLs, the best first */
  readonly trackers: readonly string[]
  /** pays peers, and redeems what they pay; without it, neither */
  readonly chain?: PoolChain | undefined
  /** checks the pools of those whom it serves; without it, it serves only what is free */
  readonly anchor?: TrustAnchor | undefined
  readonly redeem: RedeemPolicy
  readonly uploadBytesPerSecond: number
  /** for devnets and tests, whose trackers heed it */
  readonly place?: Place | undefined
  /** what the trackers are told with each heartbeat */
  report(): TrackerReport
  readonly events: {
    redeemed?(transaction: SettledTransaction): void
    /** redeeming does not work for now; it is tried again */
    failed?(rejection: Reason): void
    /** by a tracker */
    refused?(rejection: Reason): void
  }
}

export class Peer {
  readonly #options: PeerOptions
  readonly #trackers: Trackers
  readonly #redeemer: Redeemer | undefined
  readonly #verifyPool: VerifyPool
  readonly #members = new Map<Hash, SwarmMember>()
  readonly #host: MemberHost
  /** the newest of each pool that owes us, as they are on disk */
  readonly #earnings: Map<Hash, EarningRecord>
  /** of the newest settled block that the chain told of */
  #height = 0
  #isMeeting = false
  #sending: Promise<unknown> = Promise.resolve()

  /** Throws what the session's store throws. */
  static async open(options: PeerOptions): Promise<Peer> {
    return new Peer(options, await options.session.records.earnings())
  }

  private constructor(options: PeerOptions, earnings: readonly EarningRecord[]) {
    const { anchor, chain } = options
    this.#options = options
    this.#earnings = new Map(earnings.map(record => [record.poolId, record]))
    this.#verifyPool = anchor === undefined ? () => rejected(unanchored()) : createPoolVerifier(anchor)
    this.#trackers = this.#createTrackers()
    this.#redeemer = chain === undefined ? undefined : this.#createRedeemer(chain)
    this.#host = this.#createHost()
  }

  // ------------------------------------------------------------------------------------------------ doors

  get address(): Address {
    return this.#options.session.address
  }

  /** whether any tracker is connected */
  get hasTracker(): boolean {
    return this.#trackers.isConnected
  }

  /** undefined where it has no chain to redeem on */
  get earnings(): EarningsSummary | undefined {
    return this.#redeemer?.summary()
  }

  /** Redeems from now on, when it pays. */
  start(): void {
    this.#redeemer?.start([...this.#earnings.values()])
  }

  /** Meets other peers from now on, or leaves them all and plays from the origin alone. */
  setMeeting(isOn: boolean): void {
    if (this.#isMeeting === isOn) return
    this.#isMeeting = isOn
    if (isOn) {
      this.#trackers.start()
      for (const member of this.#members.values()) member.meet()
    } else {
      this.#trackers.stop()
      for (const member of this.#members.values()) member.part()
    }
  }

  isMemberOf(resourceId: Hash): boolean {
    return this.#members.has(resourceId)
  }

  /** Once for each resource. */
  join(options: MemberOptions): SwarmMember {
    const { resourceId } = options.resource
    assert(!this.#members.has(resourceId), `a peer joins the swarm of ${resourceId} once`)
    const member = new SwarmMember(options, this.#host)
    this.#members.set(resourceId, member)
    if (this.#height > 0) member.chainSays({ type: 'height', height: this.#height })
    if (this.#isMeeting) member.meet()
    return member
  }

  leave(resourceId: Hash): void {
    this.#members.get(resourceId)?.stop()
    this.#members.delete(resourceId)
  }

  /** Redeems all that is due, whether it pays or not. Rejects with what went wrong. */
  async redeem(): Promise<void> {
    await this.#redeemer?.redeemAll()
  }

  /** Leaves all swarms. The session stays open: it is its owner's. */
  stop(): void {
    this.#isMeeting = false
    for (const resourceId of [...this.#members.keys()]) this.leave(resourceId)
    this.#trackers.stop()
    this.#redeemer?.stop()
  }

  /** Resolves once none of its transactions is under way. */
  async idle(): Promise<void> {
    await this.#sending
  }

  // ------------------------------------------------------------------------------------------------ parts

  #createHost(): MemberHost {
    const peer = this
    const { role, world, session, chain } = this.#options
    return {
      ...{ role, world, session, chain, trackers: this.#trackers },
      get isMeeting() {
        return peer.#isMeeting
      },
      get earnings() {
        return [...peer.#earnings.values()]
      },
      saveEarnings: records => this.#saveEarnings(records),
      verifyPool: proof => this.#verifyPool(proof, session.address),
      send: work => this.#send(work),
    }
  }

  #createTrackers(): Trackers {
    const { role, world, session, trackers, uploadBytesPerSecond, place, report, events } = this.#options
    const { openSocket, timers, random, logger } = world
    return new Trackers({
      ...{ urls: trackers, role, uploadBytesPerSecond, place, openSocket, timers, random, logger, report },
      identity: { peerId: session.address, sign: digest => session.sign(digest) },
      onError: rejection => events.refused?.(rejection),
    })
  }

  #createRedeemer(chain: PoolChain): Redeemer {
    const { session, world, redeem, events } = this.#options
    const { records, secretKey } = session
    const { timers, logger } = world
    return new Redeemer({
      ...{ chain, records, secretKey, policy: redeem, timers, logger },
      send: work => this.#send(work),
      onHeight: height => {
        this.#height = height
        for (const member of this.#members.values()) member.chainSays({ type: 'height', height })
      },
      onChanged: (resourceId, proven) => this.#members.get(resourceId)?.chainSays({ type: 'pool-changed', proven }),
      onEnded: (resourceId, poolId) => {
        this.#earnings.delete(poolId)
        this.#members.get(resourceId)?.chainSays({ type: 'pool-ended', poolId })
      },
      onRedeemed: transaction => events.redeemed?.(transaction),
      onFailed: rejection => events.failed?.(rejection),
    })
  }

  /** spec D-RESTART: on disk before anything is served against it */
  async #saveEarnings(records: readonly EarningRecord[]): Promise<void> {
    await this.#options.session.records.saveEarnings(records)
    for (const record of records) this.#earnings.set(record.poolId, record)
    this.#redeemer?.note(records)
  }

  #send<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#sending.then(work)
    this.#sending = next.catch(() => {})
    return next
  }
}
