// What is expected of a source, from what it did: how long a first answer takes, and how fast bytes follow one another.

const WEIGHT = 0.25
/** clocks of browsers are no finer */
const TICK_MS = 1

export class Meter {
  #latencyMs: number
  #bytesPerMs: number
  #hasLatency = false
  #hasRate = false
  #lastArrivalMs = Number.NEGATIVE_INFINITY

  constructor(assumed: { readonly latencyMs: number; readonly bytesPerMs: number }) {
    this.#latencyMs = assumed.latencyMs
    this.#bytesPerMs = assumed.bytesPerMs
  }

  get latencyMs(): number {
    return this.#latencyMs
  }

  get bytesPerMs(): number {
    return this.#bytesPerMs
  }

  /** `isAlone`: nothing else was asked of the source when this was, so that it shows the latency, and the others the rate. */
  arrived(sizeBytes: number, sentMs: number, nowMs: number, isAlone: boolean): void {
    if (isAlone) {
      const latencyMs = Math.max(TICK_MS, nowMs - sentMs - sizeBytes / this.#bytesPerMs)
      this.#latencyMs += (latencyMs - this.#latencyMs) * (this.#hasLatency ? WEIGHT : 1)
      this.#hasLatency = true
    } else {
      const busyMs = Math.max(TICK_MS, nowMs - Math.max(sentMs, this.#lastArrivalMs))
      this.#bytesPerMs += (sizeBytes / busyMs - this.#bytesPerMs) * (this.#hasRate ? WEIGHT : 1)
      this.#hasRate = true
    }
    this.#lastArrivalMs = nowMs
  }

  /** How long until something of this size is here, behind `queuedBytes` that were asked for before. */
  expectedMs(sizeBytes: number, queuedBytes: number): number {
    return this.#latencyMs + (queuedBytes + sizeBytes) / this.#bytesPerMs
  }
}
