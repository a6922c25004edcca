// Keeps the newest blocks as one chain while new heads arrive, replace others, or are missed.
import type { Hash } from '@tan/primitives'
import type { Certainty, ChainStatus, TanBlock } from '../rpc/tan.ts'

type Linked = Pick<TanBlock, 'height' | 'hash' | 'parentHash'>

/**
 * Inserts a block into a list, newest first. Removes blocks of abandoned branches: those above it that do not descend
 * from it, and those below that it does not descend from. Keeps at most `most` blocks.
 */
export function insertBlock<B extends Linked>(blocks: readonly B[], block: B, most: number): readonly B[] {
  const above = blocks.filter(other => other.height > block.height).reverse()
  const below = blocks.filter(other => other.height < block.height)
  const kept: B[] = [block]
  for (const next of above) {
    const last = kept.at(-1)!
    if (next.height === last.height + 1 && next.parentHash !== last.hash) break
    kept.push(next)
  }
  const parent = below[0]
  const isOfBranch = parent === undefined || parent.height < block.height - 1 || parent.hash === block.parentHash
  const rest = isOfBranch ? below : below.filter(other => other.height < block.height - 1)
  return [...kept.reverse(), ...rest].slice(0, most)
}

/** The parent of the newest block whose parent is missing, at most `depth` blocks below the head. */
export function missingParent(blocks: readonly Linked[], depth: number): Hash | undefined {
  const head = blocks[0]
  if (head === undefined) return undefined
  for (let i = 0; i < blocks.length; i++) {
    const block = blocks[i]!
    if (block.height === 0 || head.height - block.height >= depth - 1) return undefined
    if (blocks[i + 1]?.hash !== block.parentHash) return block.parentHash
  }
  return undefined
}

export function certaintyOf(height: number, status: Pick<ChainStatus, 'settled' | 'finalized'>): Certainty {
  if (height <= status.finalized.height) return 'finalized'
  return height <= status.settled.height ? 'settled' : 'head'
}

export interface CheckpointProgress {
  readonly height: number
  /** blocks that have arrived, of `checkpointInterval` */
  readonly blocks: number
  readonly interval: number
  /** shares of the guardians' power that prepared and committed it */
  readonly prepared: number
  readonly committed: number
  readonly step: 'growing' | 'preparing' | 'committing'
  readonly ballot: number
}

/** The next checkpoint to become final: the first multiple of the interval above the finalized block. */
export function checkpointProgress(
  { head, settled, finalized, finality }: Pick<ChainStatus, 'head' | 'settled' | 'finalized' | 'finality'>,
  interval: number,
): CheckpointProgress {
  const next = (Math.floor(finalized.height / interval) + 1) * interval
  // Guardians may skip a checkpoint: then the one that they vote on becomes final next.
  const height = Math.max(next, finality.height > finalized.height ? finality.height : 0)
  const isVoted = finality.height === height && finality.totalPower > 0
  const prepared = isVoted ? Math.min(1, finality.preparePower / finality.totalPower) : 0
  const committed = isVoted ? Math.min(1, finality.commitPower / finality.totalPower) : 0
  return {
    height,
    interval,
    blocks: Math.max(0, Math.min(interval, head.height - (height - interval))),
    prepared,
    committed,
    step: prepared > 2 / 3 ? 'committing' : settled.height >= height ? 'preparing' : 'growing',
    ballot: finality.ballot,
  }
}
