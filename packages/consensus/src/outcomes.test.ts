// What a message is worth to others (spec S-GOSSIP): gossip passes on what was verified and is new, and nothing else. Whatever is not
// looked at any more may be garbage, and whoever passes garbage on pays for it.
import type { SettlementMessage } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { forged, GENESIS, hashOf, TestCommittee, type TestProposal } from './testing/chain.ts'
import { selfOf } from './testing/members.ts'
import { branch, committing, preparing, TestGuardian, TestPool } from './testing/pool.ts'
import { outcomeIn, TestValidator } from './testing/validator.ts'

const committee = new TestCommittee()
const a1 = committee.block(GENESIS, 1)
const a2 = committee.block(a1, 2, { justify: committee.certify(a1) })
const a3 = committee.block(a2, 3, { justify: committee.certify(a2) })
const a4 = committee.block(a3, 4, { justify: committee.certify(a3) })

const proposalOf = ({ proposal }: TestProposal, signature = proposal.signature): SettlementMessage => ({
  type: 'proposal',
  proposal: { ...proposal, signature },
})
const withoutRight = (block: TestProposal): SettlementMessage => proposalOf(block, forged(block.proposal.signature))

describe('of settlement messages', () => {
  const validator = () => new TestValidator(committee.config(selfOf(committee.members, 0)))
  /** a2 is settled. */
  const advanced = (): TestValidator => {
    const node = validator()
    node.propose(a1, a2, a3, a4)
    expect(node.settlement.status().settledHeight).toBe(2)
    return node
  }
  const outcome = (node: TestValidator, message: SettlementMessage) => outcomeIn(node.receive(message))

  it('a new block is taken, on a known parent or not, and its second copy is nothing new', () => {
    const node = validator()
    expect(outcome(node, proposalOf(a2))).toBe('taken')
    expect(outcome(node, proposalOf(a2))).toBe('nothing-new')
    expect(outcome(node, proposalOf(a1))).toBe('taken')
    expect(outcome(node, proposalOf(a1))).toBe('nothing-new')
  })

  it('a block is taken even if one that waited for it is not', () => {
    const node = validator()
    const tooHigh = committee.block(a1, 2, { justify: committee.certify(a1), header: { height: 3 } })
    expect(outcome(node, proposalOf(tooHigh))).toBe('taken')
    expect(outcome(node, proposalOf(a1))).toBe('taken')
  })

  it('blocks that are settled or held already are not passed on with whatever signature', () => {
    const node = advanced()
    for (const block of [a1, a2, a3, a4]) expect(outcome(node, withoutRight(block))).toBe('nothing-new')
  })

  it('of a leader that signs many blocks for one epoch two are passed on', () => {
    const node = validator()
    const words = ['a', 'b', 'c', 'd'].map(body => outcome(node, proposalOf(committee.block(GENESIS, 1, { body }))))
    expect(words).toEqual(['taken', 'taken', 'nothing-new', 'nothing-new'])
  })

  it('a vote is taken once, and one for what is certified is not looked at', () => {
    const node = validator()
    const vote = committee.vote(1, a1)
    expect(outcome(node, { type: 'vote', vote })).toBe('taken')
    expect(outcome(node, { type: 'vote', vote })).toBe('nothing-new')
    const late = { ...committee.vote(3, a3), signature: forged(vote.signature) }
    expect(outcome(advanced(), { type: 'vote', vote: late })).toBe('nothing-new')
  })

  it('a certificate of a settled epoch is not verified again, right or wrong, and whatever it says', () => {
    const node = advanced()
    const certificate = committee.certify(a1)
    for (const old of [
      certificate,
      { ...certificate, signature: forged(certificate.signature) },
      { ...certificate, blockHash: hashOf('another') },
    ])
      expect(outcome(node, { type: 'certificate', certificate: old })).toBe('nothing-new')
    expect(outcome(node, { type: 'certificate', certificate: committee.certify(a4) })).toBe('taken')
  })

  it('an old certificate beside an epoch change that names newer ones is refused before it is verified', () => {
    const node = validator()
    const certificate = committee.certify(a1)
    const message = {
      type: 'epoch-change-certificate',
      epochChange: committee.epochChanges(9, { 1: 5, 2: 5, 3: 5 }),
      certificate: { ...certificate, signature: forged(certificate.signature) },
    } as const
    expect(outcome(node, message)).toBe('epoch-change/certificate')
  })
})

describe('of finality messages', () => {
  const pool = new TestPool()
  const { root } = pool
  const [c1, c2] = branch('c', 2) as [ReturnType<typeof branch>[number], ReturnType<typeof branch>[number]]
  const to1 = { round: 1, source: root, target: c1.hash }
  const chain = [pool.justification(to1)]
  const follower = () => new TestGuardian(pool.config(undefined))
  const finalized = (): TestGuardian => {
    const node = follower()
    node.settle(c1, c2)
    expect(outcomeIn(node.receive({ type: 'finalized', certificate: pool.certificate(chain) }))).toBe('taken')
    return node
  }

  it('a share is taken once, and one of a final round is not looked at', () => {
    const share = pool.share(preparing(to1), 1)
    const node = follower()
    expect(outcomeIn(node.shares(share))).toBe('taken')
    expect(outcomeIn(node.shares(share))).toBe('nothing-new')
    const garbage = { ...pool.share(committing(c1.hash, 1), 2), signature: forged(share.signature) }
    expect(outcomeIn(finalized().shares(garbage))).toBe('nothing-new')
  })

  it('a certificate and justifications are taken while they are newer than what is known', () => {
    const node = follower()
    expect(outcomeIn(node.receive({ type: 'justified', justifications: chain }))).toBe('taken')
    expect(outcomeIn(node.receive({ type: 'justified', justifications: chain }))).toBe('nothing-new')
    const { justifications, commit } = pool.certificate(chain)
    const certificate = { justifications, commit: { ...commit, signature: forged(commit.signature) } }
    expect(outcomeIn(finalized().receive({ type: 'finalized', certificate }))).toBe('nothing-new')
  })

  it("a guardian's status is taken once a ballot", () => {
    const node = follower()
    const status = pool.status(1, 1)
    expect(outcomeIn(node.receive({ type: 'status', status, justifications: undefined }))).toBe('taken')
    const garbage = { ...pool.status(1, 1, root, 20), signature: forged(status.signature) }
    expect(outcomeIn(node.receive({ type: 'status', status: garbage, justifications: undefined }))).toBe('nothing-new')
  })

  it('the proposal of a ballot is verified and taken once, also by who is not in that ballot', () => {
    const node = follower()
    const proposal = pool.ballotProposal(1, { ...to1, round: 2 ** 32 + 1 })
    const receive = (signature: Uint8Array) =>
      outcomeIn(node.receive({ type: 'ballot', proposal: { ...proposal, signature }, justifications: undefined }))
    expect(receive(forged(proposal.signature))).toBe('finality/ballot')
    expect(receive(proposal.signature)).toBe('taken')
    expect(receive(proposal.signature)).toBe('nothing-new')
    expect(receive(forged(proposal.signature))).toBe('nothing-new')
  })
})
