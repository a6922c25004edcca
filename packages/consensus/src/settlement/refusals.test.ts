// What a validator refuses, each with a code (spec S-VALID, S-RECEIPT), and what changes nothing when it comes again.
import type { CommitCertificate, SettlementMessage } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { forged, GENESIS, hashOf, TestCommittee, type TestProposal } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { rejectionsIn, TestValidator, votesIn } from '../testing/validator.ts'

const committee = new TestCommittee()
const { start } = committee
const config = committee.config(selfOf(committee.members, 0))
const validator = (): TestValidator => new TestValidator(config)

const a1 = committee.block(GENESIS, 1)
const b1 = committee.block(GENESIS, 1, { body: 'b' })
const certificateA1 = committee.certify(a1)
const a2 = committee.block(a1, 2, { justify: certificateA1 })
const certificateA2 = committee.certify(a2)
const zeros = (epoch: number) => committee.epochChanges(epoch, { 1: 0, 2: 0, 3: 0 })

const proposalOf = (
  { proposal }: TestProposal,
  changes: Partial<TestProposal['proposal']> = {},
): SettlementMessage => ({
  type: 'proposal',
  proposal: { ...proposal, ...changes },
})
/** The same members, on another chain or in another era. */
const strangers = [
  { where: 'another chain', others: new TestCommittee([1, 1, 1, 1], 8) },
  { where: 'another era', others: new TestCommittee([1, 1, 1, 1], 7, hashOf('another start')) },
]
const withSigners = (certificate: CommitCertificate, signers: Uint8Array) => ({ ...certificate, signers })

interface Case {
  readonly title: string
  readonly message: SettlementMessage
  readonly code: string
  /** what the node has before */
  readonly before?: readonly TestProposal[]
}

const proposals: readonly Case[] = [
  {
    title: 'a record that the header does not name',
    message: proposalOf(a1, { block: { ...a1.proposal.block, record: { ...a1.record, poolRoot: hashOf('pool') } } }),
    code: 'proposal/record',
  },
  {
    title: 'another beneficiary than the leader',
    message: proposalOf(committee.block(GENESIS, 1, { header: { beneficiary: `0x${'99'.repeat(20)}` } })),
    code: 'proposal/leader',
  },
  {
    title: 'a forged signature',
    message: proposalOf(a1, { signature: forged(a1.proposal.signature) }),
    code: 'proposal/signature',
  },
  {
    title: 'the signature of another block',
    message: proposalOf(a1, { signature: b1.proposal.signature }),
    code: 'proposal/signature',
  },
  {
    title: 'a forged reveal',
    message: proposalOf(withReveal(forged(a1.record.reveal))),
    code: 'proposal/signature',
  },
  {
    title: 'the reveal of another epoch',
    message: proposalOf(withReveal(committee.block(GENESIS, 5).record.reveal)),
    code: 'proposal/signature',
  },
  {
    title: 'an older certificate without an epoch change',
    message: proposalOf(committee.block(GENESIS, 2)),
    code: 'proposal/justify',
  },
  {
    title: 'an epoch change beside the certificate of the epoch before',
    message: proposalOf(committee.block(a1, 2, { justify: certificateA1, epochChange: zeros(2) })),
    code: 'proposal/justify',
  },
  {
    title: 'a certificate of its own epoch',
    message: proposalOf(committee.block(a2, 2, { justify: certificateA2, epochChange: zeros(2) })),
    code: 'proposal/justify',
  },
  {
    title: 'an epoch change to another epoch',
    message: proposalOf(committee.block(GENESIS, 3, { epochChange: zeros(2) })),
    code: 'proposal/epoch-change',
  },
  {
    title: 'an epoch change that reports more than the certificate',
    message: proposalOf(committee.block(GENESIS, 3, { epochChange: committee.epochChanges(3, { 1: 0, 2: 1, 3: 0 }) })),
    code: 'proposal/epoch-change',
  },
  {
    title: 'an epoch change of too few',
    message: proposalOf(committee.block(GENESIS, 2, { epochChange: committee.epochChanges(2, { 1: 0, 2: 0 }) })),
    code: 'certificate/epoch-change',
  },
  {
    title: 'a certificate of too few',
    message: proposalOf(committee.block(a1, 2, { justify: committee.certify(a1, [0, 1]) })),
    code: 'certificate/votes',
  },
  {
    title: 'a start that is none',
    message: proposalOf(committee.block(GENESIS, 1, { justify: { ...start, blockHash: hashOf('elsewhere') } })),
    code: 'certificate/start',
  },
  {
    title: 'a height that does not follow',
    message: proposalOf(committee.block(GENESIS, 1, { header: { height: 2 } })),
    code: 'proposal/place',
  },
  {
    title: 'an epoch not above its parent',
    before: [a1],
    message: proposalOf(committee.block(a1, 1)),
    code: 'proposal/place',
  },
  {
    title: 'a certificate of a block that is not its ancestor',
    before: [a1, b1],
    message: proposalOf(committee.block(b1, 2, { justify: certificateA1 })),
    code: 'proposal/place',
  },
  {
    title: 'a certificate older than its parent has',
    before: [a1, a2],
    message: proposalOf(committee.block(a2, 3, { epochChange: zeros(3) })),
    code: 'proposal/place',
  },
  {
    title: 'more uncertified ancestors than the committee has members',
    before: uncertified(5),
    message: proposalOf(uncertified(6).at(-1)!),
    code: 'proposal/place',
  },
]

/** Blocks on the start of the era, one an epoch, none certified. */
function uncertified(count: number): TestProposal[] {
  const branch: TestProposal[] = []
  for (let epoch = 1; epoch <= count; epoch++)
    branch.push(committee.block(branch.at(-1) ?? GENESIS, epoch, epoch === 1 ? {} : { epochChange: zeros(epoch) }))
  return branch
}

/** As the leader of epoch 1 would sign it, whatever the reveal. */
function withReveal(reveal: Uint8Array): TestProposal {
  return committee.block(GENESIS, 1, { reveal })
}

const vote = committee.vote(1, a1)
const change = committee.epochChange(1, 3, 0)
const others: readonly Case[] = [
  { title: 'a vote of nobody', message: { type: 'vote', vote: { ...vote, voter: 4 } }, code: 'vote/form' },
  {
    title: 'a vote of a voter beyond all bounds',
    message: { type: 'vote', vote: { ...vote, voter: Number.MAX_SAFE_INTEGER } },
    code: 'vote/form',
  },
  {
    title: 'a vote justified at its own epoch',
    message: { type: 'vote', vote: { ...vote, justifyEpoch: 1 } },
    code: 'vote/form',
  },
  {
    title: 'a forged vote',
    message: { type: 'vote', vote: { ...vote, signature: forged(vote.signature) } },
    code: 'vote/signature',
  },
  { title: "somebody else's vote", message: { type: 'vote', vote: { ...vote, voter: 2 } }, code: 'vote/signature' },
  {
    title: 'a vote moved to another epoch',
    message: { type: 'vote', vote: { ...vote, epoch: 2 } },
    code: 'vote/signature',
  },
  {
    title: 'a vote moved to another block',
    message: { type: 'vote', vote: { ...vote, blockHash: b1.hash } },
    code: 'vote/signature',
  },
  {
    title: 'a signature that is no point',
    message: { type: 'vote', vote: { ...vote, signature: new Uint8Array(96) } },
    code: 'vote/signature',
  },
  {
    title: 'a signature of the wrong length',
    message: { type: 'vote', vote: { ...vote, signature: new Uint8Array(3) } },
    code: 'vote/signature',
  },
  {
    title: 'the signature at infinity',
    message: {
      type: 'vote',
      vote: { ...vote, signature: Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0)) },
    },
    code: 'vote/signature',
  },
  {
    title: 'an epoch change of nobody',
    message: { type: 'epoch-change', epochChange: { ...change, sender: 4 }, certificate: start },
    code: 'epoch-change/form',
  },
  {
    title: 'an epoch change without the certificate that it names',
    message: { type: 'epoch-change', epochChange: change, certificate: certificateA1 },
    code: 'epoch-change/form',
  },
  {
    title: 'an epoch change that names its own epoch',
    message: { type: 'epoch-change', epochChange: committee.epochChange(1, 2, 2), certificate: certificateA2 },
    code: 'epoch-change/form',
  },
  {
    title: 'a forged epoch change',
    message: {
      type: 'epoch-change',
      epochChange: { ...change, signature: forged(change.signature) },
      certificate: start,
    },
    code: 'epoch-change/signature',
  },
  {
    title: 'an epoch change with a forged certificate',
    message: {
      type: 'epoch-change',
      epochChange: committee.epochChange(1, 3, 1),
      certificate: { ...certificateA1, signature: forged(certificateA1.signature) },
    },
    code: 'certificate/votes',
  },
  {
    title: 'a certificate of too few',
    message: { type: 'certificate', certificate: committee.certify(a1, [0, 1]) },
    code: 'certificate/votes',
  },
  {
    title: 'a certificate with more signers than signed',
    message: { type: 'certificate', certificate: withSigners(committee.certify(a1, [0, 1]), Uint8Array.of(7)) },
    code: 'certificate/votes',
  },
  {
    title: 'a certificate with a bit for nobody',
    message: { type: 'certificate', certificate: withSigners(certificateA1, Uint8Array.of(0b10111)) },
    code: 'certificate/votes',
  },
  {
    title: 'a certificate with a bitmap of the wrong size',
    message: { type: 'certificate', certificate: withSigners(certificateA1, Uint8Array.of(7, 0)) },
    code: 'certificate/votes',
  },
  {
    title: 'a certificate justified above its epoch',
    message: { type: 'certificate', certificate: { ...certificateA1, justifyEpoch: 1 } },
    code: 'certificate/justify',
  },
  {
    title: 'a start that is none',
    message: {
      type: 'epoch-change-certificate',
      epochChange: committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 }),
      certificate: { ...start, signers: Uint8Array.of(7) },
    },
    code: 'certificate/start',
  },
  {
    title: 'an epoch change certificate of too few',
    message: {
      type: 'epoch-change-certificate',
      epochChange: committee.epochChanges(2, { 1: 0, 2: 0 }),
      certificate: start,
    },
    code: 'certificate/epoch-change',
  },
  {
    title: 'an epoch change certificate whose groups do not ascend',
    message: {
      type: 'epoch-change-certificate',
      epochChange: { ...zeros(3), groups: [...zeros(3).groups, ...zeros(3).groups] },
      certificate: start,
    },
    code: 'certificate/epoch-change',
  },
  {
    title: 'an epoch change certificate in which one counts twice',
    message: {
      type: 'epoch-change-certificate',
      epochChange: {
        ...committee.epochChanges(4, { 1: 0, 2: 1 }),
        groups: [
          { certificateEpoch: 0, signers: Uint8Array.of(0b0110) },
          { certificateEpoch: 1, signers: Uint8Array.of(0b0110) },
        ],
      },
      certificate: certificateA1,
    },
    code: 'certificate/epoch-change',
  },
]

describe('a proposal is refused for', () => {
  it.each(proposals)('$title', ({ message, code, before }) => {
    const node = validator()
    node.propose(...(before ?? []))
    const effects = node.receive(message, 3)
    expect(rejectionsIn(effects)).toEqual([code])
    expect(votesIn(effects)).toEqual([])
  })

  it.each(strangers)('being of $where', ({ others: elsewhere }) => {
    const block = elsewhere.block(GENESIS, 1, { justify: start })
    expect(rejectionsIn(validator().propose(block))).toEqual(['proposal/signature'])
  })
})

describe('a message is refused for being', () => {
  it.each(others)('$title', ({ message, code }) => {
    const node = validator()
    const effects = node.receive(message, 3)
    expect(effects.filter(({ type }) => type === 'rejected')).toMatchObject([{ rejection: { code }, from: 3 }])
    // at most a valid certificate in it was taken in
    expect(node.epoch).toBeLessThanOrEqual(2)
    expect(votesIn([...effects, ...node.timer('epoch')])).toEqual([])
  })

  it.each(strangers)('signed in $where', ({ others: elsewhere }) => {
    const messages: readonly [SettlementMessage, string][] = [
      [{ type: 'vote', vote: elsewhere.vote(1, a1) }, 'vote/signature'],
      [{ type: 'certificate', certificate: elsewhere.certify(a1) }, 'certificate/votes'],
      [
        { type: 'epoch-change', epochChange: elsewhere.epochChange(1, 2, 0), certificate: start },
        'epoch-change/signature',
      ],
      [
        {
          type: 'epoch-change-certificate',
          epochChange: elsewhere.epochChanges(2, { 1: 0, 2: 0, 3: 0 }),
          certificate: start,
        },
        'certificate/epoch-change',
      ],
    ]
    for (const [message, code] of messages) {
      const node = validator()
      expect(rejectionsIn(node.receive(message))).toEqual([code])
      expect(node.epoch).toBe(1)
    }
  })

  it('one kind of statement signed as another', () => {
    // a signature over an epoch change never counts as a vote, nor a vote as a proposal
    const asVote = { ...vote, signature: committee.epochChange(1, 1, 0).signature }
    expect(rejectionsIn(validator().receive({ type: 'vote', vote: asVote }))).toEqual(['vote/signature'])
    const asProposal = proposalOf(a1, { signature: vote.signature })
    expect(rejectionsIn(validator().receive(asProposal))).toEqual(['proposal/signature'])
  })
})

describe('a certificate that is held already', () => {
  const spoiled = [
    { how: 'a forged signature', certificate: { ...certificateA1, signature: forged(certificateA1.signature) } },
    { how: 'other signers', certificate: withSigners(certificateA1, Uint8Array.of(0b1111)) },
    { how: 'no signers', certificate: withSigners(certificateA1, new Uint8Array()) },
  ]
  const knowing = (): TestValidator => {
    const node = validator()
    node.propose(a1)
    node.receive({ type: 'certificate', certificate: certificateA1 })
    return node
  }

  it.each(spoiled)('does not let a block in that carries it with $how', ({ certificate }) => {
    // whoever does not hold it would refuse the block: validity must be the same for all
    const block = committee.block(a1, 2, { justify: certificate })
    const node = knowing()
    const effects = node.propose(block)
    expect(rejectionsIn(effects)).toEqual(['certificate/votes'])
    expect(votesIn(effects)).toEqual([])
    expect(node.settlement.proposal(block.hash)).toBeUndefined()
  })

  it.each(spoiled)('is not passed on with $how', ({ certificate }) => {
    const epochChange = committee.epochChanges(3, { 1: 1, 2: 1, 3: 1 })
    const node = knowing()
    const effects = node.receive({ type: 'epoch-change-certificate', epochChange, certificate })
    expect(rejectionsIn(effects)).toEqual(['certificate/votes'])
    expect(node.epoch).toBe(2)
  })

  it('is as good from other signers', () => {
    const block = committee.block(a1, 2, { justify: committee.certify(a1, [1, 2, 3]) })
    expect(votesIn(knowing().propose(block))).toEqual([2])
  })
})

describe('what is replayed', () => {
  it('changes nothing and is answered by nothing', () => {
    const node = validator()
    const messages: readonly SettlementMessage[] = [
      proposalOf(a1),
      { type: 'vote', vote },
      { type: 'certificate', certificate: certificateA1 },
      proposalOf(a2),
      { type: 'epoch-change', epochChange: committee.epochChange(1, 5, 0), certificate: start },
    ]
    for (const message of messages) node.receive(message)
    const before = node.settlement.status()
    for (const message of messages) expect(node.receive(message)).toEqual([])
    expect(node.settlement.status()).toEqual(before)
  })
})
