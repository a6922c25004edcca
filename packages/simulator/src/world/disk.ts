// A node's disk: writes become durable in order, some time after they were asked for. A crash loses those that are not.
// Consensus waits for its writes; what the node keeps of settled and finalized blocks is written without waiting.
import type { FinalityRecord, SafetyRecord } from '@tan/consensus'
import type { FinalityCertificate, Proposal } from '@tan/protocol'
import type { EventQueue } from './event-queue.ts'

export interface DiskContent {
  safety: SafetyRecord | undefined
  finality: FinalityRecord | undefined
  finalityCertificate: FinalityCertificate | undefined
  /** durable blocks above the settled one */
  readonly proposals: Set<Proposal>
  /** settled blocks by height, from height 1 */
  readonly chain: Proposal[]
}

interface PendingWrite {
  readonly apply: (content: DiskContent) => void
  readonly done: (() => void) | undefined
  isDurable: boolean
}

export class Disk {
  readonly content: DiskContent = {
    safety: undefined,
    finality: undefined,
    finalityCertificate: undefined,
    proposals: new Set(),
    chain: [],
  }
  private readonly queue: EventQueue
  private pending: PendingWrite[] = []

  constructor(queue: EventQueue) {
    this.queue = queue
  }

  /** In `delayMs` this write and all before it are durable; then `done` is called, unless the node crashed meanwhile. */
  write(delayMs: number, apply: PendingWrite['apply'], done?: () => void): void {
    const write: PendingWrite = { apply, done, isDurable: false }
    this.pending.push(write)
    this.queue.schedule(delayMs, () => {
      if (this.pending.includes(write)) this.flushTo(write)
      if (write.isDurable) write.done?.()
    })
  }

  /** Makes all durable at once, and calls nobody: for a crash just after a write. */
  flush(): void {
    for (const { apply } of this.pending) apply(this.content)
    this.pending = []
  }

  /** Loses what is not durable yet; how many writes that is. */
  crash(): number {
    const lost = this.pending.length
    this.pending = []
    return lost
  }

  private flushTo(write: PendingWrite): void {
    const end = this.pending.indexOf(write) + 1
    for (const earlier of this.pending.splice(0, end)) {
      earlier.apply(this.content)
      earlier.isDurable = true
    }
  }
}
