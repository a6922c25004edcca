// Collects votes and epoch changes until a quorum makes a certificate of them, and notices who contradicts himself.
// What goes in is verified by its sender's key before. Only the newest epochs of each signer are kept.
import type { AggregateScheme, Hash } from '@tan/primitives'
import {
  type CommitCertificate,
  contradictsVote,
  createBitmap,
  type EpochChange,
  type EpochChangeCertificate,
  type EraCommittee,
  isMoreThanFaulty,
  isQuorum,
  type SettlementEvidence,
  type SignerSet,
  type Vote,
} from '@tan/protocol'
import { EPOCHS_OF_SIGNER_MAX } from '../limits.ts'

export class Collector {
  private readonly scheme: AggregateScheme
  private readonly set: SignerSet
  /** by signer, by epoch; bounded by dropping a signer's oldest epoch */
  private readonly votes = new Map<number, Map<number, Vote>>()
  private readonly epochChanges = new Map<number, Map<number, EpochChange>>()

  constructor(scheme: AggregateScheme, { committee }: Pick<EraCommittee, 'committee'>) {
    this.scheme = scheme
    this.set = committee
  }

  voteOf(voter: number, epoch: number): Vote | undefined {
    return this.votes.get(voter)?.get(epoch)
  }

  epochChangeOf(sender: number, epoch: number): EpochChange | undefined {
    return this.epochChanges.get(sender)?.get(epoch)
  }

  /** spec E-DETECT: keeps the first vote of a voter in an epoch. Answers with evidence if it contradicts what is kept. */
  addVote(vote: Vote): SettlementEvidence | undefined {
    const first = this.voteOf(vote.voter, vote.epoch)
    if (first !== undefined) return sameVote(first, vote) ? undefined : { type: 'double-vote', first, second: vote }
    keepNewest(this.votes, vote.voter, vote.epoch, vote)
    for (const change of this.epochChanges.get(vote.voter)?.values() ?? [])
      if (contradictsVote(vote, change)) return { type: 'vote-and-epoch-change', vote, epochChange: change }
    return undefined
  }

  addEpochChange(epochChange: EpochChange): SettlementEvidence | undefined {
    if (this.epochChangeOf(epochChange.sender, epochChange.epoch) !== undefined) return undefined
    keepNewest(this.epochChanges, epochChange.sender, epochChange.epoch, epochChange)
    for (const vote of this.votes.get(epochChange.sender)?.values() ?? [])
      if (contradictsVote(vote, epochChange)) return { type: 'vote-and-epoch-change', vote, epochChange }
    return undefined
  }

  /** All votes for a block that are kept. */
  votesFor(blockHash: Hash): Vote[] {
    return [...this.votes.values()].flatMap(byEpoch =>
      [...byEpoch.values()].filter(vote => vote.blockHash === blockHash),
    )
  }

  /** The certificate of a quorum of votes like this one, if there is one. */
  certificateFor({ epoch, blockHash, justifyEpoch }: Vote): CommitCertificate | undefined {
    const alike: Vote[] = []
    for (const byEpoch of this.votes.values()) {
      const vote = byEpoch.get(epoch)
      if (vote !== undefined && vote.blockHash === blockHash && vote.justifyEpoch === justifyEpoch) alike.push(vote)
    }
    const indices = alike.map(vote => vote.voter)
    if (!isQuorum(this.powerOf(indices), this.set.totalPower)) return undefined
    return {
      epoch,
      blockHash,
      justifyEpoch,
      signers: createBitmap(indices, this.set.signers.length),
      signature: this.scheme.aggregate(alike.map(vote => vote.signature)),
    }
  }

  /** The certificate of a quorum that wants to enter this epoch, if there is one. */
  epochChangeCertificateFor(epoch: number): EpochChangeCertificate | undefined {
    const changes = [...this.epochChanges.values()].flatMap(byEpoch => byEpoch.get(epoch) ?? [])
    const { set } = this
    if (!isQuorum(this.powerOf(changes.map(change => change.sender)), set.totalPower)) return undefined
    const senders = new Map<number, number[]>()
    for (const { certificateEpoch, sender } of changes)
      senders.set(certificateEpoch, [...(senders.get(certificateEpoch) ?? []), sender])
    const groups = [...senders]
      .sort(([a], [b]) => a - b)
      .map(([certificateEpoch, who]) => ({ certificateEpoch, signers: createBitmap(who, set.signers.length) }))
    return { epoch, groups, signature: this.scheme.aggregate(changes.map(change => change.signature)) }
  }

  /** Do so many want to leave `epoch` (to enter a later one) that an honest one is among them? */
  isGivenUp(epoch: number): boolean {
    const senders = [...this.epochChanges].filter(([, byEpoch]) => [...byEpoch.keys()].some(wanted => wanted > epoch))
    return isMoreThanFaulty(this.powerOf(senders.map(([sender]) => sender)), this.set.totalPower)
  }

  private powerOf(indices: readonly number[]): number {
    return indices.reduce((sum, i) => sum + this.set.signers[i]!.power, 0)
  }
}

function sameVote(a: { blockHash: Hash; justifyEpoch: number }, b: { blockHash: Hash; justifyEpoch: number }): boolean {
  return a.blockHash === b.blockHash && a.justifyEpoch === b.justifyEpoch
}

function keepNewest<T>(bySigner: Map<number, Map<number, T>>, signer: number, epoch: number, value: T): void {
  let byEpoch = bySigner.get(signer)
  if (byEpoch === undefined) {
    byEpoch = new Map()
    bySigner.set(signer, byEpoch)
  }
  byEpoch.set(epoch, value)
  if (byEpoch.size > EPOCHS_OF_SIGNER_MAX) byEpoch.delete(Math.min(...byEpoch.keys()))
}
