// All proposals that a node keeps: the tree above the settled block, those that wait for a parent, and which ones each leader
// signed in an epoch.
import type { Hash } from '@tan/primitives'
import { hashBlock, type Proposal } from '@tan/protocol'
import { ORPHANS_MAX, PROPOSALS_OF_EPOCH_MAX } from '../limits.ts'
import type { Certificates } from './certificates.ts'
import { BlockTree, type TreeBlock } from './tree.ts'
import type { HashedProposal, SettledBlock } from './types.ts'

/** What a leader signed. */
export interface NotedProposal {
  readonly blockHash: Hash
  readonly signature: Uint8Array
}

export class BlockPool {
  readonly tree: BlockTree
  private readonly orphans = new Map<Hash, Proposal>()
  private readonly noted = new Map<number, readonly NotedProposal[]>()

  constructor(settled: SettledBlock) {
    this.tree = new BlockTree(settled)
  }

  get settled(): TreeBlock {
    return this.tree.settled
  }

  get(hash: Hash): TreeBlock | undefined {
    return this.tree.get(hash)
  }

  /** In the tree, or waiting for its parent. */
  knows(hash: Hash): boolean {
    return this.tree.get(hash) !== undefined || this.orphans.has(hash)
  }

  // ------------------------------------------------------------------------------------------------ what leaders signed

  /** Of a leader that equivocates two are kept, the second (`rival`) as evidence; any further one is `surplus`. */
  note(epoch: number, proposal: NotedProposal): 'new' | 'known' | 'rival' | 'surplus' {
    const known = this.notedIn(epoch)
    if (known.some(other => other.blockHash === proposal.blockHash)) return 'known'
    if (known.length >= PROPOSALS_OF_EPOCH_MAX) return 'surplus'
    this.noted.set(epoch, [...known, proposal])
    return known.length === 0 ? 'new' : 'rival'
  }

  /** In the order in which they came. */
  notedIn(epoch: number): readonly NotedProposal[] {
    return this.noted.get(epoch) ?? []
  }

  // ------------------------------------------------------------------------------------------------ without a parent

  isAwaited(hash: Hash): boolean {
    for (const { block } of this.orphans.values()) if (block.header.parentHash === hash) return true
    return false
  }

  /** The hash of the block to fetch for it, unless that is here already and waits itself. */
  keepOrphan(proposal: Proposal, hash: Hash): Hash | undefined {
    const { parentHash } = proposal.block.header
    if (this.orphans.size >= ORPHANS_MAX) this.orphans.delete(this.orphans.keys().next().value!)
    this.orphans.set(hash, proposal)
    return this.orphans.has(parentHash) ? undefined : parentHash
  }

  /** Those that waited for this block, one after the other, as long as they still wait. */
  *takeOrphansOf(hash: Hash): Iterable<readonly [Hash, Proposal]> {
    for (const [orphanHash, orphan] of this.orphans) {
      if (orphan.block.header.parentHash !== hash) continue
      this.orphans.delete(orphanHash)
      yield [orphanHash, orphan]
    }
  }

  /** Blocks that are certified (the highest), or that others stand on, and that are not here. */
  missing({ high }: Certificates): Hash[] {
    const isHighMissing = high.epoch > this.settled.epoch && !this.knows(high.blockHash)
    const parents = new Set([...this.orphans.values()].map(({ block }) => block.header.parentHash))
    return [...(isHighMissing ? [high.blockHash] : []), ...[...parents].filter(hash => !this.orphans.has(hash))]
  }

  // ------------------------------------------------------------------------------------------------ durable and settled

  /** A durable block, with the certificate that it carries. */
  restore(proposal: Proposal, certificates: Certificates): void {
    const { header, record } = proposal.block
    const blockHash = hashBlock(proposal.block)
    if (this.tree.get(blockHash) !== undefined || this.tree.get(header.parentHash) === undefined) return
    const block = this.tree.add(proposal, blockHash, true)
    this.note(record.epoch, { blockHash, signature: proposal.signature })
    const { justify } = record
    const justified = this.tree.get(justify.blockHash)
    if (justified !== undefined && justify.epoch > this.settled.epoch) {
      certificates.restore(justify)
      justified.certificate = justify
    }
    block.certificate = certificates.at(block.epoch)
  }

  /** What must be written with a record that names this block: it and its unsettled ancestors, where they are not durable. */
  takeUnwritten(block: TreeBlock): HashedProposal[] {
    const missing = this.tree.branch(block).filter(ancestor => !ancestor.isDurable)
    for (const ancestor of missing) ancestor.isDurable = true
    return missing.map(({ hash, proposal }) => ({ hash, proposal: proposal! }))
  }

  /** Makes the block the new root of the tree, and forgets what is of no use above it. */
  settle(block: TreeBlock): { settled: TreeBlock[]; dropped: TreeBlock[] } {
    for (const epoch of this.noted.keys()) if (epoch <= block.epoch) this.noted.delete(epoch)
    for (const [hash, orphan] of this.orphans) if (orphan.block.header.height <= block.height) this.orphans.delete(hash)
    return this.tree.settle(block)
  }
}
