// What payers and payees keep on disk (spec D-RESTART): promises on one side, earnings on the other.
import type { Address, Hash } from '@tan/primitives'
import type { SignedVoucher } from '@tan/protocol'

/** What one payee was promised. Durable. */
export interface PromiseRecord {
  readonly target: Address
  /** of the newest voucher */
  readonly sequence: bigint
  /** by the newest voucher and the preimages revealed */
  readonly promisedWei: bigint
  /** opening payments and units that came, over the pool's life */
  readonly receivedWei: bigint
}

/** Durable. Whoever restores an older one pays twice. */
export interface PayerRecord {
  readonly poolId: Hash
  readonly promises: readonly PromiseRecord[]
}

/** All that redeeming takes. Durable; only the newest of a pool is worth keeping. */
export interface EarningRecord {
  readonly poolId: Hash
  readonly resourceId: Hash
  readonly voucher: SignedVoucher
  /** of the newest preimage; 0 and no bytes while there is none */
  readonly index: number
  readonly preimage: Uint8Array
  /** opening payment and units served, over the pool's life */
  readonly chargedWei: bigint
  readonly expiryHeight: number
}
