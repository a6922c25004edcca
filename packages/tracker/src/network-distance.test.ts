import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RTT_PAIRS_MAX, RTT_REPORTERS_MAX, RTT_REPORTERS_MIN } from './limits.ts'
import { createRttBook, seedRttMs } from './network-distance.ts'

const millisecondsBeyond = fc.double({ min: -200, max: 10_000, noNaN: true })

describe('the seed', () => {
  it('grows with the way, is less within a network, and is there without a position', () => {
    expect(seedRttMs(0, true)).toBeLessThan(seedRttMs(0, false))
    expect(seedRttMs(100, true)).toBeLessThan(seedRttMs(1_000, true))
    // Hanoi to Frankfurt: 9,000 km, 160 to 250 ms in practice
    expect(seedRttMs(9_000, false)).toBeGreaterThan(120)
    expect(seedRttMs(9_000, false)).toBeLessThan(250)
    expect(seedRttMs(undefined, false)).toBeGreaterThan(seedRttMs(500, false))
    expect(seedRttMs(undefined, false)).toBeLessThan(seedRttMs(9_000, false))
  })
})

// spec T-RTT
describe('corrections', () => {
  it('wait for enough reporters, and hold both ways', () => {
    const book = createRttBook()
    for (let reporter = 1; reporter < RTT_REPORTERS_MIN; reporter++) book.report(`${reporter}`, 10, 20, 50)
    expect(book.corrections(10)(20)).toBe(0)
    book.report('last', 20, 10, 70)
    expect(book.corrections(10)(20)).toBe(50)
    expect(book.corrections(20)(10)).toBe(50)
    expect(book.corrections(10)(10)).toBe(0)
    expect(book.corrections(30)(20)).toBe(0)
  })

  it('stay among what honest reporters measured while liars are fewer, however often they report', () => {
    const honestAndLies = fc
      .array(millisecondsBeyond, { minLength: RTT_REPORTERS_MIN, maxLength: 11 })
      .chain(honest =>
        fc.tuple(
          fc.constant(honest),
          fc.array(fc.constantFrom(-1e6, 1e6), { maxLength: Math.min(honest.length - 1, 10) }),
        ),
      )
    fc.assert(
      fc.property(honestAndLies, fc.nat({ max: 50 }), ([honest, lies], repeats) => {
        const book = createRttBook()
        for (const [i, beyondMs] of honest.entries()) book.report(`honest ${i}`, 1, 2, beyondMs)
        for (let round = 0; round <= repeats; round++)
          for (const [i, lie] of lies.entries()) book.report(`liar ${i}`, 1, 2, lie)
        const correctionMs = book.corrections(1)(2)
        expect(correctionMs).toBeGreaterThanOrEqual(Math.min(...honest))
        expect(correctionMs).toBeLessThanOrEqual(Math.max(...honest))
      }),
    )
  })

  it('follow what is measured now', () => {
    const book = createRttBook()
    for (let i = 0; i < RTT_REPORTERS_MAX; i++) book.report(`old ${i}`, 1, 2, 10)
    for (let i = 0; i < RTT_REPORTERS_MAX; i++) book.report(`new ${i}`, 1, 2, 90)
    expect(book.corrections(1)(2)).toBe(90)
  })

  it('ignore networks that are not known', () => {
    const book = createRttBook()
    for (let reporter = 0; reporter < 5; reporter++) book.report(`${reporter}`, 0, 2, 50)
    expect(book.pairs).toBe(0)
  })

  it('forget pairs that nobody reports for long, and no other', () => {
    const book = createRttBook()
    const measured = (one: number, other: number) => {
      for (let reporter = 0; reporter < RTT_REPORTERS_MIN; reporter++) book.report(`${reporter}`, one, other, 5)
    }
    measured(1, 2)
    measured(3, 4)
    for (let asn = 5; asn < 1.2 * RTT_PAIRS_MAX; asn++) {
      book.report('one', asn, asn, 1)
      if (asn % 1_000 === 0) measured(1, 2)
    }
    expect(book.pairs).toBeLessThanOrEqual(RTT_PAIRS_MAX)
    expect(book.corrections(1)(2)).toBe(5)
    expect(book.corrections(2)(1)).toBe(5)
    expect(book.corrections(3)(4)).toBe(0)
    expect(book.corrections(4)(3)).toBe(0)
  })
})
