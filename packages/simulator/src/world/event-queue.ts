// The virtual clock: events in the order of their time, and of their making where times are equal. A binary heap.
import { assert } from '@tan/primitives'

export interface ScheduledEvent {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
  isCancelled: boolean
}

export class EventQueue {
  private readonly heap: ScheduledEvent[] = []
  private made = 0
  private clockMs = 0

  /** virtual time since the world began */
  get nowMs(): number {
    return this.clockMs
  }

  get size(): number {
    return this.heap.length
  }

  /** When the next event is; undefined when there is none. */
  get nextMs(): number | undefined {
    while (this.heap[0]?.isCancelled) this.takeFirst()
    return this.heap[0]?.atMs
  }

  schedule(delayMs: number, run: () => void): ScheduledEvent {
    assert(delayMs >= 0, `an event ${delayMs} ms from now would lie in the past`)
    const event: ScheduledEvent = { atMs: this.clockMs + delayMs, order: this.made++, run, isCancelled: false }
    this.siftUp(event)
    return event
  }

  /** Moves the clock to the next event and runs it. False when there is none. */
  runNext(): boolean {
    for (;;) {
      const event = this.takeFirst()
      if (event === undefined) return false
      if (event.isCancelled) continue
      this.clockMs = event.atMs
      event.run()
      return true
    }
  }

  private takeFirst(): ScheduledEvent | undefined {
    const first = this.heap[0]
    const last = this.heap.pop()
    if (first !== undefined && last !== undefined && first !== last) this.siftDown(last)
    return first
  }

  private siftUp(event: ScheduledEvent): void {
    const { heap } = this
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isBefore(event, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = event
  }

  private siftDown(event: ScheduledEvent): void {
    const { heap } = this
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
      if (!isBefore(heap[below]!, event)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = event
  }
}

function isBefore(a: ScheduledEvent, b: ScheduledEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
