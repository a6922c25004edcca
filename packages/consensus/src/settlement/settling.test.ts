// When blocks are certified and settled (spec S-CERTIFICATE, S-SETTLE), what is then dropped, and when a node must stop.
import { verifySettlementProof } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { GENESIS, TestCommittee, type TestProposal } from '../testing/chain.ts'
import { scheme, selfOf } from '../testing/members.ts'
import { FRESH, TestValidator, told } from '../testing/validator.ts'
import type { SettlementEffect } from './types.ts'

const committee = new TestCommittee()
const config = committee.config(selfOf(committee.members, 0))
const follower = committee.config(undefined)

const a1 = committee.block(GENESIS, 1)
const b1 = committee.block(GENESIS, 1, { body: 'b' })
const certificateA1 = committee.certify(a1)
const a2 = committee.block(a1, 2, { justify: certificateA1 })
const certificateA2 = committee.certify(a2)
const a3 = committee.block(a2, 3, { justify: certificateA2 })
const certificateA3 = committee.certify(a3)

const certify = (node: TestValidator, certificate: typeof certificateA1) =>
  node.receive({ type: 'certificate', certificate })
const settledIn = (effects: readonly SettlementEffect[]) => effects.filter(effect => effect.type === 'settled')

describe('a certificate forms', () => {
  it('of a quorum of votes that agree in epoch, block and justification', () => {
    const node = new TestValidator(follower)
    node.propose(a1)
    const votes = [0, 1, 2].map(voter => committee.vote(voter, a1))
    expect(node.receive({ type: 'vote', vote: votes[0]! })).toEqual([{ type: 'taken' }])
    expect(node.receive({ type: 'vote', vote: votes[1]! })).toEqual([{ type: 'taken' }])
    expect(node.epoch).toBe(1)
    node.receive({ type: 'vote', vote: votes[2]! })
    expect(node.epoch).toBe(2)
    expect(node.settlement.status()).toMatchObject({ highCertificateEpoch: 1, headHeight: 1 })
  })

  it('of no votes for different blocks, nor from one voter', () => {
    const node = new TestValidator(follower)
    for (const [voter, block] of [
      [0, a1],
      [1, a1],
      [2, b1],
      [1, b1],
      [1, a1],
    ] as const)
      node.receive({ type: 'vote', vote: committee.vote(voter, block) })
    expect(node.epoch).toBe(1)
  })

  it('of no votes that name different justifications', () => {
    const node = new TestValidator(follower)
    const block = { hash: a3.hash, epoch: 3, record: a3.record }
    const other = { hash: a3.hash, epoch: 3, record: a2.record }
    for (const [voter, vote] of [
      [0, block],
      [1, block],
      [2, other],
    ] as const)
      node.receive({ type: 'vote', vote: committee.vote(voter, vote) })
    expect(node.epoch).toBe(1)
    node.receive({ type: 'vote', vote: committee.vote(3, block) })
    expect(node.epoch).toBe(4)
  })

  it('for a block that is not here: it is fetched, and settles others when it has come', () => {
    const node = new TestValidator(follower)
    node.propose(a1)
    expect(told(certify(node, certificateA2))).toEqual([`fetch ${a2.hash}`])
    expect(told(node.propose(a2))).toEqual(['settled 1'])
  })

  it('by power', () => {
    const weighted = new TestCommittee([4, 2, 2, 1])
    const block = weighted.block(GENESIS, 1)
    const node = new TestValidator(weighted.config(undefined))
    node.receive({ type: 'vote', vote: weighted.vote(0, block) })
    node.receive({ type: 'vote', vote: weighted.vote(1, block) })
    // 6 of 9 are two thirds, and no more
    expect(node.epoch).toBe(1)
    node.receive({ type: 'vote', vote: weighted.vote(3, block) })
    expect(node.epoch).toBe(2)
  })
})

describe('a block settles', () => {
  it('with the certificate of its child one epoch later, and not before', () => {
    const node = new TestValidator(config)
    expect(settledIn([...node.propose(a1), ...certify(node, certificateA1), ...node.propose(a2)])).toEqual([])
    const settled = settledIn(certify(node, certificateA2))
    expect(settled).toHaveLength(1)
    expect(settled[0]).toMatchObject({ blocks: [{ hash: a1.hash, proposal: a1.proposal }], dropped: [] })
    expect(verifySettlementProof(scheme, config.era, settled[0]!.proof)).toEqual({ ok: true, value: a1.hash })
    expect(node.settlement.status().settledHeight).toBe(1)
  })

  it('whatever the order in which blocks and certificates come', () => {
    const inputs = [
      (node: TestValidator) => node.propose(a1),
      (node: TestValidator) => node.propose(a2),
      (node: TestValidator) => certify(node, certificateA1),
      (node: TestValidator) => certify(node, certificateA2),
    ]
    for (const order of permutations(inputs)) {
      const node = new TestValidator(config)
      const settled = settledIn(order.flatMap(input => input(node)))
      expect(settled.map(({ blocks }) => blocks.map(({ hash }) => hash))).toEqual([[a1.hash]])
    }
  })

  it('with all its uncertified ancestors, lowest first', () => {
    const node = new TestValidator(config)
    const epochChange = committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 })
    const uncertified = committee.block(a1, 2, { justify: committee.start, epochChange })
    const next = committee.block(uncertified, 3, {
      justify: committee.start,
      epochChange: committee.epochChanges(3, { 1: 0, 2: 0, 3: 0 }),
    })
    const last = committee.block(next, 4, { justify: committee.certify(next) })
    node.propose(a1, uncertified, next, last)
    const [settled] = settledIn(certify(node, committee.certify(last)))
    expect(settled!.blocks.map(({ hash }) => hash)).toEqual([a1.hash, uncertified.hash, next.hash])
    expect(settled!.blocks.map(({ certificate }) => certificate?.epoch)).toEqual([undefined, undefined, 3])
  })

  it('and its rivals are dropped', () => {
    const node = new TestValidator(config)
    node.propose(b1, a1, a2)
    const [settled] = settledIn(certify(node, certificateA2))
    expect(settled!.dropped).toEqual([b1.hash])
    expect(node.settlement.proposal(b1.hash)).toBeUndefined()
  })

  it('only when it is executed', () => {
    const node = new TestValidator(config)
    node.slow.add(a1.hash)
    node.propose(a1, a2)
    expect(settledIn(certify(node, certificateA2))).toEqual([])
    const effects = node.step({ type: 'executed', blockHash: a1.hash, rejection: undefined })
    expect(settledIn(effects).map(({ blocks }) => blocks[0]!.hash)).toEqual([a1.hash])
  })

  const changes4 = committee.epochChanges(4, { 1: 1, 2: 1, 3: 1 })
  const never: readonly { title: string; blocks: readonly TestProposal[] }[] = [
    {
      title: 'a child two epochs later',
      blocks: [a1, committee.block(a1, 4, { justify: certificateA1, epochChange: changes4 })],
    },
    {
      title: 'a child one epoch later that carries an older certificate',
      blocks: [
        a1,
        committee.block(a1, 2, {
          justify: committee.start,
          epochChange: committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 }),
        }),
      ],
    },
    {
      title: 'a grandchild',
      blocks: [
        a1,
        committee.block(a1, 4, { justify: certificateA1, epochChange: changes4 }),
        committee.block(committee.block(a1, 4, { justify: certificateA1, epochChange: changes4 }), 6, {
          justify: certificateA1,
          epochChange: committee.epochChanges(6, { 1: 1, 2: 1, 3: 1 }),
        }),
      ],
    },
  ]
  it.each(never)('not with the certificate of $title', ({ blocks }) => {
    const node = new TestValidator(config)
    node.propose(...blocks)
    expect(settledIn(blocks.flatMap(block => certify(node, committee.certify(block))))).toEqual([])
    expect(node.settlement.status().settledHeight).toBe(0)
  })

  it('and what is below it is no concern any more', () => {
    const node = new TestValidator(config)
    node.propose(a1, a2, a3)
    certify(node, certificateA3)
    expect(node.settlement.status().settledHeight).toBe(2)
    expect(node.propose(b1, a1, a2)).toEqual([])
    expect(node.receive({ type: 'vote', vote: committee.vote(1, b1) })).toEqual([])
    expect(told(certify(node, committee.certify(b1)))).toEqual([])
  })
})

describe('after a restart', () => {
  it('durable blocks are executed, certified by each other, and settle as before', () => {
    const node = new TestValidator(config)
    const write = node.propose(a1, a2, a3).findLast(effect => effect.type === 'persist-settlement')!
    const again = new TestValidator(config, {
      ...FRESH,
      safety: write.safety,
      proposals: [a1.proposal, a2.proposal, a3.proposal],
    })
    expect(again.began.filter(({ type }) => type === 'execute')).toHaveLength(3)
    expect(settledIn(again.began)).toHaveLength(1)
    expect(settledIn(again.began)[0]!.blocks.map(({ hash }) => hash)).toEqual([a1.hash])
    expect(settledIn(certify(again, certificateA3)).map(({ blocks }) => blocks[0]!.hash)).toEqual([a2.hash])
  })

  it('a settled chain that is newer than the safety record is where it goes on', () => {
    const settled = { hash: a2.hash, height: 2, epoch: 2 }
    const node = new TestValidator(config, { settled, safety: undefined, proposals: [a1.proposal, a3.proposal] })
    expect(node.settlement.proposal(a1.hash)).toBeUndefined()
    certify(node, certificateA3)
    const a4 = committee.block(a3, 4, { justify: certificateA3 })
    node.propose(a4)
    expect(settledIn(certify(node, committee.certify(a4))).map(({ blocks }) => blocks[0]!.hash)).toEqual([a3.hash])
  })
})

describe('a node stops', () => {
  const stopped = (node: TestValidator): boolean =>
    node.propose(committee.block(GENESIS, 9)).length === 0 && node.timer('epoch').length === 0

  it('at two certificates of one epoch', () => {
    const node = new TestValidator(config)
    certify(node, certificateA1)
    expect(told(certify(node, committee.certify(b1, [1, 2, 3])))).toEqual(['fault settlement/two-certificates'])
    expect(stopped(node)).toBe(true)
  })

  it('not at two signer sets of one certificate', () => {
    const node = new TestValidator(config)
    certify(node, certificateA1)
    expect(told(certify(node, committee.certify(a1, [1, 2, 3])))).toEqual([])
    expect(node.timer('epoch')).not.toEqual([])
  })

  it.each([
    { title: 'before', order: [true, false] },
    { title: 'after', order: [false, true] },
  ])('when a quorum certified what its ledger refuses, learnt $title it was refused', ({ order }) => {
    const node = new TestValidator(config)
    node.refused.add(a1.hash)
    const effects = order.flatMap(isBlock => (isBlock ? node.propose(a1) : certify(node, certificateA1)))
    expect(told(effects)).toContain('fault settlement/invalid-certified')
    expect(stopped(node)).toBe(true)
  })

  it('when a quorum certified a child of what its ledger refuses', () => {
    const node = new TestValidator(config)
    node.refused.add(a1.hash)
    node.slow.add(a1.hash)
    node.propose(a1, a2)
    certify(node, certificateA2)
    const effects = node.step({ type: 'executed', blockHash: a1.hash, rejection: 'the ledger refuses it' })
    expect(told(effects)).toEqual(['fault settlement/invalid-certified'])
    expect(stopped(node)).toBe(true)
  })

  it('when what settles conflicts with what guardians finalized', () => {
    const node = new TestValidator(config)
    node.propose(a1, a2)
    node.step({ type: 'block-finalized', hash: b1.hash, height: 1 })
    const effects = certify(node, certificateA2)
    expect(told(effects)).toContain('fault finality/conflict')
    expect(settledIn(effects)).toEqual([])
    expect(stopped(node)).toBe(true)
  })
})

function permutations<T>(values: readonly T[]): T[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((value, i) => permutations(values.filter((_, j) => j !== i)).map(rest => [value, ...rest]))
}
