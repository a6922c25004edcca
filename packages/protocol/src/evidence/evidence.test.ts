// Evidence (spec E-PROOF, E-IDENTITY): each offence is proved by its messages and by nothing less, no honest history ever proves one, and an offence that is
// proved twice is one.
import { bls, type Hash, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BlockHeader, hashHeader } from '../chain/header.ts'
import { startCertificate } from '../consensus/certificates.ts'
import {
  type ConsensusRecord,
  type EpochChange,
  epochChangeDigest,
  hashRecord,
  proposeDigest,
  type Vote,
  voteDigest,
} from '../consensus/messages.ts'
import {
  type FinalityShare,
  type FinalityStatement,
  GROUP_SIZE,
  type Prepare,
  statementDigest,
} from '../finality/messages.ts'
import { EVIDENCE_MAX_BYTES, FINALITY_SOURCES_MAX, GUARDIANS_MAX } from '../limits.ts'
import { createBitmap } from '../signers.ts'
import { bytesOf, checkEncoding, hexOf, uint } from '../testing/codec.ts'
import { createTestEra } from '../testing/era.ts'
import { headers, points, prepares, records } from '../testing/values.ts'
import { decodeEvidence, type Evidence, type EvidenceOfEra, encodeEvidence } from './evidence.ts'
import { culpritsOf, evidenceId, offenceIds, verifyEvidence } from './verify.ts'

const { era, secretKeys } = createTestEra({ height: 40, epoch: 57 })
const other = createTestEra({ height: 80, epoch: 99 }).era
const hashOf = (text: string): Hash => toHex(keccak256(utf8ToBytes(text)))
const [a, b] = [hashOf('a'), hashOf('b')]
const sign = (member: number, digest: Uint8Array): Uint8Array => bls.sign(digest, secretKeys[member]!)

const vote = (voter: number, epoch: number, blockHash: Hash, justifyEpoch = epoch - 1): Vote => {
  const unsigned = { epoch, blockHash, justifyEpoch }
  return { ...unsigned, voter, signature: sign(voter, voteDigest(era.domain, unsigned)) }
}
const epochChange = (sender: number, epoch: number, certificateEpoch: number): EpochChange => {
  const unsigned = { epoch, certificateEpoch }
  return { ...unsigned, sender, signature: sign(sender, epochChangeDigest(era.domain, unsigned)) }
}
const proposal = (leader: number, epoch: number, blockHash: Hash) => ({
  blockHash,
  signature: sign(leader, proposeDigest(era.domain, epoch, blockHash)),
})
const preparing = (round: number, target: Hash, source = { round: 0, hash: era.start.hash }): FinalityStatement => ({
  type: 'prepare',
  prepare: { round, source, target },
})
const committing = (round: number, hash: Hash): FinalityStatement => ({
  type: 'commit',
  commit: { point: { round, hash } },
})
const share = (statement: FinalityStatement, ...members: readonly number[]): FinalityShare => ({
  statement,
  group: 0,
  members: createBitmap(members, GROUP_SIZE),
  signature: bls.aggregate(members.map(i => sign(i, statementDigest(era.domain, statement)))),
})
const aggregate = (statement: FinalityStatement, ...members: readonly number[]) => ({
  statement,
  signers: createBitmap(members, 4),
  signature: bls.aggregate(members.map(i => sign(i, statementDigest(era.domain, statement)))),
})

const header = (record: ConsensusRecord): BlockHeader => ({
  ...fc.sample(headers, { numRuns: 1, seed: 1 })[0]!,
  recordHash: hashRecord(record),
})
const record = (epoch: number): ConsensusRecord => ({
  epoch,
  reveal: new Uint8Array(96),
  justify: startCertificate(era),
  epochChange: undefined,
  committeeRoot: undefined,
  poolRoot: undefined,
  finality: undefined,
})
const voteFor = (made: ConsensusRecord, voted: Partial<Pick<Vote, 'epoch' | 'justifyEpoch'>> = {}): Evidence => {
  const head = header(made)
  const { epoch, justifyEpoch } = { epoch: made.epoch, justifyEpoch: made.justify.epoch, ...voted }
  return { type: 'unjustified-vote', vote: vote(1, epoch, hashHeader(head), justifyEpoch), header: head, record: made }
}

/** What is proved, of whom, and by what. */
const offences: readonly { what: string; evidence: Evidence; members: number[] }[] = [
  {
    what: 'two proposals in one epoch',
    evidence: { type: 'double-proposal', leader: 3, epoch: 59, first: proposal(3, 59, a), second: proposal(3, 59, b) },
    members: [3],
  },
  {
    what: 'two votes in one epoch',
    evidence: { type: 'double-vote', first: vote(2, 60, a), second: vote(2, 60, b) },
    members: [2],
  },
  {
    what: 'two votes for one block, on two justifications',
    evidence: { type: 'double-vote', first: vote(2, 60, a, 59), second: vote(2, 60, a, 58) },
    members: [2],
  },
  {
    what: 'a vote, and an epoch change that reports less',
    evidence: { type: 'vote-and-epoch-change', vote: vote(0, 60, a, 59), epochChange: epochChange(0, 63, 58) },
    members: [0],
  },
  { what: 'a vote for a block of a later epoch on an old certificate', evidence: voteFor(record(60)), members: [1] },
  {
    what: 'a vote that names other epochs than the block',
    evidence: voteFor(record(58), { epoch: 59, justifyEpoch: 57 }),
    members: [1],
  },
  {
    what: 'two Prepares in one round',
    evidence: {
      type: 'double-prepare',
      guardian: 1,
      first: share(preparing(2, a), 1, 2),
      second: share(preparing(2, b), 1, 3),
    },
    members: [1],
  },
  {
    what: 'two sources in one round',
    evidence: {
      type: 'double-prepare',
      guardian: 1,
      first: share(preparing(2, a), 1),
      second: share(preparing(2, a, { round: 1, hash: b }), 1),
    },
    members: [1],
  },
  {
    what: 'a Commit, and a Prepare that hops over it',
    evidence: { type: 'hop', guardian: 0, first: share(committing(1, a), 0), second: share(preparing(2, b), 0) },
    members: [0],
  },
  {
    what: 'certificates of two targets in one round',
    evidence: {
      type: 'contradicting-certificates',
      first: aggregate(preparing(2, a), 0, 1, 2),
      second: aggregate(preparing(2, b), 1, 2, 3),
    },
    members: [1, 2],
  },
  {
    what: 'certificates of which one hops over the other',
    evidence: {
      type: 'contradicting-certificates',
      first: aggregate(committing(1, a), 0, 1, 3),
      second: aggregate(preparing(2, b), 0, 2, 3),
    },
    members: [0, 3],
  },
]

const verdict = (evidence: Evidence, of = era): string => {
  const verified = verifyEvidence(bls, of, evidence)
  return verified.ok ? verified.value.members.join() : verified.rejection.code
}

describe('evidence', () => {
  it.each(offences)('of $what convicts whoever did it', ({ evidence, members }) => {
    expect(verdict(evidence)).toBe(members.join())
    expect(culpritsOf(evidence).members).toEqual(members)
    const bytes = encodeEvidence({ era: era.start.hash, evidence })!
    expect(bytes.length).toBeLessThanOrEqual(EVIDENCE_MAX_BYTES)
    expect(decodeEvidence(bytes)).toEqual({ era: era.start.hash, evidence })
  })

  it.each(offences)('of $what is worth nothing in another era, or with another signature', ({ evidence }) => {
    expect(verdict(evidence, other)).toBe('evidence/invalid')
    for (const forged of forgeries(evidence)) expect(verdict(forged)).toBe('evidence/invalid')
  })

  it.each(offences)('of $what does not convict anybody else', ({ evidence }) => {
    for (const shifted of onOthers(evidence)) expect(verdict(shifted)).toBe('evidence/invalid')
  })

  it('of a vote needs a block that breaks the rule', () => {
    expect(verdict(voteFor(record(58)))).toBe('evidence/invalid')
    const evidence = voteFor(record(60))
    expect(verdict({ ...evidence, record: record(61) } as Evidence)).toBe('evidence/invalid')
  })

  it('of one thing said twice is none', () => {
    const same = vote(2, 60, a)
    const none: Evidence[] = [
      { type: 'double-vote', first: same, second: same },
      { type: 'double-proposal', leader: 3, epoch: 59, first: proposal(3, 59, a), second: proposal(3, 59, a) },
      { type: 'double-prepare', guardian: 1, first: share(preparing(2, a), 1), second: share(preparing(2, a), 1) },
      { type: 'hop', guardian: 1, first: share(preparing(2, a), 1), second: share(preparing(2, b), 1) },
      {
        type: 'contradicting-certificates',
        first: aggregate(preparing(2, a), 0, 1),
        second: aggregate(preparing(2, b), 2, 3),
      },
    ]
    for (const evidence of none) expect(verdict(evidence)).toBe('evidence/invalid')
  })
})

describe('what is honest', () => {
  /** What an honest validator does next: votes on a certificate that it has seen, or gives the epoch up. */
  const steps = fc.array(
    fc.record({ skip: fc.nat(2), isVote: fc.boolean(), raise: fc.nat(3), block: fc.constantFrom(a, b) }),
    { minLength: 2, maxLength: 8 },
  )

  it('in settlement is never evidence, whichever two messages are taken', () => {
    fc.assert(
      fc.property(steps, history => {
        const votes: Vote[] = []
        const changes: EpochChange[] = []
        let [epoch, high] = [58, 57]
        const signature = new Uint8Array(96)
        for (const { skip, isVote, raise, block } of history) {
          epoch += skip
          high = Math.min(epoch - 1, high + raise)
          const isNew =
            votes.every(earlier => earlier.epoch < epoch) && changes.every(earlier => earlier.epoch <= epoch)
          if (isVote && isNew) votes.push({ epoch, blockHash: block, justifyEpoch: high, voter: 0, signature })
          if (!isVote && changes.every(earlier => earlier.epoch <= epoch)) {
            changes.push({ epoch: epoch + 1, certificateEpoch: high, sender: 0, signature })
            epoch++
          }
        }
        // signatures are not even looked at: what they say does not contradict itself
        for (const first of votes)
          for (const second of votes) expect(why({ type: 'double-vote', first, second })).not.toContain('signed')
        for (const one of votes)
          for (const change of changes)
            expect(why({ type: 'vote-and-epoch-change', vote: one, epochChange: change })).toContain('compatible')
      }),
    )
  })

  it('in finality is never evidence, whichever two statements are taken', () => {
    const moves = fc.array(fc.record({ up: fc.nat(2), isCommit: fc.boolean(), source: fc.nat(3) }), {
      minLength: 2,
      maxLength: 10,
    })
    fc.assert(
      fc.property(moves, history => {
        const said: FinalityStatement[] = []
        let [prepared, committed] = [0, 0]
        for (const { up, isCommit, source } of history) {
          const round = Math.max(prepared, committed) + up
          if (isCommit && round > committed) {
            said.push(committing(round, hashOf(`at ${round}`)))
            committed = round
          } else if (!isCommit && up > 0) {
            const from = Math.min(round - 1, committed + source)
            said.push(preparing(round, hashOf(`at ${round}`), { round: from, hash: hashOf(`at ${from}`) }))
            prepared = round
          }
        }
        const unsigned = (statement: FinalityStatement): FinalityShare => ({
          statement,
          group: 0,
          members: createBitmap([0], GROUP_SIZE),
          signature: new Uint8Array(96),
        })
        for (const x of said)
          for (const y of said)
            for (const type of ['double-prepare', 'hop'] as const)
              expect(why({ type, guardian: 0, first: unsigned(x), second: unsigned(y) })).toBe(
                'statements that one guardian may make',
              )
      }),
    )
  })

  function why(evidence: Evidence): string {
    const verified = verifyEvidence(bls, era, evidence)
    return verified.ok ? 'guilty' : verified.rejection.message
  }
})

describe('the identity of an offence', () => {
  it('does not depend on the order, nor on which messages prove it', () => {
    const [first, second, third] = [vote(2, 60, a), vote(2, 60, b), vote(2, 60, hashOf('c'))]
    const proofs: Evidence[] = [
      { type: 'double-vote', first, second },
      { type: 'double-vote', first: second, second: first },
      { type: 'double-vote', first: third, second },
    ]
    expect(new Set(proofs.map(evidence => evidenceId(era.domain, evidence))).size).toBe(1)
  })

  it('is the same for each guardian, by its own shares or by certificates', () => {
    const both = offences.find(({ what }) => what.startsWith('certificates of two targets'))!.evidence
    const one: Evidence = {
      type: 'double-prepare',
      guardian: 2,
      first: share(preparing(2, b), 2),
      second: share(preparing(2, hashOf('c')), 2),
    }
    expect(offenceIds(era.domain, both)).toContain(evidenceId(era.domain, one))
    expect(offenceIds(era.domain, both)).toHaveLength(2)
  })

  it('differs by who, what, where and in which era', () => {
    const ids = [
      ...offences.map(({ evidence }) => evidenceId(era.domain, evidence)),
      evidenceId(other.domain, offences[0]!.evidence),
      evidenceId(era.domain, { type: 'double-vote', first: vote(1, 60, a), second: vote(1, 60, b) }),
      evidenceId(era.domain, { type: 'double-vote', first: vote(2, 61, a), second: vote(2, 61, b) }),
    ]
    // two votes for two blocks, and two on two justifications, are one offence of one epoch; two Prepares of one round likewise
    expect(new Set(ids).size).toBe(ids.length - 2)
  })
})

describe('encoded evidence', () => {
  const signature = bytesOf(96)
  const votes: fc.Arbitrary<Vote> = fc.record({
    epoch: uint,
    blockHash: hexOf(32),
    justifyEpoch: uint,
    voter: uint,
    signature,
  })
  const changes = fc.record({ epoch: uint, certificateEpoch: uint, sender: uint, signature })
  const statements: fc.Arbitrary<FinalityStatement> = fc.oneof(
    fc.record({ type: fc.constant('prepare' as const), prepare: prepares }),
    fc.record({ type: fc.constant('commit' as const), commit: fc.record({ point: points }) }),
  )
  const shares = fc.record({ statement: statements, group: uint, members: bytesOf(8), signature })
  const aggregates = fc.record({ statement: statements, signers: fc.uint8Array({ maxLength: 20 }), signature })
  const signed = fc.record({ blockHash: hexOf(32), signature })
  const evidences: fc.Arbitrary<Evidence> = fc.oneof(
    fc.record({
      type: fc.constant('double-proposal' as const),
      leader: uint,
      epoch: uint,
      first: signed,
      second: signed,
    }),
    fc.record({ type: fc.constant('double-vote' as const), first: votes, second: votes }),
    fc.record({ type: fc.constant('vote-and-epoch-change' as const), vote: votes, epochChange: changes }),
    fc.record({ type: fc.constant('unjustified-vote' as const), vote: votes, header: headers, record: records }),
    fc.record({
      type: fc.constantFrom('double-prepare' as const, 'hop' as const),
      guardian: uint,
      first: shares,
      second: shares,
    }),
    fc.record({ type: fc.constant('contradicting-certificates' as const), first: aggregates, second: aggregates }),
  )
  const ofEras: fc.Arbitrary<EvidenceOfEra> = fc.record({ era: hexOf(32), evidence: evidences })

  it('has one form, and comes back from it; damaged bytes are refused with a code', () => {
    checkEncoding(value => encodeEvidence(value)!, decodeEvidence, ofEras)
  })

  it('that is damaged never convicts an honest member, and is never a reason to fail', () => {
    fc.assert(
      fc.property(ofEras, ({ evidence }) => {
        expect(verdict(evidence)).toBe('evidence/invalid')
        expect(() => evidenceId(era.domain, evidence)).not.toThrow()
      }),
      { numRuns: 60 },
    )
  })

  it('of the largest pool is small enough, and what is larger is neither made nor read', () => {
    const signers = new Uint8Array(GUARDIANS_MAX / 8).fill(255)
    const side = (target: Hash) => ({ statement: preparing(2, target), signers, signature: new Uint8Array(96) })
    const evidence: Evidence = { type: 'contradicting-certificates', first: side(a), second: side(b) }
    expect(encodeEvidence({ era: a, evidence })!.length).toBeLessThanOrEqual(EVIDENCE_MAX_BYTES)
    const prepare: Prepare = { round: 1, source: { hash: a, round: 0 }, target: b }
    const justifications = Array.from({ length: FINALITY_SOURCES_MAX }, () => ({
      prepare,
      signers,
      signature: new Uint8Array(96),
    }))
    const commit = { signers, signature: new Uint8Array(96) }
    const large = voteFor({ ...record(60), finality: { justifications, commit } })
    expect(encodeEvidence({ era: a, evidence: large })).toBeUndefined()
    expect(() => decodeEvidence(new Uint8Array(EVIDENCE_MAX_BYTES + 1))).toThrow('at most')
  })
})

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte))

/** The same, with one signature wrong. */
function forgeries(evidence: Evidence): Evidence[] {
  const spoil = <T extends { readonly signature: Uint8Array }>(signed: T): T => ({
    ...signed,
    signature: flip(signed.signature),
  })
  switch (evidence.type) {
    case 'vote-and-epoch-change':
      return [
        { ...evidence, vote: spoil(evidence.vote) },
        { ...evidence, epochChange: spoil(evidence.epochChange) },
      ]
    case 'unjustified-vote':
      return [{ ...evidence, vote: spoil(evidence.vote) }]
    case 'double-proposal':
      return [
        { ...evidence, first: spoil(evidence.first) },
        { ...evidence, second: spoil(evidence.second) },
      ]
    case 'double-vote':
      return [
        { ...evidence, first: spoil(evidence.first) },
        { ...evidence, second: spoil(evidence.second) },
      ]
    case 'double-prepare':
    case 'hop':
      return [
        { ...evidence, first: spoil(evidence.first) },
        { ...evidence, second: spoil(evidence.second) },
      ]
    case 'contradicting-certificates':
      return [
        { ...evidence, first: spoil(evidence.first) },
        { ...evidence, second: spoil(evidence.second) },
      ]
  }
}

/** The same, held against somebody who signed nothing of it, or against nobody. */
function onOthers(evidence: Evidence): Evidence[] {
  const strangers = [0, 1, 2, 3, 4, 2 ** 40].filter(member => !culpritsOf(evidence).members.includes(member))
  return strangers.map(member => against(evidence, member))
}

function against(evidence: Evidence, member: number): Evidence {
  switch (evidence.type) {
    case 'double-proposal':
      return { ...evidence, leader: member }
    case 'double-vote': {
      const [first, second] = [evidence.first, evidence.second].map(one => ({ ...one, voter: member }))
      return { ...evidence, first: first!, second: second! }
    }
    case 'vote-and-epoch-change': {
      const vote = { ...evidence.vote, voter: member }
      return { ...evidence, vote, epochChange: { ...evidence.epochChange, sender: member } }
    }
    case 'unjustified-vote':
      return { ...evidence, vote: { ...evidence.vote, voter: member } }
    case 'double-prepare':
    case 'hop':
      return { ...evidence, guardian: member }
    case 'contradicting-certificates':
      return { ...evidence, first: { ...evidence.first, signers: createBitmap([member % 4], 4) } }
  }
}
