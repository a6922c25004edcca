import { describe, expect, it } from 'vitest'
import { runEveryCrash, smallScenario } from './exhaustive.ts'

// spec S-DURABLE, F-DURABLE
describe('a crash at any durable write of any node', () => {
  it.each([
    { what: 'among the honest', seed: 1, isByzantine: false },
    { what: 'beside a Byzantine validator', seed: 2, isByzantine: true },
  ])('breaks no rule $what', { timeout: 300_000 }, ({ seed, isByzantine }) => {
    const [undisturbed, ...crashed] = [...runEveryCrash(smallScenario(seed, isByzantine))]
    const writes = undisturbed!.writes.reduce((sum, count) => sum + count, 0)
    expect(crashed.length).toBe(2 * writes)
    expect(writes).toBeGreaterThan(50)
    expect([undisturbed!, ...crashed].flatMap(({ violation }) => violation?.message ?? [])).toEqual([])
    expect(crashed.every(({ faults }) => faults.get('crash') === 1)).toBe(true)
  })
})
