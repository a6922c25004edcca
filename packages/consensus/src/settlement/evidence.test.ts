// What a validator notices of others' contradictions (spec E-DETECT), and how it comes by blocks that it misses.
import type { SettlementMessage } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { ORPHANS_MAX, UNSETTLED_BLOCKS_MAX } from '../limits.ts'
import { buildBlock, GENESIS, hashOf, TestCommittee, type TestProposal } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { FRESH, rejectionsIn, TestValidator, told } from '../testing/validator.ts'

const committee = new TestCommittee()
const { start } = committee
const config = committee.config(selfOf(committee.members, 0))
const validator = (): TestValidator => new TestValidator(config)

const a1 = committee.block(GENESIS, 1)
const b1 = committee.block(GENESIS, 1, { body: 'b' })
const c1 = committee.block(GENESIS, 1, { body: 'c' })
const certificateA1 = committee.certify(a1)
const a2 = committee.block(a1, 2, { justify: certificateA1 })
const zeros = (epoch: number) => committee.epochChanges(epoch, { 1: 0, 2: 0, 3: 0 })
const proposalOf = ({ proposal }: TestProposal): SettlementMessage => ({ type: 'proposal', proposal })

describe('evidence', () => {
  it('of two proposals in an epoch, once', () => {
    const node = validator()
    expect(told(node.propose(a1))).toEqual(['persist vote 1 high 0, block 1', 'send vote 1'])
    expect(node.propose(b1).filter(({ type }) => type === 'settlement-evidence')).toEqual([
      {
        type: 'settlement-evidence',
        evidence: {
          type: 'double-proposal',
          leader: 1,
          epoch: 1,
          first: { blockHash: a1.hash, signature: a1.proposal.signature },
          second: { blockHash: b1.hash, signature: b1.proposal.signature },
        },
      },
    ])
    expect(told(node.propose(c1, a1, b1))).toEqual([])
    expect(node.settlement.proposal(c1.hash)).toBeUndefined()
  })

  it('of two votes in an epoch, of which the first counts', () => {
    const node = validator()
    const [first, second] = [committee.vote(1, a1), committee.vote(1, b1)]
    node.receive({ type: 'vote', vote: first })
    expect(node.receive({ type: 'vote', vote: second })).toEqual([
      { type: 'taken' },
      { type: 'settlement-evidence', evidence: { type: 'double-vote', first, second } },
    ])
    node.receive({ type: 'vote', vote: committee.vote(2, b1) })
    node.receive({ type: 'vote', vote: committee.vote(3, b1) })
    expect(node.epoch).toBe(1)
  })

  it.each([{ isVoteFirst: true }, { isVoteFirst: false }])(
    'of a vote, and an epoch change that reports less than it stands on (vote first: $isVoteFirst)',
    ({ isVoteFirst }) => {
      const node = validator()
      const liar = committee.vote(3, a2)
      const epochChange = committee.epochChange(3, 4, 0)
      const messages: SettlementMessage[] = [
        { type: 'vote', vote: liar },
        { type: 'epoch-change', epochChange, certificate: start },
      ]
      if (!isVoteFirst) messages.reverse()
      expect(node.receive(messages[0]!)).toEqual([{ type: 'taken' }])
      expect(node.receive(messages[1]!)).toEqual([
        { type: 'taken' },
        { type: 'settlement-evidence', evidence: { type: 'vote-and-epoch-change', vote: liar, epochChange } },
      ])
    },
  )

  const unjustified = committee.block(a1, 3, { justify: certificateA1 })
  it.each([{ isVoteFirst: true }, { isVoteFirst: false }])(
    'of a vote for a block that nothing justifies, which is not taken (vote first: $isVoteFirst)',
    ({ isVoteFirst }) => {
      const node = validator()
      const vote = committee.vote(2, unjustified)
      const messages = [{ type: 'vote', vote } as const, proposalOf(unjustified)]
      if (!isVoteFirst) messages.reverse()
      const evidence = {
        type: 'unjustified-vote',
        vote,
        header: unjustified.header,
        record: unjustified.record,
      }
      const effects = messages.flatMap(message => node.receive(message))
      expect(effects.filter(({ type }) => type === 'settlement-evidence')).toEqual([
        { type: 'settlement-evidence', evidence },
      ])
      expect(rejectionsIn(effects)).toEqual(['proposal/justify'])
      // the same again is nothing new
      const again = messages.flatMap(message => node.receive(message))
      expect(again.filter(({ type }) => type === 'settlement-evidence')).toEqual([])
    },
  )

  it('of no vote for a block whose leader did not even sign it', () => {
    const node = validator()
    node.receive({ type: 'vote', vote: committee.vote(2, unjustified) })
    const { proposal } = unjustified
    const effects = node.receive({ type: 'proposal', proposal: { ...proposal, signature: new Uint8Array(96) } })
    expect(rejectionsIn(effects)).toEqual(['proposal/signature'])
    expect(effects.some(({ type }) => type === 'settlement-evidence')).toBe(false)
  })

  it('of no honest vote and epoch change', () => {
    const node = validator()
    node.receive({ type: 'vote', vote: committee.vote(3, a2) })
    const message = {
      type: 'epoch-change',
      epochChange: committee.epochChange(3, 4, 1),
      certificate: certificateA1,
    } as const
    expect(node.receive(message).filter(({ type }) => type === 'settlement-evidence')).toEqual([])
  })
})

describe('blocks that are missing', () => {
  it('are fetched from who sent what stands on them, and again from anybody', () => {
    const node = validator()
    const effects = node.receive(proposalOf(a2), 2)
    expect(effects).toContainEqual({ type: 'fetch', blockHash: a1.hash, from: 2 })
    expect(told(node.timer('resend'))).toContain(`fetch ${a1.hash}`)
    node.propose(a1)
    expect(told(node.timer('resend')).filter(text => text.startsWith('fetch'))).toEqual([])
  })

  it('are taken in from a leader that equivocates when others stand on them, or a quorum certified them', () => {
    const node = validator()
    node.propose(b1, c1)
    expect(told(node.propose(a1))).toEqual([])
    expect(node.settlement.proposal(a1.hash)).toBeUndefined()
    node.propose(a2)
    node.propose(a1)
    expect(node.settlement.proposal(a1.hash)).toEqual(a1.proposal)
  })

  it('are not taken in above so many unsettled ones', () => {
    const rivals = Array.from({ length: UNSETTLED_BLOCKS_MAX - 2 }, (_, i) => ({
      ...a1.proposal,
      block: buildBlock(GENESIS, a1.record, a1.header.beneficiary, `rival ${i}`),
    }))
    const node = new TestValidator(config, { ...FRESH, proposals: rivals })
    const [last, tooMany] = [2, 3].map(epoch => committee.block(GENESIS, epoch, { epochChange: zeros(epoch) }))
    expect(rejectionsIn(node.propose(last!))).toEqual([])
    expect(rejectionsIn(node.propose(tooMany!))).toEqual(['proposal/full'])
  })

  it('are waited for by no more than so many', () => {
    const node = new TestValidator(committee.config(undefined))
    // a leader may sign two proposals an epoch, so orphans need as many epochs: each opened by an epoch change
    const orphans: TestProposal[] = []
    for (let epoch = 2; epoch <= ORPHANS_MAX + 3; epoch++)
      orphans.push(committee.block({ ...a1, hash: hashOf(`unknown ${epoch}`) }, epoch, { epochChange: zeros(epoch) }))
    node.propose(...orphans)
    const asked = node.timer('resend').filter(({ type }) => type === 'fetch')
    expect(asked).toHaveLength(ORPHANS_MAX)
    expect(told(asked)).not.toContain(`fetch ${hashOf('unknown 2')}`)
  })
})
