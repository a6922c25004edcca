import type { Hash } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { certaintyOf, checkpointProgress, insertBlock, missingParent } from './blocks.ts'

const at = (height: number, branch = 'a', parentBranch = branch) => ({
  height,
  hash: `0x${branch}${height}` as Hash,
  parentHash: `0x${parentBranch}${height - 1}` as Hash,
})
const names = (blocks: readonly { hash: Hash }[]): string => blocks.map(block => block.hash.slice(2)).join(' ')

describe('a list of blocks', () => {
  test('stands newest first, whatever the order in which they come', () => {
    const heights = [1, 2, 3, 4, 5, 6]
    fc.assert(
      fc.property(fc.shuffledSubarray(heights, { minLength: 6 }), order => {
        const blocks = order.reduce<ReturnType<typeof at>[]>(
          (list, height) => [...insertBlock(list, at(height), 10)],
          [],
        )
        expect(names(blocks)).toBe('a6 a5 a4 a3 a2 a1')
      }),
    )
  })

  test('is always one chain: neighbours are parent and child', () => {
    const block = fc
      .record({ height: fc.integer({ min: 1, max: 8 }), branch: fc.constantFrom('a', 'b'), turns: fc.boolean() })
      .map(({ height, branch, turns }) => at(height, branch, turns ? (branch === 'a' ? 'b' : 'a') : branch))
    fc.assert(
      fc.property(fc.array(block, { maxLength: 40 }), arrivals => {
        let blocks: readonly ReturnType<typeof at>[] = []
        for (const arrival of arrivals) {
          blocks = insertBlock(blocks, arrival, 6)
          expect(blocks.length).toBeLessThanOrEqual(6)
          blocks.slice(1).forEach((parent, i) => {
            const child = blocks[i]!
            expect(child.height).toBeGreaterThan(parent.height)
            if (child.height === parent.height + 1) expect(child.parentHash).toBe(parent.hash)
          })
        }
      }),
    )
  })

  test('follows another branch when its blocks come', () => {
    const old = [at(5), at(4), at(3)]
    expect(names(insertBlock(old, at(4, 'b', 'a'), 10))).toBe('b4 a3')
    expect(names(insertBlock(old, at(5, 'b'), 10))).toBe('b5 a3')
  })

  test('knows what it misses, and not more than is wanted', () => {
    expect(missingParent([], 10)).toBeUndefined()
    expect(missingParent([at(5), at(4), at(2)], 10)).toBe('0xa3')
    expect(missingParent([at(5), at(4), at(2)], 2)).toBeUndefined()
    expect(missingParent([at(1), at(0)], 10)).toBeUndefined()
    expect(missingParent([at(9)], 2)).toBe('0xa8')
  })
})

const point = (height: number) => ({ height, hash: '0x00' as Hash })

test('a block is as certain as the heights say', () => {
  const status = { settled: point(20), finalized: point(10) }
  expect([10, 11, 20, 21].map(height => certaintyOf(height, status))).toEqual([
    'finalized',
    'settled',
    'settled',
    'head',
  ])
})

describe('the next checkpoint', () => {
  const status = (
    head: number,
    settled: number,
    finalized: number,
    prepare = 0,
    commit = 0,
    voted = finalized + 10,
  ) => ({
    head: point(head),
    settled: point(settled),
    finalized: point(finalized),
    finality: { height: voted, ballot: 0, preparePower: prepare, commitPower: commit, totalPower: 90 },
  })

  test('grows by blocks, then fills with guardians', () => {
    expect(checkpointProgress(status(27, 25, 20), 10)).toMatchObject({ height: 30, blocks: 7, step: 'growing' })
    expect(checkpointProgress(status(31, 30, 20, 45), 10)).toMatchObject({
      blocks: 10,
      prepared: 0.5,
      committed: 0,
      step: 'preparing',
    })
    expect(checkpointProgress(status(32, 30, 20, 61, 30), 10)).toMatchObject({ step: 'committing', committed: 1 / 3 })
  })

  test('two thirds exactly are no quorum', () => {
    expect(checkpointProgress(status(32, 30, 20, 60), 10).step).toBe('preparing')
  })

  test('votes for an older checkpoint fill nothing', () => {
    expect(checkpointProgress(status(27, 25, 20, 90, 90, 20), 10)).toMatchObject({ height: 30, prepared: 0 })
  })

  test('is the one that guardians vote on when they leap over one', () => {
    expect(checkpointProgress(status(45, 43, 20, 9, 0, 40), 10)).toMatchObject({ height: 40, prepared: 0.1 })
  })
})
