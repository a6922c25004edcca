// One viewing of a video: the player and the swarm behind it, as the page sees them. All that the page knows of
// @tan/viewer is in this file.
import type { Rejection } from '@tan/primitives'
import type { Readable } from '../store.ts'
import type { PieceEvent, Source, WatchView } from './watch-log.ts'

export interface PoolSummary {
  readonly poolId: `0x${string}` | undefined
  readonly depositWei: bigint
  /** promised to peers, redeemed or not */
  readonly spentWei: bigint
  readonly leftWei: bigint
  readonly collateralWei: bigint
}

export type SessionState =
  | { readonly kind: 'starting' }
  /** plays, from the origin alone while there is a `hint` why peers do not help yet */
  | { readonly kind: 'running'; readonly hint?: string | undefined }
  | { readonly kind: 'failed'; readonly rejection: Rejection }

export interface WatchSession {
  readonly state: Readable<SessionState>
  readonly view: Readable<WatchView>
  readonly pool: Readable<PoolSummary | undefined>
  readonly usesPeers: Readable<boolean>
  setPeers(usesPeers: boolean): void
  /** Calls with each piece as it comes: for the picture, which draws it on its way. */
  onPiece(listener: (piece: PieceEvent) => void): () => void
  onPayment(listener: (peer: Source) => void): () => void
  /** Gives the video to an element; ends when the returned function is called. */
  attach(video: HTMLVideoElement): () => void
  close(): void
}

export async function openSession(_net: unknown, _video: unknown): Promise<WatchSession> {
  throw new Error('not yet')
}
