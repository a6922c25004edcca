// Settlement of blocks by a committee (spec/consensus.md, settlement): one machine for validators, and for those who only
// follow. `step(input, now)` answers with effects. This file ties the parts together; each rule stands in the part that owns
// what it speaks of.
import { assert, type Hash, type Rejection } from '@tan/primitives'
import {
  type Block,
  type CommitCertificate,
  type ConsensusRecord,
  hashBlock,
  leaderOf,
  type Proposal,
  type SettlementMessage,
  startCertificate,
  verifyRecordJustification,
} from '@tan/protocol'
import { checkAuthorship, checkPlace } from './admission.ts'
import { BlockPool } from './block-pool.ts'
import { Certificates } from './certificates.ts'
import { Collector } from './collector.ts'
import { EpochClock } from './epoch-clock.ts'
import { Epochs } from './epochs.ts'
import { Outbox } from './outbox.ts'
import { Proposer } from './proposer.ts'
import { Settling } from './settling.ts'
import { epochOpenedBy, Signer } from './signer.ts'
import type { TreeBlock } from './tree.ts'
import type {
  RestoredSettlement,
  SettlementConfig,
  SettlementEffect,
  SettlementInput,
  SettlementTimer,
} from './types.ts'
import { Unjustified } from './unjustified.ts'
import { Voter } from './voter.ts'

/** Where a node stands. */
export interface SettlementStatus {
  readonly epoch: number
  /** index in the committee */
  readonly leader: number
  readonly highCertificateEpoch: number
  /** it waits for the others to leave the epoch too */
  readonly hasGivenUpEpoch: boolean
  readonly settledHeight: number
  readonly headHeight: number
}

export class Settlement {
  private readonly config: SettlementConfig
  private readonly out: Outbox
  private readonly signer: Signer
  private readonly pool: BlockPool
  private readonly certificates: Certificates
  private readonly clock: EpochClock
  private readonly collector: Collector
  private readonly settling: Settling
  private readonly unjustified: Unjustified
  private readonly voter: Voter
  private readonly proposer: Proposer
  private readonly epochs: Epochs

  constructor(config: SettlementConfig, { settled, safety, proposals }: RestoredSettlement) {
    this.config = config
    const start = startCertificate(config.era)
    this.out = new Outbox(safety)
    this.signer = new Signer(config, safety, { type: 'certificate', certificate: start })
    this.pool = new BlockPool(settled)
    this.certificates = new Certificates(safety?.highCertificate ?? start, settled.epoch)
    this.clock = new EpochClock(config, this.out, epochOpenedBy(this.signer.entry))
    this.collector = new Collector(config.scheme, config.era)
    this.settling = new Settling(this.pool, this.certificates, this.out)
    this.unjustified = new Unjustified(config.era)
    const { out, pool, certificates, clock, signer, collector, settling, unjustified } = this
    const parts = { config, out, signer, pool, certificates, clock, collector, settling, unjustified }
    this.voter = new Voter({ ...parts, onCertificate: certificate => this.epochs.addCertificate(certificate) })
    this.epochs = new Epochs({ ...parts, onEntered: () => this.voter.tryVote() })
    this.proposer = new Proposer(parts)
    for (const proposal of proposals) pool.restore(proposal, certificates)
    const high = pool.get(certificates.high.blockHash)
    if (high !== undefined) high.certificate = certificates.high
  }

  /** For status pages. */
  status(): SettlementStatus {
    const { epoch } = this.clock
    return {
      epoch,
      leader: leaderOf(this.config.era, epoch),
      highCertificateEpoch: this.certificates.high.epoch,
      hasGivenUpEpoch: this.signer.hasGivenUp(epoch),
      settledHeight: this.pool.settled.height,
      headHeight: this.settling.head.height,
    }
  }

  /** A block of the tree above the settled one, as it came. */
  proposal(hash: Hash): Proposal | undefined {
    return this.pool.get(hash)?.proposal
  }

  /** The consensus records from just above the settled block up to this one, which is in the tree. */
  recordsTo(hash: Hash): ConsensusRecord[] {
    const block = this.pool.get(hash)
    return block === undefined ? [] : this.pool.tree.branch(block).map(({ proposal }) => proposal!.block.record)
  }

  /** The hash of the ancestor of a block of the tree at a height that is not below the settled one's. */
  ancestorHash(hash: Hash, height: number): Hash | undefined {
    const block = this.pool.get(hash)
    return block === undefined ? undefined : this.pool.tree.ancestorAt(block, height)?.hash
  }

  /** After construction, once: executes what was restored, resends what is durable, starts the timers. */
  start(nowMs: number): SettlementEffect[] {
    this.clock.tick(nowMs)
    this.executeChildren(this.pool.settled)
    this.epochs.armTimers(0)
    this.resend()
    // own messages count here as they do elsewhere: without them the last honest validators might lack a quorum for ever
    const { vote, epochChange } = this.signer.newest
    if (vote !== undefined) this.voter.add(vote)
    if (epochChange !== undefined) this.epochs.addEpochChange(epochChange.epochChange)
    return this.out.take()
  }

  step(input: SettlementInput, nowMs: number): SettlementEffect[] {
    this.clock.tick(nowMs)
    if (!this.out.hasFault) this.take(input)
    return this.out.take()
  }

  private take(input: SettlementInput): void {
    switch (input.type) {
      case 'settlement-message':
        return this.onMessage(input.message, input.from)
      case 'executed':
        return this.onExecuted(input.blockHash, input.rejection)
      case 'built':
        return this.onBuilt(input.epoch, input.block, input.blockHash)
      case 'settlement-timer':
        return this.onTimer(input.timer, input.epoch)
      case 'block-finalized':
        return this.settling.finalize(input.hash, input.height)
    }
  }

  private onMessage(message: SettlementMessage, from: number | undefined): void {
    switch (message.type) {
      case 'proposal':
        return this.onProposal(message.proposal, from)
      case 'vote':
        return this.voter.onVote(message.vote, from)
      case 'epoch-change':
        return this.epochs.onEpochChange(message.epochChange, message.certificate, from)
      case 'certificate':
        return this.epochs.onCertificate(message.certificate, from)
      case 'epoch-change-certificate':
        return this.epochs.onEpochChangeCertificate(message.epochChange, message.certificate, from)
    }
  }

  private onTimer(timer: SettlementTimer, epoch: number): void {
    if (epoch !== this.clock.epoch) return
    switch (timer) {
      case 'epoch':
        return this.epochs.giveUp()
      case 'vote':
        return this.voter.tryVote()
      case 'propose':
        this.proposer.due()
        return this.tryPropose()
      case 'resend':
        this.resend()
        this.fetchMissing()
        return this.clock.armResend()
    }
  }

  // ------------------------------------------------------------------------------------------------ proposals

  private onProposal(proposal: Proposal, from: number | undefined): void {
    const { record, header } = proposal.block
    const hash = hashBlock(proposal.block)
    const { settled } = this.pool
    // spec S-GOSSIP: what is not needed is neither verified nor passed on
    if (header.height <= settled.height || record.epoch <= settled.epoch || this.pool.knows(hash)) return
    const wrong = checkAuthorship(this.config, proposal, hash) ?? this.checkJustification(proposal.block, hash)
    if (wrong !== undefined) return this.out.reject(from, wrong)
    // spec S-RECEIPT: take in its certificates first; they may open its epoch, so that no valid proposal is early
    this.epochs.addCertificate(record.justify)
    if (record.epochChange !== undefined)
      this.epochs.enter({ type: 'epoch-change', epochChange: record.epochChange, certificate: record.justify })
    const isNoted = this.note(record.epoch, hash, proposal.signature)
    if (isNoted || this.isNeeded(record.epoch, hash)) this.attachOrKeep(proposal, hash, from)
  }

  /** Whoever votes for a block that its leader signed, and that nothing justifies, is caught. */
  private checkJustification(block: Block, hash: Hash): Rejection | undefined {
    const { scheme, era } = this.config
    const isHeld = (certificate: CommitCertificate): boolean => this.certificates.isHeld(certificate)
    const wrong = verifyRecordJustification(scheme, era, block.record, isHeld)
    if (wrong !== undefined && this.unjustified.note(hash, block)) this.voter.accuse(...this.collector.votesFor(hash))
    return wrong
  }

  /** False for a further proposal of a leader that equivocated already. */
  private note(epoch: number, blockHash: Hash, signature: Uint8Array): boolean {
    const [first] = this.pool.notedIn(epoch)
    const noted = this.pool.note(epoch, { blockHash, signature })
    if (noted === 'rival') {
      const leader = leaderOf(this.config.era, epoch)
      const evidence = {
        type: 'double-proposal',
        leader,
        epoch,
        first: first!,
        second: { blockHash, signature },
      } as const
      this.out.emit({ type: 'settlement-evidence', evidence })
    }
    return noted !== 'surplus'
  }

  /** Certified, or below a block that is kept: it is taken in whatever else its leader proposed. */
  private isNeeded(epoch: number, hash: Hash): boolean {
    return this.certificates.at(epoch)?.blockHash === hash || this.pool.isAwaited(hash)
  }

  private attachOrKeep(proposal: Proposal, hash: Hash, from: number | undefined): void {
    if (this.pool.get(proposal.block.header.parentHash) !== undefined) return this.attach(proposal, hash, from)
    const missing = this.pool.keepOrphan(proposal, hash)
    this.out.taken()
    if (missing !== undefined) this.out.emit({ type: 'fetch', blockHash: missing, from })
  }

  private attach(proposal: Proposal, hash: Hash, from: number | undefined): void {
    const wrong = checkPlace(this.pool.tree, this.committeeSize, proposal.block)
    if (wrong !== undefined) return this.out.reject(from, wrong)
    const block = this.pool.tree.add(proposal, hash, false)
    this.out.taken()
    this.clock.saw(block.epoch)
    const certificate = this.certificates.at(block.epoch)
    if (certificate?.blockHash === hash) this.settling.onCertified(block, certificate)
    if (this.pool.get(hash) === block) this.execute(block)
    for (const [orphanHash, orphan] of this.pool.takeOrphansOf(hash)) this.attach(orphan, orphanHash, from)
  }

  private execute(block: TreeBlock): void {
    if (block.execution !== 'waiting') return
    const parent = this.pool.tree.parentOf(block)
    if (parent.execution === 'invalid') return this.settling.onInvalid(block, 'its parent is invalid')
    if (parent.execution !== 'valid') return
    block.execution = 'executing'
    this.out.emit({ type: 'execute', block: block.proposal!.block, blockHash: block.hash })
  }

  private executeChildren(block: TreeBlock): void {
    for (const child of block.children) this.execute(child)
  }

  private onExecuted(hash: Hash, rejection: string | undefined): void {
    const block = this.pool.get(hash)
    if (block === undefined || block.execution !== 'executing') return
    if (rejection !== undefined) return this.settling.onInvalid(block, rejection)
    block.execution = 'valid'
    this.executeChildren(block)
    this.onValid(block)
  }

  private onValid(block: TreeBlock): void {
    this.settling.onValid(block)
    this.voter.tryVote()
    this.tryPropose()
  }

  private tryPropose(): void {
    const build = this.proposer.build()
    if (build !== undefined) this.out.emit(build)
  }

  private onBuilt(epoch: number, built: Block, hash: Hash): void {
    this.proposer.built(epoch)
    if (epoch !== this.clock.epoch || !this.signer.mayPropose(epoch)) return
    if (checkPlace(this.pool.tree, this.committeeSize, built) !== undefined) return
    assert(built.record.epoch === epoch, `built for epoch ${built.record.epoch} instead of ${epoch}`)
    const signed = this.signer.propose(built, hash, this.certificates.high)
    const { proposal } = signed.message
    const block = this.pool.tree.add(proposal, hash, false)
    block.execution = 'valid'
    this.note(epoch, hash, proposal.signature)
    this.clock.saw(epoch, true)
    this.out.send(signed, this.pool.takeUnwritten(block), this.branchOf(block).slice(0, -1))
    this.onValid(block)
  }

  /** A proposal, and the uncertified ancestors that its leader sends along. */
  private branchOf(block: TreeBlock): SettlementMessage[] {
    const justified = this.pool.get(block.proposal!.block.record.justify.blockHash)
    const branch = justified === undefined ? [block] : this.pool.tree.branch(block, justified)
    return branch.map(({ proposal }) => ({ type: 'proposal', proposal: proposal! }))
  }

  // ------------------------------------------------------------------------------------------------ again

  /** spec S-RESTART: what is durable, byte for byte; and the certificate that opened this epoch, for laggards. */
  private resend(): void {
    if (this.config.self === undefined) return
    const { epoch } = this.clock
    this.out.broadcast(...this.epochs.entryMessages())
    const proposed = this.signer.proposedIn(epoch)
    const block = proposed && this.pool.get(proposed)
    if (block?.proposal !== undefined) this.out.broadcast(...this.branchOf(block))
    const { vote, epochChange } = this.signer.newest
    if (vote?.epoch === epoch) this.out.broadcast({ type: 'vote', vote })
    if (epochChange !== undefined && this.signer.hasGivenUp(epoch))
      this.out.broadcast({ type: 'epoch-change', ...epochChange })
  }

  /** An earlier answer may have been lost. */
  private fetchMissing(): void {
    for (const blockHash of this.pool.missing(this.certificates))
      this.out.emit({ type: 'fetch', blockHash, from: undefined })
  }

  private get committeeSize(): number {
    return this.config.era.committee.signers.length
  }
}
