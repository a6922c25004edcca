// What goes into the swarm's core and what comes out of it. Whoever runs the core carries the effects out, in their order,
// and reports what became of them as inputs.
import type { Claim, EarningRecord, PayerRecord, PayingPool, ProvenPool } from '@tan/payments'
import type { Address, Hash, Reason, Rejection, Result } from '@tan/primitives'
import type { ChannelBinding, PieceRef, PoolProof, SwarmMessage } from '@tan/protocol'
import type { PieceRange, Wanted } from './content/wanted.ts'

/** Number of a connection, never used again. */
export type LinkId = number

export type SwarmInput =
  /** a channel opened, encrypted under these certificates; `expected` is whom the tracker named, if it did */
  | {
      readonly type: 'connected'
      readonly link: LinkId
      readonly binding: ChannelBinding
      readonly expected?: Address | undefined
    }
  | { readonly type: 'disconnected'; readonly link: LinkId }
  | { readonly type: 'message'; readonly link: LinkId; readonly message: SwarmMessage }
  /** what a peer sent was no message */
  | { readonly type: 'malformed'; readonly link: LinkId; readonly rejection: Reason }
  /** a piece came from a peer (which `expects` it) or a fetch, with this SHA-256 */
  | {
      readonly type: 'piece'
      readonly from: { readonly link: LinkId } | { readonly fetch: number }
      readonly ref: PieceRef
      readonly sizeBytes: number
      readonly hash: Uint8Array
    }
  | { readonly type: 'fetched'; readonly fetch: number; readonly isComplete: boolean }
  | { readonly type: 'hashes-fetched'; readonly fetch: number; readonly hashes: Uint8Array | undefined }
  /** replaces what was wanted before */
  | { readonly type: 'wanted'; readonly wanted: readonly Wanted[] }
  /** a whole segment was found on disk, with these piece hashes */
  | {
      readonly type: 'held'
      readonly rendition: number
      readonly segment: number
      readonly hashes: Uint8Array
    }
  | { readonly type: 'dropped'; readonly rendition: number; readonly segment: number }
  /**
   * answer to `serve`, at once: its bytes went into the channel, and count as served whatever becomes of the channel; or
   * they could not be read. `isCrowding`: the channel holds much that has not left, and will report `drained`
   */
  | {
      readonly type: 'served'
      readonly link: LinkId
      readonly ref: PieceRef
      readonly isSent: boolean
      readonly isCrowding?: boolean | undefined
    }
  /** most of what the channel held has left */
  | { readonly type: 'drained'; readonly link: LinkId }
  /** whether it serves others from now on */
  | { readonly type: 'serving'; readonly isOn: boolean }
  /** a pool of ours is settled; or there is none, or none yet */
  | {
      readonly type: 'paying-pool'
      readonly pool: PayingPool | undefined
      readonly record?: PayerRecord | undefined
      readonly isComing?: boolean | undefined
    }
  /** answer to `prove-pool` */
  | { readonly type: 'pool-proof'; readonly link: LinkId; readonly proof: Result<PoolProof> }
  /** a reserve for this payee is settled */
  | { readonly type: 'reserved'; readonly target: Address }
  | { readonly type: 'payments-saved'; readonly revision: number }
  /** answer to `verify-pool` */
  | { readonly type: 'pool-verified'; readonly link: LinkId; readonly proven: Result<ProvenPool> }
  /** what the chain says now of a pool that pays us */
  | { readonly type: 'pool-changed'; readonly proven: ProvenPool }
  /** it is redeemed for good, or expired */
  | { readonly type: 'pool-ended'; readonly poolId: Hash }
  | { readonly type: 'earnings-saved'; readonly revision: number }
  | { readonly type: 'claimed'; readonly poolId: Hash; readonly claimWei: bigint; readonly isAdmitted: boolean }
  /** the chain is known to have settled this height */
  | { readonly type: 'height'; readonly height: number }
  /** about ten times a second */
  | { readonly type: 'tick' }

export type SwarmEffect =
  | { readonly type: 'send'; readonly link: LinkId; readonly message: SwarmMessage }
  /** after what was sent before */
  | { readonly type: 'close'; readonly link: LinkId; readonly rejection: Reason }
  /** never again to be connected: it sent what it should not */
  | { readonly type: 'ban'; readonly address: Address; readonly rejection: Rejection }
  | { readonly type: 'opened'; readonly link: LinkId; readonly address: Address }
  /** read a piece of a segment that is held, and send it */
  | { readonly type: 'serve'; readonly link: LinkId; readonly ref: PieceRef }
  | { readonly type: 'fetch'; readonly fetch: number; readonly range: PieceRange }
  | { readonly type: 'abort'; readonly fetch: number }
  /** the origin of this fetch sends what the manifest does not name: another, where there is one */
  | { readonly type: 'leave-origin'; readonly fetch: number }
  | {
      readonly type: 'fetch-hashes'
      readonly fetch: number
      readonly rendition: number
      readonly firstSegment: number
      readonly segmentCount: number
    }
  /** the piece that this step was about is to be kept; it may be one that is kept already and was found wrong */
  | { readonly type: 'keep'; readonly ref: PieceRef }
  /** all pieces of the segment are there and right; its piece hashes */
  | {
      readonly type: 'complete'
      readonly rendition: number
      readonly segment: number
      readonly hashes: Uint8Array
    }
  /** pieces kept of it are not wanted any more */
  | { readonly type: 'forget'; readonly rendition: number; readonly segment: number }
  /** a proof of our pool with the slot of this payee */
  | { readonly type: 'prove-pool'; readonly link: LinkId; readonly poolId: Hash; readonly target: Address }
  /** raise what our strict pool reserves for this payee to `amountWei` */
  | { readonly type: 'reserve'; readonly poolId: Hash; readonly target: Address; readonly amountWei: bigint }
  /** durably, before `payments-saved` */
  | { readonly type: 'save-payments'; readonly revision: number; readonly record: PayerRecord }
  | { readonly type: 'verify-pool'; readonly link: LinkId; readonly proof: PoolProof }
  /** durably, before `earnings-saved` */
  | { readonly type: 'save-earnings'; readonly revision: number; readonly records: readonly EarningRecord[] }
  /** to the tracker */
  | { readonly type: 'claim'; readonly claim: Claim }

export type EffectOf<T extends SwarmEffect['type']> = Extract<SwarmEffect, { type: T }>
