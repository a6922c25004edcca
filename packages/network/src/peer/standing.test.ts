import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { burstOf, declareProtocol } from '../protocols.ts'
import { Standing } from './standing.ts'

const SLOW = declareProtocol({
  kind: 'message',
  name: 'slow',
  version: 1,
  messageSizeMaxBytes: 10,
  messagesPerSecondMax: 2,
  timeoutMs: 3000,
  penaltyPoints: 10,
})
const OTHER = declareProtocol({ ...SLOW, name: 'other' })

function create() {
  const clock = { ms: 1_000_000, nowMs: () => clock.ms }
  return { clock, standing: new Standing(clock) }
}

describe('standing', () => {
  test('a burst of the longest stall, then the rate, for each peer and protocol', () => {
    const { clock, standing } = create()
    const takes = (peer: string, protocol = SLOW) => {
      let count = 0
      while (standing.take(peer, protocol)) count++
      return count
    }
    expect(takes('a')).toBe(burstOf(SLOW))
    expect(takes('a', OTHER)).toBe(burstOf(OTHER))
    expect(takes('b')).toBe(burstOf(SLOW))
    clock.ms += 1000
    expect(takes('a')).toBe(2)
    clock.ms += 250
    expect(takes('a')).toBe(0)
    clock.ms += 250
    expect(takes('a')).toBe(1)
    clock.ms += 3_600_000
    expect(takes('a')).toBe(burstOf(SLOW))
  })

  test('whatever the clock does, no more than the burst and the rate over the time that passed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5000, max: 5000 }), { maxLength: 60 }), steps => {
        const { clock, standing } = create()
        let taken = 0
        let forwardMs = 0
        for (const step of steps) {
          clock.ms += step
          forwardMs += Math.max(0, step)
          for (let i = 0; i < 5; i++) if (standing.take('a', SLOW)) taken++
        }
        expect(taken).toBeLessThanOrEqual(burstOf(SLOW) + (forwardMs / 1000) * SLOW.messagesPerSecondMax)
      }),
    )
  })

  test('points are forgiven with time, and a hundred at once are a ban that ends', () => {
    const { clock, standing } = create()
    expect(standing.penalize('a', 60)).toBe(false)
    clock.ms += 30_000
    expect(standing.points('a')).toBe(60 - 30 * LIMITS.forgivenPointsPerSecond)
    expect(standing.penalize('a', 60)).toBe(false)
    expect(standing.penalize('a', 10)).toBe(true)
    expect(standing.isBanned('a')).toBe(true)
    expect(standing.isBanned('b')).toBe(false)
    clock.ms += LIMITS.banMs - 1
    expect(standing.isBanned('a')).toBe(true)
    clock.ms += 1
    expect(standing.isBanned('a')).toBe(false)
    expect(standing.points('a')).toBe(0)
  })

  test('a flood of fresh identities frees nobody from a ban', () => {
    const { standing } = create()
    standing.penalize('banned', 100)
    for (let i = 0; i < LIMITS.standingsMax + 10; i++) standing.take(`fresh ${i}`, SLOW)
    expect(standing.isBanned('banned')).toBe(true)
  })
})
