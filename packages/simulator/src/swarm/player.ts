// A player over a simulated peer: it plays as soon as the next segment is there, and counts how long it had to wait.
import { playbackDemand } from '@tan/delivery'
import type { SimulatedPeer } from './peer.ts'
import { describe } from './peer.ts'

export class Player {
  readonly peer: SimulatedPeer
  readonly #startedMs: number
  readonly #held = new Set<number>()
  #positionMs = 0
  #updatedMs: number
  /** until the first segment was there */
  startUpMs: number | undefined
  stalledMs = 0
  isDone = false

  constructor(peer: SimulatedPeer) {
    this.peer = peer
    this.#startedMs = this.#updatedMs = peer.world.nowMs
    peer.onComplete = segment => {
      this.#held.add(segment)
      this.#advance()
      this.#want()
    }
    this.#run()
  }

  get positionMs(): number {
    return this.#positionMs
  }

  #run(): void {
    this.#advance()
    if (this.isDone || !this.peer.isAlive) return
    this.#want()
    this.peer.world.after(100, () => this.#run())
  }

  /** Plays through all that is there, up to now. */
  #advance(): void {
    const { nowMs, catalog } = this.peer.world
    const { segments, durationMs } = catalog.renditions[0]!
    let leftMs = nowMs - this.#updatedMs
    this.#updatedMs = nowMs
    while (leftMs > 0 && !this.isDone) {
      const current = segments.findIndex(({ startMs, durationMs }) => this.#positionMs < startMs + durationMs)
      if (!this.#held.has(current)) break
      const { startMs, durationMs } = segments[current]!
      this.startUpMs ??= nowMs - this.#startedMs - leftMs
      const playedMs = Math.min(leftMs, startMs + durationMs - this.#positionMs)
      this.#positionMs += playedMs
      leftMs -= playedMs
      this.isDone = this.#positionMs >= catalog.renditions[0]!.durationMs
    }
    if (this.#held.has(0)) this.startUpMs ??= nowMs - this.#startedMs
    if (!this.isDone && this.startUpMs !== undefined && leftMs > 0) {
      this.stalledMs += leftMs
      const stall = { type: 'stall', positionMs: this.#positionMs, leftMs }
      this.peer.world.journal.note(this.peer.address, () => describe(stall))
    }
    this.isDone = this.#positionMs >= durationMs
  }

  #want(): void {
    const { nowMs, catalog } = this.peer.world
    const { segments } = catalog.renditions[0]!
    const segment = segments.findIndex((_, i) => !this.#held.has(i) && segments[i]!.startMs >= this.#positionMs - 2_000)
    const rate = this.startUpMs === undefined ? 0 : 1
    const playhead = { rendition: 0, segment, positionMs: this.#positionMs, rate, atMs: nowMs }
    this.peer.step({ type: 'wanted', wanted: segment < 0 ? [] : playbackDemand(catalog, playhead, nowMs) })
  }
}
