import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventQueue } from './event-queue.ts'

describe('the event queue', () => {
  it('runs events by time, then by the order of their making, and not those that were cancelled', () => {
    const event = fc.record({ delayMs: fc.nat(20), isCancelled: fc.boolean() })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), events => {
        const queue = new EventQueue()
        const ran: number[] = []
        events.forEach(({ delayMs, isCancelled }, i) => {
          queue.schedule(delayMs, () => {
            expect(queue.nowMs).toBe(delayMs)
            ran.push(i)
          }).isCancelled = isCancelled
        })
        while (queue.runNext());
        const expected = events
          .map(({ delayMs, isCancelled }, i) => ({ delayMs, isCancelled, i }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.delayMs - b.delayMs || a.i - b.i)
        expect(ran).toEqual(expected.map(({ i }) => i))
        expect(queue.size).toBe(0)
      }),
    )
  })

  it('runs what an event makes for now after what was made for now before', () => {
    const queue = new EventQueue()
    const ran: string[] = []
    queue.schedule(5, () => {
      ran.push('first')
      queue.schedule(0, () => ran.push('made by the first'))
    })
    queue.schedule(5, () => ran.push('second'))
    while (queue.runNext());
    expect(ran).toEqual(['first', 'second', 'made by the first'])
  })

  it('refuses the past', () => {
    expect(() => new EventQueue().schedule(-1, () => {})).toThrow(/past/)
  })
})
