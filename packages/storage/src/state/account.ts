// Accounts and slots as the state tries hold them.
import {
  type Address,
  bigIntToMinimalBytes,
  type Codec,
  codec,
  decode,
  encode,
  encodeRlp,
  fromHex,
  type Hash,
  keccak256,
} from '@tan/primitives'
import { EMPTY_ROOT } from '../trie/update.ts'

export interface Account {
  readonly nonce: bigint
  /** wei */
  readonly balance: bigint
  readonly storageRoot: Hash
  readonly codeHash: Hash
}

/** The hash of no code. */
export const EMPTY_CODE_HASH: Hash = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'

export const EMPTY_ACCOUNT: Account = { nonce: 0n, balance: 0n, storageRoot: EMPTY_ROOT, codeHash: EMPTY_CODE_HASH }

const account: Codec<Account> = codec.struct({
  nonce: codec.uint64,
  balance: codec.uint256,
  storageRoot: codec.hash,
  codeHash: codec.hash,
})

export function encodeAccount(value: Account): Uint8Array {
  return encode(account, value)
}

/** Throws `rlp/invalid` or `codec/invalid`. */
export function decodeAccount(bytes: Uint8Array): Account {
  return decode(account, bytes)
}

/** The key of an account in the state trie. */
export function accountKey(address: Address): Uint8Array {
  return keccak256(fromHex(address))
}

/** The key of a slot in its account's storage trie. */
export function slotKey(slot: Hash): Uint8Array {
  return keccak256(fromHex(slot))
}

/** 0 is not stored: undefined, which deletes. */
export function encodeSlotValue(value: bigint): Uint8Array | undefined {
  return value === 0n ? undefined : encodeRlp(bigIntToMinimalBytes(value))
}

/** Throws `rlp/invalid` or `codec/invalid`. */
export function decodeSlotValue(bytes: Uint8Array | undefined): bigint {
  return bytes === undefined ? 0n : decode(codec.uint256, bytes)
}
