// A rate with a burst: so many at once, and after that so many per second.
import type { Clock } from '@tan/primitives'

export class TokenBucket {
  readonly #clock: Clock
  readonly #burst: number
  readonly #perSecond: number
  #tokens: number
  #atMs: number

  constructor(clock: Clock, { burst, perSecond }: { readonly burst: number; readonly perSecond: number }) {
    this.#clock = clock
    this.#burst = burst
    this.#perSecond = perSecond
    this.#tokens = burst
    this.#atMs = clock.nowMs()
  }

  /** Takes a token if there is one. */
  take(): boolean {
    const nowMs = this.#clock.nowMs()
    // a clock that was set back gives nothing and takes nothing
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#tokens = Math.min(this.#burst, this.#tokens + (passedMs / 1000) * this.#perSecond)
    this.#atMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
