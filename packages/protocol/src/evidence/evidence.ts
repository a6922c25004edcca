// Proofs that a validator or guardian broke a rule (spec/consensus.md, evidence): signed messages of one era that no honest member
// sends both of, whatever crashes lie between them. One form for each offence, with its encoding.
import { type Codec, CodedError, codec, decode, encode, type Hash } from '@tan/primitives'
import { type BlockHeader, headerCodec } from '../chain/header.ts'
import {
  type ConsensusRecord,
  type EpochChange,
  epochChangeCodec,
  recordCodec,
  type Vote,
  voteCodec,
} from '../consensus/messages.ts'
import {
  type Commit,
  type FinalityShare,
  type FinalityStatement,
  finalityShareCodec,
  type Prepare,
  samePoint,
  statementCodec,
} from '../finality/messages.ts'
import { EVIDENCE_MAX_BYTES, GUARDIANS_MAX } from '../limits.ts'
import { type AggregateSignature, bitmapCodec, blsSignature } from '../signers.ts'

/** What a leader signed of a block. */
export interface SignedProposal {
  readonly blockHash: Hash
  readonly signature: Uint8Array
}

/** What several guardians signed: of a certificate, the Prepares of a justification or the Commits. */
export interface AggregateStatement extends AggregateSignature {
  readonly statement: FinalityStatement
}

/** Of a validator. */
export type SettlementEvidence =
  | {
      readonly type: 'double-proposal'
      readonly leader: number
      readonly epoch: number
      readonly first: SignedProposal
      readonly second: SignedProposal
    }
  /** two votes in one epoch */
  | { readonly type: 'double-vote'; readonly first: Vote; readonly second: Vote }
  /** an epoch change to a later epoch, which reports less than the vote stands on */
  | { readonly type: 'vote-and-epoch-change'; readonly vote: Vote; readonly epochChange: EpochChange }
  /** for a block whose record does not justify it (spec S-VALID), or not at the epochs that the vote names */
  | {
      readonly type: 'unjustified-vote'
      readonly vote: Vote
      readonly header: BlockHeader
      readonly record: ConsensusRecord
    }

/** Of a guardian, or of all who signed both sides. */
export type FinalityEvidence =
  /** G1: two different Prepares in one round */
  | {
      readonly type: 'double-prepare'
      readonly guardian: number
      readonly first: FinalityShare
      readonly second: FinalityShare
    }
  /** G2: a Commit at rc, and a Prepare from rs to r with rs < rc < r */
  | { readonly type: 'hop'; readonly guardian: number; readonly first: FinalityShare; readonly second: FinalityShare }
  /** G1 or G2 of all whose signatures stand in both certificates */
  | {
      readonly type: 'contradicting-certificates'
      readonly first: AggregateStatement
      readonly second: AggregateStatement
    }

export type Evidence = SettlementEvidence | FinalityEvidence

// -------------------------------------------------------------------------------------------------- what contradicts what

/** An honest validator that voted reports at least the vote's justification from then on. */
export function contradictsVote(
  vote: Pick<Vote, 'epoch' | 'justifyEpoch'>,
  change: Pick<EpochChange, 'epoch' | 'certificateEpoch'>,
): boolean {
  return change.epoch > vote.epoch && change.certificateEpoch < vote.justifyEpoch
}

/** Which rule two statements of one guardian break together, in whichever order they were made. */
export function contradictionOf(a: FinalityStatement, b: FinalityStatement): 'double-prepare' | 'hop' | undefined {
  if (a.type === 'prepare' && b.type === 'prepare')
    return a.prepare.round === b.prepare.round && !isSameStatement(a, b) ? 'double-prepare' : undefined
  if (a.type === 'prepare' && b.type === 'commit') return hops(a.prepare, b.commit) ? 'hop' : undefined
  if (a.type === 'commit' && b.type === 'prepare') return hops(b.prepare, a.commit) ? 'hop' : undefined
  return undefined
}

function hops({ source, round }: Prepare, { point }: Commit): boolean {
  return source.round < point.round && point.round < round
}

export function isSameStatement(a: FinalityStatement, b: FinalityStatement): boolean {
  if (a.type === 'commit') return b.type === 'commit' && samePoint(a.commit.point, b.commit.point)
  if (b.type === 'commit') return false
  const [x, y] = [a.prepare, b.prepare]
  return x.round === y.round && x.target === y.target && samePoint(x.source, y.source)
}

// -------------------------------------------------------------------------------------------------- encodings

const { uint } = codec
const signedProposal = codec.struct<SignedProposal>({ blockHash: codec.hash, signature: blsSignature })
const twoShares = { guardian: uint, first: finalityShareCodec, second: finalityShareCodec }
const aggregate = codec.struct<AggregateStatement>({
  statement: statementCodec,
  signers: bitmapCodec(GUARDIANS_MAX),
  signature: blsSignature,
})

const evidenceCodec: Codec<Evidence> = codec.union<Evidence>({
  'double-proposal': [1, codec.struct({ leader: uint, epoch: uint, first: signedProposal, second: signedProposal })],
  'double-vote': [2, codec.struct({ first: voteCodec, second: voteCodec })],
  'vote-and-epoch-change': [3, codec.struct({ vote: voteCodec, epochChange: epochChangeCodec })],
  'unjustified-vote': [4, codec.struct({ vote: voteCodec, header: headerCodec, record: recordCodec })],
  'double-prepare': [5, codec.struct(twoShares)],
  hop: [6, codec.struct(twoShares)],
  'contradicting-certificates': [7, codec.struct({ first: aggregate, second: aggregate })],
})

/** As it is kept and submitted: with the hash of the start of the era in which all of it was signed. */
export interface EvidenceOfEra {
  readonly era: Hash
  readonly evidence: Evidence
}

const evidenceOfEraCodec: Codec<EvidenceOfEra> = codec.struct<EvidenceOfEra>({
  era: codec.hash,
  evidence: evidenceCodec,
})

/** Undefined where it is too large to be submitted: of a block that carries a long finality certificate. */
export function encodeEvidence(evidence: EvidenceOfEra): Uint8Array | undefined {
  const bytes = encode(evidenceOfEraCodec, evidence)
  return bytes.length > EVIDENCE_MAX_BYTES ? undefined : bytes
}

/** Throws `rlp/invalid` or `codec/invalid`. */
export function decodeEvidence(bytes: Uint8Array): EvidenceOfEra {
  if (bytes.length > EVIDENCE_MAX_BYTES)
    throw new CodedError('codec/invalid', `evidence of ${bytes.length} bytes: at most ${EVIDENCE_MAX_BYTES}`)
  return decode(evidenceOfEraCodec, bytes)
}
