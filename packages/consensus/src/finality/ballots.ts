// One ballot after the other (spec F-BALLOT): the newest Status of each guardian, which ballot they let one join, who leads, and
// what its leader proposed. The number of the own ballot is durable and belongs to the signer: it is given here.
import type { AggregateScheme, Rejection } from '@tan/primitives'
import {
  BALLOTS_MAX,
  type BallotProposal,
  ballotDigest,
  type GuardianPool,
  isMoreThanFaulty,
  isQuorum,
  powerOf,
  type Status,
  statusDigest,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import { BACKOFF_DOUBLINGS_MAX, BALLOTS_PASSED_ON_MAX, STATUSES_OF_GUARDIAN_MAX } from '../limits.ts'
import { ballotLeader } from './leader.ts'
import type { FinalityConfig } from './types.ts'

/** Where a guardian stands: in which ballot, and in which one something was justified last. */
export interface BallotPosition {
  readonly ballot: number
  readonly ballotOfProgress: number
}

export class Ballots {
  private readonly scheme: AggregateScheme
  private readonly pool: GuardianPool
  private readonly selfIndex: number | undefined
  private readonly timeoutMs: number
  private readonly statuses = new Map<number, Status>()
  /** how many of each guardian were taken in this period */
  private readonly statusCounts = new Map<number, number>()
  /** what the leader of the own ballot proposed */
  private current: BallotProposal | undefined
  /** ballots of which a leader's proposal was verified here */
  private readonly passedOn = new Set<number>()
  /** the own ballot, once a quorum was in it: then its timers run */
  private filledBallot = 0
  private isLeadDue = false

  constructor({ scheme, pool, self, ballotTimeoutMs }: FinalityConfig) {
    this.scheme = scheme
    this.pool = pool
    this.selfIndex = self?.index
    this.timeoutMs = ballotTimeoutMs
  }

  get proposal(): BallotProposal | undefined {
    return this.current
  }

  /** In ballot 0, and once a later ballot has made progress, guardians need no leader. */
  static needsLeader({ ballot, ballotOfProgress }: BallotPosition): boolean {
    return ballot > ballotOfProgress
  }

  /** spec F-TIMER: how long a ballot waits for progress, from when a quorum is in it. */
  timeoutOf({ ballot, ballotOfProgress }: BallotPosition): number {
    return this.timeoutMs * 2 ** Math.min(BACKOFF_DOUBLINGS_MAX, Math.max(0, ballot - ballotOfProgress - 1))
  }

  /** Another ballot is the own one now. */
  enter(): void {
    this.current = undefined
    this.isLeadDue = false
  }

  // ------------------------------------------------------------------------------------------------ statuses

  /** Undefined for a Status that is right and new. */
  verifyStatus(status: Status): 'nothing-new' | Rejection | undefined {
    const guardian = this.pool.set.signers[status.guardian]
    if (guardian === undefined || status.ballot === 0 || status.ballot > BALLOTS_MAX)
      return reject('finality/status', 'a status of nobody, or of no ballot')
    const known = this.statuses.get(status.guardian)
    if (known !== undefined && known.ballot >= status.ballot) return 'nothing-new'
    if ((this.statusCounts.get(status.guardian) ?? 0) >= STATUSES_OF_GUARDIAN_MAX) return 'nothing-new'
    if (!this.scheme.verify(statusDigest(this.pool.domain, status), guardian.blsPublicKey, status.signature))
      return reject('finality/signature', `a status that guardian ${status.guardian} did not sign`)
    return undefined
  }

  addStatus(status: Status): void {
    this.statuses.set(status.guardian, status)
    this.statusCounts.set(status.guardian, (this.statusCounts.get(status.guardian) ?? 0) + 1)
  }

  /** Between two resends a guardian may open few ballots: what was not taken of it is sent again. */
  beginPeriod(): void {
    this.statusCounts.clear()
  }

  /** The highest ballot that more than the faulty are in or beyond: it lets others join. */
  joinable(): number {
    const ballots = [...this.statuses.values()].map(status => status.ballot).sort((a, b) => b - a)
    return ballots.find(ballot => isMoreThanFaulty(this.powerIn(ballot), this.pool.set.totalPower)) ?? 0
  }

  /**
   * spec F-TIMER: is a quorum in the own ballot or beyond, for the first time? Its timers begin with that, and not when one guardian enters:
   * so that nobody runs ahead alone, and all who are right begin within a few messages' ways of each other.
   */
  fills(ballot: number): boolean {
    if (this.filledBallot === ballot || !isQuorum(this.powerIn(ballot), this.pool.set.totalPower)) return false
    this.filledBallot = ballot
    return true
  }

  /** Power of those whose newest Status is of this ballot or a later one. */
  private powerIn(ballot: number): number {
    const { signers } = this.pool.set
    return powerOf([...this.statuses.values()].filter(s => s.ballot >= ballot).map(s => signers[s.guardian]!))
  }

  // ------------------------------------------------------------------------------------------------ leaders

  isLeader(ballot: number): boolean {
    return ballot > 0 && this.selfIndex === ballotLeader(this.pool, ballot)
  }

  /** The leader has waited. */
  endLeadWait(): void {
    this.isLeadDue = true
  }

  mayLead(ballot: number): boolean {
    return this.isLeadDue && this.isLeader(ballot) && this.current === undefined
  }

  lead(proposal: BallotProposal): void {
    this.current = proposal
  }

  /** Undefined for a proposal that is right, and that this node or others need. */
  verifyProposal(proposal: BallotProposal, position: BallotPosition): 'nothing-new' | Rejection | undefined {
    const { ballot } = proposal
    if (!this.isWantedHere(ballot, position.ballot) && !this.isWantedByOthers(ballot, position)) return 'nothing-new'
    const leader = this.pool.set.signers[ballotLeader(this.pool, ballot)]!
    if (!this.scheme.verify(ballotDigest(this.pool.domain, proposal), leader.blsPublicKey, proposal.signature))
      return reject('finality/ballot', `ballot ${ballot} was not proposed by its leader`)
    return undefined
  }

  addProposal(proposal: BallotProposal, ownBallot: number): void {
    if (this.passedOn.size >= BALLOTS_PASSED_ON_MAX) this.passedOn.delete(this.passedOn.keys().next().value!)
    this.passedOn.add(proposal.ballot)
    if (this.isWantedHere(proposal.ballot, ownBallot)) this.current = proposal
  }

  private isWantedHere(ballot: number, ownBallot: number): boolean {
    return ballot === ownBallot && this.current === undefined
  }

  /** A node that follows without signing is in no ballot, and some guardians are behind: the others are reached through them. */
  private isWantedByOthers(ballot: number, position: BallotPosition): boolean {
    const isOpen = ballot >= position.ballot && ballot > position.ballotOfProgress && ballot <= BALLOTS_MAX
    return isOpen && !this.passedOn.has(ballot)
  }
}
