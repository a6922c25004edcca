// The checkers of a world with a chain: all honest nodes settle one chain and finalize along it.
import type { FinalityEffect, SettlementEffect } from '@tan/consensus'
import type { Hash } from '@tan/primitives'
import { type SettlementProof, verifySettlementProof } from '@tan/protocol'
import { shortHash } from '../world/describe.ts'
import { Agreement } from './agreement.ts'
import { Violation } from './violation.ts'
import { Watch, type WatchConfig, type Watched } from './watch.ts'

export class ChainWatch extends Watch {
  readonly agreement: Agreement
  /** of honest nodes: the height that each has settled, and finalized */
  readonly settledHeights = new Map<number, number>()
  readonly finalizedHeights = new Map<number, number>()

  constructor(config: WatchConfig) {
    super(config)
    this.agreement = new Agreement(config.era.start.hash)
  }

  onStart(node: Watched, height: number, hash: Hash): void {
    this.journal.note(node.id, () => `starts at height ${height}`)
    if (this.isHonest(node)) this.judge(() => this.agreement.onStart(node.id, height, hash))
  }

  onSettled(node: Watched, { blocks, proof }: Extract<SettlementEffect, { type: 'settled' }>): void {
    const { id } = node
    const { height } = blocks.at(-1)!.proposal.block.header
    this.journal.note(id, () => `settles up to height ${height}, ${shortHash(blocks.at(-1)!.hash)}`)
    if (!this.isHonest(node)) return
    const isFirst = height > this.agreement.settledHeight
    this.judge(() => {
      for (const { hash, proposal } of blocks) this.agreement.onSettled(id, { hash, ...proposal.block.header })
    })
    this.settledHeights.set(id, height)
    if (isFirst) this.judge(() => this.checkProof(proof, blocks.at(-1)!.hash))
  }

  onFinalized(node: Watched, { height, hash }: Extract<FinalityEffect, { type: 'finalized' }>): void {
    const { id } = node
    this.journal.note(id, () => `finalizes height ${height}, ${shortHash(hash)}`)
    if (!this.isHonest(node)) return
    this.judge(() => this.agreement.onFinalized(id, height, hash))
    this.finalizedHeights.set(id, height)
  }

  /** A proof must convince a light client, which knows the committee's keys and nothing else. */
  private checkProof(proof: SettlementProof, hash: Hash): void {
    const { scheme, era } = this.config
    const verified = verifySettlementProof(scheme, era, proof)
    if (!verified.ok)
      throw new Violation('proof', `a proof of settlement that does not verify: ${verified.rejection.message}`)
    if (verified.value !== hash) throw new Violation('proof', `a proof for ${verified.value} instead of ${hash}`)
  }
}
