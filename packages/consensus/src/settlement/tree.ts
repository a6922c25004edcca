// The tree of blocks above the settled one: who descends from whom, what is executed, what is certified.
import { assert, type Hash } from '@tan/primitives'
import type { CommitCertificate, Proposal } from '@tan/protocol'
import { UNSETTLED_BLOCKS_MAX } from '../limits.ts'
import type { SettledBlock } from './types.ts'

export interface TreeBlock {
  readonly hash: Hash
  readonly height: number
  readonly epoch: number
  readonly parentHash: Hash
  /** undefined for the root alone, which is settled */
  readonly proposal: Proposal | undefined
  readonly children: TreeBlock[]
  /** `waiting` for its parent, `executing`, or what the ledger said */
  execution: 'waiting' | 'executing' | 'valid' | 'invalid'
  certificate: CommitCertificate | undefined
  isDurable: boolean
}

export class BlockTree {
  private root: TreeBlock
  private readonly blocks = new Map<Hash, TreeBlock>()

  constructor(settled: SettledBlock) {
    this.root = {
      ...settled,
      parentHash: settled.hash,
      proposal: undefined,
      children: [],
      execution: 'valid',
      certificate: undefined,
      isDurable: true,
    }
    this.blocks.set(settled.hash, this.root)
  }

  get settled(): TreeBlock {
    return this.root
  }

  get isFull(): boolean {
    return this.blocks.size >= UNSETTLED_BLOCKS_MAX
  }

  get(hash: Hash): TreeBlock | undefined {
    return this.blocks.get(hash)
  }

  all(): Iterable<TreeBlock> {
    return this.blocks.values()
  }

  /** `hash` is the block's own: whoever adds it has it. */
  add(proposal: Proposal, hash: Hash, isDurable: boolean): TreeBlock {
    const { header, record } = proposal.block
    const parent = this.blocks.get(header.parentHash)
    assert(parent !== undefined && !this.blocks.has(hash), `block ${hash} added twice or without its parent`)
    const block: TreeBlock = {
      hash,
      height: header.height,
      epoch: record.epoch,
      parentHash: header.parentHash,
      proposal,
      children: [],
      execution: 'waiting',
      certificate: undefined,
      isDurable,
    }
    parent.children.push(block)
    this.blocks.set(hash, block)
    return block
  }

  parentOf(block: TreeBlock): TreeBlock {
    return this.blocks.get(block.parentHash)!
  }

  /** Is `ancestor` the block itself, or below it on its branch? */
  descendsFrom(block: TreeBlock, ancestor: TreeBlock): boolean {
    let at = block
    while (at.height > ancestor.height) at = this.parentOf(at)
    return at === ancestor
  }

  ancestorAt(block: TreeBlock, height: number): TreeBlock | undefined {
    if (height < this.root.height || height > block.height) return undefined
    let at = block
    while (at.height > height) at = this.parentOf(at)
    return at
  }

  /** From just above `ancestor` (the root, if not given) up to the block itself. */
  branch(block: TreeBlock, ancestor: TreeBlock = this.root): TreeBlock[] {
    const path: TreeBlock[] = []
    for (let at = block; at !== ancestor; at = this.parentOf(at)) path.push(at)
    return path.reverse()
  }

  /** The block itself and all that stands on it. */
  subtree(block: TreeBlock): TreeBlock[] {
    const found = [block]
    for (let i = 0; i < found.length; i++) found.push(...found[i]!.children)
    return found
  }

  /** Makes the block the new root. Returns the branch that became settled, and the blocks that lost. */
  settle(block: TreeBlock): { settled: TreeBlock[]; dropped: TreeBlock[] } {
    const settled = this.branch(block)
    const kept = new Set(this.subtree(block))
    const won = new Set(settled)
    const dropped: TreeBlock[] = []
    for (const other of this.blocks.values()) {
      if (kept.has(other)) continue
      this.blocks.delete(other.hash)
      if (!won.has(other) && other !== this.root) dropped.push(other)
    }
    this.root = block
    return { settled, dropped }
  }
}
