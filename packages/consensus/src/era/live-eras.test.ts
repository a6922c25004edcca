// The registry of live eras: each is found by its start, the newest is the last, and there are never many.
import { describe, expect, it } from 'vitest'
import { LIVE_ERAS_MAX } from '../limits.ts'
import { hashOf } from '../testing/chain.ts'
import { createMembers, eraOf } from '../testing/members.ts'
import { LiveEras } from './live-eras.ts'

const instance = (i: number) => ({
  era: eraOf(createMembers([1, 1, 1, 1], hashOf(`start ${i}`)), { height: 100 * i, epoch: 150 * i }),
})
const [first, second, third] = [0, 1, 2].map(instance) as [
  ReturnType<typeof instance>,
  ReturnType<typeof instance>,
  ReturnType<typeof instance>,
]

describe('live eras', () => {
  it('are found by their start as long as they live', () => {
    const live = new LiveEras(first)
    live.begin(second)
    expect([first, second, third].map(({ era }) => live.of(era.start.hash))).toEqual([first, second, undefined])
    expect(live.newest).toBe(second)
    live.end(first.era.start.hash)
    expect(live.of(first.era.start.hash)).toBeUndefined()
    expect([...live]).toEqual([second])
  })

  it('begin once, one above the other, and no more than so many', () => {
    const live = new LiveEras(first)
    live.begin(third)
    expect(() => live.begin(third)).toThrow('twice')
    expect(() => live.begin(second)).toThrow('below one that is live')
    for (let i = 3; i < LIVE_ERAS_MAX + 1; i++) live.begin(instance(i))
    expect(() => live.begin(instance(99))).toThrow('are live')
  })

  it('end only while another goes on', () => {
    const live = new LiveEras(first)
    expect(() => live.end(first.era.start.hash)).toThrow('the newest')
    expect(() => live.end(hashOf('unknown'))).toThrow('not live')
  })
})
