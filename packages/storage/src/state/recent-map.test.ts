import { createSeededRandom, randomBelow } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { RecentMap } from './recent-map.ts'

describe('a map of recent entries', () => {
  it('never answers with an older value, whatever it forgets', () => {
    const random = createSeededRandom(31)
    const map = new RecentMap<number, number>(40)
    const oracle = new Map<number, number>()
    let hits = 0
    for (let i = 0; i < 20_000; i++) {
      const key = randomBelow(random, 60)
      if (randomBelow(random, 3) === 0) {
        map.set(key, i)
        oracle.set(key, i)
      } else {
        const found = map.get(key)
        if (found !== undefined) hits++
        expect([undefined, oracle.get(key)]).toContain(found)
      }
    }
    expect(hits).toBeGreaterThan(1_000)
  })

  it('holds at most its bound, by weight, and what was used last', () => {
    const map = new RecentMap<number, string>(100, value => value.length)
    for (let i = 0; i < 1_000; i++) {
      map.set(i, 'x'.repeat(1 + (i % 7)))
      if (i > 0) expect(map.get(0)).toBe('x')
    }
    const weight = Array.from({ length: 1_000 }, (_, i) => map.get(i)?.length ?? 0).reduce((a, b) => a + b)
    expect(weight).toBeLessThanOrEqual(100)
    map.clear()
    expect(map.get(0)).toBeUndefined()
  })

  it('takes an entry that is heavier than its bound, alone', () => {
    const map = new RecentMap<string, string>(10, value => value.length)
    map.set('large', 'x'.repeat(50))
    expect(map.get('large')).toBe('x'.repeat(50))
    map.set('a', 'x')
    map.set('b', 'x')
    map.set('c', 'xxxx')
    map.set('d', 'xxxx')
    expect(map.get('large')).toBeUndefined()
  })
})
