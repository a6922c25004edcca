// What a guardian refuses, each with a code; what it notices (G1, G2); whom it answers; how much it keeps.
import { type FinalityMessage, type FinalityShare, type Prepare, roundOf } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { LIVE_STATEMENTS_MAX, STATEMENTS_OF_GUARDIAN_MAX } from '../limits.ts'
import { forged, hashOf } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { branch, committing, preparing, TestGuardian, TestPool, toldOf } from '../testing/pool.ts'
import { rejectionsIn } from '../testing/validator.ts'
import type { Checkpoint } from './types.ts'

const pool = new TestPool()
const { root } = pool
const LEADER = pool.leaderOf(1)
const config = pool.config(selfOf(pool.members, 0))
const guardian = (): TestGuardian => new TestGuardian(config)

const [a1, a2] = branch('a', 2) as [Checkpoint, Checkpoint]
const [b1] = branch('b', 1) as [Checkpoint]
const link = (source: typeof root, target: Checkpoint, ballot = 0): Prepare => ({
  round: roundOf(ballot, target.height / 10),
  source,
  target: target.hash,
})
const to1 = link(root, a1)
const to2 = link(root, a2)
const from1to2 = link({ hash: a1.hash, round: 1 }, a2)

const share = pool.share(preparing(to1), 1)
const shareMessage = (changes: Partial<FinalityShare>): FinalityMessage => ({
  type: 'share',
  share: { ...share, ...changes },
})
const bits = (...bytes: readonly number[]): Uint8Array => Uint8Array.from({ length: 8 }, (_, i) => bytes[i] ?? 0)
const justification = pool.justification(to1)
const status = pool.status(1, 1)
const ballot = pool.ballotProposal(1, link(root, a1, 1))

const cases: readonly { title: string; message: FinalityMessage; code: string }[] = [
  {
    title: 'a forged share',
    message: shareMessage({ signature: forged(share.signature) }),
    code: 'finality/signature',
  },
  { title: "somebody else's share", message: shareMessage({ members: bits(0b0100) }), code: 'finality/signature' },
  {
    title: 'a share with one who did not sign',
    message: shareMessage({ members: bits(0b0110) }),
    code: 'finality/signature',
  },
  {
    title: 'a share over something else',
    message: shareMessage({ statement: preparing(to2) }),
    code: 'finality/signature',
  },
  {
    title: 'a Prepare sent as a Commit',
    message: shareMessage({ statement: committing(a1.hash, 1) }),
    code: 'finality/signature',
  },
  { title: 'a share of nobody', message: shareMessage({ members: bits() }), code: 'finality/members' },
  {
    title: 'a share of members who do not exist',
    message: shareMessage({ members: bits(0b10010) }),
    code: 'finality/members',
  },
  { title: 'a share of a group that does not exist', message: shareMessage({ group: 1 }), code: 'finality/members' },
  {
    title: 'a share of a group beyond all bounds',
    message: shareMessage({ group: Number.MAX_SAFE_INTEGER }),
    code: 'finality/members',
  },
  {
    title: 'a share without a point',
    message: shareMessage({ signature: new Uint8Array(96) }),
    code: 'finality/signature',
  },
  {
    title: 'a share without a signature',
    message: shareMessage({ signature: new Uint8Array() }),
    code: 'finality/signature',
  },
  {
    title: 'a round of no checkpoint',
    message: { type: 'share', share: pool.share(preparing({ ...to1, round: roundOf(1, 0) }), 1) },
    code: 'finality/round',
  },
  {
    title: 'a round of no ballot',
    message: { type: 'share', share: pool.share(preparing({ ...to1, round: roundOf(2 ** 20 + 1, 1) }), 1) },
    code: 'finality/round',
  },
  {
    title: 'a status of nobody',
    message: { type: 'status', status: { ...status, guardian: 4 }, justifications: undefined },
    code: 'finality/status',
  },
  {
    title: 'a status of no ballot',
    message: { type: 'status', status: pool.status(1, 0), justifications: undefined },
    code: 'finality/status',
  },
  {
    title: 'a forged status',
    message: { type: 'status', status: { ...status, signature: forged(status.signature) }, justifications: undefined },
    code: 'finality/signature',
  },
  {
    title: 'a status that says more than was signed',
    message: { type: 'status', status: { ...status, settledHeight: 10 }, justifications: undefined },
    code: 'finality/signature',
  },
  {
    title: 'a status with a justification that is none',
    message: { type: 'status', status, justifications: [pool.justification(to1, [1, 2])] },
    code: 'finality/justification',
  },
  {
    title: 'a justification of too few',
    message: { type: 'justified', justifications: [pool.justification(to1, [1, 2])] },
    code: 'finality/justification',
  },
  {
    title: 'a justification whose source is not justified',
    message: { type: 'justified', justifications: [pool.justification(from1to2)] },
    code: 'finality/unknown-source',
  },
  {
    title: 'a chain with a gap',
    message: { type: 'justified', justifications: [pool.justification(link(root, b1)), pool.justification(from1to2)] },
    code: 'finality/justification',
  },
  {
    title: 'a chain whose rounds do not rise',
    message: {
      type: 'justified',
      justifications: [
        pool.justification(to2),
        pool.justification({ round: 2, source: { hash: a2.hash, round: 2 }, target: a1.hash }),
      ],
    },
    code: 'finality/justification',
  },
  {
    title: 'a justification with a bit for nobody',
    message: { type: 'justified', justifications: [{ ...justification, signers: Uint8Array.of(0b10111) }] },
    code: 'finality/justification',
  },
  {
    title: 'a certificate of too few commits',
    message: { type: 'finalized', certificate: pool.certificate([justification], [1, 2]) },
    code: 'finality/commit',
  },
  {
    title: 'a certificate whose commits are Prepares',
    message: { type: 'finalized', certificate: { justifications: [justification], commit: justification } },
    code: 'finality/commit',
  },
  {
    title: 'a certificate whose justification is forged',
    message: {
      type: 'finalized',
      certificate: {
        ...pool.certificate([justification]),
        justifications: [{ ...justification, signature: forged(justification.signature) }],
      },
    },
    code: 'finality/justification',
  },
]

/** The same members, on another chain or over another root. */
const strangers = [
  { where: 'another chain', others: new TestPool([1, 1, 1, 1], 8) },
  { where: 'another instance', others: new TestPool([1, 1, 1, 1], 7, hashOf('another root')) },
]

describe('refused is', () => {
  it.each(cases)('$title', ({ message, code }) => {
    const node = guardian()
    const effects = node.receive(message)
    expect(rejectionsIn(effects)).toEqual([code])
    expect(effects.filter(({ type }) => type === 'finalized' || type === 'finality-evidence')).toEqual([])
    expect(toldOf(effects).filter(text => text.startsWith('send commit'))).toEqual([])
  })

  it.each([
    { title: 'forged', proposal: { ...ballot, signature: forged(ballot.signature) } },
    { title: 'not of its leader', proposal: pool.ballotProposal(1, ballot.prepare, (LEADER + 1) % 4) },
    { title: 'changed', proposal: { ...ballot, prepare: link(root, a2, 1) } },
  ])('a ballot proposal that is $title', ({ proposal }) => {
    const node = guardian()
    const joins = [1, 2].map(i => ({ type: 'status', status: pool.status(i, 1), justifications: undefined }) as const)
    node.receive(...joins)
    node.settle(a1, a2)
    expect(toldOf(node.receive({ type: 'ballot', proposal, justifications: undefined }))).toEqual([
      'rejected finality/ballot',
    ])
  })

  it.each(strangers)('all that is signed in $where', ({ others }) => {
    const messages: readonly [FinalityMessage, string][] = [
      [{ type: 'share', share: others.share(preparing(to1), 1) }, 'finality/signature'],
      [{ type: 'share', share: others.share(committing(a1.hash, 1), 1) }, 'finality/signature'],
      [{ type: 'status', status: others.status(1, 1, root), justifications: undefined }, 'finality/signature'],
      [{ type: 'justified', justifications: [others.justification(to1)] }, 'finality/justification'],
      [{ type: 'finalized', certificate: others.certificate([others.justification(to1)]) }, 'finality/justification'],
      [{ type: 'finalized', certificate: { ...others.certificate([justification]) } }, 'finality/commit'],
    ]
    for (const [message, code] of messages) expect(rejectionsIn(guardian().receive(message))).toEqual([code])
  })

  it('what is good in a chain whose end is not is not taken either', () => {
    const node = guardian()
    const justifications = [justification, pool.justification(from1to2, [1, 2])]
    expect(toldOf(node.receive({ type: 'justified', justifications }))).toEqual(['rejected finality/justification'])
  })
})

describe('replayed messages', () => {
  it('change nothing and are answered by nothing', () => {
    const node = guardian()
    node.settle(a1)
    const messages: readonly FinalityMessage[] = [
      { type: 'share', share },
      { type: 'status', status, justifications: undefined },
      { type: 'justified', justifications: [justification] },
      { type: 'share', share: pool.share(committing(a1.hash, 1), 1) },
    ]
    node.receive(...messages)
    const before = node.finality.progress()
    expect(node.receive(...messages)).toEqual([])
    expect(node.finality.progress()).toEqual(before)
  })
})

describe('evidence', () => {
  it('of two Prepares in one round (G1)', () => {
    const node = guardian()
    const rival = pool.share(preparing(link(root, b1)), 1)
    node.shares(share)
    expect(node.shares(rival).filter(({ type }) => type === 'finality-evidence')).toEqual([
      { type: 'finality-evidence', evidence: { type: 'double-prepare', guardian: 1, first: share, second: rival } },
    ])
  })

  it('of two sources in one round (G1)', () => {
    const node = guardian()
    node.shares(pool.share(preparing(to2), 1))
    expect(toldOf(node.shares(pool.share(preparing(from1to2), 1)))).toEqual(['evidence double-prepare of 1'])
  })

  it.each([{ isCommitFirst: true }, { isCommitFirst: false }])(
    'of a Prepare that hops over a Commit (G2), commit first: $isCommitFirst',
    ({ isCommitFirst }) => {
      const node = guardian()
      const shares = [pool.share(committing(a1.hash, 1), 1), pool.share(preparing(to2), 1)]
      if (!isCommitFirst) shares.reverse()
      expect(toldOf(node.shares(shares[0]!))).toEqual([])
      expect(toldOf(node.shares(shares[1]!))).toEqual(['evidence hop of 1'])
    },
  )

  it('of none who is honest: other guardians, later rounds, and a Prepare from what was committed', () => {
    const node = guardian()
    const honest = [
      pool.share(preparing(to1), 1),
      pool.share(committing(a1.hash, 1), 1),
      pool.share(preparing(from1to2), 1),
      pool.share(committing(a2.hash, 2), 1),
      pool.share(preparing(link(root, b1)), 2),
    ]
    const effects = [...honest, ...honest].flatMap(one => node.shares(one))
    expect(effects.filter(({ type }) => type === 'finality-evidence')).toEqual([])
  })

  it('of each who signed a share together', () => {
    const node = guardian()
    node.shares(pool.share(preparing(to1), 1, 2))
    expect(toldOf(node.shares(pool.share(preparing(link(root, b1)), 2, 3)))).toEqual(['evidence double-prepare of 2'])
  })

  it('is found once for each pair of statements, and not washed out by many merged shares of one', () => {
    const many = new TestPool(Array.from({ length: 24 }, () => 1))
    const node = new TestGuardian(many.config(undefined))
    const commit = many.share(committing(a1.hash, 1), 0)
    node.shares(commit)
    // overlapping shares of one statement, each with a new member: all name guardian 0
    for (let i = 1; i < 24; i++) node.shares(many.share(committing(a2.hash, 2), 0, i))
    const hop = many.share(preparing({ round: 3, source: many.root, target: hashOf('c') }), 0)
    expect(toldOf(node.shares(hop))).toEqual(['evidence hop of 0', 'evidence hop of 0'])
  })
})

describe('who works on what is final', () => {
  it('is told of the certificate, all at once between two resends', () => {
    const node = guardian()
    node.receive({ type: 'finalized', certificate: pool.certificate([justification]) })
    expect(toldOf(node.shares(share))).toEqual(['send finalized 1'])
    expect(toldOf(node.shares(share))).toEqual([])
    node.timer('resend')
    expect(toldOf(node.shares(share))).toEqual(['send finalized 1'])
  })
})

describe('statements in work', () => {
  it('are few of one guardian: its own weakest goes', () => {
    const node = new TestGuardian(pool.config(undefined))
    const openings = Array.from({ length: STATEMENTS_OF_GUARDIAN_MAX + 1 }, (_, i) =>
      preparing({ round: i + 1, source: root, target: hashOf(`opened ${i}`) }),
    )
    // the second is backed by others: it stays
    node.shares(pool.share(openings[0]!, 1), pool.share(openings[1]!, 1), pool.share(openings[1]!, 2))
    for (const statement of openings.slice(2)) node.shares(pool.share(statement, 1))
    // the first had the least power, and was the oldest: with it gone, two more are no quorum
    expect(finishing(node, openings[0]!, 0, 2)).toBe(false)
    expect(finishing(node, openings[1]!, 0)).toBe(true)
  })

  it('are so many in all, and nobody pushes out what has more power', () => {
    const members = Math.ceil(LIVE_STATEMENTS_MAX / STATEMENTS_OF_GUARDIAN_MAX) + 2
    const many = new TestPool(Array.from({ length: members }, () => 1))
    const node = new TestGuardian(many.config(undefined))
    const kept = preparing({ round: 1, source: many.root, target: hashOf('kept') })
    const quorum = Math.floor((2 * members) / 3)
    node.shares(many.share(kept, ...Array.from({ length: quorum }, (_, i) => i)))
    for (let i = 0; i < members; i++)
      for (let j = 0; j < STATEMENTS_OF_GUARDIAN_MAX; j++)
        node.shares(many.share(preparing({ round: 2 + j, source: many.root, target: hashOf(`${i} ${j}`) }), i))
    expect(node.finality.progress().preparePower).toBeLessThanOrEqual(1)
    node.shares(many.share(kept, members - 1))
    // the last share made a quorum: justified, so that commits to it finalize
    const commits = many.share(committing(hashOf('kept'), 1), ...Array.from({ length: quorum + 1 }, (_, i) => i))
    expect(toldOf(node.shares(commits)).filter(text => text.startsWith('finalized'))).toEqual(['finalized 10'])
  })
})

/** Do Prepares of these, too, justify the statement, so that commits to it finalize? */
function finishing(node: TestGuardian, statement: ReturnType<typeof preparing>, ...who: readonly number[]): boolean {
  if (statement.type !== 'prepare') return false
  const { target, round } = statement.prepare
  for (const i of who) node.shares(pool.share(statement, i))
  return toldOf(node.shares(pool.share(committing(target, round), 0, 1, 2))).some(text => text.startsWith('finalized'))
}
