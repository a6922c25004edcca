// Peers that were left because they did not answer (spec D-HEDGE): each is asked for nothing for a while, doubled each time
// that it happens again, until it delivers something. Whoever comes back at once to be asked again could be silent for ever.
import type { Address } from '@tan/primitives'
import { SILENT_MAX, SILENT_PAUSE_MAX_MS, SILENT_PAUSE_MIN_MS } from '../limits.ts'

interface Pause {
  readonly untilMs: number
  readonly pauseMs: number
}

export class Silence {
  readonly #pauses = new Map<Address, Pause>()

  note(address: Address, nowMs: number): void {
    const before = this.#pauses.get(address)?.pauseMs
    const pauseMs = before === undefined ? SILENT_PAUSE_MIN_MS : Math.min(SILENT_PAUSE_MAX_MS, 2 * before)
    this.#pauses.delete(address)
    this.#pauses.set(address, { untilMs: nowMs + pauseMs, pauseMs })
    if (this.#pauses.size > SILENT_MAX) this.#pauses.delete(this.#pauses.keys().next().value!)
  }

  isPaused(address: Address, nowMs: number): boolean {
    return nowMs < (this.#pauses.get(address)?.untilMs ?? Number.NEGATIVE_INFINITY)
  }

  /** It delivered something. */
  end(address: Address): void {
    this.#pauses.delete(address)
  }
}
