// Calls of the PaymentPools contract: those that peers make by themselves.
import { toHex, ZERO_HASH } from '@tan/primitives'
import { paymentPools, type SignedVoucher } from '@tan/protocol'

/** A voucher with the preimage up to which it is shown. */
export interface Redemption {
  readonly voucher: SignedVoucher
  /** units; 0 is the voucher alone */
  readonly index: number
  /** 32 bytes, or none where the index is 0 */
  readonly preimage: Uint8Array
}

export function encodeRedeem(redemptions: readonly Redemption[]): Uint8Array {
  return paymentPools.encodeCall('redeem', {
    redemptions: redemptions.map(({ voucher, index, preimage }) => ({
      ...voucher,
      chainLength: BigInt(voucher.chainLength),
      preimage: index === 0 ? ZERO_HASH : toHex(preimage),
      index: BigInt(index),
    })),
  })
}
