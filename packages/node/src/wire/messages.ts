// What nodes tell each other beside consensus: where they stand, transactions that wait, and blocks on request.
import { type AggregateScheme, type Codec, codec, type Hash, utf8ToBytes } from '@tan/primitives'
import {
  type Domain,
  type EraCommittee,
  type Eras,
  limits,
  type Proposal,
  proposalCodec,
  signingDigest,
} from '@tan/protocol'
import { BLOCKS_OF_RESPONSE_ITEMS_MAX, BLOCKS_OF_RESPONSE_MAX, GOSSIPED_TRANSACTIONS_MAX } from '../limits.ts'

/** That the node behind this peer holds a validator's key. */
export interface ValidatorProof {
  /** hash of the start of the era whose committee it belongs to */
  readonly era: Hash
  readonly index: number
  readonly signature: Uint8Array
}

export interface Hello {
  readonly settledHeight: number
  readonly headHeight: number
  readonly headHash: Hash
  readonly validator: ValidatorProof | undefined
}

/** The lowest blocks above `aboveHeight` on the way up to `hash`. */
export interface BlocksRequest {
  readonly hash: Hash
  readonly aboveHeight: number
}

export const helloCodec: Codec<Hello> = codec.struct<Hello>({
  settledHeight: codec.uint,
  headHeight: codec.uint,
  headHash: codec.hash,
  validator: codec.optional(
    codec.struct<ValidatorProof>({ era: codec.hash, index: codec.uint, signature: codec.fixedBytes(96) }),
  ),
})

export const blocksRequestCodec: Codec<BlocksRequest> = codec.struct<BlocksRequest>({
  hash: codec.hash,
  aboveHeight: codec.uint,
})

export const blocksResponseCodec: Codec<readonly Proposal[]> = {
  ...codec.list(proposalCodec, BLOCKS_OF_RESPONSE_MAX),
  itemsMax: BLOCKS_OF_RESPONSE_ITEMS_MAX,
}

export interface TransactionsMessage {
  /** of time: gossip carries the same bytes once, and what still waits is sent again */
  readonly slot: number
  readonly transactions: readonly Uint8Array[]
}

export const transactionsCodec: Codec<TransactionsMessage> = codec.struct<TransactionsMessage>({
  slot: codec.uint,
  transactions: codec.list(codec.bytes(limits.TRANSACTION_MAX_BYTES), GOSSIPED_TRANSACTIONS_MAX),
})

export function proveValidator(
  scheme: AggregateScheme,
  { domain }: EraCommittee,
  self: { readonly index: number; readonly secretKey: Uint8Array },
  peerId: string,
): ValidatorProof {
  return { era: domain.start, index: self.index, signature: scheme.sign(peerDigest(domain, peerId), self.secretKey) }
}

export function verifyValidator(
  scheme: AggregateScheme,
  eras: Eras,
  { era: start, index, signature }: ValidatorProof,
  peerId: string,
): boolean {
  const era = eras.of(start)
  const signer = era?.committee.signers[index]
  if (era === undefined || signer === undefined) return false
  return scheme.verify(peerDigest(era.domain, peerId), signer.blsPublicKey, signature)
}

function peerDigest(domain: Domain, peerId: string): Uint8Array {
  return signingDigest(domain, 'peer', [utf8ToBytes(peerId)])
}
