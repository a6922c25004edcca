// A member of the swarm of one resource, viewer or edge: the one place that joins tracker, meetings, runner, and what it
// pays from. What all members of one peer share comes from the peer.
import type { PeerReport, SwarmInput, Wanted } from '@tan/delivery'
import type { EarningRecord, ProvenPool } from '@tan/payments'
import type { Result } from '@tan/primitives'
import { assert, type Hash } from '@tan/primitives'
import type { PoolProof } from '@tan/protocol'
import type { Candidate, PeerRole } from '@tan/protocol/tracker'
import type { PoolChain } from '../chain/pool-chain.ts'
import { Meetings } from '../meeting/meetings.ts'
import type { Trackers } from '../meeting/trackers.ts'
import type { PieceStore } from '../ports.ts'
import type { Session } from '../session/session.ts'
import type { PeerWorld } from '../world.ts'
import { Origin } from './origin.ts'
import { type OpenPool, type PayingPlan, Purse } from './purse.ts'
import type { Resource } from './resource.ts'
import { type RunnerEvents, SwarmRunner } from './runner.ts'

export interface MemberEvents extends RunnerEvents {
  /** peers that a tracker named */
  named?(peers: readonly Candidate[]): void
  poolOpened?(pool: OpenPool): void
}

export interface HeldSegment {
  readonly rendition: number
  readonly segment: number
  readonly hashes: Uint8Array
}

export interface MemberOptions {
  readonly resource: Resource
  readonly pieces: PieceStore
  /** whole segments that are in the store already, and their piece hashes */
  readonly held?: Iterable<HeldSegment> | undefined
  /** does it serve others? */
  readonly serves: boolean
  /** TANGam wei per piece that it asks for: the manifest's price, or less */
  readonly piecePriceWei: bigint
  /** what payers of one credit pool may owe it (spec D-LIMIT) */
  readonly unredeemedMaxWei: bigint
  /** blocks before a pool's expiry in which it serves nobody from it */
  readonly expiryMarginBlocks: number
  /** without it, it takes only what is free */
  readonly paying?: PayingPlan | undefined
  /** connections that it seeks while it holds this part of the resource; it accepts up to `peersMax` */
  peersWanted(have: number): number
  readonly peersMax: number
  /** whether it seeks this peer; all of them unless it says so */
  seeks?(candidate: Candidate): boolean
  readonly events: MemberEvents
}

/** What the members of one peer share. */
export interface MemberHost {
  readonly role: PeerRole
  readonly world: PeerWorld
  readonly session: Session
  readonly trackers: Trackers
  /** whether it meets peers at all now */
  readonly isMeeting: boolean
  readonly chain: PoolChain | undefined
  /** what earlier runs earned with any resource, as far as it is not redeemed for good */
  readonly earnings: readonly EarningRecord[]
  saveEarnings(records: readonly EarningRecord[]): Promise<void>
  verifyPool(proof: PoolProof): Result<ProvenPool>
  /** one transaction of the session's account after the other */
  send<T>(work: () => Promise<T>): Promise<T>
}

export class SwarmMember {
  readonly resource: Resource
  readonly #options: MemberOptions
  readonly #host: MemberHost
  readonly #purse: Purse | undefined
  readonly #runner: SwarmRunner
  readonly #meetings: Meetings
  /** what the tracker was told that pools owe us: its answer says only which pool it is about */
  readonly #claims = new Map<Hash, bigint>()

  constructor(options: MemberOptions, host: MemberHost) {
    this.resource = options.resource
    this.#options = options
    this.#host = host
    this.#purse = this.#createPurse()
    this.#runner = this.#createRunner()
    this.#meetings = this.#createMeetings()
    for (const segment of options.held ?? []) this.#runner.dispatch({ type: 'held', ...segment })
    this.#join()
  }

  // ------------------------------------------------------------------------------------------------ doors

  /** part of the resource that it holds */
  get have(): number {
    return this.#runner.swarm.have
  }

  get connections(): number {
    return this.#runner.connections
  }

  /** measured of all sources together */
  get bytesPerMs(): number {
    return this.#runner.swarm.bytesPerMs
  }

  /** promised to all peers over its pool's life */
  get paidWei(): bigint {
    return this.#runner.swarm.paidWei
  }

  /** that it pays from, once it is settled */
  get pool(): OpenPool | undefined {
    return this.#purse?.pool
  }

  peers(): PeerReport[] {
    return this.#runner.swarm.peers()
  }

  holds(rendition: number, segment: number): boolean {
    return this.#runner.holds(rendition, segment)
  }

  /** Replaces what was wanted before. */
  want(wanted: readonly Wanted[]): void {
    this.#runner.want(wanted)
  }

  /** The bytes of a segment, every one of them checked, once it is whole. Rejects with the signal's reason. */
  read(rendition: number, segment: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#runner.read(rendition, segment, signal)
  }

  /** The store let go of a segment. */
  dropped(rendition: number, segment: number): void {
    this.#runner.dispatch({ type: 'dropped', rendition, segment })
  }

  // ------------------------------------------------------------------------------------------------ for its peer

  /** The peer meets others from now on. */
  meet(): void {
    this.#purse?.open()
  }

  /** The peer leaves all others for now. */
  part(): void {
    this.#runner.disconnectAll()
  }

  /** What the chain says: of its height, or of a pool that pays us. */
  chainSays(input: Extract<SwarmInput, { type: 'height' | 'pool-changed' | 'pool-ended' }>): void {
    this.#runner.dispatch(input)
  }

  stop(): void {
    this.#host.trackers.leave(this.resource.resourceId)
    this.#purse?.stop()
    this.#meetings.stop()
    this.#runner.stop()
  }

  // ------------------------------------------------------------------------------------------------ parts

  #createPurse(): Purse | undefined {
    const { paying, events } = this.#options
    if (paying === undefined) return undefined
    const { chain, session, world, send } = this.#host
    assert(chain !== undefined, 'a member that pays has a chain')
    const { random, timers, logger } = world
    return new Purse({
      ...{ resourceId: this.resource.resourceId, plan: paying, chain, session, random, timers, logger, send },
      payFrom: (pool, record, isComing) => this.#runner.payFrom(pool, record, isComing),
      opened: pool => events.poolOpened?.(pool),
      failed: rejection => events.failed?.(rejection),
    })
  }

  #createRunner(): SwarmRunner {
    const { serves, piecePriceWei, unredeemedMaxWei, expiryMarginBlocks, pieces, events } = this.#options
    const { role, world, session, chain, earnings } = this.#host
    const { resourceId, catalog, folders, manifest } = this.resource
    const { get, timers, random, sha256, clock, logger } = world
    return new SwarmRunner({
      ...{ catalog, pieces, sha256, clock, timers, logger },
      swarm: {
        identity: session,
        random,
        serves,
        payee: {
          piecePriceWei,
          openingWei: manifest.openingWei,
          unredeemedMaxWei,
          expiryMarginBlocks,
          announcesClaims: true,
          followsChain: chain !== undefined,
          records: earnings.filter(record => record.resourceId === resourceId),
        },
        signVoucher: voucher => session.signVoucher(manifest.chainId, voucher),
      },
      origin: new Origin({ catalog, folders, get, timers, client: role }),
      savePayments: record => session.records.savePayments(record),
      saveEarnings: records => this.#host.saveEarnings(records),
      provePool: async (poolId, target) => this.#payer().prove(poolId, target),
      reserve: async (poolId, target, amountWei) => this.#payer().reserve(poolId, target, amountWei),
      verifyPool: proof => this.#host.verifyPool(proof),
      claim: claim => {
        this.#claims.set(claim.poolId, claim.claimWei)
        // spec D-CLAIM: without a tracker, what may stay unredeemed bounds the risk alone
        if (!this.#host.trackers.claim(claim)) this.#claimed(claim.poolId, true)
      },
      events: {
        ...events,
        closed: (address, rejection) => {
          events.closed?.(address, rejection)
          this.#replace()
        },
      },
    })
  }

  #createMeetings(): Meetings {
    const { peersMax } = this.#options
    const { world, session, trackers } = this.#host
    const { resourceId } = this.resource
    const { connect, clock, timers, random, logger } = world
    return new Meetings({
      ...{ resourceId, self: session.address, connect, clock, timers, random, peersMax },
      peersWanted: () => this.#wanted(),
      isConnectedTo: peer => this.#runner.isConnectedTo(peer),
      isBanned: peer => this.#runner.swarm.isBanned(peer),
      connections: () => this.#runner.connections,
      signal: (to, signal) => trackers.signal(resourceId, to, signal),
      opened: (channel, peer) => (this.#host.isMeeting ? this.#runner.add(channel, peer) : channel.close()),
      failed: (peer, rejection) => logger.debug('no connection', { peer, ...rejection }),
    })
  }

  #join(): void {
    const { seeks = () => true, events } = this.#options
    this.#host.trackers.join(this.resource.resourceId, {
      announcement: () => ({
        have: this.#runner.swarm.servesOthers ? this.#runner.swarm.have : 0,
        want: this.#missing(),
      }),
      candidates: peers => {
        events.named?.(peers)
        if (this.#host.isMeeting) this.#meetings.seek(peers.filter(seeks).map(({ peerId }) => peerId))
      },
      signal: (from, signal) => {
        if (this.#host.isMeeting) this.#meetings.receive(from, signal)
      },
      iceServers: servers => this.#meetings.setIceServers(servers),
      claimed: (poolId, isAdmitted) => this.#claimed(poolId, isAdmitted),
    })
  }

  /** Asks for others at once when one has left whom it needed. */
  #replace(): void {
    if (this.#host.isMeeting && this.#missing() > 0) this.#host.trackers.announce(this.resource.resourceId)
  }

  #missing(): number {
    return Math.max(0, this.#wanted() - this.#runner.connections)
  }

  #wanted(): number {
    return this.#options.peersWanted(this.#runner.swarm.have)
  }

  #claimed(poolId: Hash, isAdmitted: boolean): void {
    const claimWei = this.#claims.get(poolId)
    if (claimWei !== undefined) this.#runner.dispatch({ type: 'claimed', poolId, claimWei, isAdmitted })
  }

  #payer(): Purse {
    assert(this.#purse !== undefined, 'a member without a purse pays nobody')
    return this.#purse
  }
}
