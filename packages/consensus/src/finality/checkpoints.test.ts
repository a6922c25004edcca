// The tree of settled checkpoints (spec F-PREPARE: the target is settled here and extends the source), against a simple oracle.
import { roundOf } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GENESIS } from '../testing/chain.ts'
import { branch, INTERVAL } from '../testing/pool.ts'
import { CheckpointTree } from './checkpoints.ts'
import type { Checkpoint } from './types.ts'

const root = { hash: GENESIS.hash, round: 0 }
const trunk = branch('a', 4)
/** b leaves a after its first, c after its second. */
const all = [...trunk, ...branch('b', 3, trunk[0]!), ...branch('c', 3, trunk[1]!)]
const pointOf = ({ hash, height }: Checkpoint) => ({ hash, round: roundOf(0, height / INTERVAL) })
const byHash = new Map(all.map(checkpoint => [checkpoint.hash, checkpoint]))

/** Is every checkpoint between them settled too? */
function isAbove(at: Checkpoint, hash: string, settled: ReadonlySet<Checkpoint>): boolean {
  if (!settled.has(at)) return false
  if (at.parentHash === hash) return true
  const parent = byHash.get(at.parentHash)
  return parent !== undefined && isAbove(parent, hash, settled)
}

describe('the checkpoint tree', () => {
  it('knows what is settled above what, and prepares the highest, of two the lower hash', () => {
    fc.assert(
      fc.property(fc.subarray(all), fc.constantFrom(root, ...all.map(pointOf)), (chosen, source) => {
        const tree = new CheckpointTree({ rootHeight: 0, checkpointInterval: INTERVAL }, chosen)
        const settled = new Set(chosen)
        const above = chosen.filter(checkpoint => isAbove(checkpoint, source.hash, settled))
        for (const checkpoint of all) {
          const link = { source, round: pointOf(checkpoint).round, target: checkpoint.hash }
          expect(tree.isSettledLink(link)).toBe(above.includes(checkpoint))
          expect(tree.isSettledLink({ ...link, round: link.round + 1 })).toBe(false)
        }
        const [best] = above.sort((x, y) => y.height - x.height || (x.hash < y.hash ? -1 : 1))
        const round = best && roundOf(3, best.height / INTERVAL)
        expect(tree.nextPrepare(3, source)).toEqual(best && { round, source, target: best.hash })
      }),
    )
  })

  it('takes what is new and not final, and keeps what extends what is', () => {
    const tree = new CheckpointTree({ rootHeight: 0, checkpointInterval: INTERVAL }, [])
    expect(trunk.map(checkpoint => tree.add(checkpoint, 1))).toEqual([false, true, true, true])
    expect(tree.add(trunk[1]!, 1)).toBe(false)
    const rival = branch('b', 2, trunk[0]!)
    for (const checkpoint of rival) tree.add(checkpoint, 1)
    tree.prune(pointOf(trunk[1]!))
    expect(tree.isSettledLink({ source: pointOf(trunk[0]!), round: 3, target: rival[1]!.hash })).toBe(false)
    expect(tree.nextPrepare(0, pointOf(trunk[1]!))).toMatchObject({ target: trunk[3]!.hash })
    expect([tree.highestHeight(2), tree.highestHeight(9), tree.distance(40, 2)]).toEqual([40, 90, 2])
  })
})
