// What a node finds on its disk when it starts, in the form in which the replica takes it.
import {
  type Checkpoint,
  decodeFinalityRecord,
  decodeSafetyRecord,
  encodeFinalityRecord,
  encodeSafetyRecord,
  type RestoredReplica,
} from '@tan/consensus'
import { finalizedPoint, hashBlock, type JustifiedPoint } from '@tan/protocol'
import type { DiskContent } from './disk.ts'
import { GENESIS_HASH } from './ledger.ts'

export function restoreReplica(content: DiskContent, checkpointInterval: number): RestoredReplica {
  const { chain, safety, finality, finalityCertificate } = content
  const tip = chain.at(-1)
  const carried = carriedBy(content)
  const checkpoints = checkpointsOf(content, checkpointInterval)
  const heightOf = (point: JustifiedPoint | undefined): number =>
    checkpoints.find(({ hash }) => hash === point?.hash)?.height ?? 0
  const certified = finalityCertificate === undefined ? undefined : finalizedPoint(finalityCertificate)
  const finalHeight = Math.max(heightOf(certified), heightOf(carried))
  return {
    settlement: {
      settled:
        tip === undefined
          ? { hash: GENESIS_HASH, height: 0, epoch: 0 }
          : { hash: hashBlock(tip.block), height: tip.block.header.height, epoch: tip.block.record.epoch },
      safety: safety === undefined ? undefined : decodeSafetyRecord(encodeSafetyRecord(safety)),
      proposals: [...content.proposals]
        .filter(({ block }) => block.header.height > chain.length)
        .sort((a, b) => a.block.header.height - b.block.header.height),
    },
    finality: {
      record: finality === undefined ? undefined : decodeFinalityRecord(encodeFinalityRecord(finality)),
      certificate: finalityCertificate,
      carried,
      checkpoints: checkpoints.filter(({ height }) => height > finalHeight),
    },
    settledCheckpoints: checkpoints.filter(({ height }) => height >= heightOf(carried)),
  }
}

/** The newest finalized point that the settled chain carries. */
function carriedBy({ chain }: DiskContent): JustifiedPoint | undefined {
  const carrying = chain.findLast(({ block }) => block.record.finality !== undefined)
  return carrying === undefined ? undefined : finalizedPoint(carrying.block.record.finality!)
}

/** Of the settled chain, the root included. */
function checkpointsOf({ chain }: DiskContent, interval: number): Checkpoint[] {
  const checkpoints: Checkpoint[] = [{ height: 0, hash: GENESIS_HASH, parentHash: GENESIS_HASH }]
  for (let height = interval; height <= chain.length; height += interval) {
    const hash = hashBlock(chain[height - 1]!.block)
    checkpoints.push({ height, hash, parentHash: checkpoints.at(-1)!.hash })
  }
  return checkpoints
}
