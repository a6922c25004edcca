// Settlement of blocks by a committee (spec/consensus.md, settlement): one machine for validators, and for those who only
// follow. `step(input, now)` answers with effects. Each rule of the spec is named where it is carried out.
import { assert, equalBytes, type Hash, type Rejection } from '@tan/primitives'
import {
  type Block,
  type CommitCertificate,
  type ConsensusRecord,
  type EpochChange,
  type EpochChangeCertificate,
  epochChangeDigest,
  hashBlock,
  hashRecord,
  highestReported,
  type Proposal,
  proposeDigest,
  revealDigest,
  type SettlementMessage,
  type SettlementProof,
  startCertificate,
  type Vote,
  verifyCommitCertificate,
  verifyEpochChangeCertificate,
  voteDigest,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import { BACKOFF_DOUBLINGS_MAX, ORPHANS_MAX, PROPOSALS_OF_EPOCH_MAX } from '../limits.ts'
import { Collector } from './collector.ts'
import { BlockTree, type TreeBlock } from './tree.ts'
import type {
  Entry,
  EpochChangeReport,
  RestoredSettlement,
  SafetyRecord,
  SettlementConfig,
  SettlementEffect,
  SettlementInput,
  SettlementTimer,
} from './types.ts'

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
  private readonly tree: BlockTree
  private readonly collector: Collector
  /** at most one an epoch, for epochs above the settled one */
  private readonly certificates = new Map<number, CommitCertificate>()
  private readonly orphans = new Map<Hash, Proposal>()
  private readonly proposalsOfEpoch = new Map<number, { blockHash: Hash; signature: Uint8Array }[]>()
  private readonly answeredAtMs = new Map<number, number>()

  private epoch: number
  private entry: Entry
  private highCertificate: CommitCertificate
  private lastProposal: SafetyRecord['lastProposal']
  private lastVote: Vote | undefined
  private lastEpochChange: EpochChangeReport | undefined
  private head: TreeBlock
  private finalized: { readonly hash: Hash; readonly height: number } | undefined
  /** proved settled, but not yet executed here */
  private pending: { readonly block: TreeBlock; readonly proof: SettlementProof } | undefined
  /** of the block of the newest epoch seen: pacing counts from it */
  private newestSeen = { epoch: 0, atMs: Number.NEGATIVE_INFINITY }
  private isProposeDue = false
  private buildingEpoch = 0
  private hasFault = false

  private nowMs = 0
  private out: SettlementEffect[] = []

  constructor(config: SettlementConfig, restored: RestoredSettlement) {
    this.config = config
    this.tree = new BlockTree(restored.settled)
    this.collector = new Collector(config.scheme, config.committee)
    this.head = this.tree.settled
    const start = startCertificate(config.committee.domain)
    const { safety } = restored
    this.highCertificate = safety?.highCertificate ?? start
    this.entry = safety?.entry ?? { type: 'certificate', certificate: start }
    this.epoch = epochOpenedBy(this.entry)
    this.lastProposal = safety?.lastProposal
    this.lastVote = safety?.lastVote
    this.lastEpochChange = safety?.lastEpochChange
    if (this.highCertificate.epoch > restored.settled.epoch)
      this.certificates.set(this.highCertificate.epoch, this.highCertificate)
    for (const proposal of restored.proposals) this.restoreBlock(proposal)
    const high = this.tree.get(this.highCertificate.blockHash)
    if (high !== undefined) high.certificate = this.highCertificate
  }

  /** For status pages. */
  status(): SettlementStatus {
    return {
      epoch: this.epoch,
      leader: this.leaderOf(this.epoch),
      highCertificateEpoch: this.highCertificate.epoch,
      hasGivenUpEpoch: this.hasGivenUp(this.epoch),
      settledHeight: this.tree.settled.height,
      headHeight: this.head.height,
    }
  }

  /** A block of the tree above the settled one, as it came. */
  proposal(hash: Hash): Proposal | undefined {
    return this.tree.get(hash)?.proposal
  }

  /** The consensus records from just above the settled block up to this one, which is in the tree. */
  recordsTo(hash: Hash): ConsensusRecord[] {
    const block = this.tree.get(hash)
    return block === undefined ? [] : this.tree.branch(block).map(({ proposal }) => proposal!.block.record)
  }

  /** The hash of the ancestor of a block of the tree at a height that is not below the settled one's. */
  ancestorHash(hash: Hash, height: number): Hash | undefined {
    const block = this.tree.get(hash)
    return block === undefined ? undefined : this.tree.ancestorAt(block, height)?.hash
  }

  /** After construction, once: executes what was restored, resends what is durable, starts the timers. */
  start(nowMs: number): SettlementEffect[] {
    return this.collect(nowMs, () => {
      this.executeChildren(this.tree.settled)
      this.armTimers(0)
      this.resend()
      // own messages count here as they do elsewhere: without them the last honest validators might lack a quorum for ever
      if (this.lastVote !== undefined) this.addVote(this.lastVote)
      if (this.lastEpochChange !== undefined) this.addEpochChange(this.lastEpochChange.epochChange)
    })
  }

  step(input: SettlementInput, nowMs: number): SettlementEffect[] {
    return this.collect(nowMs, () => {
      if (this.hasFault) return
      switch (input.type) {
        case 'settlement-message':
          return this.onMessage(input.message, input.from)
        case 'executed':
          return this.onExecuted(input.blockHash, input.rejection)
        case 'built':
          return this.onBuilt(input.epoch, input.block)
        case 'settlement-timer':
          return this.onTimer(input.timer, input.epoch)
        case 'block-finalized':
          this.finalized = { hash: input.hash, height: input.height }
      }
    })
  }

  private collect(nowMs: number, act: () => void): SettlementEffect[] {
    this.nowMs = nowMs
    this.out = []
    act()
    return this.out
  }

  // ------------------------------------------------------------------------------------------------ what comes in

  private onMessage(message: SettlementMessage, from: number | undefined): void {
    switch (message.type) {
      case 'proposal':
        return this.onProposal(message.proposal, from)
      case 'vote':
        return this.onVote(message.vote, from)
      case 'epoch-change':
        return this.onEpochChange(message.epochChange, message.certificate, from)
      case 'certificate':
        return this.onCertificate(message.certificate, from)
      case 'epoch-change-certificate':
        return this.onEpochChangeCertificate(message.epochChange, message.certificate, from)
    }
  }

  /** Of a settled epoch, or one that says the same as what is held: nothing new, whoever signed it, and not worth verifying. */
  private onCertificate(certificate: CommitCertificate, from: number | undefined): void {
    const isOld = certificate.epoch <= this.tree.settled.epoch && certificate.epoch < this.epoch
    if (isOld || this.isCertified(certificate)) return
    if (this.takeCertificate(certificate, from)) this.taken()
  }

  private onProposal(proposal: Proposal, from: number | undefined): void {
    const { record, header } = proposal.block
    const hash = hashBlock(proposal.block)
    const { settled } = this.tree
    if (header.height <= settled.height || record.epoch <= settled.epoch) return
    if (this.tree.get(hash) !== undefined || this.orphans.has(hash)) return
    const wrong = this.checkAuthorship(proposal, hash) ?? this.checkJustification(record)
    if (wrong !== undefined) return this.reject(from, wrong)
    // spec S-RECEIPT: take in its certificates first; they may open its epoch, so that no valid proposal is early
    this.addCertificate(record.justify)
    if (record.epochChange !== undefined)
      this.enter(record.epoch, { type: 'epoch-change', epochChange: record.epochChange, certificate: record.justify })
    const isNoted = this.noteProposal(record.epoch, hash, proposal.signature)
    if (isNoted || this.isNeeded(record.epoch, hash)) this.attachOrKeep(proposal, hash, from)
  }

  /** Certified, or below a block that is kept: it is taken in whatever else its leader proposed. */
  private isNeeded(epoch: number, hash: Hash): boolean {
    if (this.certificates.get(epoch)?.blockHash === hash) return true
    for (const { block } of this.orphans.values()) if (block.header.parentHash === hash) return true
    return false
  }

  private checkAuthorship({ block, signature }: Proposal, hash: Hash): Rejection | undefined {
    const { header, record } = block
    const { scheme, committee } = this.config
    const leader = committee.set.signers[this.leaderOf(record.epoch)]!
    if (hashRecord(record) !== header.recordHash)
      return reject('proposal/record', `block ${hash} does not commit to the record that came with it`)
    if (header.beneficiary !== leader.address)
      return reject('proposal/leader', `${header.beneficiary} is not the leader of epoch ${record.epoch}`)
    const publicKey = leader.blsPublicKey
    const isSigned = scheme.verifyBatch([
      { message: proposeDigest(committee.domain, record.epoch, hash), publicKey, signature },
      { message: revealDigest(committee.domain, record.epoch), publicKey, signature: record.reveal },
    ])
    return isSigned ? undefined : reject('proposal/signature', `block ${hash} is not signed by its leader`)
  }

  /** spec S-VALID: J.epoch = e-1, or a valid EC(e) with J.epoch at least each epoch in it. */
  private checkJustification({ epoch, justify, epochChange }: ConsensusRecord): Rejection | undefined {
    const { scheme, committee } = this.config
    if ((epochChange === undefined) !== (justify.epoch === epoch - 1) || justify.epoch >= epoch)
      return reject('proposal/justify', `epoch ${epoch} is not justified by a certificate of epoch ${justify.epoch}`)
    const wrong = this.isHeld(justify) ? undefined : verifyCommitCertificate(scheme, committee, justify)
    if (wrong !== undefined || epochChange === undefined) return wrong
    if (epochChange.epoch !== epoch || justify.epoch < highestReported(epochChange))
      return reject('proposal/epoch-change', `the epoch change does not allow epoch ${epoch} on ${justify.epoch}`)
    return verifyEpochChangeCertificate(scheme, committee, epochChange)
  }

  /** Of a leader that equivocates two are kept, the second as evidence. False for any further one. */
  private noteProposal(epoch: number, blockHash: Hash, signature: Uint8Array): boolean {
    const known = this.proposalsOfEpoch.get(epoch) ?? []
    if (known.some(other => other.blockHash === blockHash)) return true
    if (known.length >= PROPOSALS_OF_EPOCH_MAX) return false
    const first = known[0]
    if (first !== undefined) {
      const leader = this.leaderOf(epoch)
      const evidence = { type: 'double-proposal', leader, epoch, first, second: { blockHash, signature } } as const
      this.emit({ type: 'settlement-evidence', evidence })
    }
    this.proposalsOfEpoch.set(epoch, [...known, { blockHash, signature }])
    return true
  }

  private onVote(vote: Vote, from: number | undefined): void {
    const voter = this.config.committee.set.signers[vote.voter]
    if (vote.epoch <= this.tree.settled.epoch || this.certificates.get(vote.epoch)?.blockHash === vote.blockHash) return
    if (voter === undefined || vote.justifyEpoch >= vote.epoch)
      return this.reject(from, reject('vote/form', 'a vote of nobody, or justified above its epoch'))
    const known = this.collector.voteOf(vote.voter, vote.epoch)
    if (known?.blockHash === vote.blockHash && known.justifyEpoch === vote.justifyEpoch) return
    const digest = voteDigest(this.config.committee.domain, vote)
    if (!this.config.scheme.verify(digest, voter.blsPublicKey, vote.signature))
      return this.reject(from, reject('vote/signature', `a vote that validator ${vote.voter} did not sign`))
    this.taken()
    this.addVote(vote)
  }

  private addVote(vote: Vote): void {
    const evidence = this.collector.addVote(vote)
    if (evidence !== undefined) return this.emit({ type: 'settlement-evidence', evidence })
    const certificate = this.collector.certificateFor(vote)
    if (certificate !== undefined) this.addCertificate(certificate)
  }

  private onEpochChange(change: EpochChange, certificate: CommitCertificate, from: number | undefined): void {
    const sender = this.config.committee.set.signers[change.sender]
    if (change.epoch <= this.epoch) return this.answerLaggard(change.sender)
    if (sender === undefined || certificate.epoch !== change.certificateEpoch || certificate.epoch >= change.epoch)
      return this.reject(from, reject('epoch-change/form', 'an epoch change without the certificate it names'))
    if (this.collector.epochChangeOf(change.sender, change.epoch) !== undefined) return
    const digest = epochChangeDigest(this.config.committee.domain, change)
    if (!this.config.scheme.verify(digest, sender.blsPublicKey, change.signature))
      return this.reject(from, reject('epoch-change/signature', `validator ${change.sender} did not sign it`))
    if (!this.takeCertificate(certificate, from)) return
    this.taken()
    this.addEpochChange(change)
  }

  private addEpochChange(change: EpochChange): void {
    const evidence = this.collector.addEpochChange(change)
    if (evidence !== undefined) return this.emit({ type: 'settlement-evidence', evidence })
    if (change.epoch > this.epoch) {
      const epochChange = this.collector.epochChangeCertificateFor(change.epoch)
      if (epochChange !== undefined)
        this.enter(change.epoch, { type: 'epoch-change', epochChange, certificate: this.highCertificate })
    }
    if (this.collector.isGivenUp(this.epoch)) this.giveUp()
  }

  private onEpochChangeCertificate(
    epochChange: EpochChangeCertificate,
    certificate: CommitCertificate,
    from: number | undefined,
  ): void {
    if (epochChange.epoch <= this.epoch) return
    // before anything is verified, or an old certificate could be sent with it again and again at no cost
    if (certificate.epoch < highestReported(epochChange))
      return this.reject(from, reject('epoch-change/certificate', 'without a certificate of its highest epoch'))
    if (!this.takeCertificate(certificate, from) || epochChange.epoch <= this.epoch) return
    const wrong = verifyEpochChangeCertificate(this.config.scheme, this.config.committee, epochChange)
    if (wrong !== undefined) return this.reject(from, wrong)
    this.taken()
    this.enter(epochChange.epoch, { type: 'epoch-change', epochChange, certificate })
  }

  private onTimer(timer: SettlementTimer, epoch: number): void {
    if (epoch !== this.epoch) return
    if (timer === 'epoch') this.giveUp()
    else if (timer === 'vote') this.tryVote()
    else if (timer === 'resend') {
      this.resend()
      this.fetchMissing()
      this.armResend()
    } else {
      this.isProposeDue = true
      this.tryPropose()
    }
  }

  // ------------------------------------------------------------------------------------------------ certificates and epochs

  /** Is a certificate held that says the same? Its signers may be others. */
  private isCertified({ epoch, blockHash, justifyEpoch }: CommitCertificate): boolean {
    const held = this.certificates.get(epoch)
    return held !== undefined && held.blockHash === blockHash && held.justifyEpoch === justifyEpoch
  }

  /** Is it the very one that is held, so that it is verified? Others see all of its bytes: another must be right by itself. */
  private isHeld(certificate: CommitCertificate): boolean {
    const held = this.certificates.get(certificate.epoch)
    return (
      held !== undefined &&
      this.isCertified(certificate) &&
      equalBytes(held.signers, certificate.signers) &&
      equalBytes(held.signature, certificate.signature)
    )
  }

  /** Verifies and takes in a certificate from outside; false where it is not valid. */
  private takeCertificate(certificate: CommitCertificate, from: number | undefined): boolean {
    if (this.isHeld(certificate)) return true
    const wrong = verifyCommitCertificate(this.config.scheme, this.config.committee, certificate)
    if (wrong !== undefined) this.reject(from, wrong)
    else this.addCertificate(certificate)
    return wrong === undefined
  }

  /** spec S-CERTIFICATE: any valid CC seen raises highCC, and opens the next epoch. */
  private addCertificate(certificate: CommitCertificate): void {
    const { epoch } = certificate
    // also for a settled block: after a crash the settled chain may be newer than the safety record
    if (epoch > this.highCertificate.epoch) this.highCertificate = certificate
    if (epoch > this.tree.settled.epoch && !this.isCertified(certificate)) this.keepCertificate(certificate)
    if (!this.hasFault) this.enter(epoch + 1, { type: 'certificate', certificate })
  }

  private keepCertificate(certificate: CommitCertificate): void {
    const { epoch, blockHash } = certificate
    if (this.certificates.has(epoch))
      return this.fault(
        'settlement/two-certificates',
        `two different certificates at epoch ${epoch}: the committee is broken`,
      )
    this.certificates.set(epoch, certificate)
    const block = this.tree.get(blockHash)
    if (block !== undefined) this.onCertified(block, certificate)
    else if (!this.orphans.has(blockHash)) this.emit({ type: 'fetch', blockHash, from: undefined })
  }

  private onCertified(block: TreeBlock, certificate: CommitCertificate): void {
    block.certificate = certificate
    if (block.execution === 'invalid')
      return this.fault(
        'settlement/invalid-certified',
        `a quorum certified block ${block.hash}, which this ledger refuses`,
      )
    this.trySettle(block)
    this.updateHead()
  }

  /** spec S-SETTLE: CC(A), CC(B), parent(B) = A, B.justify = CC(A), B.epoch = A.epoch + 1 settle A and its ancestors. */
  private trySettle(block: TreeBlock): void {
    if (block.certificate === undefined || block.proposal === undefined) return
    const { header, record } = block.proposal.block
    const parent = this.tree.parentOf(block)
    if (record.justify.blockHash !== parent.hash || block.epoch !== parent.epoch + 1) return
    if (parent.height <= Math.max(this.tree.settled.height, this.pending?.block.height ?? 0)) return
    this.pending = { block: parent, proof: { header, record, certificate: block.certificate } }
    this.flushSettled()
  }

  private flushSettled(): void {
    if (this.pending === undefined || this.pending.block.execution !== 'valid') return
    const { block, proof } = this.pending
    this.pending = undefined
    if (block.height >= (this.finalized?.height ?? 0) && !this.descendsFromFinalized(block))
      return this.fault('finality/conflict', `settled block ${block.hash} conflicts with what guardians finalized`)
    if (!this.tree.descendsFrom(this.head, block)) this.setHead(block)
    const { settled, dropped } = this.tree.settle(block)
    this.emit({
      type: 'settled',
      blocks: settled.map(({ hash, proposal, certificate }) => ({ hash, proposal: proposal!, certificate })),
      proof,
      dropped: dropped.map(lost => lost.hash),
    })
    for (const epoch of this.certificates.keys()) if (epoch <= block.epoch) this.certificates.delete(epoch)
    for (const epoch of this.proposalsOfEpoch.keys()) if (epoch <= block.epoch) this.proposalsOfEpoch.delete(epoch)
    for (const [hash, orphan] of this.orphans) if (orphan.block.header.height <= block.height) this.orphans.delete(hash)
  }

  /** spec S-ENTER: on CC(e-1) or EC(e); pass it on; e never falls. */
  private enter(epoch: number, entry: Entry): void {
    if (epoch <= this.epoch) return
    this.epoch = epoch
    this.entry = entry
    this.isProposeDue = false
    if (this.config.self !== undefined) this.broadcast(entryMessage(entry))
    const pacingMs =
      entry.type === 'certificate' && this.newestSeen.epoch === epoch - 1
        ? clamp(this.newestSeen.atMs + this.config.blockIntervalMs - this.nowMs, 0, this.config.blockIntervalMs)
        : 0
    this.armTimers(pacingMs)
    this.tryVote()
    if (this.collector.isGivenUp(this.epoch)) this.giveUp()
  }

  private armTimers(pacingMs: number): void {
    this.armResend()
    if (this.config.self === undefined) return
    this.armTimer('epoch', this.timeoutMs() + pacingMs)
    if (this.leaderOf(this.epoch) === this.config.self.index) this.armTimer('propose', pacingMs)
  }

  /** spec S-TIMER: base * 2^min(6, (e-1-highCC.epoch) + floor((e-1-settled.epoch) / committeeSize)). */
  private timeoutMs(): number {
    const sinceCertificate = this.epoch - 1 - this.highCertificate.epoch
    const sinceSettled = Math.floor((this.epoch - 1 - this.tree.settled.epoch) / this.committeeSize)
    return (
      this.config.timeoutBaseMs * 2 ** Math.min(BACKOFF_DOUBLINGS_MAX, Math.max(0, sinceCertificate) + sinceSettled)
    )
  }

  private armResend(): void {
    this.armTimer('resend', this.config.timeoutBaseMs)
  }

  /** spec S-TIMEOUT: write, then send EpochChange(e+1, highCC). */
  private giveUp(): void {
    const { self, scheme, committee } = this.config
    if (self === undefined || this.hasGivenUp(this.epoch)) return
    const unsigned = { epoch: this.epoch + 1, certificateEpoch: this.highCertificate.epoch }
    const signature = scheme.sign(epochChangeDigest(committee.domain, unsigned), self.secretKey)
    const epochChange: EpochChange = { ...unsigned, sender: self.index, signature }
    const certificate = this.highCertificate
    this.lastEpochChange = { epochChange, certificate }
    this.persist([])
    this.broadcast({ type: 'epoch-change', epochChange, certificate })
    this.addEpochChange(epochChange)
  }

  /** What is signed once does not fall back: who wants to enter a later epoch neither votes nor proposes in this one. */
  private hasGivenUp(epoch: number): boolean {
    return (this.lastEpochChange?.epochChange.epoch ?? 0) > epoch
  }

  // ------------------------------------------------------------------------------------------------ the tree

  private attachOrKeep(proposal: Proposal, hash: Hash, from: number | undefined): void {
    const { parentHash } = proposal.block.header
    if (this.tree.get(parentHash) !== undefined) return this.attach(proposal, hash, from)
    if (this.orphans.size >= ORPHANS_MAX) this.orphans.delete(this.orphans.keys().next().value!)
    this.orphans.set(hash, proposal)
    this.taken()
    if (!this.orphans.has(parentHash)) this.emit({ type: 'fetch', blockHash: parentHash, from })
  }

  private attach(proposal: Proposal, hash: Hash, from: number | undefined): void {
    const wrong = this.checkPlace(proposal.block)
    if (wrong !== undefined) return this.reject(from, wrong)
    const block = this.tree.add(proposal, hash, false)
    this.taken()
    if (block.epoch > this.newestSeen.epoch) this.newestSeen = { epoch: block.epoch, atMs: this.nowMs }
    const certificate = this.certificates.get(block.epoch)
    if (certificate?.blockHash === hash) this.onCertified(block, certificate)
    if (this.tree.get(hash) === block) this.execute(block)
    for (const [orphanHash, orphan] of this.orphans) {
      if (orphan.block.header.parentHash !== hash) continue
      this.orphans.delete(orphanHash)
      this.attach(orphan, orphanHash, from)
    }
  }

  /** spec S-VALID: what a block's place in the tree must be. Its parent is known. */
  private checkPlace({ header, record }: Block): Rejection | undefined {
    const parent = this.tree.get(header.parentHash)
    const refuse = (message: string): Rejection => reject('proposal/place', message)
    if (parent === undefined) return refuse('its parent was dropped')
    if (this.tree.isFull) return reject('proposal/full', 'too many unsettled blocks')
    if (header.height !== parent.height + 1) return refuse(`height ${header.height} on ${parent.height}`)
    if (record.epoch <= parent.epoch) return refuse(`epoch ${record.epoch} on ${parent.epoch}`)
    const justified = this.tree.get(record.justify.blockHash)
    if (
      justified === undefined ||
      justified.epoch !== record.justify.epoch ||
      !this.tree.descendsFrom(parent, justified)
    )
      return refuse('the block that its certificate names is not its ancestor')
    const parentJustifyEpoch = parent.proposal?.block.record.justify.epoch ?? 0
    if (record.justify.epoch < parentJustifyEpoch) return refuse('justified by an older certificate than its parent')
    if (parent.height - justified.height > this.committeeSize) return refuse('too many uncertified ancestors')
    return undefined
  }

  private restoreBlock(proposal: Proposal): void {
    const { header, record } = proposal.block
    const hash = hashBlock(proposal.block)
    if (this.tree.get(hash) !== undefined || this.tree.get(header.parentHash) === undefined) return
    const block = this.tree.add(proposal, hash, true)
    this.noteProposal(record.epoch, hash, proposal.signature)
    const { justify } = record
    const justified = this.tree.get(justify.blockHash)
    if (justified !== undefined && justify.epoch > this.tree.settled.epoch) {
      this.certificates.set(justify.epoch, justify)
      justified.certificate = justify
    }
    block.certificate = this.certificates.get(block.epoch)
  }

  private execute(block: TreeBlock): void {
    if (block.execution !== 'waiting') return
    const parent = this.tree.parentOf(block)
    if (parent.execution === 'invalid') return this.invalidate(block, 'its parent is invalid')
    if (parent.execution !== 'valid') return
    block.execution = 'executing'
    this.emit({ type: 'execute', block: block.proposal!.block, blockHash: block.hash })
  }

  private executeChildren(block: TreeBlock): void {
    for (const child of block.children) this.execute(child)
  }

  private onExecuted(hash: Hash, rejection: string | undefined): void {
    const block = this.tree.get(hash)
    if (block === undefined || block.execution !== 'executing') return
    if (rejection !== undefined) return this.invalidate(block, rejection)
    block.execution = 'valid'
    this.executeChildren(block)
    this.onValid(block)
  }

  private onValid(block: TreeBlock): void {
    if (block.certificate !== undefined) this.trySettle(block)
    this.flushSettled()
    this.updateHead()
    this.tryVote()
    this.tryPropose()
  }

  private invalidate(block: TreeBlock, why: string): void {
    for (const lost of this.tree.subtree(block)) {
      lost.execution = 'invalid'
      if (lost.certificate !== undefined || this.pending?.block === lost)
        return this.fault(
          'settlement/invalid-certified',
          `a quorum certified block ${lost.hash}, which this ledger refuses: ${why}`,
        )
    }
    this.reject(undefined, reject('proposal/invalid', `block ${block.hash}: ${why}`))
  }

  private updateHead(): void {
    const block = this.tree.get(this.highCertificate.blockHash)
    if (block !== undefined && block.execution === 'valid' && block !== this.head) this.setHead(block)
  }

  private setHead(block: TreeBlock): void {
    this.head = block
    this.emit({ type: 'head', blockHash: block.hash })
  }

  // ------------------------------------------------------------------------------------------------ propose and vote

  /** spec S-PROPOSE. */
  private tryPropose(): void {
    const { self, scheme, committee } = this.config
    if (self === undefined || !this.isProposeDue || this.buildingEpoch === this.epoch) return
    if (this.leaderOf(this.epoch) !== self.index || (this.lastProposal?.epoch ?? 0) >= this.epoch) return
    if (this.hasGivenUp(this.epoch)) return
    const justified = this.highestExecutedCertificate()
    if (justified === undefined) return
    const { block, certificate } = justified
    const epochChange = certificate.epoch === this.epoch - 1 ? undefined : this.entryEpochChange()
    this.buildingEpoch = this.epoch
    const record: ConsensusRecord = {
      epoch: this.epoch,
      reveal: scheme.sign(revealDigest(committee.domain, this.epoch), self.secretKey),
      justify: certificate,
      epochChange,
      committeeRoot: undefined,
      poolRoot: undefined,
      finality: undefined,
    }
    this.emit({ type: 'build', parentHash: this.bestParent(block, certificate.epoch).hash, record })
  }

  /** J: the highest certificate held whose block is executed; CC(e-1), or at least the highest in EC(e). */
  private highestExecutedCertificate(): { block: TreeBlock; certificate: CommitCertificate } | undefined {
    const least = this.entry.type === 'certificate' ? this.epoch - 1 : highestReported(this.entry.epochChange)
    let best: { block: TreeBlock; certificate: CommitCertificate } | undefined
    for (const certificate of [this.highCertificate, ...this.certificates.values()]) {
      const block = this.tree.get(certificate.blockHash)
      if (block?.execution !== 'valid' || block.epoch !== certificate.epoch) continue
      if (certificate.epoch >= Math.max(least, best?.certificate.epoch ?? 0)) best = { block, certificate }
    }
    return best
  }

  private entryEpochChange(): EpochChangeCertificate | undefined {
    return this.entry.type === 'epoch-change' ? this.entry.epochChange : undefined
  }

  /**
   * The highest executed branch on the certified block that leaves a child valid; ties: later tip epoch, then lower hash.
   * Not one from the future: a child would be as late, and nobody would vote for it.
   */
  private bestParent(certified: TreeBlock, justifyEpoch: number): TreeBlock {
    let best = certified
    for (const tip of this.tree.subtree(certified)) {
      if (tip.execution !== 'valid' || tip.epoch >= this.epoch) continue
      if (tip !== certified && this.aheadMs(tip) > 0) continue
      if (tip.height - certified.height > this.committeeSize) continue
      if (tip !== certified && tip.proposal!.block.record.justify.epoch > justifyEpoch) continue
      const isBetter =
        tip.height !== best.height
          ? tip.height > best.height
          : tip.epoch !== best.epoch
            ? tip.epoch > best.epoch
            : tip.hash < best.hash
      if (isBetter) best = tip
    }
    return best
  }

  private onBuilt(epoch: number, built: Block): void {
    const { self, scheme, committee } = this.config
    if (this.buildingEpoch === epoch) this.buildingEpoch = 0
    if (self === undefined || epoch !== this.epoch || (this.lastProposal?.epoch ?? 0) >= epoch) return
    if (this.hasGivenUp(epoch) || this.checkPlace(built) !== undefined) return
    assert(built.record.epoch === epoch, `built for epoch ${built.record.epoch} instead of ${epoch}`)
    const hash = hashBlock(built)
    const proposal: Proposal = {
      block: built,
      signature: scheme.sign(proposeDigest(committee.domain, epoch, hash), self.secretKey),
    }
    const block = this.tree.add(proposal, hash, false)
    block.execution = 'valid'
    this.noteProposal(epoch, hash, proposal.signature)
    this.newestSeen = { epoch, atMs: this.nowMs }
    this.lastProposal = { epoch, blockHash: hash }
    this.persistWith(block)
    this.sendProposal(block)
    this.onValid(block)
  }

  /** The leader sends uncertified ancestors along. */
  private sendProposal(block: TreeBlock): void {
    const justified = this.tree.get(block.proposal!.block.record.justify.blockHash)
    const branch = justified === undefined ? [block] : this.tree.branch(block, justified)
    for (const { proposal } of branch) this.broadcast({ type: 'proposal', proposal: proposal! })
  }

  /** spec S-VOTE. */
  private tryVote(): void {
    const { self } = this.config
    if (self === undefined || (this.lastVote?.epoch ?? 0) >= this.epoch) return
    if (this.hasGivenUp(this.epoch)) return
    let waitMs = Number.POSITIVE_INFINITY
    for (const { blockHash } of this.proposalsOfEpoch.get(this.epoch) ?? []) {
      const block = this.tree.get(blockHash)
      if (block?.execution !== 'valid' || !this.descendsFromFinalized(block)) continue
      const aheadMs = this.aheadMs(block)
      if (aheadMs <= 0) return this.vote(block, self)
      waitMs = Math.min(waitMs, aheadMs)
    }
    // by then this epoch is given up
    if (waitMs <= this.timeoutMs() + this.config.blockIntervalMs) this.armTimer('vote', waitMs)
  }

  private vote(block: TreeBlock, self: { readonly index: number; readonly secretKey: Uint8Array }): void {
    const justifyEpoch = block.proposal!.block.record.justify.epoch
    const unsigned = { epoch: block.epoch, blockHash: block.hash, justifyEpoch }
    const signature = this.config.scheme.sign(voteDigest(this.config.committee.domain, unsigned), self.secretKey)
    const vote: Vote = { ...unsigned, voter: self.index, signature }
    this.lastVote = vote
    this.persistWith(block)
    this.broadcast({ type: 'vote', vote })
    this.addVote(vote)
  }

  /** How long a block's timestamp is still beyond the acceptable clock drift; not positive where it is acceptable. */
  private aheadMs(block: TreeBlock): number {
    return block.proposal!.block.header.timestampS * 1000 - this.nowMs - this.config.clockDriftMaxMs
  }

  private descendsFromFinalized(block: TreeBlock): boolean {
    if (this.finalized === undefined || this.finalized.height <= this.tree.settled.height) return true
    return this.tree.ancestorAt(block, this.finalized.height)?.hash === this.finalized.hash
  }

  // ------------------------------------------------------------------------------------------------ what goes out

  /** The safety record, the block, and its unsettled ancestors that are not durable yet. */
  private persistWith(block: TreeBlock): void {
    const missing = this.tree.branch(block).filter(ancestor => !ancestor.isDurable)
    for (const ancestor of missing) ancestor.isDurable = true
    this.persist(missing.map(ancestor => ancestor.proposal!))
  }

  private persist(proposals: readonly Proposal[]): void {
    const { lastProposal, lastVote, lastEpochChange, highCertificate, entry } = this
    const safety: SafetyRecord = { lastProposal, lastVote, lastEpochChange, highCertificate, entry }
    this.emit({ type: 'persist-settlement', safety, proposals })
  }

  /** spec S-RESTART: what is durable, byte for byte; and the certificate that opened this epoch, for laggards. */
  private resend(): void {
    if (this.config.self === undefined) return
    if (this.epoch > 1) this.broadcast(entryMessage(this.entry))
    const { lastProposal, lastVote, lastEpochChange } = this
    if (lastProposal?.epoch === this.epoch) {
      const block = this.tree.get(lastProposal.blockHash)
      if (block?.proposal !== undefined) this.sendProposal(block)
    }
    if (lastVote?.epoch === this.epoch) this.broadcast({ type: 'vote', vote: lastVote })
    if (lastEpochChange !== undefined && this.hasGivenUp(this.epoch))
      this.broadcast({ type: 'epoch-change', ...lastEpochChange })
  }

  /** Blocks that are certified, or that others stand on, and that are not here: an earlier answer may have been lost. */
  private fetchMissing(): void {
    const { blockHash } = this.highCertificate
    if (this.tree.get(blockHash) === undefined && this.highCertificate.epoch > this.tree.settled.epoch)
      if (!this.orphans.has(blockHash)) this.emit({ type: 'fetch', blockHash, from: undefined })
    const parents = new Set([...this.orphans.values()].map(({ block }) => block.header.parentHash))
    for (const parentHash of parents)
      if (!this.orphans.has(parentHash)) this.emit({ type: 'fetch', blockHash: parentHash, from: undefined })
  }

  private answerLaggard(sender: number): void {
    const { self, timeoutBaseMs } = this.config
    if (self === undefined || sender === self.index || this.config.committee.set.signers[sender] === undefined) return
    const sinceMs = Math.abs(this.nowMs - (this.answeredAtMs.get(sender) ?? Number.NEGATIVE_INFINITY))
    if (this.epoch <= 1 || sinceMs < timeoutBaseMs / 2) return
    this.answeredAtMs.set(sender, this.nowMs)
    this.emit({ type: 'send-settlement', to: sender, message: entryMessage(this.entry) })
  }

  private get committeeSize(): number {
    return this.config.committee.set.signers.length
  }

  private leaderOf(epoch: number): number {
    return this.config.leaders[epoch % this.config.leaders.length]!
  }

  private armTimer(timer: SettlementTimer, delayMs: number): void {
    this.emit({ type: 'settlement-timer', timer, epoch: this.epoch, delayMs })
  }

  private broadcast(message: SettlementMessage): void {
    this.emit({ type: 'broadcast-settlement', message })
  }

  private reject(from: number | undefined, rejection: Rejection): void {
    this.emit({ type: 'rejected', from, rejection })
  }

  private taken(): void {
    this.emit({ type: 'taken' })
  }

  private fault(code: string, message: string): void {
    this.hasFault = true
    this.emit({ type: 'fault', code, message })
  }

  private emit(effect: SettlementEffect): void {
    this.out.push(effect)
  }
}

/** Differences of the clock's readings are clamped where they are used: a clock may be set. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

function epochOpenedBy(entry: Entry): number {
  return entry.type === 'certificate' ? entry.certificate.epoch + 1 : entry.epochChange.epoch
}

function entryMessage(entry: Entry): SettlementMessage {
  return entry.type === 'certificate'
    ? { type: 'certificate', certificate: entry.certificate }
    : { type: 'epoch-change-certificate', epochChange: entry.epochChange, certificate: entry.certificate }
}
