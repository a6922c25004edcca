// What a guardian passes on (spec F-GOSSIP): only what it verified, so that whoever sends a forgery can be blamed for
// it; and of guardians who contradict themselves no more than proves it (spec F-EVIDENCE).
import type { FinalityMessage, Prepare } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { EVIDENCE_OF_GUARDIAN_MAX, STATUSES_OF_GUARDIAN_MAX } from '../limits.ts'
import { forged, hashOf } from '../testing/chain.ts'
import { scheme, selfOf } from '../testing/members.ts'
import { branch, committing, preparing, TestGuardian, TestPool, toldOf } from '../testing/pool.ts'
import { outcomeIn } from '../testing/validator.ts'
import type { Checkpoint, FinalityEffect } from './types.ts'

const pool = new TestPool()
const { root } = pool
const [a1, a2] = branch('a', 2) as [Checkpoint, Checkpoint]
const to1: Prepare = { round: 1, source: root, target: a1.hash }
const point1 = { hash: a1.hash, round: 1 }
const from1to2: Prepare = { round: 2, source: point1, target: a2.hash }
const point2 = { hash: a2.hash, round: 2 }
const first = pool.justification(to1)
const second = pool.justification(from1to2)
const forgedFirst = { ...first, signature: forged(first.signature) }
const forgedSecond = { ...second, signature: forged(second.signature) }
const otherFirst = pool.justification(to1, [1, 2, 3])

const justified = (...justifications: readonly (typeof first)[]): FinalityMessage => ({
  type: 'justified',
  justifications,
})
const status = pool.status(1, 1, point2)
const statusWith = (...justifications: readonly (typeof first)[]): FinalityMessage => ({
  type: 'status',
  status,
  justifications,
})
const leading = pool.ballotProposal(1, { round: 2 ** 32 + 3, source: point2, target: hashOf('c') })
const ballotWith = (...justifications: readonly (typeof first)[]): FinalityMessage => ({
  type: 'ballot',
  proposal: leading,
  justifications,
})
const sentIn = (effects: readonly FinalityEffect[]) =>
  effects.flatMap(effect => (effect.type === 'broadcast-finality' ? [effect.message] : []))

/** Knows what justifies the first point. */
function follower(): TestGuardian {
  const node = new TestGuardian(pool.config(undefined))
  node.receive(justified(first))
  return node
}

describe('justifications that a message brings', () => {
  const kinds: readonly [string, (...chain: readonly (typeof first)[]) => FinalityMessage][] = [
    ['alone', justified],
    ['with a status', statusWith],
    ['with a ballot proposal', ballotWith],
  ]

  it.each(kinds)('%s are passed on as they are, if every part was verified here', (_, message) => {
    const effects = follower().receive(message(first, second))
    expect(outcomeIn(effects)).toBe('taken')
    expect(sentIn(effects)).toEqual([])
  })

  it.each(kinds)(
    '%s are not passed on with a part that was not looked at; what is new goes on as it is here',
    (_, message) => {
      for (const unseen of [forgedFirst, otherFirst]) {
        const effects = follower().receive(message(unseen, second))
        expect(outcomeIn(effects)).toBe('nothing-new')
        expect(sentIn(effects)).toEqual([message(first, second)])
      }
    },
  )

  it.each(kinds)('%s are not passed on in another order than that in which they justify', (_, message) => {
    const third = pool.justification({ round: 3, source: root, target: a1.hash })
    const node = follower()
    node.receive(justified(third))
    const effects = node.receive(message(third, first, second))
    expect(outcomeIn(effects)).toBe('nothing-new')
    expect(sentIn(effects)).toEqual([message(first, second)])
  })

  it.each(kinds)(
    '%s are blamed on their sender when they are forged, and the right ones are still taken',
    (_, message) => {
      const node = follower()
      const effects = node.receive(message(first, forgedSecond))
      expect(effects).toEqual([
        expect.objectContaining({
          type: 'rejected',
          rejection: expect.objectContaining({ code: 'finality/justification', blame: 'sender', isFinal: true }),
        }),
      ])
      expect(outcomeIn(node.receive(message(first, second)))).toBe('taken')
    },
  )

  it('are no fault of a sender that knows a later start', () => {
    const node = new TestGuardian(pool.config(undefined))
    const [effect] = node.receive(justified(second))
    expect(effect).toMatchObject({ rejection: { code: 'finality/unknown-source', blame: 'nobody' } })
  })

  it('are checked for gaps and rounds before any signature', () => {
    let checks = 0
    const counting = {
      ...scheme,
      verifyAggregate: (...args: Parameters<typeof scheme.verifyAggregate>) => {
        checks++
        return scheme.verifyAggregate(...args)
      },
    }
    const node = new TestGuardian({ ...pool.config(undefined), scheme: counting })
    const gap = pool.justification({ round: 3, source: { hash: hashOf('b'), round: 2 }, target: hashOf('c') })
    const falling = pool.justification({ round: 2, source: point2, target: hashOf('c') })
    for (const last of [gap, falling])
      expect(outcomeIn(node.receive(justified(first, second, last)))).toBe('finality/justification')
    expect(checks).toBe(0)
    expect(outcomeIn(node.receive(justified(first, second)))).toBe('taken')
    expect(checks).toBe(2)
  })

  it('do not make a guardian send what others say in its own name', () => {
    const node = new TestGuardian(pool.config(selfOf(pool.members, 1)))
    node.receive(justified(first))
    expect(sentIn(node.receive(statusWith(forgedFirst, second))).some(({ type }) => type === 'status')).toBe(false)
  })
})

describe('a guardian that contradicts itself', () => {
  const rival = (name: string, round = 1) => preparing({ round, source: root, target: hashOf(name) })
  const names = Array.from({ length: 30 }, (_, i) => `rival ${i}`)

  it('is passed on twice in a round, and reported once', () => {
    const node = follower()
    const effects = names.map(name => node.shares(pool.share(rival(name), 3)))
    expect(effects.map(outcomeIn)).toEqual(['taken', 'taken', ...names.slice(2).map(() => 'nothing-new')])
    expect(effects.flatMap(toldOf)).toEqual(['evidence double-prepare of 3'])
    const garbage = { ...pool.share(rival('another'), 3), signature: forged(first.signature) }
    expect(outcomeIn(node.shares(garbage))).toBe('nothing-new')
  })

  it('is passed on twice in a round with its Commits, too', () => {
    const node = follower()
    const outcomes = names.slice(0, 4).map(name => outcomeIn(node.shares(pool.share(committing(hashOf(name), 1), 3))))
    expect(outcomes).toEqual(['taken', 'taken', 'nothing-new', 'nothing-new'])
  })

  it('keeps nobody from being counted with it', () => {
    const node = follower()
    for (const name of names) node.shares(pool.share(rival(name), 3))
    expect(outcomeIn(node.shares(pool.share(rival('right'), 2, 3)))).toBe('taken')
    expect(outcomeIn(node.shares(pool.share(rival('right', 2), 3)))).toBe('taken')
  })

  it('is reported so often, and no more', () => {
    const node = follower()
    const rounds = Array.from({ length: 2 * EVIDENCE_OF_GUARDIAN_MAX }, (_, i) => i + 1)
    const told = rounds.flatMap(round =>
      toldOf([...node.shares(pool.share(rival('x', round), 3)), ...node.shares(pool.share(rival('y', round), 3))]),
    )
    expect(told.filter(text => text.startsWith('evidence'))).toHaveLength(EVIDENCE_OF_GUARDIAN_MAX)
  })

  it('is told once of a Commit, over however many Prepares it hops', () => {
    const node = follower()
    node.shares(pool.share(committing(a1.hash, 1), 3))
    const told = [2, 3, 4, 5].flatMap(round => toldOf(node.shares(pool.share(rival('far', round), 3))))
    expect(told).toEqual(['evidence hop of 3'])
  })

  it('is passed on with few statuses between two resends, unverified beyond, and of one ballot with the first', () => {
    const node = follower()
    const outcome = (ballot: number, settledHeight = 0) =>
      outcomeIn(
        node.receive({
          type: 'status',
          status: pool.status(3, ballot, root, settledHeight),
          justifications: undefined,
        }),
      )
    for (let ballot = 1; ballot <= STATUSES_OF_GUARDIAN_MAX; ballot++) expect(outcome(ballot)).toBe('taken')
    expect(outcome(STATUSES_OF_GUARDIAN_MAX, 10)).toBe('nothing-new')
    expect(outcome(99)).toBe('nothing-new')
    node.timer('resend')
    expect(outcome(99)).toBe('taken')
    expect(outcome(99, 10)).toBe('nothing-new')
    expect(outcome(98)).toBe('nothing-new')
  })
})
