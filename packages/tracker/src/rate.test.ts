import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ADDRESSES_MAX, BURST_SECONDS } from './limits.ts'
import { createCustomers, createTokenBucket } from './rate.ts'
import { createManualClock } from './testing/tracker.ts'

describe('a token bucket', () => {
  it('gives a burst, then its rate, over any history', () => {
    const pauses = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 3_000 })), { maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), pauses, (perSecond, pausesMs) => {
        const clock = createManualClock()
        const bucket = createTokenBucket(clock, perSecond)
        let taken = 0
        let passedMs = 0
        for (const pauseMs of pausesMs) {
          clock.advance(pauseMs)
          passedMs += pauseMs
          if (bucket.take()) taken++
          expect(taken).toBeLessThanOrEqual(perSecond * BURST_SECONDS + (passedMs / 1000) * perSecond + 1e-6)
        }
        clock.advance(BURST_SECONDS * 1_000)
        for (let i = 0; i < perSecond * BURST_SECONDS; i++) expect(bucket.take()).toBe(true)
        expect(bucket.take()).toBe(false)
      }),
    )
  })

  it('survives a clock that is set back', () => {
    const clock = createManualClock()
    const bucket = createTokenBucket(clock, 1, 2)
    clock.advance(-1e9)
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false])
    clock.advance(1_000)
    expect(bucket.take()).toBe(true)
  })
})

describe('customers', () => {
  it('are remembered after they left, up to a bound', () => {
    const clock = createManualClock()
    const bucket = () => createTokenBucket(clock, 1, 1)
    const customers = createCustomers(() => ({ connects: bucket(), messages: bucket() }))
    const first = customers.of('first')
    expect(customers.of('first')).toBe(first)
    for (let i = 0; i < ADDRESSES_MAX / 2; i++) customers.of(`${i}`)
    expect(customers.of('first')).toBe(first)
    for (let i = 0; i < ADDRESSES_MAX; i++) customers.of(`later ${i}`)
    expect(customers.of('first')).not.toBe(first)
  })
})
