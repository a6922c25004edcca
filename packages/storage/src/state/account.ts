// Accounts and slots as the state tries hold them.
import {
  type Address,
  assert,
  bigIntToMinimalBytes,
  type Codec,
  codec,
  decode,
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

/** What `encode(account, value)` gives, in a third of the time: it runs for every account that a block touches. */
export function encodeAccount(value: Account): Uint8Array {
  const nonce = bigIntToMinimalBytes(value.nonce)
  const balance = bigIntToMinimalBytes(value.balance)
  assert(nonce.length <= 8 && balance.length <= 32, `out of range: nonce ${value.nonce}, balance ${value.balance}`)
  const payload = itemSize(nonce) + itemSize(balance) + 2 * 33
  const out = new Uint8Array(2 + payload)
  out[0] = 0xf8
  out[1] = payload
  let at = writeItem(out, 2, nonce)
  at = writeItem(out, at, balance)
  at = writeItem(out, at, bytesOfHash(value.storageRoot))
  writeItem(out, at, bytesOfHash(value.codeHash))
  return out
}

// Every item is shorter than 56 bytes, and the list, with its two hashes, longer.

function itemSize(bytes: Uint8Array): number {
  return bytes.length === 1 && bytes[0]! < 0x80 ? 1 : 1 + bytes.length
}

function writeItem(out: Uint8Array, at: number, bytes: Uint8Array): number {
  if (itemSize(bytes) > 1 || bytes.length === 0) out[at++] = 0x80 + bytes.length
  out.set(bytes, at)
  return at + bytes.length
}

const EMPTY_ROOT_BYTES = fromHex(EMPTY_ROOT)
const EMPTY_CODE_HASH_BYTES = fromHex(EMPTY_CODE_HASH)

function bytesOfHash(hash: Hash): Uint8Array {
  if (hash === EMPTY_ROOT) return EMPTY_ROOT_BYTES
  return hash === EMPTY_CODE_HASH ? EMPTY_CODE_HASH_BYTES : fromHex(hash)
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
