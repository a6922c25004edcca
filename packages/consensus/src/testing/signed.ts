// For this room's tests: an oracle that remembers all that one member signed, and says where it contradicts itself. It knows
// the rules from the specification alone.
import type { FinalityMessage, SettlementMessage } from '@tan/protocol'
import { bitmapIndices, hashBlock } from '@tan/protocol'

export type Message =
  | { readonly type: 'settlement'; readonly message: SettlementMessage }
  | { readonly type: 'finality'; readonly message: FinalityMessage }

export type Kind = 'proposal' | 'vote' | 'epoch-change' | 'prepare' | 'commit' | 'status'

export class Signed {
  /** what was signed, by its kind and the number (epoch, round or ballot) in which there may be one */
  private readonly statements = new Map<string, string>()
  private readonly votes: { readonly epoch: number; readonly justifyEpoch: number }[] = []
  private readonly changes: { readonly epoch: number; readonly certificateEpoch: number }[] = []
  private readonly prepares: { readonly from: number; readonly to: number }[] = []
  private readonly commits: number[] = []
  readonly contradictions: string[] = []
  readonly counts = new Map<Kind, number>()
  private readonly index: number
  private readonly leaderOf: (epoch: number) => number

  constructor(index: number, leaderOf: (epoch: number) => number) {
    this.index = index
    this.leaderOf = leaderOf
  }

  /** What it sends; of that, what it signed itself. */
  note(sent: Message): void {
    if (sent.type === 'settlement') this.noteSettlement(sent.message)
    else this.noteFinality(sent.message)
  }

  private noteSettlement(message: SettlementMessage): void {
    if (message.type === 'proposal') {
      const { epoch } = message.proposal.block.record
      if (this.leaderOf(epoch) === this.index) this.isNew('proposal', epoch, hashBlock(message.proposal.block))
    } else if (message.type === 'vote' && message.vote.voter === this.index) {
      const { epoch, blockHash, justifyEpoch } = message.vote
      if (!this.isNew('vote', epoch, `${blockHash} on ${justifyEpoch}`)) return
      for (const change of this.changes)
        if (change.epoch > epoch) this.contradicts(`voted in epoch ${epoch}, given up for ${change.epoch}`)
      this.votes.push({ epoch, justifyEpoch })
    } else if (message.type === 'epoch-change' && message.epochChange.sender === this.index) {
      const { epoch, certificateEpoch } = message.epochChange
      if (!this.isNew('epoch-change', epoch, String(certificateEpoch))) return
      for (const vote of this.votes)
        if (vote.epoch < epoch && certificateEpoch < vote.justifyEpoch)
          this.contradicts(`reported ${certificateEpoch} for ${epoch} after a vote on ${vote.justifyEpoch}`)
      this.changes.push({ epoch, certificateEpoch })
    }
  }

  private noteFinality(message: FinalityMessage): void {
    if (message.type === 'status' && message.status.guardian === this.index) {
      const { ballot, justified, settledHeight } = message.status
      this.isNew('status', ballot, `${justified.round} ${justified.hash} ${settledHeight}`)
    }
    if (message.type !== 'share' || !bitmapIndices(message.share.members).includes(this.index)) return
    const { statement } = message.share
    if (statement.type === 'prepare') {
      const { round, source, target } = statement.prepare
      if (!this.isNew('prepare', round, `${source.round} ${source.hash} ${target}`)) return
      this.prepares.push({ from: source.round, to: round })
    } else {
      const { round, hash } = statement.commit.point
      if (!this.isNew('commit', round, hash)) return
      this.commits.push(round)
    }
    for (const { from, to } of this.prepares)
      for (const round of this.commits)
        if (from < round && round < to) this.contradicts(`prepared ${from} to ${to} and committed ${round}`)
  }

  /** False for what it says again. */
  private isNew(kind: Kind, number: number, text: string): boolean {
    const earlier = this.statements.get(`${kind} ${number}`)
    if (earlier === text) return false
    if (earlier !== undefined) this.contradicts(`${kind} ${number}: ${earlier}, and ${text}`)
    this.statements.set(`${kind} ${number}`, text)
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
    return true
  }

  private contradicts(what: string): void {
    this.contradictions.push(`${this.index}: ${what}`)
  }
}
