// Calls of the PaymentPools contract: those that peers make by themselves.
import type { Redemption } from '@tan/payments'
import { toHex, ZERO_HASH } from '@tan/primitives'
import { paymentPools } from '@tan/protocol'

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
