// Whatever a node has made durable (spec S-DURABLE, S-RESTART and F-DURABLE), when it starts again from it, it never contradicts
// what it had sent until then: checked for every durable state of short random runs, against an oracle.
import { createSeededRandom, shuffled } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Kind, Signed } from './testing/signed.ts'
import { type Event, leaderOf, MEMBER_COUNT, relive, runWorld } from './testing/world.ts'

const STEPS = 1_200

describe('a replica that crashed', () => {
  it('never contradicts what it signed before, from whichever durable state it starts', () => {
    const counts = new Map<Kind | 'finalized' | 'restart', number>()
    const count = (kind: Kind | 'finalized' | 'restart', by: number) => counts.set(kind, (counts.get(kind) ?? 0) + by)
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 }), fc.nat({ max: MEMBER_COUNT - 1 }), (seed, victim) => {
        const random = createSeededRandom(seed)
        const { histories, messages, finalizedHeight } = runWorld(random, STEPS)
        histories.forEach((history, index) => {
          expect(signedIn(index, history).contradictions).toEqual([])
        })
        count('finalized', finalizedHeight)
        const history = histories[victim]!
        for (const [kind, number] of signedIn(victim, history).counts) count(kind, number)
        history.forEach((event, at) => {
          if (event.type !== 'durable') return
          // all that went out before the next write rests on this one
          const next = history.findIndex((later, i) => i > at && later.type === 'durable')
          const signed = signedIn(victim, history.slice(0, next < 0 ? history.length : next))
          const again = relive(random, victim, `life ${at}`, event.state, shuffled(random, messages))
          for (const message of again) signed.note(message)
          expect(signed.contradictions).toEqual([])
          count('restart', 1)
        })
      }),
      { numRuns: 12, seed: 1 },
    )
    // the runs must have come across everything that can be signed
    for (const kind of [
      'proposal',
      'vote',
      'epoch-change',
      'prepare',
      'commit',
      'status',
      'finalized',
      'restart',
    ] as const)
      expect(counts.get(kind) ?? 0, kind).toBeGreaterThan(5)
  })
})

function signedIn(index: number, history: readonly Event[]): Signed {
  const signed = new Signed(index, leaderOf)
  for (const event of history) if (event.type === 'sent') signed.note(event.message)
  return signed
}
