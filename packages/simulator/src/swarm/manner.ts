// What a simulated peer is like: how good its lines are, and how it differs from an honest one.
import type { SwarmMessage } from '@tan/protocol'

export interface Conditions {
  readonly uplinkBytesPerMs: number
  readonly originLatencyMs: number
  readonly originBytesPerMs: number
  /** pieces that come from it at once; each by itself if it is not said */
  readonly originBurst?: number
  readonly diskMs: number
  /** the origin answers nothing any more from then on */
  readonly originEndsMs?: number
}

/** How a hostile peer differs. */
export interface Manner {
  /** the messages that leave instead of this one */
  readonly say?: (message: SwarmMessage) => readonly SwarmMessage[]
  /** the hash of what it sends for a piece, or undefined to send nothing */
  readonly serve?: (hash: Uint8Array) => Uint8Array | undefined
  /** what it makes of the budget of its pool */
  readonly budget?: (wei: bigint) => bigint
  readonly piecePriceWei?: bigint
}

export const HONEST: Manner = {}
