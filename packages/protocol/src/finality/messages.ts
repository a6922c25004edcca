// What guardians sign and send to finalize checkpoints (spec/consensus.md, finality), with its canonical encoding.
// The domain of all these messages is the instance's root: the finalized end of the previous era (genesis in the
// first).
import { type Codec, codec, type Hash } from '@tan/primitives'
import { FINALITY_SOURCES_MAX, GUARDIANS_MAX } from '../limits.ts'
import {
  type AggregateSignature,
  bitmapCodec,
  bitmapIndices,
  blsSignature,
  type Domain,
  type SignerSet,
  signingDigest,
} from '../signers.ts'

/** A block that a quorum prepared at a round; the instance's root is justified at round 0. */
export interface JustifiedPoint {
  readonly hash: Hash
  readonly round: number
}

/** "After the justified source, the target is next": at most one per round. */
export interface Prepare {
  readonly round: number
  readonly source: JustifiedPoint
  readonly target: Hash
}

/** "I saw this point justified." */
export interface Commit {
  readonly point: JustifiedPoint
}

export type FinalityStatement =
  | { readonly type: 'prepare'; readonly prepare: Prepare }
  | { readonly type: 'commit'; readonly commit: Commit }

/** A quorum of one identical Prepare: its target is justified at its round, if its source is. */
export interface Justification extends AggregateSignature {
  readonly prepare: Prepare
}

/**
 * The source of each is the target of the previous one; the checker knows the first source. Oldest first, never empty.
 */
export type JustificationChain = readonly Justification[]

/** The last of the chain, and a quorum of Commits to its target at its round: that target and all its ancestors are final. */
export interface FinalityCertificate {
  readonly justifications: JustificationChain
  readonly commit: AggregateSignature
}

/**
 * Signatures of some members of one group over one statement. Group g holds the signers 64 g to 64 g + 63 of the pool;
 * entries of one group merge when they are disjoint, so that nobody is ever counted twice.
 */
export interface FinalityShare {
  readonly statement: FinalityStatement
  readonly group: number
  /** 8 bytes: bit i is signer 64 g + i */
  readonly members: Uint8Array
  readonly signature: Uint8Array
}

/** What a guardian knows when it enters a ballot. Its justification travels with it, its settled height is its word. */
export interface Status {
  readonly ballot: number
  readonly justified: JustifiedPoint
  readonly settledHeight: number
  readonly guardian: number
  readonly signature: Uint8Array
}

/** The ballot leader's choice of what all should prepare. Binding for nobody: it only aligns sources. */
export interface BallotProposal {
  readonly ballot: number
  readonly prepare: Prepare
  readonly signature: Uint8Array
}

export type FinalityMessage =
  | { readonly type: 'share'; readonly share: FinalityShare }
  | { readonly type: 'justified'; readonly justifications: JustificationChain }
  | { readonly type: 'finalized'; readonly certificate: FinalityCertificate }
  | { readonly type: 'status'; readonly status: Status; readonly justifications: JustificationChain | undefined }
  | {
      readonly type: 'ballot'
      readonly proposal: BallotProposal
      readonly justifications: JustificationChain | undefined
    }

/** spec F-GROUPS. */
export const GROUP_SIZE = 64
/** Rounds of ballot b start at b times this; the index of a checkpoint within the instance is added. */
export const ROUNDS_PER_BALLOT: number = 2 ** 32
/** so that every round is a safe integer */
export const BALLOTS_MAX: number = 2 ** 20

export function roundOf(ballot: number, checkpointIndex: number): number {
  return ballot * ROUNDS_PER_BALLOT + checkpointIndex
}

export function checkpointIndexOf(round: number): number {
  return round % ROUNDS_PER_BALLOT
}

export function ballotOf(round: number): number {
  return Math.floor(round / ROUNDS_PER_BALLOT)
}

export function lastJustification(chain: JustificationChain): Justification {
  return chain[chain.length - 1]!
}

/** Indices in the pool of a share's members; undefined where it names none, or somebody who does not exist. */
export function shareMembers(
  { signers }: SignerSet,
  { group, members }: Pick<FinalityShare, 'group' | 'members'>,
): number[] | undefined {
  const indices = bitmapIndices(members).map(i => group * GROUP_SIZE + i)
  return indices.length === 0 || indices.some(i => i >= signers.length) ? undefined : indices
}

/** The point that a Justification justifies. */
export function justifiedPoint({ prepare }: Justification): JustifiedPoint {
  return { hash: prepare.target, round: prepare.round }
}

export function samePoint(a: JustifiedPoint, b: JustifiedPoint): boolean {
  return a.round === b.round && a.hash === b.hash
}

// -------------------------------------------------------------------------------------------------- digests that are signed

const { uint, hash } = codec

export function prepareDigest(domain: Domain, { round, source, target }: Prepare): Uint8Array {
  return signingDigest(domain, 'prepare', [
    uint.toRlp(round),
    uint.toRlp(source.round),
    hash.toRlp(source.hash),
    hash.toRlp(target),
  ])
}

export function commitDigest(domain: Domain, { point }: Commit): Uint8Array {
  return signingDigest(domain, 'commit', [uint.toRlp(point.round), hash.toRlp(point.hash)])
}

export function statementDigest(domain: Domain, statement: FinalityStatement): Uint8Array {
  return statement.type === 'prepare'
    ? prepareDigest(domain, statement.prepare)
    : commitDigest(domain, statement.commit)
}

export function statusDigest(domain: Domain, status: Omit<Status, 'signature'>): Uint8Array {
  return signingDigest(domain, 'status', [
    uint.toRlp(status.ballot),
    uint.toRlp(status.justified.round),
    hash.toRlp(status.justified.hash),
    uint.toRlp(status.settledHeight),
  ])
}

export function ballotDigest(domain: Domain, { ballot, prepare }: Omit<BallotProposal, 'signature'>): Uint8Array {
  return signingDigest(domain, 'ballot', [uint.toRlp(ballot), prepareDigest(domain, prepare)])
}

// -------------------------------------------------------------------------------------------------- encodings

const signers = bitmapCodec(GUARDIANS_MAX)

const pointCodec: Codec<JustifiedPoint> = codec.struct<JustifiedPoint>({ hash, round: uint })

const prepareCodec: Codec<Prepare> = codec.struct<Prepare>({ round: uint, source: pointCodec, target: hash })

export const statementCodec: Codec<FinalityStatement> = codec.union<FinalityStatement>({
  prepare: [1, codec.struct({ prepare: prepareCodec })],
  commit: [2, codec.struct({ commit: codec.struct<Commit>({ point: pointCodec }) })],
})

const justificationCodec: Codec<Justification> = codec.struct<Justification>({
  prepare: prepareCodec,
  signers,
  signature: blsSignature,
})

export const justificationChainCodec: Codec<JustificationChain> = codec.list(justificationCodec, FINALITY_SOURCES_MAX)

export const finalityCertificateCodec: Codec<FinalityCertificate> = codec.struct<FinalityCertificate>({
  justifications: justificationChainCodec,
  commit: codec.struct<AggregateSignature>({ signers, signature: blsSignature }),
})

export const finalityShareCodec: Codec<FinalityShare> = codec.struct<FinalityShare>({
  statement: statementCodec,
  group: uint,
  members: codec.fixedBytes(GROUP_SIZE / 8),
  signature: blsSignature,
})

export const statusCodec: Codec<Status> = codec.struct<Status>({
  ballot: uint,
  justified: pointCodec,
  settledHeight: uint,
  guardian: uint,
  signature: blsSignature,
})

const ballotCodec: Codec<BallotProposal> = codec.struct<BallotProposal>({
  ballot: uint,
  prepare: prepareCodec,
  signature: blsSignature,
})

export const finalityMessageCodec: Codec<FinalityMessage> = codec.union<FinalityMessage>({
  share: [1, codec.struct({ share: finalityShareCodec })],
  justified: [2, codec.struct({ justifications: justificationChainCodec })],
  finalized: [3, codec.struct({ certificate: finalityCertificateCodec })],
  status: [4, codec.struct({ status: statusCodec, justifications: codec.optional(justificationChainCodec) })],
  ballot: [5, codec.struct({ proposal: ballotCodec, justifications: codec.optional(justificationChainCodec) })],
})

/** As it travels: with the root of its instance, the hash of the era's start. */
export interface FinalityEnvelope {
  readonly era: Hash
  readonly message: FinalityMessage
}

export const finalityEnvelopeCodec: Codec<FinalityEnvelope> = codec.struct<FinalityEnvelope>({
  era: hash,
  message: finalityMessageCodec,
})
