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
import { HASH_BYTES } from '../trie/node.ts'
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

/** What the codec gives, in a fifth of the time: it runs for every account that a block touches. */
export function encodeAccount({ nonce, balance, storageRoot, codeHash }: Account): Uint8Array {
  assert(nonce >= 0n && nonce < 1n << 64n, `a nonce out of range: ${nonce}`)
  assert(balance >= 0n && balance < 1n << 256n, `a balance out of range: ${balance}`)
  let at = writeInteger(SCRATCH, 2, nonce)
  at = writeInteger(SCRATCH, at, balance)
  for (const hash of [storageRoot, codeHash]) {
    SCRATCH[at] = 0x80 + HASH_BYTES
    SCRATCH.set(bytesOfHash(hash), at + 1)
    at += 1 + HASH_BYTES
  }
  // With its two hashes the list is always longer than 55 bytes, and never longer than 255.
  SCRATCH[0] = 0xf8
  SCRATCH[1] = at - 2
  return SCRATCH.slice(0, at)
}

const SCRATCH = new Uint8Array(128)
const LIMB_BYTES = new Uint8Array(32)
const LIMBS = new DataView(LIMB_BYTES.buffer)

/** RLP of an integer of at most 256 bits, by limbs of 64. */
function writeInteger(out: Uint8Array, at: number, value: bigint): number {
  let start = LIMB_BYTES.length
  for (let rest = value; rest > 0n; rest >>= 64n) {
    start -= 8
    LIMBS.setBigUint64(start, BigInt.asUintN(64, rest))
  }
  while (start < LIMB_BYTES.length && LIMB_BYTES[start] === 0) start++
  const size = LIMB_BYTES.length - start
  if (size !== 1 || LIMB_BYTES[start]! >= 0x80) out[at++] = 0x80 + size
  while (start < LIMB_BYTES.length) out[at++] = LIMB_BYTES[start++]!
  return at
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
