// Where Solidity keeps the variables of a contract: the system contracts keep theirs by the same rules, so that common
// tools read them and `eth_getProof` proves them.
import { type Address, bigIntToBytes, fromHex, type Hash, keccakHash, toHex } from '@tan/primitives'

/** A slot by its number. Numbers wrap at 2^256. */
export function slotAt(number: bigint): Hash {
  return toHex(bigIntToBytes(BigInt.asUintN(256, number), 32))
}

/** `offset` slots further: the fields of a structure follow each other. */
export function slotAfter(slot: Hash, offset: number): Hash {
  return offset === 0 ? slot : slotAt(BigInt(slot) + BigInt(offset))
}

/** The value of `key` in the `mapping(key => ...)` at `slot`: keccak(key, slot), each 32 bytes wide. */
export function mappingSlot(key: Hash | Address, slot: Hash): Hash {
  const input = new Uint8Array(64)
  const keyBytes = fromHex(key)
  input.set(keyBytes, 32 - keyBytes.length)
  input.set(fromHex(slot), 32)
  return keccakHash(input)
}
