import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { kindOf, runSeed, runSeeds } from './seeds.ts'
import { FAULT_KINDS } from './world/journal.ts'

/** 1,000 chains, and guardians under a captured committee besides. */
const SEEDS = 1_100

describe('the standard seeds', () => {
  it('break no rule, and go on after the network has healed', { timeout: 600_000 }, async () => {
    const summary = await runSeeds({ from: 1, count: SEEDS }, availableParallelism())
    const broken = summary.violations.map(
      ({ seed, kind, violation }) =>
        `npm run sim -- --seed ${seed} --trace (${kind}): ${violation!.kind}: ${violation!.message}`,
    )
    expect(broken).toEqual([])
    expect(summary.seeds).toBe(SEEDS)
    expect(summary.chains.count).toBe(1_000)
    expect(summary.chains.settledMin).toBeGreaterThanOrEqual(30)
    expect(summary.chains.faultKindsMin).toBeGreaterThanOrEqual(3)
    expect(FAULT_KINDS.filter(kind => !summary.faults.has(kind))).toEqual([])
  })

  it('give the same world again, whatever ran before', () => {
    const first = [3, 4, 10].map(seed => runSeed(seed))
    const again = [10, 3, 4].map(seed => runSeed(seed))
    expect(again[1]).toEqual(first[0])
    expect(again[2]).toEqual(first[1])
    expect(again[0]).toEqual(first[2])
    expect(first.map(({ seed }) => kindOf(seed))).toEqual(first.map(({ kind }) => kind))
  })

  it.each([184, 354])('finalize within five ballots after the network has healed (spec F-TIMER): hiding %i', seed => {
    let healedAt: number | undefined
    let ballot = 0
    const { violation } = runSeed(seed, 'hiding', {
      print: ({ who, what }) => {
        if (who === 'chaos') healedAt = ballot
        const [, guardian, opened] = /^status of (\d+) in ballot (\d+)/.exec(what) ?? []
        if (who === `node ${guardian}`) ballot = Math.max(ballot, Number(opened))
      },
    })
    expect(violation).toBeUndefined()
    expect(healedAt).toBeDefined()
    expect(ballot - healedAt!).toBeLessThanOrEqual(5)
  })

  it('tell of each event, when asked', () => {
    const lines: string[] = []
    const { events } = runSeed(5, undefined, { print: ({ who, what }) => lines.push(`${who} ${what}`) })
    expect(events).toBeGreaterThan(100)
    expect(lines.some(line => /^node \d+ settles up to height 3/.test(line))).toBe(true)
  })
})
