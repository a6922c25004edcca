// What an adversary who hears everything knows of a settlement in progress: blocks, votes, epoch changes, and the
// certificates that it can make of them together with its own keys, long before any honest node can.
import type { AggregateScheme, Hash } from '@tan/primitives'
import {
  type BlockHeader,
  type CommitCertificate,
  createBitmap,
  type EpochChange,
  type EpochChangeCertificate,
  type EraCommittee,
  epochChangeDigest,
  hashBlock,
  isQuorum,
  type Proposal,
  powerOf,
  type SettlementMessage,
  startCertificate,
  type Vote,
  voteDigest,
} from '@tan/protocol'
import { GENESIS_HASH, GENESIS_HEADER } from '../world/ledger.ts'

export interface KnownBlock {
  readonly hash: Hash
  readonly header: BlockHeader
  readonly epoch: number
  readonly justifyEpoch: number
  /** undefined for the era's start */
  readonly proposal: Proposal | undefined
}

/** The committee's members whose keys the adversary has. */
export type Puppets = ReadonlyMap<number, Uint8Array>

const GENESIS: KnownBlock = {
  hash: GENESIS_HASH,
  header: GENESIS_HEADER,
  epoch: 0,
  justifyEpoch: 0,
  proposal: undefined,
}

export class Knowledge {
  readonly puppets: Puppets
  readonly blocks = new Map<Hash, KnownBlock>([[GENESIS_HASH, GENESIS]])
  /** by epoch; more than one only where the committee is broken */
  readonly certificates = new Map<number, CommitCertificate[]>()
  /** the highest epoch that somebody can have entered */
  highestEpoch = 1
  private readonly scheme: AggregateScheme
  private readonly era: EraCommittee
  private readonly votes = new Map<string, Map<number, Vote>>()
  private readonly epochChanges = new Map<number, Map<number, EpochChange>>()

  constructor(scheme: AggregateScheme, era: EraCommittee, puppets: Puppets) {
    this.scheme = scheme
    this.era = era
    this.puppets = puppets
    this.certificates.set(era.start.epoch, [startCertificate(era)])
  }

  learn(message: SettlementMessage): void {
    switch (message.type) {
      case 'proposal':
        this.addBlock(message.proposal)
        this.addCertificate(message.proposal.block.record.justify)
        return
      case 'vote':
        return this.addVote(message.vote)
      case 'certificate':
        return this.addCertificate(message.certificate)
      case 'epoch-change':
        this.addCertificate(message.certificate)
        return this.addEpochChange(message.epochChange)
      case 'epoch-change-certificate':
        this.highestEpoch = Math.max(this.highestEpoch, message.epochChange.epoch)
        return this.addCertificate(message.certificate)
    }
  }

  addBlock(proposal: Proposal): KnownBlock {
    const { header, record } = proposal.block
    const hash = hashBlock(proposal.block)
    const known = this.blocks.get(hash)
    if (known !== undefined) return known
    const block = { hash, header, epoch: record.epoch, justifyEpoch: record.justify.epoch, proposal }
    this.blocks.set(hash, block)
    this.certify({ epoch: block.epoch, blockHash: hash, justifyEpoch: block.justifyEpoch })
    return block
  }

  puppetVote(block: KnownBlock, puppet: number): Vote {
    const unsigned = { epoch: block.epoch, blockHash: block.hash, justifyEpoch: block.justifyEpoch }
    const signature = this.scheme.sign(voteDigest(this.era.domain, unsigned), this.puppets.get(puppet)!)
    return { ...unsigned, voter: puppet, signature }
  }

  puppetEpochChange(epoch: number, certificateEpoch: number, puppet: number): EpochChange {
    const unsigned = { epoch, certificateEpoch }
    const signature = this.scheme.sign(epochChangeDigest(this.era.domain, unsigned), this.puppets.get(puppet)!)
    return { ...unsigned, sender: puppet, signature }
  }

  /** The EC for an epoch with the lowest reports that can be had, the puppets' being 0; undefined without a quorum. */
  lowestEpochChange(epoch: number): EpochChangeCertificate | undefined {
    const { committee: set } = this.era
    const changes = [...this.puppets.keys()].map(puppet => this.puppetEpochChange(epoch, 0, puppet))
    const honest = [...(this.epochChanges.get(epoch)?.values() ?? [])]
    honest.sort((a, b) => a.certificateEpoch - b.certificateEpoch)
    for (const change of honest) {
      if (this.isEnough(changes.map(({ sender }) => sender))) break
      changes.push(change)
    }
    if (!this.isEnough(changes.map(({ sender }) => sender))) return undefined
    const senders = new Map<number, number[]>()
    for (const { certificateEpoch, sender } of changes)
      senders.set(certificateEpoch, [...(senders.get(certificateEpoch) ?? []), sender])
    const groups = [...senders]
      .sort(([a], [b]) => a - b)
      .map(([certificateEpoch, who]) => ({ certificateEpoch, signers: createBitmap(who, set.signers.length) }))
    return { epoch, groups, signature: this.scheme.aggregate(changes.map(({ signature }) => signature)) }
  }

  private addVote(vote: Vote): void {
    if (this.puppets.has(vote.voter)) return
    const key = keyOf(vote)
    const votes = this.votes.get(key) ?? new Map<number, Vote>()
    this.votes.set(key, votes)
    if (votes.has(vote.voter)) return
    votes.set(vote.voter, vote)
    this.certify(vote)
  }

  private addEpochChange(change: EpochChange): void {
    if (this.puppets.has(change.sender)) return
    const changes = this.epochChanges.get(change.epoch) ?? new Map<number, EpochChange>()
    this.epochChanges.set(change.epoch, changes)
    changes.set(change.sender, change)
    if (this.isEnough([...changes.keys(), ...this.puppets.keys()]))
      this.highestEpoch = Math.max(this.highestEpoch, change.epoch)
  }

  /** Makes the certificate of a block, if the honest votes for it and the puppets' are enough. */
  private certify(vote: Pick<Vote, 'epoch' | 'blockHash' | 'justifyEpoch'>): void {
    const block = this.blocks.get(vote.blockHash)
    if (block === undefined || this.hasCertificate(vote.epoch, vote.blockHash)) return
    const votes = [...(this.votes.get(keyOf(vote))?.values() ?? [])]
    const voters = [...votes.map(({ voter }) => voter), ...this.puppets.keys()]
    if (!this.isEnough(voters)) return
    for (const puppet of this.puppets.keys()) votes.push(this.puppetVote(block, puppet))
    this.addCertificate({
      epoch: vote.epoch,
      blockHash: vote.blockHash,
      justifyEpoch: vote.justifyEpoch,
      signers: createBitmap(voters, this.era.committee.signers.length),
      signature: this.scheme.aggregate(votes.map(({ signature }) => signature)),
    })
  }

  private addCertificate(certificate: CommitCertificate): void {
    if (this.hasCertificate(certificate.epoch, certificate.blockHash)) return
    this.certificates.set(certificate.epoch, [...(this.certificates.get(certificate.epoch) ?? []), certificate])
    this.highestEpoch = Math.max(this.highestEpoch, certificate.epoch + 1)
  }

  private hasCertificate(epoch: number, blockHash: Hash): boolean {
    return (this.certificates.get(epoch) ?? []).some(certificate => certificate.blockHash === blockHash)
  }

  /** Asked of the production code, so that a mutation of the quorum serves the adversary too. */
  private isEnough(voters: readonly number[]): boolean {
    const { signers, totalPower } = this.era.committee
    return isQuorum(powerOf(voters.map(i => signers[i]!)), totalPower)
  }
}

function keyOf({ epoch, blockHash, justifyEpoch }: Pick<Vote, 'epoch' | 'blockHash' | 'justifyEpoch'>): string {
  return `${epoch}/${justifyEpoch}/${blockHash}`
}
