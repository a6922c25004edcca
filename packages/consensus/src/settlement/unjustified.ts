// Blocks that their leader signed although nothing justifies them (spec E-DETECT). Whoever votes for one proves that it broke the rule, whether
// its vote comes before the block or after it.
import type { Hash } from '@tan/primitives'
import { type Block, type Era, encodeEvidence, type SettlementEvidence, type Vote } from '@tan/protocol'
import { UNJUSTIFIED_BLOCKS_MAX } from '../limits.ts'

type UnjustifiedVote = Extract<SettlementEvidence, { type: 'unjustified-vote' }>

export class Unjustified {
  private readonly era: Era
  private readonly blocks = new Map<Hash, Pick<Block, 'header' | 'record'>>()

  constructor(era: Era) {
    this.era = era
  }

  /** A block that is not accepted for its justification. False where it is known already. */
  note(hash: Hash, { header, record }: Block): boolean {
    if (this.blocks.has(hash)) return false
    if (this.blocks.size >= UNJUSTIFIED_BLOCKS_MAX) this.blocks.delete(this.blocks.keys().next().value!)
    this.blocks.set(hash, { header, record })
    return true
  }

  /** Of a verified vote. None where the block's record is too large to be shown. */
  evidenceAgainst(vote: Vote): UnjustifiedVote | undefined {
    const block = this.blocks.get(vote.blockHash)
    if (block === undefined) return undefined
    const evidence = { type: 'unjustified-vote', vote, ...block } as const
    return encodeEvidence({ era: this.era.start.hash, evidence }) === undefined ? undefined : evidence
  }
}
