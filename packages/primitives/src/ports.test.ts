import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AssertionError, assert, CodedError, reasonOf } from './errors.ts'
import { createSeededRandom, randomBelow, randomBytesFrom, shuffled } from './ports.ts'

describe('seeded randomness', () => {
  it('repeats itself for a seed, and differs between seeds', () => {
    const numbers = (seed: number) => {
      const random = createSeededRandom(seed)
      return Array.from({ length: 20 }, () => random.uint32())
    }
    expect(numbers(5)).toEqual(numbers(5))
    expect(numbers(5)).not.toEqual(numbers(6))
  })

  it('spreads over its range', () => {
    const random = createSeededRandom(1)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 10_000; i++) counts[randomBelow(random, 10)]!++
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
    expect(new Set(randomBytesFrom(random, 2_000)).size).toBe(256)
  })

  it('shuffles without losing anything', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (values, seed) => {
        const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b)
        expect(sorted(shuffled(createSeededRandom(seed), values))).toEqual(sorted(values))
      }),
    )
  })
})

describe('errors', () => {
  it('become rejections, but for bugs', () => {
    expect(reasonOf(new CodedError('area/what', 'why'))).toEqual({ code: 'area/what', message: 'why' })
    expect(reasonOf(new TypeError('odd'))).toEqual({ code: 'internal/unexpected', message: 'odd' })
    expect(() => reasonOf(new AssertionError('bug'))).toThrow('bug')
    expect(() => assert(false, 'bug')).toThrow(AssertionError)
    const cause = new Error('below')
    expect(new CodedError('a/b', 'c', { cause, data: { x: 1 } })).toMatchObject({ cause, data: { x: 1 } })
  })
})
