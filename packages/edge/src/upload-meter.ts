// What an edge has served, and what part of its upload is in use.
import type { Clock } from '@tan/primitives'

/** over which the load is measured */
const WINDOW_MS = 5_000

export class UploadMeter {
  readonly #clock: Clock
  readonly #bytesPerSecond: number
  #bytes = 0
  #pieces = 0
  #windowSinceMs = 0
  #windowBytes = 0
  #load = 0

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  get servedBytes(): number {
    return this.#bytes
  }

  get servedPieces(): number {
    return this.#pieces
  }

  /** 0 to 1, of the newest window that is over */
  get load(): number {
    const nowMs = this.#clock.nowMs()
    const elapsedMs = nowMs - this.#windowSinceMs
    if (elapsedMs >= WINDOW_MS) {
      this.#load = Math.min(1, (this.#windowBytes * 1_000) / elapsedMs / this.#bytesPerSecond)
      this.#windowSinceMs = nowMs
      this.#windowBytes = 0
    }
    return this.#load
  }

  /** A piece was served. */
  count(bytes: number): void {
    void this.load // what was served before belongs to the window that is over
    this.#bytes += bytes
    this.#pieces++
    this.#windowBytes += bytes
  }
}
