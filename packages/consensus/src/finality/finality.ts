// Guardian finality (spec/consensus.md, finality): one machine for guardians, and for those who only follow. Two steps,
// Prepare and Commit, over rounds that belong to checkpoints; a ballot aligns the guardians when a checkpoint got stuck. Its
// parts each own what they know; here they are wired together, and nothing is kept that they do not.
import {
  type BallotProposal,
  type FinalityCertificate,
  type FinalityMessage,
  type FinalityShare,
  finalizedPoint,
  type JustificationChain,
  type JustifiedPoint,
  justifiedPoint,
  lastJustification,
  type Prepare,
  type Status,
} from '@tan/protocol'
import { type BallotPosition, Ballots } from './ballots.ts'
import { CheckpointTree } from './checkpoints.ts'
import { Justifications } from './justifications.ts'
import { Offences } from './offences.ts'
import { Outbox } from './outbox.ts'
import { roundOfStatement } from './points.ts'
import { Repeats } from './repeats.ts'
import { GuardianSigner, type Signed } from './signer.ts'
import { Tallies } from './tallies.ts'
import type { Tally } from './tally.ts'
import type {
  Checkpoint,
  FinalityConfig,
  FinalityEffect,
  FinalityInput,
  FinalityProgress,
  FinalityTimer,
  RestoredFinality,
} from './types.ts'

export class Finality {
  private readonly config: FinalityConfig
  private readonly justifications: Justifications
  private readonly signer: GuardianSigner
  private readonly tallies: Tallies
  private readonly ballots: Ballots
  private readonly checkpoints: CheckpointTree
  private readonly offences = new Offences()
  private readonly outbox: Outbox
  private readonly repeats: Repeats

  constructor(config: FinalityConfig, restored: RestoredFinality) {
    this.config = config
    this.justifications = new Justifications(config, restored)
    this.signer = new GuardianSigner(config, this.justifications, restored.record)
    this.tallies = new Tallies(config)
    this.ballots = new Ballots(config)
    this.checkpoints = new CheckpointTree(config, restored.checkpoints)
    this.outbox = new Outbox(this.justifications, this.signer)
    const { justifications, signer, tallies, ballots, outbox } = this
    this.repeats = new Repeats({ justifications, signer, tallies, ballots, outbox }, 4 * config.deltaMs)
  }

  /** Where finality stands, for status pages: the checkpoint in work, and the power that prepared and committed it. */
  progress(): FinalityProgress {
    const newest = this.tallies.newestRound
    const { round } = this.justifications.finalized
    const finalizedHeight = this.checkpoints.heightOf(round)
    return {
      ballot: this.signer.ballot,
      finalizedHeight,
      height: newest > round ? this.checkpoints.heightOf(newest) : finalizedHeight + this.config.checkpointInterval,
      preparePower: this.tallies.powerAt('prepare', newest),
      commitPower: this.tallies.powerAt('commit', newest),
      totalPower: this.config.pool.set.totalPower,
    }
  }

  /** The newest certificate, with all that justifies it from a point on that the chain carries; if it is newer than that. */
  certificateFrom(carried: JustifiedPoint): FinalityCertificate | undefined {
    return this.justifications.certificateFrom(carried)
  }

  /** After construction, once: sends again what is durable, and starts the timers. */
  start(): FinalityEffect[] {
    return this.outbox.collect(() => {
      const { lastPrepare, lastCommit, lastStatus } = this.signer
      for (const share of [lastPrepare, lastCommit]) if (share !== undefined) this.tallies.add(share)
      this.repeats.sendAll()
      if (lastStatus !== undefined) this.takeStatus(lastStatus)
      this.advance()
    })
  }

  step(input: FinalityInput): FinalityEffect[] {
    return this.outbox.collect(() => {
      switch (input.type) {
        case 'finality-message':
          return this.onMessage(input.message)
        case 'checkpoint-settled':
          return this.onCheckpoint(input.checkpoint)
        case 'finality-carried':
          return this.onCarried(input.certificate)
        case 'finality-timer':
          return this.onTimer(input.timer, input.ballot)
      }
    })
  }

  // ------------------------------------------------------------------------------------------------ what comes in

  private onMessage(message: FinalityMessage): void {
    switch (message.type) {
      case 'share':
        return this.onShare(message.share)
      case 'justified':
        return this.onChain(message.justifications)
      case 'finalized':
        return this.onCertificate(message.certificate)
      case 'status':
        return this.onStatus(message.status, message.justifications)
      case 'ballot':
        return this.onBallotProposal(message.proposal, message.justifications)
    }
  }

  private onShare(share: FinalityShare): void {
    if (roundOfStatement(share.statement) <= this.justifications.finalized.round) return this.repeats.answerLaggard()
    const members = this.tallies.admit(share)
    if (members === 'nothing-new') return
    if ('code' in members) return this.outbox.reject(members)
    // spec F-EVIDENCE: two prove the offence
    if (this.offences.areProved(share.statement, members)) return
    const wrong = this.tallies.verify(share, members)
    if (wrong !== undefined) return this.outbox.reject(wrong)
    this.outbox.taken()
    for (const evidence of this.offences.note(share, members)) this.outbox.emit({ type: 'finality-evidence', evidence })
    this.tallies.add(share)
    this.advance()
  }

  private onCheckpoint(checkpoint: Checkpoint): void {
    if (!this.checkpoints.add(checkpoint, this.justifications.finalized.round)) return
    this.advance()
    const { ballot, ballotOfProgress } = this.position
    const missing = this.checkpoints.distance(checkpoint.height, this.justifications.finalized.round)
    // spec F-BALLOT: no finality for so many checkpoints since the instance's start or the last progress
    if (ballot === ballotOfProgress && missing >= this.config.stallCheckpoints) this.openBallot(ballot + 1)
  }

  private onCarried(certificate: FinalityCertificate): void {
    this.onCertificate(certificate)
    this.justifications.raiseAnchor(finalizedPoint(certificate))
  }

  private onCertificate(certificate: FinalityCertificate): void {
    const outcome = this.justifications.takeCertificate(certificate)
    if (outcome === 'nothing-new') return
    if (outcome !== 'taken') return this.outbox.reject(outcome)
    this.outbox.taken()
    this.finalize(certificate)
    this.advance()
  }

  private onStatus(status: Status, justifications: JustificationChain | undefined): void {
    const wrong = this.ballots.verifyStatus(status)
    if (wrong === 'nothing-new') return
    if (wrong !== undefined) return this.outbox.reject(wrong)
    // in its own name this node sends nothing but what it has just signed
    const isForeign = status.guardian !== this.signer.index
    const passOn = (): void => (isForeign ? this.outbox.sendStatus(status) : undefined)
    if (!this.takeAttached(justifications, passOn)) return
    this.takeStatus(status)
    this.advance()
  }

  private takeStatus(status: Status): void {
    this.ballots.addStatus(status)
    const joinable = this.ballots.joinable()
    if (joinable > this.signer.ballot) this.openBallot(joinable)
    if (!this.ballots.fills(this.signer.ballot)) return
    this.armBallotTimer()
    if (this.ballots.isLeader(this.signer.ballot)) this.outbox.armTimer('lead', 2 * this.config.deltaMs)
  }

  private onBallotProposal(proposal: BallotProposal, justifications: JustificationChain | undefined): void {
    const wrong = this.ballots.verifyProposal(proposal, this.position)
    if (wrong === 'nothing-new') return
    if (wrong !== undefined) return this.outbox.reject(wrong)
    if (!this.takeAttached(justifications, () => this.outbox.sendBallotProposal(proposal))) return
    this.ballots.addProposal(proposal, this.signer.ballot)
    this.advance()
  }

  private onTimer(timer: FinalityTimer, ballot: number): void {
    if (timer === 'resend') {
      this.repeats.beginPeriod()
      this.repeats.sendAll()
    } else if (ballot !== this.signer.ballot) {
      // spec F-TIMER: it fired while its ballot was left: in the new one nobody has waited yet
    } else if (timer === 'lead') {
      this.ballots.endLeadWait()
      this.advance()
    } else if (Ballots.needsLeader(this.position)) {
      // with nothing to finalize the ballot waits: the next checkpoint still needs its leader, or its timer
      if (!this.checkpoints.isEmpty) this.openBallot(this.signer.ballot + 1)
      else this.armBallotTimer()
    }
  }

  private onChain(chain: JustificationChain): void {
    const outcome = this.justifications.takeChain(chain)
    if (outcome === 'nothing-new') return
    if (outcome !== 'taken') return this.outbox.reject(outcome)
    if (this.justifications.holds(chain)) this.outbox.taken()
    else this.outbox.sendJustified(justifiedPoint(lastJustification(chain)))
    this.advance()
  }

  /**
   * spec F-GOSSIP: the justifications that came with a verified message. Only a message of which every part was verified here may be passed
   * on; in place of another `send` passes on what it says with this node's own justifications. False for a forged one: it
   * does not take the place of the right one, which is still to come.
   */
  private takeAttached(chain: JustificationChain | undefined, send: () => void): boolean {
    const outcome = chain === undefined ? 'taken' : this.justifications.takeChain(chain)
    if (typeof outcome === 'object') {
      this.outbox.reject(outcome)
      return !outcome.isFinal
    }
    if (chain === undefined || this.justifications.holds(chain)) this.outbox.taken()
    else send()
    return true
  }

  // ------------------------------------------------------------------------------------------------ what follows

  /** Does all that the rules allow with what is known now, until nothing changes. */
  private advance(): void {
    for (let isChanged = true; isChanged; ) {
      isChanged = false
      for (const tally of this.tallies.withQuorum()) if (this.onQuorum(tally)) isChanged = true
    }
    if (!this.signer.canSign) return
    const { ballot, ballotOfProgress } = this.position
    // spec F-BALLOT: what is justified in a later ballot lets one join it
    if (ballotOfProgress > ballot) this.openBallot(ballotOfProgress)
    this.tryCommit()
    this.tryLead()
    this.tryPrepare()
  }

  private onQuorum(tally: Tally): boolean {
    const { statement } = tally
    if (statement.type === 'prepare') return this.justifications.takeQuorum(statement.prepare, () => tally.aggregate())
    // spec F-FINAL: a quorum of Commits at the round at which the point is justified
    const { point } = statement.commit
    if (point.round <= this.justifications.finalized.round || !this.justifications.isJustified(point)) return false
    const justifications = this.outbox.sendAhead(point)
    if (justifications.length === 0) return false
    const certificate = { justifications, commit: tally.aggregate() }
    this.finalize(certificate)
    this.outbox.sendCertificate(certificate)
    return true
  }

  private finalize(certificate: FinalityCertificate): void {
    const point = this.justifications.finalize(certificate)
    this.checkpoints.prune(point)
    this.tallies.dropUpTo(point.round)
    const height = this.checkpoints.heightOf(point.round)
    this.outbox.emit({ type: 'finalized', height, hash: point.hash, certificate })
  }

  /** spec F-COMMIT: to the highest justified point. */
  private tryCommit(): void {
    const { highest, finalized } = this.justifications
    if (highest.round > finalized.round) this.sendShare(this.signer.commit(highest))
  }

  /** spec F-PREPARE: without a leader from the highest justified point; in a ballot as its leader says. */
  private tryPrepare(): void {
    const { highest } = this.justifications
    const prepare = Ballots.needsLeader(this.position)
      ? this.ballots.proposal?.prepare
      : this.checkpoints.nextPrepare(this.signer.ballot, highest)
    if (prepare === undefined || !this.isAllowed(prepare)) return
    this.sendShare(this.signer.prepare(prepare))
  }

  /** spec F-PREPARE, as far as it is about what this node knows: the signer decides the rest. */
  private isAllowed(prepare: Prepare): boolean {
    return this.justifications.isJustified(prepare.source) && this.checkpoints.isSettledLink(prepare)
  }

  private sendShare(signed: Signed<FinalityShare> | undefined): void {
    if (signed === undefined) return
    this.outbox.sendSignedShare(signed)
    this.tallies.add(signed.message)
    this.advance()
  }

  // ------------------------------------------------------------------------------------------------ ballots

  private get position(): BallotPosition {
    return { ballot: this.signer.ballot, ballotOfProgress: this.justifications.ballotOfProgress }
  }

  private openBallot(ballot: number): void {
    const { highest, finalized } = this.justifications
    const report = { ballot, justified: highest, settledHeight: this.checkpoints.highestHeight(finalized.round) }
    const signed = this.signer.openBallot(report)
    if (signed === undefined) return
    this.ballots.enter()
    this.outbox.sendSignedStatus(signed)
    this.takeStatus(signed.message)
  }

  private armBallotTimer(): void {
    this.outbox.armTimer('ballot', this.ballots.timeoutOf(this.position))
  }

  /** After a quorum of statuses and twice delta: the highest justified point, and the highest settled checkpoint above it. */
  private tryLead(): void {
    if (!this.ballots.mayLead(this.signer.ballot)) return
    const prepare = this.checkpoints.nextPrepare(this.signer.ballot, this.justifications.highest)
    const proposal = prepare && this.signer.propose(prepare)
    if (proposal === undefined) return
    this.ballots.lead(proposal)
    this.outbox.sendBallotProposal(proposal)
  }
}
