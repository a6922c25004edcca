// Which peers are asked for blocks, and which of them first. Who let a request time out, or told of a block that it does not
// have, is not believed for a while, and longer each time.
import type { PeerId } from '@tan/network'
import type { Clock } from '@tan/primitives'
import { DOUBTED_PEERS_MAX } from '../limits.ts'

const DOUBT_MS = 30_000
const DOUBLINGS_MAX = 6

export class PeerTrust {
  private readonly clock: Clock
  /** also of peers that are gone: to connect again makes nobody better */
  private readonly failures = new Map<PeerId, { readonly count: number; readonly untilMs: number }>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  failed(peer: PeerId): void {
    const count = this.failuresOf(peer) + 1
    this.failures.delete(peer)
    if (this.failures.size >= DOUBTED_PEERS_MAX) this.failures.delete(this.failures.keys().next().value!)
    const doubtMs = DOUBT_MS * 2 ** Math.min(DOUBLINGS_MAX, count - 1)
    this.failures.set(peer, { count, untilMs: this.clock.nowMs() + doubtMs })
  }

  delivered(peer: PeerId): void {
    const count = this.failuresOf(peer) - 1
    if (count > 0) this.failures.set(peer, { count, untilMs: 0 })
    else this.failures.delete(peer)
  }

  isDoubted(peer: PeerId): boolean {
    return (this.failures.get(peer)?.untilMs ?? 0) > this.clock.nowMs()
  }

  failuresOf(peer: PeerId): number {
    return this.failures.get(peer)?.count ?? 0
  }
}
