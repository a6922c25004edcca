// What is expected of a source, from what it did: how long a first answer takes, and how fast bytes follow one another.
// Bytes come in bursts (of networks, and of whoever reads them), so that the time between two pieces says nothing: what
// came is divided by all the time that it took, and what comes together with a first answer shows no rate.
import { METER_MEMORY_MS } from '../limits.ts'

const LATENCY_WEIGHT = 0.25
/** clocks of browsers are no finer */
const TICK_MS = 1
/** what follows a first piece this closely came with it */
const BURST_MS = 20
/** no rate is taken from less */
const MEASURED_MIN_MS = 50

/** An answer of a source that had nothing else to do: all that came with its first piece. */
interface First {
  readonly sentMs: number
  readonly arrivedMs: number
  lastMs: number
  sizeBytes: number
  hasMore: boolean
}

export class Meter {
  readonly #assumed: { readonly latencyMs: number; readonly bytesPerMs: number }
  #latencyMs: number
  #hasLatency = false
  #lastArrivalMs = Number.NEGATIVE_INFINITY
  /** both fade together, so that their ratio is the rate of late */
  #bytes = 0
  #busyMs = 0
  #first: First | undefined
  /** the quickest first answer, and how much came with it */
  #quickest: { readonly ms: number; readonly sizeBytes: number }

  constructor(assumed: { readonly latencyMs: number; readonly bytesPerMs: number }) {
    this.#assumed = assumed
    this.#latencyMs = assumed.latencyMs
    this.#quickest = { ms: assumed.latencyMs, sizeBytes: 0 }
  }

  get latencyMs(): number {
    return this.#latencyMs
  }

  get bytesPerMs(): number {
    return this.#busyMs < MEASURED_MIN_MS ? this.#assumed.bytesPerMs : this.#bytes / this.#busyMs
  }

  /** `isAlone`: nothing else was asked of the source when this was, so that it shows the latency, and the others the rate. */
  arrived(sizeBytes: number, sentMs: number, nowMs: number, isAlone: boolean): void {
    if (isAlone) {
      this.#endFirst()
      const latencyMs = Math.max(TICK_MS, nowMs - sentMs - sizeBytes / this.bytesPerMs)
      this.#latencyMs += (latencyMs - this.#latencyMs) * (this.#hasLatency ? LATENCY_WEIGHT : 1)
      this.#hasLatency = true
      this.#first = { sentMs, arrivedMs: nowMs, lastMs: nowMs, sizeBytes, hasMore: false }
    } else if (this.#first !== undefined && nowMs - this.#first.arrivedMs <= BURST_MS) {
      this.#first.sizeBytes += sizeBytes
      this.#first.lastMs = nowMs
    } else {
      if (this.#first !== undefined) this.#first.hasMore = true
      this.#count(sizeBytes, nowMs - Math.max(sentMs, this.#lastArrivalMs))
    }
    this.#lastArrivalMs = nowMs
  }

  /** How long until something of this size is here, behind `queuedBytes` that were asked for before. */
  expectedMs(sizeBytes: number, queuedBytes: number): number {
    return this.#latencyMs + (queuedBytes + sizeBytes) / this.bytesPerMs
  }

  #count(sizeBytes: number, busyMs: number): void {
    const faded = Math.exp(-Math.max(0, busyMs) / METER_MEMORY_MS)
    this.#bytes = this.#bytes * faded + sizeBytes
    this.#busyMs = this.#busyMs * faded + Math.max(0, busyMs)
  }

  /** Where all of an answer came at once, only what it took longer than the quickest one shows a rate. */
  #endFirst(): void {
    const first = this.#first
    if (first === undefined) return
    const ms = first.lastMs - first.sentMs
    const { ms: quickestMs, sizeBytes } = this.#quickest
    if (!first.hasMore && first.sizeBytes > sizeBytes && ms - quickestMs >= BURST_MS)
      this.#count(first.sizeBytes - sizeBytes, ms - quickestMs)
    if (ms < quickestMs) this.#quickest = { ms, sizeBytes: first.sizeBytes }
  }
}
