// The tree of checkpoints that a captured committee settles: branches that conflict, and go on growing.

import type { Checkpoint } from '@tan/consensus'
import { bigIntToBytes, type Hash, keccakHash } from '@tan/primitives'
import { GENESIS_HASH } from '../world/ledger.ts'

export interface TreeCheckpoint extends Checkpoint {
  /** within the instance, from 1 */
  readonly index: number
}

export class CheckpointTree {
  private readonly interval: number
  private readonly made: TreeCheckpoint[] = []
  private readonly byHash = new Map<Hash, TreeCheckpoint>()

  /** `parents` by index; -1 is the root. */
  constructor(interval: number, parents: readonly number[]) {
    this.interval = interval
    for (const parent of parents) this.grow(this.made[parent])
  }

  /** Parents first. */
  get checkpoints(): readonly TreeCheckpoint[] {
    return this.made
  }

  get(hash: Hash): TreeCheckpoint | undefined {
    return this.byHash.get(hash)
  }

  parentOf(hash: Hash): Hash | undefined {
    return this.byHash.get(hash)?.parentHash
  }

  /** The branch from the root that it lies on: the first is left, the second right. */
  branchOf(hash: Hash): 'left' | 'right' | undefined {
    let bottom = this.byHash.get(hash)
    for (let at = bottom; at !== undefined; at = this.byHash.get(at.parentHash)) bottom = at
    const roots = this.made.filter(({ parentHash }) => parentHash === GENESIS_HASH)
    return bottom === roots[0] ? 'left' : bottom === roots[1] ? 'right' : undefined
  }

  /** A new checkpoint on this one, or on the root. */
  grow(parent: TreeCheckpoint | undefined): TreeCheckpoint {
    const index = (parent?.index ?? 0) + 1
    const checkpoint: TreeCheckpoint = {
      index,
      height: index * this.interval,
      hash: keccakHash(bigIntToBytes(BigInt(this.made.length + 1), 32)),
      parentHash: parent?.hash ?? GENESIS_HASH,
    }
    this.made.push(checkpoint)
    this.byHash.set(checkpoint.hash, checkpoint)
    return checkpoint
  }

  /** Those that nothing stands on. */
  tips(): TreeCheckpoint[] {
    const parents = new Set(this.made.map(({ parentHash }) => parentHash))
    return this.made.filter(({ hash }) => !parents.has(hash))
  }
}
