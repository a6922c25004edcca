// The settled checkpoints above the finalized one: their ancestry, and which is to be prepared next. Of several branches, if
// the committee is broken.
import type { Hash } from '@tan/primitives'
import {
  checkpointHeight,
  checkpointIndex,
  checkpointIndexOf,
  type JustifiedPoint,
  type Prepare,
  roundOf,
} from '@tan/protocol'
import { CHECKPOINTS_MAX } from '../limits.ts'
import type { Checkpoint, FinalityConfig } from './types.ts'

export class CheckpointTree {
  private readonly root: { readonly height: number }
  private readonly interval: number
  private readonly settled = new Map<Hash, Checkpoint>()

  /** Of the instance whose root has this height. */
  constructor(
    { rootHeight, checkpointInterval }: Pick<FinalityConfig, 'rootHeight' | 'checkpointInterval'>,
    checkpoints: readonly Checkpoint[],
  ) {
    this.root = { height: rootHeight }
    this.interval = checkpointInterval
    for (const checkpoint of checkpoints) this.settled.set(checkpoint.hash, checkpoint)
  }

  get isEmpty(): boolean {
    return this.settled.size === 0
  }

  heightOf(round: number): number {
    return checkpointHeight(this.root, this.interval, checkpointIndexOf(round))
  }

  /** False for one that is known, or not above the finalized round. */
  add(checkpoint: Checkpoint, finalizedRound: number): boolean {
    if (checkpoint.height <= this.heightOf(finalizedRound) || this.settled.has(checkpoint.hash)) return false
    if (this.settled.size >= CHECKPOINTS_MAX) this.settled.delete(this.settled.keys().next().value!)
    this.settled.set(checkpoint.hash, checkpoint)
    return true
  }

  /** Keeps what extends a point that is final. */
  prune(point: JustifiedPoint): void {
    const kept = [...this.settled.values()].filter(checkpoint => this.extends(checkpoint, point))
    this.settled.clear()
    for (const checkpoint of kept) this.settled.set(checkpoint.hash, checkpoint)
  }

  /** How many checkpoints a height is above a round's. */
  distance(height: number, round: number): number {
    return checkpointIndex(this.root, this.interval, height) - checkpointIndexOf(round)
  }

  /** Of the highest settled checkpoint, at least that of the finalized round. */
  highestHeight(finalizedRound: number): number {
    const heights = [...this.settled.values()].map(checkpoint => checkpoint.height)
    return Math.max(this.heightOf(finalizedRound), ...heights)
  }

  /** In a ballot, from a source to the highest settled checkpoint strictly above it on its branch; ties: lower hash. */
  nextPrepare(ballot: number, source: JustifiedPoint): Prepare | undefined {
    let best: Checkpoint | undefined
    for (const checkpoint of this.settled.values()) {
      const isHigher = best === undefined || checkpoint.height > best.height
      const isLower = best !== undefined && checkpoint.height === best.height && checkpoint.hash < best.hash
      if ((isHigher || isLower) && this.extends(checkpoint, source)) best = checkpoint
    }
    return (
      best && {
        round: roundOf(ballot, checkpointIndex(this.root, this.interval, best.height)),
        source,
        target: best.hash,
      }
    )
  }

  /** Did this node settle the target, at the height that its round says, above the source on the same branch? */
  isSettledLink({ source, round, target }: Prepare): boolean {
    const checkpoint = this.settled.get(target)
    return checkpoint !== undefined && checkpoint.height === this.heightOf(round) && this.extends(checkpoint, source)
  }

  /** Is the checkpoint strictly above the point, on its branch, as far as is settled here? */
  private extends(checkpoint: Checkpoint, point: JustifiedPoint): boolean {
    const height = this.heightOf(point.round)
    let at = checkpoint
    while (at.height > height + this.interval) {
      const parent = this.settled.get(at.parentHash)
      if (parent === undefined) return false
      at = parent
    }
    return at.height > height && at.parentHash === point.hash
  }
}
