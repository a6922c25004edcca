// The hand that signs for a validator: the only owner of its secret key, and of what it last proposed, voted for and gave up,
// and of how it came into its epoch. Whatever it signs it returns together with the record that must be durable before.
import { assert, type Hash } from '@tan/primitives'
import {
  type Block,
  type CommitCertificate,
  epochChangeDigest,
  proposeDigest,
  revealDigest,
  type SettlementMessage,
  type Vote,
  voteDigest,
} from '@tan/protocol'
import type { Signed } from './outbox.ts'
import type { Entry, EpochChangeReport, SafetyRecord, SettlementConfig } from './types.ts'

type MessageOf<T extends SettlementMessage['type']> = Extract<SettlementMessage, { type: T }>

export class Signer {
  private readonly config: Pick<SettlementConfig, 'scheme' | 'era' | 'self'>
  private lastProposal: SafetyRecord['lastProposal']
  private lastVote: Vote | undefined
  private lastEpochChange: EpochChangeReport | undefined
  private entered: Entry

  /** `start`: how a node that never signed enters its first epoch. */
  constructor(
    config: Pick<SettlementConfig, 'scheme' | 'era' | 'self'>,
    safety: SafetyRecord | undefined,
    start: Entry,
  ) {
    this.config = config
    this.lastProposal = safety?.lastProposal
    this.lastVote = safety?.lastVote
    this.lastEpochChange = safety?.lastEpochChange
    this.entered = safety?.entry ?? start
  }

  /** Index in the committee; undefined where this node only follows. */
  get index(): number | undefined {
    return this.config.self?.index
  }

  /** How the present epoch was opened. */
  get entry(): Entry {
    return this.entered
  }

  /** spec S-ENTER: the epoch never falls. */
  enter(entry: Entry): void {
    assert(
      epochOpenedBy(entry) > epochOpenedBy(this.entered),
      `epoch ${epochOpenedBy(entry)} is entered after a later one`,
    )
    this.entered = entry
  }

  /** What is signed once does not fall back: who wants to enter a later epoch neither votes nor proposes in this one. */
  hasGivenUp(epoch: number): boolean {
    return !isBelow(this.lastEpochChange?.epochChange, epoch + 1)
  }

  mayPropose(epoch: number): boolean {
    return this.config.self !== undefined && isBelow(this.lastProposal, epoch) && !this.hasGivenUp(epoch)
  }

  mayVote(epoch: number): boolean {
    return this.config.self !== undefined && isBelow(this.lastVote, epoch) && !this.hasGivenUp(epoch)
  }

  mayGiveUp(epoch: number): boolean {
    return this.config.self !== undefined && !this.hasGivenUp(epoch)
  }

  /** The leader's part of the chain's randomness. There is one for each epoch, so that it contradicts nothing. */
  reveal(epoch: number): Uint8Array {
    const { scheme, era } = this.config
    return scheme.sign(revealDigest(era.domain, epoch), this.self.secretKey)
  }

  propose(block: Block, blockHash: Hash, highCertificate: CommitCertificate): Signed<MessageOf<'proposal'>> {
    const { epoch } = block.record
    assert(this.mayPropose(epoch), `a proposal in epoch ${epoch}, in which this node proposed, or which it gave up`)
    const { scheme, era } = this.config
    const signature = scheme.sign(proposeDigest(era.domain, epoch, blockHash), this.self.secretKey)
    this.lastProposal = { epoch, blockHash }
    return { message: { type: 'proposal', proposal: { block, signature } }, record: this.record(highCertificate) }
  }

  vote(
    unsigned: Pick<Vote, 'epoch' | 'blockHash' | 'justifyEpoch'>,
    highCertificate: CommitCertificate,
  ): Signed<MessageOf<'vote'>> {
    assert(
      this.mayVote(unsigned.epoch),
      `a vote in epoch ${unsigned.epoch}, in which this node voted, or which it gave up`,
    )
    const { scheme, era } = this.config
    const { index, secretKey } = this.self
    const vote = {
      ...unsigned,
      voter: index,
      signature: scheme.sign(voteDigest(era.domain, unsigned), secretKey),
    }
    this.lastVote = vote
    return { message: { type: 'vote', vote }, record: this.record(highCertificate) }
  }

  /** spec S-TIMEOUT: EpochChange(epoch + 1, highCC). */
  giveUp(epoch: number, certificate: CommitCertificate): Signed<MessageOf<'epoch-change'>> {
    assert(this.mayGiveUp(epoch), `epoch ${epoch} is given up twice`)
    const { scheme, era } = this.config
    const { index, secretKey } = this.self
    const unsigned = { epoch: epoch + 1, certificateEpoch: certificate.epoch }
    const signature = scheme.sign(epochChangeDigest(era.domain, unsigned), secretKey)
    const report: EpochChangeReport = { epochChange: { ...unsigned, sender: index, signature }, certificate }
    this.lastEpochChange = report
    return { message: { type: 'epoch-change', ...report }, record: this.record(certificate) }
  }

  /** The block that this node proposed in an epoch, of which all is durable. */
  proposedIn(epoch: number): Hash | undefined {
    return this.lastProposal?.epoch === epoch ? this.lastProposal.blockHash : undefined
  }

  /** spec S-RESTART: what was signed last, byte for byte, whatever its epoch. */
  get newest(): { readonly vote: Vote | undefined; readonly epochChange: EpochChangeReport | undefined } {
    return { vote: this.lastVote, epochChange: this.lastEpochChange }
  }

  private record(highCertificate: CommitCertificate): SafetyRecord {
    const { lastProposal, lastVote, lastEpochChange, entered: entry } = this
    return { lastProposal, lastVote, lastEpochChange, highCertificate, entry }
  }

  private get self(): NonNullable<SettlementConfig['self']> {
    const { self } = this.config
    assert(self !== undefined, 'a node without a key of the committee signs')
    return self
  }
}

export function epochOpenedBy(entry: Entry): number {
  return entry.type === 'certificate' ? entry.certificate.epoch + 1 : entry.epochChange.epoch
}

/** Whoever enters an epoch tells others how. */
export function entryMessage(entry: Entry): SettlementMessage {
  return entry.type === 'certificate'
    ? { type: 'certificate', certificate: entry.certificate }
    : { type: 'epoch-change-certificate', epochChange: entry.epochChange, certificate: entry.certificate }
}

function isBelow(signed: { readonly epoch: number } | undefined, epoch: number): boolean {
  return signed === undefined || signed.epoch < epoch
}
