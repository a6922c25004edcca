// The tree against an oracle that knows nothing but each block's parent.
import type { Hash } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UNSETTLED_BLOCKS_MAX } from '../limits.ts'
import { GENESIS, GENESIS_HEADER, hashOf, TestCommittee } from '../testing/chain.ts'
import { BlockTree, type TreeBlock } from './tree.ts'

const template = new TestCommittee().block(GENESIS, 1).proposal

/** Block i + 1 stands on block parents[i], which is 0 (the root) to i. */
const shapes: fc.Arbitrary<number[]> = fc
  .array(fc.nat(), { maxLength: 20 })
  .map(picks => picks.map((pick, i) => pick % (i + 1)))

interface Built {
  readonly tree: BlockTree
  readonly nodes: TreeBlock[]
  readonly parents: readonly number[]
}

const nameOf = (i: number): Hash => (i === 0 ? GENESIS.hash : hashOf(`block ${i}`))

function build(parents: readonly number[]): Built {
  const tree = new BlockTree({ hash: GENESIS.hash, height: 0, epoch: 0 })
  const nodes = [tree.settled]
  parents.forEach((parent, i) => {
    const header = { ...GENESIS_HEADER, parentHash: nameOf(parent), height: nodes[parent]!.height + 1 }
    const record = { ...template.block.record, epoch: i + 1 }
    nodes.push(tree.add({ ...template, block: { ...template.block, header, record } }, nameOf(i + 1), false))
  })
  return { tree, nodes, parents }
}

/** From the block itself down to the root. */
function lineOf(parents: readonly number[], i: number): number[] {
  return i === 0 ? [0] : [i, ...lineOf(parents, parents[i - 1]!)]
}

describe('the tree', () => {
  it('knows ancestors, branches and subtrees', () => {
    fc.assert(
      fc.property(shapes, parents => {
        const { tree, nodes } = build(parents)
        nodes.forEach((node, i) => {
          const line = lineOf(parents, i)
          expect(tree.branch(node).map(({ hash }) => hash)).toEqual(line.slice(0, -1).reverse().map(nameOf))
          expect(
            tree
              .subtree(node)
              .map(({ hash }) => hash)
              .sort(),
          ).toEqual(nodes.flatMap((_, j) => (lineOf(parents, j).includes(i) ? [nameOf(j)] : [])).sort())
          nodes.forEach((other, j) => {
            expect(tree.descendsFrom(node, other)).toBe(line.includes(j))
          })
          for (let height = 0; height <= node.height; height++)
            expect(tree.ancestorAt(node, height)?.hash).toBe(nameOf(line[line.length - 1 - height]!))
          expect(tree.ancestorAt(node, node.height + 1)).toBeUndefined()
        })
      }),
      { numRuns: 50 },
    )
  })

  it('keeps what stands on the settled block, and tells what settled and what lost', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), (parents, pick) => {
        const { tree, nodes } = build(parents)
        const chosen = pick % nodes.length
        const line = lineOf(parents, chosen)
        const { settled, dropped } = tree.settle(nodes[chosen]!)
        expect(settled.map(({ hash }) => hash)).toEqual(line.slice(0, -1).reverse().map(nameOf))
        const kept = nodes.flatMap((_, j) => (lineOf(parents, j).includes(chosen) ? [j] : []))
        expect([...tree.all()].map(({ hash }) => hash).sort()).toEqual(kept.map(nameOf).sort())
        const lost = nodes.flatMap((_, j) => (kept.includes(j) || line.includes(j) ? [] : [nameOf(j)]))
        expect(dropped.map(({ hash }) => hash).sort()).toEqual(lost.sort())
        expect(tree.settled.hash).toBe(nameOf(chosen))
        if (tree.settled.height > 0) expect(tree.ancestorAt(tree.settled, tree.settled.height - 1)).toBeUndefined()
      }),
      { numRuns: 50 },
    )
  })

  it('is full at its bound', () => {
    const chain = Array.from({ length: UNSETTLED_BLOCKS_MAX - 1 }, (_, i) => i)
    expect(build(chain.slice(1).map(i => i - 1)).tree.isFull).toBe(false)
    expect(build(chain).tree.isFull).toBe(true)
  })

  it('takes no block twice, and none without its parent', () => {
    const { tree, nodes } = build([0])
    expect(() => tree.add(nodes[1]!.proposal!, nodes[1]!.hash, true)).toThrow('added twice')
    const stray = {
      ...template,
      block: { ...template.block, header: { ...GENESIS_HEADER, parentHash: hashOf('nowhere') } },
    }
    expect(() => tree.add(stray, hashOf('stray'), true)).toThrow('without its parent')
  })
})
