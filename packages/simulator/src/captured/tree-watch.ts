// The checkers of a world whose guardians see a tree of checkpoints.
import type { FinalityEffect } from '@tan/consensus'
import type { Hash } from '@tan/primitives'
import { TreeAgreement } from '../checkers/tree-agreement.ts'
import { Watch, type WatchConfig, type Watched } from '../checkers/watch.ts'
import { shortHash } from '../world/describe.ts'

export class TreeWatch extends Watch {
  /** of honest guardians */
  readonly finalizedHeights = new Map<number, number>()
  private readonly agreement: TreeAgreement

  constructor(config: WatchConfig, parentOf: (hash: Hash) => Hash | undefined) {
    super(config)
    this.agreement = new TreeAgreement(parentOf)
  }

  onFinalized(node: Watched, { height, hash }: Extract<FinalityEffect, { type: 'finalized' }>): void {
    this.journal.note(node.id, () => `finalizes height ${height}, ${shortHash(hash)}`)
    this.judge(() => this.agreement.onFinalized(node.id, hash))
    this.finalizedHeights.set(node.id, height)
  }
}
