// Who is guilty of what evidence shows, by the keys of the era in which it was signed: for the chain, which slashes, and for
// whoever is about to submit it. Pure.
import {
  type AggregateScheme,
  accepted,
  codec,
  encodeRlp,
  type Hash,
  keccakHash,
  type Result,
  rejected,
} from '@tan/primitives'
import { hashHeader } from '../chain/header.ts'
import { reject } from '../codes.ts'
import { verifyRecordJustification } from '../consensus/certificates.ts'
import {
  type EpochChange,
  epochChangeDigest,
  hashRecord,
  proposeDigest,
  type Vote,
  voteDigest,
} from '../consensus/messages.ts'
import { type Era, leaderOf } from '../era/era.ts'
import { type FinalityShare, shareMembers, statementDigest } from '../finality/messages.ts'
import { bitmapIndices, type Domain, isBitmap, keysOf, type SignerSet } from '../signers.ts'
import {
  type AggregateStatement,
  contradictionOf,
  contradictsVote,
  type Evidence,
  type FinalityEvidence,
  type SettlementEvidence,
} from './evidence.ts'

export interface Culprits {
  /** in whose set the indices are: the era's committee, or its pool */
  readonly role: 'validator' | 'guardian'
  /** ascending, at least one */
  readonly members: readonly number[]
}

type JudgedEra = Pick<Era, 'domain' | 'start' | 'committee' | 'pool' | 'leaders'>

/** spec E-PROOF: who is guilty, if anybody. */
export function verifyEvidence(scheme: AggregateScheme, era: JudgedEra, evidence: Evidence): Result<Culprits> {
  const wrong = isOfGuardians(evidence)
    ? faultInFinality(scheme, era, evidence)
    : faultInSettlement(scheme, era, evidence)
  return wrong === undefined ? accepted(culpritsOf(evidence)) : rejected(reject('evidence/invalid', wrong))
}

/** Whom evidence names. Whether they are guilty `verifyEvidence` says. */
export function culpritsOf(evidence: Evidence): Culprits {
  switch (evidence.type) {
    case 'double-proposal':
      return { role: 'validator', members: [evidence.leader] }
    case 'double-vote':
      return { role: 'validator', members: [evidence.first.voter] }
    case 'vote-and-epoch-change':
    case 'unjustified-vote':
      return { role: 'validator', members: [evidence.vote.voter] }
    case 'double-prepare':
    case 'hop':
      return { role: 'guardian', members: [evidence.guardian] }
    case 'contradicting-certificates': {
      const others = new Set(bitmapIndices(evidence.second.signers))
      return { role: 'guardian', members: bitmapIndices(evidence.first.signers).filter(i => others.has(i)) }
    }
  }
}

/**
 * spec E-IDENTITY: one for each culprit, in their order: who did what where. However an offence is proved, and with whichever of many messages,
 * it has one identity, so that nobody is punished twice for it.
 */
export function offenceIds(domain: Domain, evidence: Evidence): Hash[] {
  const [kind, place] = offenceOf(evidence)
  const kindBytes = Uint8Array.from(kind, character => character.charCodeAt(0))
  return culpritsOf(evidence).members.map(member =>
    keccakHash(
      encodeRlp([
        codec.uint.toRlp(domain.chainId),
        codec.hash.toRlp(domain.start),
        kindBytes,
        codec.uint.toRlp(place),
        codec.uint.toRlp(member),
      ]),
    ),
  )
}

/** The same for all evidence of the same offences. */
export function evidenceId(domain: Domain, evidence: Evidence): Hash {
  const ids = offenceIds(domain, evidence)
  return ids.length === 1 ? ids[0]! : keccakHash(encodeRlp(ids.map(id => codec.hash.toRlp(id))))
}

/** What was done, and in which epoch or round. */
function offenceOf(evidence: Evidence): readonly [string, number] {
  switch (evidence.type) {
    case 'double-proposal':
      return [evidence.type, evidence.epoch]
    case 'double-vote':
      return [evidence.type, evidence.first.epoch]
    case 'vote-and-epoch-change':
    case 'unjustified-vote':
      return [evidence.type, evidence.vote.epoch]
    case 'double-prepare':
    case 'hop':
    case 'contradicting-certificates': {
      const statements = [evidence.first.statement, evidence.second.statement]
      // of a hop the Commit that is hopped over; of two Prepares they have the same round
      const commit = statements.find(statement => statement.type === 'commit')
      if (commit !== undefined) return ['hop', commit.commit.point.round]
      const [prepare] = statements.filter(statement => statement.type === 'prepare')
      return ['double-prepare', prepare!.prepare.round]
    }
  }
}

function isOfGuardians(evidence: Evidence): evidence is FinalityEvidence {
  return culpritsOf(evidence).role === 'guardian'
}

// -------------------------------------------------------------------------------------------------- validators

/** Why it proves nothing. */
function faultInSettlement(scheme: AggregateScheme, era: JudgedEra, evidence: SettlementEvidence): string | undefined {
  switch (evidence.type) {
    case 'double-proposal': {
      const { leader, epoch, first, second } = evidence
      if (leader !== leaderOf(era, epoch)) return `validator ${leader} does not lead epoch ${epoch}`
      if (first.blockHash === second.blockHash) return 'one proposal, twice'
      const areSigned = [first, second].every(({ blockHash, signature }) =>
        isSigned(scheme, era.committee, leader, proposeDigest(era.domain, epoch, blockHash), signature),
      )
      return areSigned ? undefined : 'a proposal that its leader did not sign'
    }
    case 'double-vote': {
      const { first, second } = evidence
      if (first.voter !== second.voter || first.epoch !== second.epoch) return 'votes of two validators, or epochs'
      if (first.blockHash === second.blockHash && first.justifyEpoch === second.justifyEpoch) return 'one vote, twice'
      return [first, second].every(vote => isVoteSigned(scheme, era, vote)) ? undefined : 'a vote that is not signed'
    }
    case 'vote-and-epoch-change': {
      const { vote, epochChange } = evidence
      if (vote.voter !== epochChange.sender) return 'a vote and an epoch change of two validators'
      if (!contradictsVote(vote, epochChange)) return 'an epoch change that is compatible with the vote'
      const areSigned = isVoteSigned(scheme, era, vote) && isChangeSigned(scheme, era, epochChange)
      return areSigned ? undefined : 'a vote or an epoch change that is not signed'
    }
    case 'unjustified-vote': {
      const { vote, header, record } = evidence
      if (hashHeader(header) !== vote.blockHash || hashRecord(record) !== header.recordHash)
        return 'a vote for another block'
      if (!isVoteSigned(scheme, era, vote)) return 'a vote that is not signed'
      const isAsNamed = record.epoch === vote.epoch && record.justify.epoch === vote.justifyEpoch
      const isJustified = isAsNamed && verifyRecordJustification(scheme, era, record) === undefined
      return isJustified ? 'a vote for a block that is justified' : undefined
    }
  }
}

function isVoteSigned(scheme: AggregateScheme, { domain, committee }: JudgedEra, vote: Vote): boolean {
  return isSigned(scheme, committee, vote.voter, voteDigest(domain, vote), vote.signature)
}

function isChangeSigned(scheme: AggregateScheme, { domain, committee }: JudgedEra, change: EpochChange): boolean {
  return isSigned(scheme, committee, change.sender, epochChangeDigest(domain, change), change.signature)
}

function isSigned(
  scheme: AggregateScheme,
  { signers }: SignerSet,
  member: number,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const signer = signers[member]
  return signer !== undefined && scheme.verify(digest, signer.blsPublicKey, signature)
}

// -------------------------------------------------------------------------------------------------- guardians

function faultInFinality(scheme: AggregateScheme, era: JudgedEra, evidence: FinalityEvidence): string | undefined {
  const { first, second } = evidence
  const contradiction = contradictionOf(first.statement, second.statement)
  if (contradiction === undefined) return 'statements that one guardian may make'
  if (evidence.type === 'contradicting-certificates') {
    if (![evidence.first, evidence.second].every(side => isAggregateSigned(scheme, era, side)))
      return 'a certificate that its signers did not sign'
    return culpritsOf(evidence).members.length > 0 ? undefined : 'certificates without a common signer'
  }
  if (contradiction !== evidence.type) return `a ${contradiction} as ${evidence.type}`
  const areSigned = [evidence.first, evidence.second].every(share =>
    isShareSigned(scheme, era, share, evidence.guardian),
  )
  return areSigned ? undefined : `a share that guardian ${evidence.guardian} did not sign`
}

function isAggregateSigned(
  scheme: AggregateScheme,
  { domain, pool }: JudgedEra,
  { statement, signers, signature }: AggregateStatement,
): boolean {
  if (!isBitmap(signers, pool.signers.length)) return false
  const keys = keysOf(bitmapIndices(signers).map(i => pool.signers[i]!))
  return keys.length > 0 && scheme.verifyAggregate(statementDigest(domain, statement), keys, signature)
}

function isShareSigned(
  scheme: AggregateScheme,
  { domain, pool }: JudgedEra,
  share: FinalityShare,
  guardian: number,
): boolean {
  const members = shareMembers(pool, share)
  if (members === undefined || !members.includes(guardian)) return false
  const keys = keysOf(members.map(i => pool.signers[i]!))
  return scheme.verifyAggregate(statementDigest(domain, share.statement), keys, share.signature)
}
