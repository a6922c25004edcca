// The draw of a ballot's leader: by power, the same for all, another for another root.
import { describe, expect, it } from 'vitest'
import { hashOf } from '../testing/chain.ts'
import { TestPool } from '../testing/pool.ts'

const POWERS = [6, 3, 1, 0]
const BALLOTS = 2_000

function shares(pool: TestPool): number[] {
  const counts = POWERS.map(() => 0)
  for (let ballot = 1; ballot <= BALLOTS; ballot++) counts[pool.leaderOf(ballot)]! += 1
  return counts.map(count => count / BALLOTS)
}

describe("a ballot's leader", () => {
  it('is drawn by power, and never one without', () => {
    const drawn = shares(new TestPool(POWERS))
    // the draw is fixed: 2,000 ballots are within 4 standard deviations of the powers
    drawn.forEach((part, i) => {
      const p = POWERS[i]! / 10
      expect(Math.abs(part - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / BALLOTS))
    })
    expect(drawn[3]).toBe(0)
  })

  it('is the same for everybody, and depends on root and ballot', () => {
    const leaders = (pool: TestPool) => Array.from({ length: 40 }, (_, i) => pool.leaderOf(i + 1))
    const first = leaders(new TestPool(POWERS))
    expect(leaders(new TestPool(POWERS))).toEqual(first)
    expect(leaders(new TestPool(POWERS, 7, hashOf('another root')))).not.toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
  })
})
