// Checks that no honest validator or guardian ever sends two signed messages that contradict each other, whatever crashes
// lie between them. It sees all that honest nodes send, and remembers it for ever: the nodes themselves need not.
import type { Hash } from '@tan/primitives'
import {
  bitmapIndices,
  type FinalityMessage,
  type FinalityShare,
  GROUP_SIZE,
  hashBlock,
  type Prepare,
  type SettlementMessage,
  type Status,
} from '@tan/protocol'
import { Violation } from './violation.ts'

interface Votes {
  readonly votes: Map<number, { readonly blockHash: Hash; readonly justifyEpoch: number }>
  readonly proposals: Map<number, Hash>
  readonly epochChanges: Map<number, number>
  readonly prepares: Map<number, Prepare>
  readonly commits: Map<number, Hash>
  readonly statuses: Map<number, string>
}

export class Signatures {
  private readonly signed = new Map<number, Votes>()
  /** the leader of an epoch: its proposals only count when it sends them itself */
  private readonly leaderOf: (epoch: number) => number

  constructor(leaderOf: (epoch: number) => number) {
    this.leaderOf = leaderOf
  }

  /** An honest node sends a message; what of it is its own counts. */
  onSettlement(identity: number, message: SettlementMessage): void {
    const known = this.of(identity)
    if (message.type === 'vote' && message.vote.voter === identity) {
      const { epoch, blockHash, justifyEpoch } = message.vote
      const earlier = known.votes.get(epoch)
      if (earlier !== undefined && (earlier.blockHash !== blockHash || earlier.justifyEpoch !== justifyEpoch))
        contradicts(identity, `voted for ${earlier.blockHash} and for ${blockHash} in epoch ${epoch}`)
      if (earlier !== undefined) return
      for (const [wanted, certificateEpoch] of known.epochChanges) {
        if (wanted <= epoch) continue
        if (certificateEpoch < justifyEpoch)
          contradicts(
            identity,
            `voted in epoch ${epoch} on ${justifyEpoch}, and reported ${certificateEpoch} for ${wanted}`,
          )
        contradicts(identity, `voted in epoch ${epoch} after it had given it up for ${wanted}`)
      }
      known.votes.set(epoch, { blockHash, justifyEpoch })
    } else if (message.type === 'epoch-change' && message.epochChange.sender === identity) {
      const { epoch, certificateEpoch } = message.epochChange
      const earlier = known.epochChanges.get(epoch)
      if (earlier !== undefined && earlier !== certificateEpoch)
        contradicts(identity, `reported ${earlier} and ${certificateEpoch} for epoch ${epoch}`)
      if (earlier !== undefined) return
      for (const [voted, { justifyEpoch }] of known.votes)
        if (voted < epoch && certificateEpoch < justifyEpoch)
          contradicts(
            identity,
            `voted in epoch ${voted} on ${justifyEpoch}, then reported ${certificateEpoch} for ${epoch}`,
          )
      known.epochChanges.set(epoch, certificateEpoch)
    } else if (message.type === 'proposal') {
      const { epoch } = message.proposal.block.record
      if (this.leaderOf(epoch) !== identity) return
      const hash = hashBlock(message.proposal.block)
      const earlier = known.proposals.get(epoch)
      if (earlier !== undefined && earlier !== hash)
        contradicts(identity, `proposed ${earlier} and ${hash} in epoch ${epoch}`)
      known.proposals.set(epoch, hash)
    }
  }

  onFinality(identity: number, message: FinalityMessage): void {
    if (message.type === 'share' && isOwnShare(identity, message.share)) this.onShare(identity, message.share)
    if (message.type === 'status' && message.status.guardian === identity) this.onStatus(identity, message.status)
  }

  private onShare(identity: number, { statement }: FinalityShare): void {
    const known = this.of(identity)
    if (statement.type === 'prepare') {
      const { prepare } = statement
      const { round, source, target } = prepare
      const earlier = known.prepares.get(round)
      if (earlier !== undefined) {
        if (earlier.target !== target || earlier.source.round !== source.round || earlier.source.hash !== source.hash)
          contradicts(identity, `prepared ${earlier.target} and ${target} in round ${round}`)
        return
      }
      for (const committed of known.commits.keys())
        if (source.round < committed && committed < round)
          contradicts(identity, `prepared ${source.round} to ${round}, over its commit at ${committed}`)
      known.prepares.set(round, prepare)
    } else {
      const { round, hash } = statement.commit.point
      const earlier = known.commits.get(round)
      if (earlier !== undefined && earlier !== hash)
        contradicts(identity, `committed ${earlier} and ${hash} in round ${round}`)
      if (earlier !== undefined) return
      for (const prepare of known.prepares.values())
        if (prepare.source.round < round && round < prepare.round)
          contradicts(
            identity,
            `committed at ${round}, under its prepare of ${prepare.source.round} to ${prepare.round}`,
          )
      known.commits.set(round, hash)
    }
  }

  private onStatus(identity: number, { ballot, justified, settledHeight }: Status): void {
    const { statuses } = this.of(identity)
    const frozen = `${justified.round}/${justified.hash}/${settledHeight}`
    const earlier = statuses.get(ballot)
    if (earlier !== undefined && earlier !== frozen)
      contradicts(identity, `reported ${earlier} and ${frozen} for ballot ${ballot}`)
    statuses.set(ballot, frozen)
  }

  private of(identity: number): Votes {
    let known = this.signed.get(identity)
    if (known === undefined) {
      known = {
        votes: new Map(),
        proposals: new Map(),
        epochChanges: new Map(),
        prepares: new Map(),
        commits: new Map(),
        statuses: new Map(),
      }
      this.signed.set(identity, known)
    }
    return known
  }
}

/** Is the sender among the signers? What it passes on for others does not count against it. */
function isOwnShare(identity: number, { group, members }: FinalityShare): boolean {
  return group === Math.floor(identity / GROUP_SIZE) && bitmapIndices(members).includes(identity % GROUP_SIZE)
}

function contradicts(identity: number, what: string): never {
  throw new Violation('contradiction', `honest ${identity} ${what}`)
}
