// Guardian finality (spec/consensus.md, finality): one machine for guardians, and for those who only follow. Two steps,
// Prepare and Commit, over rounds that belong to checkpoints; a ballot aligns the guardians when a checkpoint got stuck.
import { type Hash, type Rejection, toHex } from '@tan/primitives'
import {
  BALLOTS_MAX,
  type BallotProposal,
  ballotDigest,
  ballotOf,
  checkpointHeight,
  checkpointIndex,
  checkpointIndexOf,
  createBitmap,
  type FinalityCertificate,
  type FinalityMessage,
  type FinalityShare,
  type FinalityStatement,
  finalizedPoint,
  GROUP_SIZE,
  isMoreThanFaulty,
  isQuorum,
  type Justification,
  type JustificationChain,
  type JustifiedPoint,
  justifiedPoint,
  keysOf,
  limits,
  type Prepare,
  powerOf,
  rootPoint,
  roundOf,
  type Status,
  samePoint,
  statementDigest,
  statusDigest,
  verifyFinalityCertificate,
  verifyJustificationChain,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import {
  BACKOFF_DOUBLINGS_MAX,
  BALLOTS_PASSED_ON_MAX,
  CHECKPOINTS_MAX,
  JUSTIFICATIONS_MAX,
  LIVE_STATEMENTS_MAX,
  STATEMENTS_OF_GUARDIAN_MAX,
} from '../limits.ts'
import { ballotLeader } from './leader.ts'
import { Offences } from './offences.ts'
import { Tally } from './tally.ts'
import type {
  Checkpoint,
  FinalityConfig,
  FinalityEffect,
  FinalityInput,
  FinalityProgress,
  FinalityRecord,
  FinalityTimer,
  RestoredFinality,
} from './types.ts'

export class Finality {
  private readonly config: FinalityConfig
  private readonly offences = new Offences()
  /** settled checkpoints above the finalized one; of several branches, if the committee is broken */
  private readonly checkpoints = new Map<Hash, Checkpoint>()
  /** justified points above `anchor`, by round and hash, with what justifies them */
  private readonly justified = new Map<string, Justification>()
  /** by the digest of the statement */
  private readonly tallies = new Map<string, { readonly tally: Tally; readonly openedBy: readonly number[] }>()
  private readonly statuses = new Map<number, Status>()

  /** known to all who follow the chain: the root, or the newest point that the chain carries */
  private anchor: JustifiedPoint
  private finalized: JustifiedPoint
  private certificate: FinalityCertificate | undefined
  private highest: JustifiedPoint

  /** P and K of the spec */
  private prepared: number
  private committed: number
  private ballot: number
  private lastPrepare: FinalityShare | undefined
  private lastCommit: FinalityShare | undefined
  private lastStatus: Status | undefined
  private ballotProposal: BallotProposal | undefined
  /** ballots of which a leader's proposal was verified here */
  private readonly passedOnBallots = new Set<number>()
  /** the ballot for which the leader's wait has begun */
  private armedBallot = 0
  private isLeadDue = false
  private isAnswerDue = true

  private out: FinalityEffect[] = []

  constructor(config: FinalityConfig, { record, certificate, carried, checkpoints }: RestoredFinality) {
    this.config = config
    this.anchor = carried ?? rootPoint(config.pool.domain)
    this.finalized = this.anchor
    this.highest = this.anchor
    for (const justification of certificate?.justifications ?? []) this.justify(justification)
    for (const justification of record?.justifications ?? []) this.justify(justification)
    if (certificate !== undefined) this.finalized = later(this.anchor, finalizedPoint(certificate))
    this.certificate = certificate
    this.prepared = record?.prepared ?? 0
    this.committed = record?.committed ?? 0
    this.ballot = record?.ballot ?? 0
    this.lastPrepare = record?.lastPrepare
    this.lastCommit = record?.lastCommit
    this.lastStatus = record?.lastStatus
    for (const checkpoint of checkpoints) this.checkpoints.set(checkpoint.hash, checkpoint)
  }

  /** Where finality stands, for status pages: the checkpoint in work, and the power that prepared and committed it. */
  progress(): FinalityProgress {
    const tallies = [...this.tallies.values()].map(({ tally }) => tally)
    const newest = tallies.reduce((round, { statement }) => Math.max(round, roundOfStatement(statement)), 0)
    const powerOfKind = (type: FinalityStatement['type']): number =>
      tallies
        .filter(({ statement }) => statement.type === type && roundOfStatement(statement) === newest)
        .reduce((power, tally) => Math.max(power, tally.power), 0)
    return {
      ballot: this.ballot,
      finalizedHeight: this.heightOf(this.finalized.round),
      height:
        newest > this.finalized.round
          ? this.heightOf(newest)
          : this.heightOf(this.finalized.round) + this.config.checkpointInterval,
      preparePower: powerOfKind('prepare'),
      commitPower: powerOfKind('commit'),
      totalPower: this.config.pool.set.totalPower,
    }
  }

  /** After construction, once: sends again what is durable, and starts the timers. */
  start(): FinalityEffect[] {
    return this.collect(() => {
      for (const share of [this.lastPrepare, this.lastCommit]) if (share !== undefined) this.takeOwnShare(share)
      this.resend()
      this.armTimer('resend', this.resendMs)
      if (this.ballot > 0) this.armBallotTimer()
      if (this.lastStatus !== undefined) this.takeStatus(this.lastStatus)
      this.advance()
    })
  }

  step(input: FinalityInput): FinalityEffect[] {
    return this.collect(() => {
      switch (input.type) {
        case 'finality-message':
          return this.onMessage(input.message)
        case 'checkpoint-settled':
          return this.onCheckpoint(input.checkpoint)
        case 'finality-carried':
          return this.onCarried(input.certificate)
        case 'finality-timer':
          return this.onTimer(input.timer)
      }
    })
  }

  private collect(act: () => void): FinalityEffect[] {
    this.out = []
    act()
    return this.out
  }

  // ------------------------------------------------------------------------------------------------ what comes in

  private onMessage(message: FinalityMessage): void {
    switch (message.type) {
      case 'share':
        return this.onShare(message.share)
      case 'justified':
        if (this.takeChain(message.justifications)) this.taken()
        return this.advance()
      case 'finalized':
        return this.onCertificate(message.certificate)
      case 'status':
        return this.onStatus(message.status, message.justifications)
      case 'ballot':
        return this.onBallotProposal(message.proposal, message.justifications)
    }
  }

  private onShare(share: FinalityShare): void {
    const round = roundOfStatement(share.statement)
    if (round <= this.finalized.round) return this.answerLaggard()
    if (checkpointIndexOf(round) === 0 || ballotOf(round) > BALLOTS_MAX)
      return this.reject(reject('finality/round', `round ${round} belongs to no checkpoint`))
    const { scheme, pool } = this.config
    const members = Tally.membersOf(pool.set, share)
    if (members === undefined)
      return this.reject(reject('finality/members', `group ${share.group} has no such members`))
    const digest = statementDigest(pool.domain, share.statement)
    const key = toHex(digest)
    const known = this.tallies.get(key)?.tally
    if (known !== undefined && !known.adds(share)) return
    const keys = keysOf(members.map(i => pool.set.signers[i]!))
    if (!scheme.verifyAggregate(digest, keys, share.signature))
      return this.reject(reject('finality/signature', `a share of round ${round} that its members did not sign`))
    this.taken()
    for (const evidence of this.offences.note(share, members)) this.emit({ type: 'finality-evidence', evidence })
    this.takeShare(share, key, members)
    this.advance()
  }

  private takeOwnShare(share: FinalityShare): void {
    const { domain, set } = this.config.pool
    this.takeShare(share, toHex(statementDigest(domain, share.statement)), Tally.membersOf(set, share)!)
  }

  private takeShare(share: FinalityShare, key: string, members: readonly number[]): void {
    let entry = this.tallies.get(key)
    if (entry === undefined) {
      this.makeRoom(members)
      entry = { tally: new Tally(this.config.scheme, this.config.pool.set, share.statement), openedBy: members }
      this.tallies.set(key, entry)
    }
    entry.tally.add(share)
  }

  /** Guardians who open many statements, alone or together, push out their own; of all, the one with the least power goes. */
  private makeRoom(openers: readonly number[]): void {
    for (const opener of openers) {
      const own = [...this.tallies].filter(([, { openedBy }]) => openedBy.includes(opener))
      if (own.length >= STATEMENTS_OF_GUARDIAN_MAX) this.dropWeakest(own)
    }
    if (this.tallies.size >= LIVE_STATEMENTS_MAX) this.dropWeakest([...this.tallies])
  }

  private dropWeakest(entries: [string, { readonly tally: Tally }][]): void {
    const [weakest] = entries.sort(([, a], [, b]) => a.tally.power - b.tally.power)
    if (weakest !== undefined) this.tallies.delete(weakest[0])
  }

  private onCheckpoint(checkpoint: Checkpoint): void {
    const finalizedHeight = this.heightOf(this.finalized.round)
    if (checkpoint.height <= finalizedHeight || this.checkpoints.has(checkpoint.hash)) return
    if (this.checkpoints.size >= CHECKPOINTS_MAX) this.checkpoints.delete(this.checkpoints.keys().next().value!)
    this.checkpoints.set(checkpoint.hash, checkpoint)
    this.advance()
    const { checkpointInterval, stallCheckpoints } = this.config
    const missing = (checkpoint.height - this.heightOf(this.finalized.round)) / checkpointInterval
    // spec F-BALLOT: no finality for so many checkpoints since the instance's start or the last progress
    if (this.ballot === this.ballotOfProgress() && missing >= stallCheckpoints) this.openBallot(this.ballot + 1)
  }

  private onCarried(certificate: FinalityCertificate): void {
    this.onCertificate(certificate)
    const point = finalizedPoint(certificate)
    if (point.round <= this.anchor.round || point.round > this.finalized.round) return
    this.anchor = point
    for (const [key, justification] of this.justified)
      if (justification.prepare.round < point.round) this.justified.delete(key)
  }

  private onCertificate(certificate: FinalityCertificate): void {
    const { scheme, pool } = this.config
    const last = certificate.justifications.at(-1)
    if (last === undefined || last.prepare.round <= this.finalized.round) return
    const wrong = verifyFinalityCertificate(scheme, pool, certificate, point => this.isJustified(point))
    if (wrong !== undefined) return this.reject(wrong)
    this.taken()
    for (const justification of certificate.justifications) this.justify(justification)
    this.finalize(certificate)
    this.advance()
  }

  private onStatus(status: Status, justifications: JustificationChain | undefined): void {
    const { scheme, pool } = this.config
    const guardian = pool.set.signers[status.guardian]
    const known = this.statuses.get(status.guardian)
    if (guardian === undefined || status.ballot === 0 || status.ballot > BALLOTS_MAX)
      return this.reject(reject('finality/status', 'a status of nobody, or of no ballot'))
    if (known !== undefined && known.ballot >= status.ballot) return
    if (!scheme.verify(statusDigest(pool.domain, status), guardian.blsPublicKey, status.signature))
      return this.reject(reject('finality/signature', `a status that guardian ${status.guardian} did not sign`))
    if (justifications !== undefined) this.takeChain(justifications)
    this.taken()
    this.takeStatus(status)
    this.advance()
  }

  private takeStatus(status: Status): void {
    this.statuses.set(status.guardian, status)
    const joined = this.ballotOfMoreThanAThird()
    if (joined > this.ballot) this.openBallot(joined)
    if (!this.isLeader || this.armedBallot === this.ballot) return
    if (!isQuorum(this.powerOfStatuses(this.ballot), this.config.pool.set.totalPower)) return
    this.armedBallot = this.ballot
    this.armTimer('lead', 2 * this.config.deltaMs)
  }

  private onBallotProposal(proposal: BallotProposal, justifications: JustificationChain | undefined): void {
    const { scheme, pool } = this.config
    const isWanted = proposal.ballot === this.ballot && this.ballotProposal === undefined
    if (!isWanted && !this.isWantedByOthers(proposal.ballot)) return
    const leader = pool.set.signers[ballotLeader(pool, proposal.ballot)]!
    if (!scheme.verify(ballotDigest(pool.domain, proposal), leader.blsPublicKey, proposal.signature))
      return this.reject(reject('finality/ballot', `ballot ${proposal.ballot} was not proposed by its leader`))
    if (justifications !== undefined) this.takeChain(justifications)
    this.taken()
    this.notePassedOn(proposal.ballot)
    if (isWanted) this.ballotProposal = proposal
    this.advance()
  }

  /** Who follows without signing is in no ballot, and some guardians are behind: the others are reached through them. */
  private isWantedByOthers(ballot: number): boolean {
    const isOpen = ballot >= this.ballot && ballot > this.ballotOfProgress() && ballot <= BALLOTS_MAX
    return isOpen && !this.passedOnBallots.has(ballot)
  }

  private notePassedOn(ballot: number): void {
    if (this.passedOnBallots.size >= BALLOTS_PASSED_ON_MAX)
      this.passedOnBallots.delete(this.passedOnBallots.keys().next().value!)
    this.passedOnBallots.add(ballot)
  }

  private onTimer(timer: FinalityTimer): void {
    if (timer === 'resend') {
      this.isAnswerDue = true
      this.resend()
      this.armTimer('resend', this.resendMs)
    } else if (timer === 'lead') {
      this.isLeadDue = true
      this.advance()
    } else if (this.ballotOfProgress() < this.ballot) {
      // with nothing to finalize the ballot waits: the next checkpoint still needs its leader, or its timer
      if (this.checkpoints.size > 0) this.openBallot(this.ballot + 1)
      else this.armBallotTimer()
    }
  }

  // ------------------------------------------------------------------------------------------------ justification

  private isJustified(point: JustifiedPoint): boolean {
    return samePoint(point, this.anchor) || samePoint(point, this.finalized) || this.justified.has(pointKey(point))
  }

  private justify(justification: Justification): void {
    const point = justifiedPoint(justification)
    if (this.justified.has(pointKey(point))) return
    if (this.justified.size >= JUSTIFICATIONS_MAX) this.justified.delete(this.justified.keys().next().value!)
    this.justified.set(pointKey(point), justification)
    this.highest = later(this.highest, point)
  }

  /** False where nothing in it is new and valid. */
  private takeChain(chain: JustificationChain): boolean {
    const known = chain.findLastIndex(justification => this.isJustified(justifiedPoint(justification)))
    const news = chain.slice(known + 1)
    if (news.length === 0) return false
    const { scheme, pool } = this.config
    const wrong = verifyJustificationChain(scheme, pool, news, point => this.isJustified(point))
    if (wrong !== undefined) {
      this.reject(wrong)
      return false
    }
    for (const justification of news) this.justify(justification)
    return true
  }

  /** What justifies a point, back to one that everyone who follows the chain knows. */
  private chainTo(point: JustifiedPoint): JustificationChain {
    const chain: Justification[] = []
    for (let at = point; !samePoint(at, this.anchor); ) {
      const justification = this.justified.get(pointKey(at))
      if (justification === undefined) break
      chain.push(justification)
      at = justification.prepare.source
    }
    return chain.reverse()
  }

  /** Does all that the rules allow with what is known now, until nothing changes. */
  private advance(): void {
    for (let isChanged = true; isChanged; ) {
      isChanged = false
      for (const { tally } of this.tallies.values()) if (tally.hasQuorum && this.onQuorum(tally)) isChanged = true
    }
    if (this.config.self === undefined) return
    // spec F-BALLOT: what is justified in a later ballot lets one join it
    if (this.ballotOfProgress() > this.ballot) this.openBallot(this.ballotOfProgress())
    if (this.highest.round > this.finalized.round) this.tryCommit(this.highest)
    this.tryLead()
    this.tryPrepare()
  }

  private onQuorum(tally: Tally): boolean {
    const { statement } = tally
    if (statement.type === 'prepare') {
      const { prepare } = statement
      const point = { hash: prepare.target, round: prepare.round }
      if (point.round <= this.finalized.round || this.isJustified(point) || !this.isJustified(prepare.source))
        return false
      this.justify({ prepare, ...tally.aggregate() })
      return true
    }
    const { point } = statement.commit
    if (point.round <= this.finalized.round || !this.isJustified(point)) return false
    const justifications = this.sendLongChainTo(point)
    if (justifications.length === 0) return false
    const certificate = { justifications, commit: tally.aggregate() }
    this.finalize(certificate)
    this.broadcast({ type: 'finalized', certificate })
    return true
  }

  private finalize(certificate: FinalityCertificate): void {
    const point = finalizedPoint(certificate)
    const height = this.heightOf(point.round)
    const kept = [...this.checkpoints.values()].filter(checkpoint => this.extends(checkpoint, point))
    this.finalized = point
    this.certificate = certificate
    this.highest = later(this.highest, point)
    this.checkpoints.clear()
    for (const checkpoint of kept) this.checkpoints.set(checkpoint.hash, checkpoint)
    for (const [key, { tally }] of this.tallies)
      if (roundOfStatement(tally.statement) <= point.round) this.tallies.delete(key)
    this.emit({ type: 'finalized', height, hash: point.hash, certificate })
  }

  /** The newest certificate, with all that justifies it from a point on that the chain carries; if it is newer than that. */
  certificateFrom(carried: JustifiedPoint): FinalityCertificate | undefined {
    const { certificate } = this
    if (certificate === undefined || finalizedPoint(certificate).round <= carried.round) return undefined
    const chain = this.chainTo(finalizedPoint(certificate))
    const start = chain.findIndex(({ prepare }) => samePoint(prepare.source, carried))
    const justifications = start < 0 ? [] : chain.slice(start)
    if (justifications.length === 0 || justifications.length > limits.FINALITY_SOURCES_MAX) return undefined
    return { justifications, commit: certificate.commit }
  }

  // ------------------------------------------------------------------------------------------------ Prepare and Commit

  /** In ballot 0, and once a later ballot has made progress, without a leader; until then as the ballot's leader says. */
  private tryPrepare(): void {
    if (this.ballot > this.ballotOfProgress()) {
      if (this.ballotProposal !== undefined) this.prepare(this.ballotProposal.prepare)
      return
    }
    const target = this.nextTarget()
    if (target === undefined) return
    const round = this.roundOf(target)
    this.prepare({ round, source: this.highest, target: target.hash })
  }

  /** The highest settled checkpoint strictly above the highest justified one, on its branch; ties: lower hash. */
  private nextTarget(): Checkpoint | undefined {
    let best: Checkpoint | undefined
    for (const checkpoint of this.checkpoints.values()) {
      const isHigher = best === undefined || checkpoint.height > best.height
      const isLower = best !== undefined && checkpoint.height === best.height && checkpoint.hash < best.hash
      if ((isHigher || isLower) && this.extends(checkpoint, this.highest)) best = checkpoint
    }
    return best
  }

  /** Is the checkpoint strictly above the point, on its branch, as far as is settled here? */
  private extends(checkpoint: Checkpoint, point: JustifiedPoint): boolean {
    const height = this.heightOf(point.round)
    let at = checkpoint
    while (at.height > height + this.config.checkpointInterval) {
      const parent = this.checkpoints.get(at.parentHash)
      if (parent === undefined) return false
      at = parent
    }
    return at.height > height && at.parentHash === point.hash
  }

  /** spec F-PREPARE: r > max(P, K), rs >= K, source justified, target settled and a descendant of the source. */
  private prepare({ round, source, target }: Prepare): void {
    if (round <= this.prepared || round <= this.committed) return
    if (source.round < this.committed) return
    if (ballotOf(round) < this.ballot || !this.isJustified(source) || !this.isSettledLink(source, round, target)) return
    this.prepared = round
    this.lastPrepare = this.sign({ type: 'prepare', prepare: { round, source, target } })
    this.sendShare(this.lastPrepare)
  }

  /** Did this node settle the target, at the height that its round says, above the source on the same branch? */
  private isSettledLink(source: JustifiedPoint, round: number, target: Hash): boolean {
    const checkpoint = this.checkpoints.get(target)
    return checkpoint !== undefined && checkpoint.height === this.heightOf(round) && this.extends(checkpoint, source)
  }

  /** spec F-COMMIT: c justified at r, r >= max(P, K). */
  private tryCommit(point: JustifiedPoint): void {
    if (this.config.self === undefined || point.round < this.prepared || point.round <= this.committed) return
    this.committed = point.round
    this.lastCommit = this.sign({ type: 'commit', commit: { point } })
    this.sendShare(this.lastCommit)
  }

  private sign(statement: FinalityStatement): FinalityShare {
    const { scheme, pool } = this.config
    const { index, secretKey } = this.config.self!
    return {
      statement,
      group: Math.floor(index / GROUP_SIZE),
      members: createBitmap([index % GROUP_SIZE], GROUP_SIZE),
      signature: scheme.sign(statementDigest(pool.domain, statement), secretKey),
    }
  }

  private sendShare(share: FinalityShare): void {
    this.persist()
    this.broadcast({ type: 'share', share })
    this.takeOwnShare(share)
    this.advance()
  }

  // ------------------------------------------------------------------------------------------------ ballots

  /** The newest ballot in which something was justified: guardians in it need no leader any more. */
  private ballotOfProgress(): number {
    return Math.max(ballotOf(this.highest.round), ballotOf(this.finalized.round))
  }

  private openBallot(ballot: number): void {
    const { self, scheme, pool } = this.config
    if (self === undefined || ballot > BALLOTS_MAX) return
    this.ballot = ballot
    this.ballotProposal = undefined
    this.isLeadDue = false
    const heights = [...this.checkpoints.values()].map(checkpoint => checkpoint.height)
    const settledHeight = Math.max(this.heightOf(this.finalized.round), ...heights)
    const unsigned = { ballot, justified: this.highest, settledHeight, guardian: self.index }
    const status: Status = { ...unsigned, signature: scheme.sign(statusDigest(pool.domain, unsigned), self.secretKey) }
    this.lastStatus = status
    this.persist()
    this.sendStatus(status)
    this.armBallotTimer()
    this.takeStatus(status)
  }

  private armBallotTimer(): void {
    const doublings = Math.min(BACKOFF_DOUBLINGS_MAX, this.ballot - 1)
    this.armTimer('ballot', this.config.ballotTimeoutMs * 2 ** doublings)
  }

  /** The highest ballot that a third of the power, at least, is in or beyond. */
  private ballotOfMoreThanAThird(): number {
    const { set } = this.config.pool
    const ballots = [...this.statuses.values()].map(status => status.ballot).sort((a, b) => b - a)
    return ballots.find(ballot => isMoreThanFaulty(this.powerOfStatuses(ballot), set.totalPower)) ?? 0
  }

  /** Power of those whose newest status is of this ballot or a later one. */
  private powerOfStatuses(ballot: number): number {
    const { signers } = this.config.pool.set
    return powerOf([...this.statuses.values()].filter(s => s.ballot >= ballot).map(s => signers[s.guardian]!))
  }

  private get isLeader(): boolean {
    return this.ballot > 0 && this.config.self?.index === ballotLeader(this.config.pool, this.ballot)
  }

  /** After a quorum of statuses and twice delta: the highest justified point, and the highest settled checkpoint above it. */
  private tryLead(): void {
    if (!this.isLeadDue || !this.isLeader || this.ballotProposal !== undefined) return
    const target = this.nextTarget()
    if (target === undefined) return
    const round = this.roundOf(target)
    const unsigned = { ballot: this.ballot, prepare: { round, source: this.highest, target: target.hash } }
    const signature = this.config.scheme.sign(
      ballotDigest(this.config.pool.domain, unsigned),
      this.config.self!.secretKey,
    )
    this.ballotProposal = { ...unsigned, signature }
    this.sendBallotProposal(this.ballotProposal)
  }

  // ------------------------------------------------------------------------------------------------ what goes out

  private persist(): void {
    const { prepared, committed, ballot, lastPrepare, lastCommit, lastStatus } = this
    // what is on the own disk needs no proof: the newest part is enough
    const newest = this.chainTo(this.highest).slice(-limits.FINALITY_SOURCES_MAX)
    const justifications = newest.length === 0 ? undefined : newest
    const record: FinalityRecord = { prepared, committed, ballot, lastPrepare, lastCommit, lastStatus, justifications }
    this.emit({ type: 'persist-finality', record })
  }

  /** What justifies a point, to attach to a message; where it is too long for that, all but its last part goes ahead. */
  private sendLongChainTo(point: JustifiedPoint): JustificationChain {
    const chain = this.chainTo(point)
    let start = 0
    for (; chain.length - start > limits.FINALITY_SOURCES_MAX; start += limits.FINALITY_SOURCES_MAX)
      this.broadcast({ type: 'justified', justifications: chain.slice(start, start + limits.FINALITY_SOURCES_MAX) })
    return chain.slice(start)
  }

  private chainOrNone(point: JustifiedPoint): JustificationChain | undefined {
    const chain = this.sendLongChainTo(point)
    return chain.length === 0 ? undefined : chain
  }

  private sendStatus(status: Status): void {
    this.broadcast({ type: 'status', status, justifications: this.chainOrNone(status.justified) })
  }

  private sendBallotProposal(proposal: BallotProposal): void {
    this.broadcast({ type: 'ballot', proposal, justifications: this.chainOrNone(proposal.prepare.source) })
  }

  /** What has not done its work yet, with all that others have added to it. */
  private resend(): void {
    for (const share of [this.lastPrepare, this.lastCommit]) {
      if (share === undefined || roundOfStatement(share.statement) <= this.finalized.round) continue
      const tally = this.tallies.get(toHex(statementDigest(this.config.pool.domain, share.statement)))?.tally
      this.broadcast({ type: 'share', share: tally?.shareOf(share.group) ?? share })
    }
    if (this.lastStatus !== undefined && this.ballot > this.ballotOfProgress()) this.sendStatus(this.lastStatus)
    if (this.isLeader && this.ballotProposal !== undefined && this.ballot > this.ballotOfProgress())
      this.sendBallotProposal(this.ballotProposal)
    if (this.config.self === undefined || this.highest.round <= this.finalized.round) return
    const justifications = this.sendLongChainTo(this.highest)
    if (justifications.length > 0) this.broadcast({ type: 'justified', justifications })
  }

  /** Somebody still works on what is final: once between two resends, tell all. */
  private answerLaggard(): void {
    if (!this.isAnswerDue || this.certificate === undefined || this.config.self === undefined) return
    this.isAnswerDue = false
    this.sendLongChainTo(this.finalized)
    this.broadcast({ type: 'finalized', certificate: this.certificate })
  }

  private get resendMs(): number {
    return 4 * this.config.deltaMs
  }

  private heightOf(round: number): number {
    const { rootHeight: height, checkpointInterval } = this.config
    return checkpointHeight({ height }, checkpointInterval, checkpointIndexOf(round))
  }

  /** In the present ballot. */
  private roundOf(target: Checkpoint): number {
    const { rootHeight: height, checkpointInterval } = this.config
    return roundOf(this.ballot, checkpointIndex({ height }, checkpointInterval, target.height))
  }

  private armTimer(timer: FinalityTimer, delayMs: number): void {
    this.emit({ type: 'finality-timer', timer, delayMs })
  }

  private broadcast(message: FinalityMessage): void {
    this.emit({ type: 'broadcast-finality', message })
  }

  private reject(rejection: Rejection): void {
    this.emit({ type: 'rejected', from: undefined, rejection })
  }

  private taken(): void {
    this.emit({ type: 'taken' })
  }

  private emit(effect: FinalityEffect): void {
    this.out.push(effect)
  }
}

function pointKey({ hash, round }: JustifiedPoint): string {
  return `${round}/${hash}`
}

function later(a: JustifiedPoint, b: JustifiedPoint): JustifiedPoint {
  return b.round > a.round ? b : a
}

function roundOfStatement(statement: FinalityStatement): number {
  return statement.type === 'prepare' ? statement.prepare.round : statement.commit.point.round
}
