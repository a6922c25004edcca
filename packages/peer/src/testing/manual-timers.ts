// Timers that run when the test says so.
import type { Timers } from '../ports.ts'

export interface ManualTimers extends Timers {
  /** Moves on by so much, and calls what is due, in order. */
  pass(ms: number): void
  readonly nowMs: number
}

export function createManualTimers(): ManualTimers {
  let nowMs = 0
  const waiting = new Set<{ readonly atMs: number; readonly call: () => void }>()
  return {
    get nowMs() {
      return nowMs
    },
    after(delayMs, call) {
      const timer = { atMs: nowMs + delayMs, call }
      waiting.add(timer)
      return () => void waiting.delete(timer)
    },
    pass(ms) {
      const endMs = nowMs + ms
      for (;;) {
        const [next] = [...waiting].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        waiting.delete(next)
        nowMs = next.atMs
        next.call()
      }
      nowMs = endMs
    },
  }
}
