// The part of an era that checking its committee's certificates takes: all that a light client holds of it.
import type { Hash } from '@tan/primitives'
import type { Domain, SignerSet } from '../signers.ts'

/** The block that an era stands on: genesis, or the block that closed the era before. It belongs to that era, not to this one. */
export interface EraStart {
  readonly hash: Hash
  readonly height: number
  readonly epoch: number
}

export interface EraCommittee {
  /** in all that is signed: its `start` is the hash of the start block, and names the era */
  readonly domain: Domain
  readonly start: EraStart
  readonly committee: SignerSet
}
