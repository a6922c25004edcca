// Where a transaction that creates a contract puts it.
import { type Address, bigIntToMinimalBytes, encodeRlp, fromHex, keccak256, toHex } from '@tan/primitives'

/** `nonce` is that of the transaction. */
export function contractAddressOf(sender: Address, nonce: bigint): Address {
  return toHex(keccak256(encodeRlp([fromHex(sender), bigIntToMinimalBytes(nonce)])).subarray(12))
}
