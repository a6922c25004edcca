// What comes from outside is checked here before it changes anything: signatures, certificates, and the place of a block.
// Pure: each check answers with a rejection, or with nothing.
import type { Hash, Rejection } from '@tan/primitives'
import {
  type Block,
  type CommitCertificate,
  type EpochChange,
  epochChangeDigest,
  hashRecord,
  leaderOf,
  type Proposal,
  proposeDigest,
  revealDigest,
  type Vote,
  voteDigest,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import type { BlockTree } from './tree.ts'
import type { SettlementConfig } from './types.ts'

export type AdmissionConfig = Pick<SettlementConfig, 'scheme' | 'era'>

/** spec S-VALID: the block's leader signed it, and its reveal is the leader's. */
export function checkAuthorship(
  { scheme, era }: AdmissionConfig,
  { block, signature }: Proposal,
  hash: Hash,
): Rejection | undefined {
  const { header, record } = block
  const leader = era.committee.signers[leaderOf(era, record.epoch)]!
  if (hashRecord(record) !== header.recordHash)
    return reject('proposal/record', `block ${hash} does not commit to the record that came with it`)
  if (header.beneficiary !== leader.address)
    return reject('proposal/leader', `${header.beneficiary} is not the leader of epoch ${record.epoch}`)
  const publicKey = leader.blsPublicKey
  const isSigned = scheme.verifyBatch([
    { message: proposeDigest(era.domain, record.epoch, hash), publicKey, signature },
    { message: revealDigest(era.domain, record.epoch), publicKey, signature: record.reveal },
  ])
  return isSigned ? undefined : reject('proposal/signature', `block ${hash} is not signed by its leader`)
}

/** spec S-VALID: what a block's place in the tree must be. */
export function checkPlace(tree: BlockTree, committeeSize: number, { header, record }: Block): Rejection | undefined {
  const parent = tree.get(header.parentHash)
  const refuse = (message: string): Rejection => reject('proposal/place', message)
  if (parent === undefined) return refuse('its parent was dropped')
  if (tree.isFull) return reject('proposal/full', 'too many unsettled blocks')
  if (header.height !== parent.height + 1) return refuse(`height ${header.height} on ${parent.height}`)
  if (record.epoch <= parent.epoch) return refuse(`epoch ${record.epoch} on ${parent.epoch}`)
  const justified = tree.get(record.justify.blockHash)
  if (justified === undefined || justified.epoch !== record.justify.epoch || !tree.descendsFrom(parent, justified))
    return refuse('the block that its certificate names is not its ancestor')
  // the root's own justification is older than it, as that of each block above it must not be
  const parentJustifyEpoch = parent.proposal?.block.record.justify.epoch ?? Number.NEGATIVE_INFINITY
  if (record.justify.epoch < parentJustifyEpoch) return refuse('justified by an older certificate than its parent')
  if (parent.height - justified.height > committeeSize) return refuse('too many uncertified ancestors')
  return undefined
}

export function checkVote({ scheme, era }: AdmissionConfig, vote: Vote): Rejection | undefined {
  const voter = era.committee.signers[vote.voter]
  if (voter === undefined || vote.justifyEpoch >= vote.epoch)
    return reject('vote/form', 'a vote of nobody, or justified above its epoch')
  if (scheme.verify(voteDigest(era.domain, vote), voter.blsPublicKey, vote.signature)) return undefined
  return reject('vote/signature', `a vote that validator ${vote.voter} did not sign`)
}

/** An epoch change counts only together with the certificate that it names. */
export function checkEpochChangeForm(
  { era }: AdmissionConfig,
  change: EpochChange,
  certificate: CommitCertificate,
): Rejection | undefined {
  const isWellFormed =
    era.committee.signers[change.sender] !== undefined &&
    certificate.epoch === change.certificateEpoch &&
    certificate.epoch < change.epoch
  return isWellFormed ? undefined : reject('epoch-change/form', 'an epoch change without the certificate it names')
}

export function checkEpochChangeSignature(
  { scheme, era }: AdmissionConfig,
  change: EpochChange,
): Rejection | undefined {
  const { blsPublicKey } = era.committee.signers[change.sender]!
  if (scheme.verify(epochChangeDigest(era.domain, change), blsPublicKey, change.signature)) return undefined
  return reject('epoch-change/signature', `validator ${change.sender} did not sign it`)
}
