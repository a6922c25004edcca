import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Meter } from './meter.ts'

const PIECE = 65_536
const createMeter = () => new Meter({ latencyMs: 300, bytesPerMs: 500 })

/** A source of this rate and latency answers flow after flow; `burst` pieces of each reach us together, some ms apart. */
function measure(
  meter: Meter,
  source: { bytesPerMs: number; latencyMs: number },
  flows: readonly { pieces: number; burst: number; jitterMs: number }[],
): void {
  let nowMs = 0
  for (const { pieces, burst, jitterMs } of flows) {
    const sentMs = nowMs
    const at = (piece: number) => sentMs + source.latencyMs + ((piece + 1) * PIECE) / source.bytesPerMs
    for (let i = 0; i < pieces; i++) {
      const last = Math.min(pieces, i - (i % burst) + burst) - 1
      nowMs = Math.max(nowMs, at(last) + (i % burst) * jitterMs)
      meter.arrived(PIECE, sentMs, nowMs, i === 0)
    }
  }
}

describe('what is expected of a source', () => {
  it('is its rate, however its bytes are bundled', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 3_000 }),
        fc.integer({ min: 5, max: 400 }),
        fc.array(
          fc.record({
            pieces: fc.integer({ min: 17, max: 40 }),
            burst: fc.integer({ min: 1, max: 8 }),
            jitterMs: fc.constantFrom(0, 0, 1, 2),
          }),
          { minLength: 3, maxLength: 12 },
        ),
        (bytesPerMs, latencyMs, flows) => {
          const meter = createMeter()
          measure(meter, { bytesPerMs, latencyMs }, flows)
          // a burst that straddles the end of the first answer may show a little more than is so
          expect(meter.bytesPerMs).toBeLessThan(1.35 * bytesPerMs)
          expect(meter.bytesPerMs).toBeGreaterThan(0.6 * bytesPerMs)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is not more than its rate, where each answer comes all at once', () => {
    const meter = createMeter()
    const flows = Array.from({ length: 6 }, () => ({ pieces: 9, burst: 9, jitterMs: 0 }))
    measure(meter, { bytesPerMs: 100, latencyMs: 100 }, flows)
    expect(meter.bytesPerMs).toBeLessThan(110)
    expect(meter.bytesPerMs).toBeGreaterThan(60)
  })

  it('follows a source that becomes slower', () => {
    const meter = createMeter()
    const flows = Array.from({ length: 6 }, () => ({ pieces: 20, burst: 2, jitterMs: 0 }))
    measure(meter, { bytesPerMs: 2_000, latencyMs: 50 }, flows)
    expect(meter.bytesPerMs).toBeGreaterThan(1_900)
    measure(meter, { bytesPerMs: 100, latencyMs: 50 }, flows.slice(0, 1))
    expect(meter.bytesPerMs).toBeLessThan(120)
  })
})
