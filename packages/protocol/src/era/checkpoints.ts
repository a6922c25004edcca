// Checkpoints are the blocks whose height is a multiple of T (`checkpointInterval`). Within an era they are numbered from 1 on,
// above its start; rounds of finality name them by that number (0 is the start itself).
import type { EraStart } from './committee.ts'

type StartHeight = Pick<EraStart, 'height'>

/** Height of a checkpoint of the era; of its start for index 0. */
export function checkpointHeight({ height }: StartHeight, interval: number, index: number): number {
  return index === 0 ? height : (Math.floor(height / interval) + index) * interval
}

/** Number of the checkpoint at this height, which is a multiple of the interval. */
export function checkpointIndex({ height: startHeight }: StartHeight, interval: number, height: number): number {
  return height / interval - Math.floor(startHeight / interval)
}
