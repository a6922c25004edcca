// Checks of a committee's certificates, for validators, light clients, and anyone with the committee's keys. Pure.
import {
  type AggregateScheme,
  accepted,
  concatBytes,
  fromHex,
  type Hash,
  keccak256,
  type Rejection,
  type Result,
  rejected,
  toHex,
} from '@tan/primitives'
import { type BlockHeader, hashHeader } from '../chain/header.ts'
import { reject } from '../codes.ts'
import type { EraCommittee } from '../era/committee.ts'
import { bitmapIndices, isBitmap, isQuorum, keysOf, powerOf, signersOf, verifyQuorum } from '../signers.ts'
import {
  type CommitCertificate,
  type ConsensusRecord,
  type EpochChangeCertificate,
  epochChangeDigest,
  hashRecord,
  voteDigest,
} from './messages.ts'

/** The era's start counts as certified at its own epoch, without votes of this era's committee. */
export function startCertificate({ start: { hash, epoch } }: Pick<EraCommittee, 'start'>): CommitCertificate {
  const none = new Uint8Array(0)
  return { epoch, blockHash: hash, justifyEpoch: epoch, signers: none, signature: none }
}

export function verifyCommitCertificate(
  scheme: AggregateScheme,
  { domain, start, committee }: EraCommittee,
  certificate: CommitCertificate,
): Rejection | undefined {
  const { epoch, blockHash, justifyEpoch, signers, signature } = certificate
  if (epoch <= start.epoch) {
    const isStart =
      epoch === start.epoch &&
      blockHash === start.hash &&
      justifyEpoch === epoch &&
      signers.length === 0 &&
      signature.length === 0
    return isStart ? undefined : reject('certificate/start', `epoch ${epoch} certifies the start of the era alone`)
  }
  if (justifyEpoch >= epoch)
    return reject('certificate/justify', `justified at epoch ${justifyEpoch}, not below its own, ${epoch}`)
  if (!verifyQuorum(scheme, committee, voteDigest(domain, certificate), certificate))
    return reject('certificate/votes', `no quorum of valid votes for ${blockHash} at epoch ${epoch}`)
  return undefined
}

/** The highest certificate epoch that an EC reports. */
export function highestReported(epochChange: EpochChangeCertificate): number {
  return epochChange.groups.reduce(
    (highest, group) => Math.max(highest, group.certificateEpoch),
    Number.NEGATIVE_INFINITY,
  )
}

export function verifyEpochChangeCertificate(
  scheme: AggregateScheme,
  { domain, start, committee: set }: EraCommittee,
  { epoch, groups, signature }: EpochChangeCertificate,
): Rejection | undefined {
  const refuse = (message: string): Rejection => reject('certificate/epoch-change', message)
  const seen = new Set<number>()
  let power = 0
  let previous = start.epoch - 1
  const parts: { publicKeys: Uint8Array[]; message: Uint8Array }[] = []
  for (const { certificateEpoch, signers: bitmap } of groups) {
    if (certificateEpoch <= previous || certificateEpoch >= epoch)
      return refuse('groups must ascend, and report epochs from the start of the era on, below the one to enter')
    previous = certificateEpoch
    if (!isBitmap(bitmap, set.signers.length)) return refuse('a bitmap does not fit the committee')
    for (const i of bitmapIndices(bitmap)) {
      if (seen.has(i)) return refuse(`validator ${i} occurs in two groups`)
      seen.add(i)
    }
    const who = signersOf(set, bitmap)!
    if (who.length === 0) return refuse('an empty group')
    power += powerOf(who)
    parts.push({ publicKeys: keysOf(who), message: epochChangeDigest(domain, { epoch, certificateEpoch }) })
  }
  if (!isQuorum(power, set.totalPower)) return refuse(`no quorum for epoch ${epoch}`)
  if (!scheme.verifyGroups(parts, signature)) return refuse('the signature does not verify')
  return undefined
}

/**
 * spec S-VALID: J.epoch = e-1, or a valid EC(e) with J.epoch at least each epoch in it. `isVerified` spares the check of a
 * certificate that was verified before.
 */
export function verifyRecordJustification(
  scheme: AggregateScheme,
  era: EraCommittee,
  { epoch, justify, epochChange }: ConsensusRecord,
  isVerified: (certificate: CommitCertificate) => boolean = () => false,
): Rejection | undefined {
  if ((epochChange === undefined) !== (justify.epoch === epoch - 1) || justify.epoch >= epoch)
    return reject('proposal/justify', `epoch ${epoch} is not justified by a certificate of epoch ${justify.epoch}`)
  const wrong = isVerified(justify) ? undefined : verifyCommitCertificate(scheme, era, justify)
  if (wrong !== undefined || epochChange === undefined) return wrong
  if (epochChange.epoch !== epoch || justify.epoch < highestReported(epochChange))
    return reject('proposal/epoch-change', `the epoch change does not allow epoch ${epoch} on ${justify.epoch}`)
  return verifyEpochChangeCertificate(scheme, era, epochChange)
}

/** keccak(parent's mix, reveal): the chain's randomness after a block. */
export function nextMix(parentMix: Hash, reveal: Uint8Array): Hash {
  return toHex(keccak256(concatBytes(fromHex(parentMix), reveal)))
}

/**
 * That a block is settled: it, and its direct child one epoch later that carries its certificate, are both certified.
 * Settles the block and all its ancestors.
 */
export interface SettlementProof {
  /** of the child */
  readonly header: BlockHeader
  readonly record: ConsensusRecord
  readonly certificate: CommitCertificate
}

/** spec S-SETTLE: the hash of the settled block. */
export function verifySettlementProof(
  scheme: AggregateScheme,
  era: EraCommittee,
  { header, record, certificate }: SettlementProof,
): Result<Hash> {
  const refuse = (message: string): Result<Hash> => rejected(reject('settlement/proof', message))
  const { justify } = record
  if (hashRecord(record) !== header.recordHash) return refuse('the record is not the one that the header names')
  if (hashHeader(header) !== certificate.blockHash) return refuse('the certificate is for another block')
  if (certificate.epoch !== record.epoch || certificate.justifyEpoch !== justify.epoch)
    return refuse('the certificate names other epochs than the record')
  if (justify.blockHash !== header.parentHash) return refuse('the block does not carry the certificate of its parent')
  if (record.epoch !== justify.epoch + 1)
    return refuse(`epochs ${justify.epoch} and ${record.epoch} are not consecutive`)
  const wrong = verifyCommitCertificate(scheme, era, justify) ?? verifyCommitCertificate(scheme, era, certificate)
  return wrong === undefined ? accepted(header.parentHash) : rejected(wrong)
}
