// How each peer stands with us, connected or not: what it may still send, what it did wrong, and whether it is banned.
import type { Clock } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import { burstOf, type Protocol } from '../protocols.ts'
import { TokenBucket } from '../token-bucket.ts'
import type { PeerId } from '../transport.ts'

interface Entry {
  points: number
  pointsAtMs: number
  bannedUntilMs: number
  readonly buckets: Map<string, TokenBucket>
}

export class Standing {
  readonly #clock: Clock
  readonly #entries = new Map<PeerId, Entry>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** May the peer send one more message of this protocol now? Takes a token if so. */
  take(peer: PeerId, protocol: Protocol): boolean {
    const { buckets } = this.#entry(peer)
    const key = `${protocol.kind}/${protocol.name}/${protocol.version}`
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#clock, { burst: burstOf(protocol), perSecond: protocol.messagesPerSecondMax })
      buckets.set(key, bucket)
    }
    return bucket.take()
  }

  /** Returns whether the peer is banned now. */
  penalize(peer: PeerId, points: number): boolean {
    const nowMs = this.#clock.nowMs()
    const entry = this.#entry(peer)
    entry.points = this.points(peer) + points
    entry.pointsAtMs = nowMs
    if (entry.points >= LIMITS.banPoints) {
      entry.bannedUntilMs = nowMs + LIMITS.banMs
      entry.points = 0
    }
    return this.isBanned(peer)
  }

  points(peer: PeerId): number {
    const entry = this.#entries.get(peer)
    if (entry === undefined) return 0
    const passedMs = Math.max(0, this.#clock.nowMs() - entry.pointsAtMs)
    return Math.max(0, entry.points - (passedMs / 1000) * LIMITS.forgivenPointsPerSecond)
  }

  isBanned(peer: PeerId): boolean {
    return (this.#entries.get(peer)?.bannedUntilMs ?? 0) > this.#clock.nowMs()
  }

  #entry(peer: PeerId): Entry {
    let entry = this.#entries.get(peer)
    if (entry === undefined) {
      if (this.#entries.size >= LIMITS.standingsMax) this.#forgetOne()
      entry = { points: 0, pointsAtMs: 0, bannedUntilMs: 0, buckets: new Map() }
      this.#entries.set(peer, entry)
    }
    return entry
  }

  /** The oldest that is not banned, so that a flood of fresh identities frees nobody from a ban. */
  #forgetOne(): void {
    for (const peer of this.#entries.keys()) {
      if (this.isBanned(peer)) continue
      this.#entries.delete(peer)
      return
    }
    for (const peer of this.#entries.keys()) {
      this.#entries.delete(peer)
      return
    }
  }
}
