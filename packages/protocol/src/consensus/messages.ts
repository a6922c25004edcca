// What validators sign and send to settle blocks (spec/consensus.md, settlement), with its canonical encoding.
import { type Codec, codec, encode, type Hash, keccakHash } from '@tan/primitives'
import { type BlockHeader, hashHeader, headerCodec } from '../chain/header.ts'
import { type FinalityCertificate, finalityCertificateCodec } from '../finality/messages.ts'
import { BLOCK_TRANSACTIONS_MAX, COMMITTEE_MAX, TRANSACTION_MAX_BYTES } from '../limits.ts'
import { bitmapCodec, blsSignature, type Domain, signingDigest } from '../signers.ts'

/** CC: a quorum of the committee voted for one block. The era's start counts as certified at its own epoch (see `startCertificate`). */
export interface CommitCertificate {
  readonly epoch: number
  readonly blockHash: Hash
  /** epoch of the certificate that justifies the block; every one of the votes names it */
  readonly justifyEpoch: number
  readonly signers: Uint8Array
  readonly signature: Uint8Array
}

/** EC: a quorum wants to enter `epoch`; each group reports the same highest certificate epoch. Groups ascend strictly. */
export interface EpochChangeCertificate {
  readonly epoch: number
  readonly groups: readonly { readonly certificateEpoch: number; readonly signers: Uint8Array }[]
  readonly signature: Uint8Array
}

/** The record that consensus adds to a block; the header commits to it by its hash in `recordHash`. */
export interface ConsensusRecord {
  readonly epoch: number
  /** the leader's unique signature over the epoch; `mix` = keccak(parent's mix, reveal) */
  readonly reveal: Uint8Array
  /** the certificate that justifies the block */
  readonly justify: CommitCertificate
  /** there iff justify.epoch is not epoch - 1 */
  readonly epochChange: EpochChangeCertificate | undefined
  /** at an era's last block: of the next committee and pool */
  readonly committeeRoot: Hash | undefined
  readonly poolRoot: Hash | undefined
  /** the newest finality certificate that the proposer held and the chain had not yet */
  readonly finality: FinalityCertificate | undefined
}

export interface Block {
  readonly header: BlockHeader
  readonly record: ConsensusRecord
  /** encoded transactions (EIP-2718), in order */
  readonly transactions: readonly Uint8Array[]
}

export interface Proposal {
  readonly block: Block
  readonly signature: Uint8Array
}

export interface Vote {
  readonly epoch: number
  readonly blockHash: Hash
  readonly justifyEpoch: number
  /** index in the committee */
  readonly voter: number
  readonly signature: Uint8Array
}

export interface EpochChange {
  /** the epoch that the sender wants to enter */
  readonly epoch: number
  readonly certificateEpoch: number
  readonly sender: number
  readonly signature: Uint8Array
}

export type SettlementMessage =
  | { readonly type: 'proposal'; readonly proposal: Proposal }
  | { readonly type: 'vote'; readonly vote: Vote }
  /** counts only together with the certificate of the epoch that it names */
  | { readonly type: 'epoch-change'; readonly epochChange: EpochChange; readonly certificate: CommitCertificate }
  | { readonly type: 'certificate'; readonly certificate: CommitCertificate }
  /** with the certificate of the highest epoch in it */
  | {
      readonly type: 'epoch-change-certificate'
      readonly epochChange: EpochChangeCertificate
      readonly certificate: CommitCertificate
    }

// -------------------------------------------------------------------------------------------------- digests that are signed

const { uint, hash } = codec

export function proposeDigest(domain: Domain, epoch: number, blockHash: Hash): Uint8Array {
  return signingDigest(domain, 'propose', [uint.toRlp(epoch), hash.toRlp(blockHash)])
}

export function voteDigest(domain: Domain, vote: Pick<Vote, 'epoch' | 'blockHash' | 'justifyEpoch'>): Uint8Array {
  return signingDigest(domain, 'vote', [
    uint.toRlp(vote.epoch),
    hash.toRlp(vote.blockHash),
    uint.toRlp(vote.justifyEpoch),
  ])
}

export function epochChangeDigest(domain: Domain, change: Pick<EpochChange, 'epoch' | 'certificateEpoch'>): Uint8Array {
  return signingDigest(domain, 'epoch-change', [uint.toRlp(change.epoch), uint.toRlp(change.certificateEpoch)])
}

export function revealDigest(domain: Domain, epoch: number): Uint8Array {
  return signingDigest(domain, 'reveal', [uint.toRlp(epoch)])
}

// -------------------------------------------------------------------------------------------------- encodings

const signers = bitmapCodec(COMMITTEE_MAX)
/** empty for the era's start, which needs no votes */
const certificateSignature = codec.bytes(96)

export const commitCertificateCodec: Codec<CommitCertificate> = codec.struct<CommitCertificate>({
  epoch: uint,
  blockHash: hash,
  justifyEpoch: uint,
  signers,
  signature: certificateSignature,
})

export const epochChangeCertificateCodec: Codec<EpochChangeCertificate> = codec.struct<EpochChangeCertificate>({
  epoch: uint,
  groups: codec.list(
    codec.struct<EpochChangeCertificate['groups'][number]>({ certificateEpoch: uint, signers }),
    COMMITTEE_MAX,
  ),
  signature: blsSignature,
})

export const recordCodec: Codec<ConsensusRecord> = codec.struct<ConsensusRecord>({
  epoch: uint,
  reveal: certificateSignature,
  justify: commitCertificateCodec,
  epochChange: codec.optional(epochChangeCertificateCodec),
  committeeRoot: codec.optional(hash),
  poolRoot: codec.optional(hash),
  finality: codec.optional(finalityCertificateCodec),
})

const transactions: Codec<readonly Uint8Array[]> = codec.list(
  codec.bytes(TRANSACTION_MAX_BYTES),
  BLOCK_TRANSACTIONS_MAX,
)

export const blockCodec: Codec<Block> = codec.struct<Block>({ header: headerCodec, record: recordCodec, transactions })

export const proposalCodec: Codec<Proposal> = codec.struct<Proposal>({ block: blockCodec, signature: blsSignature })

export const voteCodec: Codec<Vote> = codec.struct<Vote>({
  epoch: uint,
  blockHash: hash,
  justifyEpoch: uint,
  voter: uint,
  signature: blsSignature,
})

export const epochChangeCodec: Codec<EpochChange> = codec.struct<EpochChange>({
  epoch: uint,
  certificateEpoch: uint,
  sender: uint,
  signature: blsSignature,
})

export const settlementMessageCodec: Codec<SettlementMessage> = codec.union<SettlementMessage>({
  proposal: [1, codec.struct({ proposal: proposalCodec })],
  vote: [2, codec.struct({ vote: voteCodec })],
  'epoch-change': [3, codec.struct({ epochChange: epochChangeCodec, certificate: commitCertificateCodec })],
  certificate: [4, codec.struct({ certificate: commitCertificateCodec })],
  'epoch-change-certificate': [
    5,
    codec.struct({ epochChange: epochChangeCertificateCodec, certificate: commitCertificateCodec }),
  ],
})

/** As it travels: with the hash of the era's start, so that whoever gets it knows whose keys to check it with. */
export interface SettlementEnvelope {
  readonly era: Hash
  readonly message: SettlementMessage
}

export const settlementEnvelopeCodec: Codec<SettlementEnvelope> = codec.struct<SettlementEnvelope>({
  era: hash,
  message: settlementMessageCodec,
})

export function hashRecord(record: ConsensusRecord): Hash {
  return keccakHash(encode(recordCodec, record))
}

/** The block's identity: its header's hash, which commits to record and body. */
export function hashBlock(block: Block): Hash {
  return hashHeader(block.header)
}

export function bodySizeBytes(block: Pick<Block, 'transactions'>): number {
  return block.transactions.reduce((sum, transaction) => sum + transaction.length, 0)
}
