// spec D-HEDGE
import { describe, expect, it } from 'vitest'
import { SILENT_MAX, SILENT_PAUSE_MAX_MS, SILENT_PAUSE_MIN_MS } from '../limits.ts'
import { Silence } from './silence.ts'

const nth = (i: number): `0x${string}` => `0x${i.toString(16).padStart(40, '0')}`

describe('a peer that was left for its silence', () => {
  it('is asked for nothing for a while, doubled each time up to a bound, until it delivers', () => {
    const silence = new Silence()
    const peer = nth(1)
    let nowMs = 0
    for (let pauseMs = SILENT_PAUSE_MIN_MS; pauseMs < 4 * SILENT_PAUSE_MAX_MS; pauseMs *= 2) {
      expect(silence.isPaused(peer, nowMs)).toBe(false)
      silence.note(peer, nowMs)
      const endMs = nowMs + Math.min(pauseMs, SILENT_PAUSE_MAX_MS)
      expect(silence.isPaused(peer, endMs - 1)).toBe(true)
      nowMs = endMs
    }
    silence.end(peer)
    silence.note(peer, nowMs)
    expect(silence.isPaused(peer, nowMs + SILENT_PAUSE_MIN_MS)).toBe(false)
  })

  it('is forgotten when too many others were silent since', () => {
    const silence = new Silence()
    for (let i = 0; i <= SILENT_MAX; i++) silence.note(nth(i), 0)
    expect(silence.isPaused(nth(0), 1)).toBe(false)
    expect(silence.isPaused(nth(1), 1)).toBe(true)
  })
})
