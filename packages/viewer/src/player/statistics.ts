// What happened while viewing, added up.
import type { PeerReport } from '@tan/delivery'
import type { OpenPool } from '@tan/peer'
import type { Address } from '@tan/primitives'

export interface PoolReport extends OpenPool {
  /** promised to peers, redeemed or not */
  readonly spentWei: bigint
}

export interface PeerView extends PeerReport {
  /** as the tracker said; undefined for one that came by itself */
  readonly role: 'viewer' | 'edge' | undefined
}

export interface ViewerStats {
  /** media that was kept, by where it came from */
  readonly originBytes: number
  readonly peerBytes: number
  /** part of the media that did not come from the origin; undefined before anything came */
  readonly offload: number | undefined
  readonly servedBytes: number
  /** part of the resource that is here, to be served to others */
  readonly have: number
  readonly peers: readonly PeerView[]
  readonly pool: PoolReport | undefined
  /** promised to all peers */
  readonly paidWei: bigint
  /** shown by peers whom we served */
  readonly earnedWei: bigint
  readonly redeemedWei: bigint
  readonly usesPeers: boolean
  readonly hasTracker: boolean
}

/** Bytes by their source. */
export class ByteCounter {
  originBytes = 0
  servedBytes = 0
  readonly #byPeer = new Map<Address, number>()

  received(from: 'origin' | Address, bytes: number): void {
    if (from === 'origin') this.originBytes += bytes
    else this.#byPeer.set(from, (this.#byPeer.get(from) ?? 0) + bytes)
  }

  get peerBytes(): number {
    let sum = 0
    for (const bytes of this.#byPeer.values()) sum += bytes
    return sum
  }

  get offload(): number | undefined {
    const total = this.originBytes + this.peerBytes
    return total === 0 ? undefined : this.peerBytes / total
  }
}
