// Who may vote, with what power: a committee of validators or a pool of guardians, fixed within an era. One quorum
// function for all of TAN, bitmaps of signers, and the digest of everything that validators and guardians sign.
import {
  type Address,
  type AggregateScheme,
  assert,
  type Codec,
  codec,
  encodeRlp,
  type Hash,
  keccak256,
  type RlpItem,
} from '@tan/primitives'

export interface Signer {
  readonly address: Address
  /** 48 bytes, registered with a proof of possession */
  readonly blsPublicKey: Uint8Array
  /** whole TAN at stake; 10^9 in all, so that sums and products stay exact numbers */
  readonly power: number
}

export interface SignerSet {
  readonly signers: readonly Signer[]
  readonly totalPower: number
}

/** In the order of their addresses, which fixes each one's index in bitmaps. */
export function createSignerSet(signers: readonly Signer[]): SignerSet {
  const sorted = [...signers].sort((a, b) => (a.address < b.address ? -1 : 1))
  sorted.forEach((signer, i) => {
    assert(signer.address !== sorted[i + 1]?.address, `${signer.address} stands twice in a set of signers`)
    assert(Number.isSafeInteger(signer.power) && signer.power >= 0, `power ${signer.power} is not a whole number`)
  })
  return { signers: sorted, totalPower: sorted.reduce((sum, signer) => sum + signer.power, 0) }
}

/** Strictly more than two thirds. The one definition of a quorum; no total is 0 (which satisfies nothing). */
export function isQuorum(power: number, totalPower: number): boolean {
  return totalPower > 0 && 3 * power > 2 * totalPower
}

/** A third or more: at least one honest member is among them. */
export function isMoreThanFaulty(power: number, totalPower: number): boolean {
  return totalPower > 0 && 3 * power >= totalPower
}

// -------------------------------------------------------------------------------------------------- bitmaps of signers

/** Bit i (lowest bit of the first byte first) is set for each index given. */
export function createBitmap(indices: Iterable<number>, size: number): Uint8Array {
  const bitmap = new Uint8Array(Math.ceil(size / 8))
  for (const i of indices) {
    assert(i >= 0 && i < size, `index ${i} in a bitmap of ${size}`)
    bitmap[i >> 3]! |= 1 << (i & 7)
  }
  return bitmap
}

/** Has it the right size, and no unused bit set? */
export function isBitmap(bitmap: Uint8Array, size: number): boolean {
  if (bitmap.length !== Math.ceil(size / 8)) return false
  return size % 8 === 0 || bitmap[bitmap.length - 1]! >> (size % 8) === 0
}

export function bitmapIndices(bitmap: Uint8Array): number[] {
  const indices: number[] = []
  for (let i = 0; i < bitmap.length * 8; i++) if ((bitmap[i >> 3]! >> (i & 7)) & 1) indices.push(i)
  return indices
}

/** The signers that a well-formed bitmap names, or undefined for a malformed one. */
export function signersOf(set: SignerSet, bitmap: Uint8Array): readonly Signer[] | undefined {
  if (!isBitmap(bitmap, set.signers.length)) return undefined
  return bitmapIndices(bitmap).map(i => set.signers[i]!)
}

export function powerOf(signers: readonly Signer[]): number {
  return signers.reduce((sum, signer) => sum + signer.power, 0)
}

export function keysOf(signers: readonly Signer[]): Uint8Array[] {
  return signers.map(signer => signer.blsPublicKey)
}

export const bitmapCodec = (membersMax: number): Codec<Uint8Array> => codec.bytes(Math.ceil(membersMax / 8))
export const blsSignature: Codec<Uint8Array> = codec.fixedBytes(96)
export const blsPublicKey: Codec<Uint8Array> = codec.fixedBytes(48)

// -------------------------------------------------------------------------------------------------- what is signed

/** Everything signed by validators and guardians names its chain and the start of its era (genesis, L or X). */
export interface Domain {
  readonly chainId: number
  readonly start: Hash
}

export type SignedKind =
  | 'propose'
  | 'vote'
  | 'epoch-change'
  | 'reveal'
  | 'prepare'
  | 'commit'
  | 'status'
  | 'ballot'
  | 'peer'

/** 32 bytes: keccak256 of the RLP of the domain, the kind and the fields. */
export function signingDigest(domain: Domain, kind: SignedKind, fields: readonly RlpItem[]): Uint8Array {
  const kindBytes = Uint8Array.from(kind, character => character.charCodeAt(0))
  return keccak256(encodeRlp([codec.uint.toRlp(domain.chainId), codec.hash.toRlp(domain.start), kindBytes, ...fields]))
}

/** An aggregate signature of those in the bitmap over one digest. */
export interface AggregateSignature {
  readonly signers: Uint8Array
  /** 96 bytes */
  readonly signature: Uint8Array
}

/** Whether it is a well-formed aggregate of a quorum of the set over this digest. */
export function verifyQuorum(
  scheme: AggregateScheme,
  set: SignerSet,
  digest: Uint8Array,
  { signers, signature }: AggregateSignature,
): boolean {
  const who = signersOf(set, signers)
  return (
    who !== undefined &&
    isQuorum(powerOf(who), set.totalPower) &&
    scheme.verifyAggregate(digest, keysOf(who), signature)
  )
}

/** What is signed to prove possession of a BLS key: bound to the chain and to the account that registers it. */
export function possessionDigest(chainId: number, address: Address, publicKey: Uint8Array): Uint8Array {
  const kind = Uint8Array.from('possession', character => character.charCodeAt(0))
  return keccak256(encodeRlp([codec.uint.toRlp(chainId), codec.address.toRlp(address), kind, publicKey]))
}
