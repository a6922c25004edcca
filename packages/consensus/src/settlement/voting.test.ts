// When a validator votes (spec S-VOTE), and what is durable before it does (spec S-DURABLE).
import { describe, expect, it } from 'vitest'
import { GENESIS, START_MS, TestCommittee, TIMING } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { FRESH, rejectionsIn, TestValidator, told, votesIn } from '../testing/validator.ts'

const committee = new TestCommittee()
const config = committee.config(selfOf(committee.members, 0))

const a1 = committee.block(GENESIS, 1)
const b1 = committee.block(GENESIS, 1, { body: 'b' })
const c1 = committee.block(GENESIS, 1, { body: 'c' })
const certificateA1 = committee.certify(a1)
const a2 = committee.block(a1, 2, { justify: certificateA1 })
const a3 = committee.block(a2, 3, { justify: committee.certify(a2) })
/** on the start of the era, because a quorum gave epoch 1 up without a certificate */
const late2 = committee.block(GENESIS, 2, { epochChange: committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 }) })

const validator = (): TestValidator => new TestValidator(config)

interface Case {
  readonly title: string
  readonly run: (node: TestValidator) => unknown
  /** epochs voted in since, when all is done */
  readonly votes: readonly number[]
}

const finalized = (hash: `0x${string}`, height: number) => ({ type: 'block-finalized', hash, height }) as const

const cases: readonly Case[] = [
  { title: 'a valid block of the present epoch', run: node => node.propose(a1), votes: [1] },
  { title: 'the same block twice: one vote', run: node => node.propose(a1, a1), votes: [1] },
  {
    title: 'the block of each epoch that the certificate in it opens',
    run: node => node.propose(a1, a2, a3),
    votes: [1, 2, 3],
  },
  {
    title: 'a block that an epoch change opens the epoch for',
    run: node => node.propose(late2),
    votes: [2],
  },
  { title: 'no second block of an epoch', run: node => node.propose(a1, b1), votes: [1] },
  {
    title: 'no block of an epoch that has passed',
    run: node => [node.receive({ type: 'certificate', certificate: certificateA1 }), node.propose(b1, a1)],
    votes: [],
  },
  { title: 'no block once the epoch is given up', run: node => [node.timer('epoch'), node.propose(a1)], votes: [] },
  {
    title: 'the block of the epoch that it wanted to enter',
    run: node => [node.timer('epoch'), node.propose(a1, a2)],
    votes: [2],
  },
  {
    title: 'a timer of an earlier epoch gives nothing up',
    run: node => [
      node.propose(a1),
      node.receive({ type: 'certificate', certificate: certificateA1 }),
      node.timer('epoch', 1),
      node.propose(a2),
    ],
    votes: [1, 2],
  },
  {
    title: 'the first valid one of a leader that equivocates',
    run: node => {
      node.refused.add(b1.hash)
      return node.propose(b1, a1)
    },
    votes: [1],
  },
  {
    title: 'not the third proposal of a leader, even if the first two are invalid',
    run: node => {
      for (const { hash } of [a1, b1]) node.refused.add(hash)
      return node.propose(a1, b1, c1)
    },
    votes: [],
  },
  {
    title: 'nothing that is not executed',
    run: node => {
      node.slow.add(a1.hash)
      return node.propose(a1)
    },
    votes: [],
  },
  {
    title: 'nothing that is executed only when its epoch has passed',
    run: node => {
      node.slow.add(a1.hash)
      return [
        node.propose(a1),
        node.receive({ type: 'certificate', certificate: certificateA1 }),
        node.step({ type: 'executed', blockHash: a1.hash, rejection: undefined }),
      ]
    },
    votes: [],
  },
  {
    title: 'nothing whose parent is not here, until it comes',
    run: node => node.propose(a2),
    votes: [],
  },
  { title: 'a block whose parent came after it', run: node => node.propose(a2, a1), votes: [2] },
  {
    title: 'nothing that stands on an invalid block',
    run: node => {
      node.refused.add(a1.hash)
      const free3 = committee.block(a1, 2, { epochChange: committee.epochChanges(2, { 1: 0, 2: 0, 3: 0 }) })
      return node.propose(a1, free3)
    },
    votes: [],
  },
  {
    title: 'a block that descends from the finalized one',
    run: node => [node.propose(a1), node.step(finalized(a1.hash, 1)), node.propose(a2)],
    votes: [1, 2],
  },
  {
    title: 'no block beside the finalized one',
    run: node => [node.step(finalized(b1.hash, 1)), node.propose(a1)],
    votes: [],
  },
  {
    title: 'no block below the finalized one',
    run: node => [node.step(finalized(a3.hash, 3)), node.propose(a1)],
    votes: [],
  },
]

describe('a validator votes for', () => {
  it.each(cases)('$title', ({ run, votes }) => {
    const node = validator()
    const effects = [run(node)].flat(3) as Parameters<typeof votesIn>[0]
    expect(votesIn(effects)).toEqual(votes)
  })

  // spec L-CLOCK
  it('a block whose timestamp is as far ahead as may be; for a later one when its time comes', () => {
    const ahead = committee.block(GENESIS, 1, {
      header: { timestampS: START_MS / 1000 + TIMING.clockDriftMaxMs / 1000 },
    })
    expect(votesIn(validator().propose(ahead))).toEqual([1])

    const further = committee.block(GENESIS, 1, {
      header: { timestampS: START_MS / 1000 + TIMING.clockDriftMaxMs / 1000 + 1 },
    })
    const node = validator()
    const effects = node.propose(further)
    expect(rejectionsIn(effects)).toEqual([])
    expect(votesIn(effects)).toEqual([])
    const wait = effects.find(effect => effect.type === 'settlement-timer' && effect.timer === 'vote')
    expect(wait).toMatchObject({ epoch: 1, delayMs: 1_000 })
    node.nowMs += 999
    expect(votesIn(node.timer('vote'))).toEqual([])
    node.nowMs += 1
    expect(votesIn(node.timer('vote'))).toEqual([1])
  })

  it('no block from beyond the end of its epoch, and waits for the nearest of two, not for the last that came', () => {
    const stamped = (aheadS: number) =>
      committee.block(GENESIS, 1, {
        header: { timestampS: START_MS / 1000 + TIMING.clockDriftMaxMs / 1000 + aheadS },
      })
    const waits = (node: TestValidator, block: ReturnType<typeof stamped>) =>
      node
        .propose(block)
        .flatMap(effect => (effect.type === 'settlement-timer' && effect.timer === 'vote' ? [effect.delayMs] : []))
    expect(waits(validator(), stamped(30 * 24 * 3_600))).toEqual([])
    const node = validator()
    expect(waits(node, stamped(1))).toEqual([1_000])
    expect(waits(node, stamped(5))).toEqual([1_000])
  })

  it('nothing when it only follows', () => {
    const node = new TestValidator(committee.config(undefined))
    const effects = [...node.propose(a1, a2, a3), ...node.timer('epoch')]
    expect(effects.filter(({ type }) => type === 'broadcast-settlement' || type === 'persist-settlement')).toEqual([])
    expect(node.settlement.status()).toMatchObject({ epoch: 3, settledHeight: 1 })
  })

  it('nothing at or below what it has signed before a restart', () => {
    const before = validator()
    const voted = before.propose(a1).find(effect => effect.type === 'persist-settlement')!
    const again = new TestValidator(config, {
      ...FRESH,
      safety: voted.safety,
      proposals: voted.proposals.map(({ proposal }) => proposal),
    })
    expect(votesIn(again.began)).toEqual([1])
    expect(votesIn(again.propose(b1))).toEqual([])
    expect(votesIn(again.propose(a2))).toEqual([2])

    const gaveUp = validator()
      .timer('epoch')
      .find(effect => effect.type === 'persist-settlement')!
    const without = new TestValidator(config, { ...FRESH, safety: gaveUp.safety })
    expect(told(without.began)).toEqual(['send change 2 on 0'])
    expect(votesIn(without.propose(a1))).toEqual([])
    expect(votesIn(without.propose(a2))).toEqual([2])
  })
})

describe('before a vote goes out', () => {
  it('the vote, what it stands on and the unsettled blocks below are durable, each block once', () => {
    const node = validator()
    expect(told(node.propose(a2, a1))).toEqual([
      `fetch ${a1.hash}`,
      'send certificate 1',
      `fetch ${a1.hash}`,
      'persist vote 2 high 1, block 1, block 2',
      'send vote 2',
    ])
    expect(told(node.propose(a3))).toEqual([
      'settled 1',
      'send certificate 2',
      'persist vote 3 high 2, block 3',
      'send vote 3',
    ])
  })

  it('the record is whole: the vote that goes out, the highest certificate and what opened the epoch', () => {
    const effects = validator().propose(late2)
    const write = effects.findIndex(({ type }) => type === 'persist-settlement')
    const send = effects.findIndex(effect => effect.type === 'broadcast-settlement' && effect.message.type === 'vote')
    expect(write).toBeGreaterThanOrEqual(0)
    expect(send).toBe(write + 1)
    expect(effects[write]).toMatchObject({
      safety: {
        lastProposal: undefined,
        lastVote: committee.vote(0, late2),
        lastEpochChange: undefined,
        highCertificate: committee.start,
        entry: { type: 'epoch-change', epochChange: { epoch: 2 }, certificate: committee.start },
      },
      proposals: [{ hash: late2.hash, proposal: late2.proposal }],
    })
    expect(effects[send]).toMatchObject({ message: { vote: committee.vote(0, late2) } })
  })
})
