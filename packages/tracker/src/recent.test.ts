import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRecent } from './recent.ts'

describe('a recent map', () => {
  it('keeps the latest half of its bound at least, its bound at most, and tells what it drops', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('get', 'set'), fc.nat({ max: 60 })), { maxLength: 500 })
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 20 }).map(half => 2 * half),
        (history, most) => {
          const dropped: number[] = []
          const recent = createRecent<number, { key: number }>(most, ({ key }) => dropped.push(key))
          const held = new Set<number>()
          let used: number[] = []
          for (const [what, key] of history) {
            if (what === 'set') recent.set(key, { key })
            else expect(recent.get(key)?.key).toBe(held.has(key) ? key : undefined)
            if (what === 'set' || held.has(key)) {
              used = [...used.filter(other => other !== key), key]
              held.add(key)
            }
            for (const gone of dropped.splice(0)) held.delete(gone)
            expect(recent.size).toBe(held.size)
            expect(recent.size).toBeLessThanOrEqual(most)
            for (const latest of used.slice(-most / 2)) expect(held.has(latest)).toBe(true)
          }
        },
      ),
    )
  })
})
