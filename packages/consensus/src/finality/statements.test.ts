// When a guardian prepares and commits, when points are justified and finalized (spec F-PREPARE and
// spec F-JUSTIFIED, F-COMMIT, F-FINAL), and what is durable before it is sent (spec F-DURABLE).
import { type Prepare, roundOf, verifyFinalityCertificate } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { selfOf } from '../testing/members.ts'
import { branch, committing, FRESH_FINALITY, preparing, TestGuardian, TestPool, toldOf } from '../testing/pool.ts'
import type { FinalityEffect } from './types.ts'

const pool = new TestPool()
const { root } = pool
const config = pool.config(selfOf(pool.members, 0))
const guardian = (): TestGuardian => new TestGuardian(config)

const [a1, a2, a3] = branch('a', 3) as [
  ReturnType<typeof branch>[0],
  ReturnType<typeof branch>[0],
  ReturnType<typeof branch>[0],
]
const [b1] = branch('b', 1) as [typeof a1]

const point = (checkpoint: typeof a1, ballot = 0) => ({
  hash: checkpoint.hash,
  round: roundOf(ballot, checkpoint.height / 10),
})
const link = (source: typeof root, target: typeof a1, ballot = 0): Prepare => ({
  round: roundOf(ballot, target.height / 10),
  source,
  target: target.hash,
})
const to1 = link(root, a1)
const to2 = link(root, a2)
const from1to2 = link(point(a1), a2)
const sharesOf = (statement: Parameters<TestPool['share']>[0], ...who: readonly number[]) =>
  who.map(i => pool.share(statement, i))
const sentIn = (effects: readonly FinalityEffect[]) =>
  toldOf(effects).filter(text => /^send (prepare|commit)/.test(text))

describe('a guardian prepares', () => {
  it('the checkpoint that settles, from the highest justified point: durable first', () => {
    expect(toldOf(guardian().settle(a1))).toEqual(['persist P 1 K 0 ballot 0', 'send prepare 0 to 1'])
  })

  it('exactly what it writes', () => {
    const effects = guardian().settle(a1)
    const share = pool.share(preparing(to1), 0)
    expect(effects[0]).toMatchObject({
      type: 'persist-finality',
      record: { prepared: 1, committed: 0, lastPrepare: share },
    })
    expect(effects[1]).toEqual({ type: 'broadcast-finality', message: { type: 'share', share } })
  })

  it('the next one over one that got stuck', () => {
    const node = guardian()
    node.settle(a1)
    expect(sentIn(node.settle(a2))).toEqual(['send prepare 0 to 2'])
  })

  it('from what has been justified meanwhile', () => {
    const node = guardian()
    node.settle(a1)
    node.shares(...sharesOf(preparing(to1), 1, 2))
    expect(sentIn(node.settle(a2))).toEqual(['send prepare 1 to 2'])
  })

  it('nothing twice, and no rival in the same round', () => {
    const node = guardian()
    node.settle(a1)
    expect(toldOf(node.settle(a1, b1))).toEqual([])
  })

  it('nothing in a round at or below one that it committed', () => {
    // it commits at round 2 without having prepared: the checkpoint of round 1 and 2 come to it later
    const node = guardian()
    node.receive({ type: 'justified', justifications: [pool.justification(to2, [1, 2, 3])] })
    expect(sentIn(node.settle(a1, a2))).toEqual([])
  })

  it('nothing that is not settled here, nor on another branch than the justified point', () => {
    const node = guardian()
    node.receive({ type: 'justified', justifications: [pool.justification(link(root, b1), [1, 2, 3])] })
    expect(sentIn(node.settle(a1, a2, a3))).toEqual([])
  })

  it('nothing when it only follows', () => {
    const node = new TestGuardian(pool.config(undefined))
    const effects = [...node.settle(a1, a2), ...node.shares(...sharesOf(preparing(to2), 1, 2, 3))]
    expect(toldOf(effects)).toEqual([])
  })
})

describe('a guardian commits', () => {
  it('to what a quorum prepared from a justified point: durable first', () => {
    const node = guardian()
    node.settle(a1)
    expect(toldOf(node.shares(...sharesOf(preparing(to1), 1)))).toEqual([])
    expect(toldOf(node.shares(...sharesOf(preparing(to1), 2)))).toEqual(['persist P 1 K 1 ballot 0', 'send commit 1'])
    expect(toldOf(node.shares(...sharesOf(preparing(to1), 3)))).toEqual([])
  })

  it('writes what it signed, with what justifies it', () => {
    const node = guardian()
    node.settle(a1)
    const effects = node.shares(...sharesOf(preparing(to1), 1, 2)).filter(({ type }) => type !== 'taken')
    const share = pool.share(committing(a1.hash, 1), 0)
    expect(effects[0]).toMatchObject({
      record: { committed: 1, lastCommit: share, justifications: [pool.justification(to1)] },
    })
    expect(effects[1]).toMatchObject({ message: { type: 'share', share } })
  })

  it('to what others prove justified', () => {
    const node = guardian()
    const justifications = [pool.justification(to1, [1, 2, 3])]
    expect(toldOf(node.receive({ type: 'justified', justifications }))).toEqual([
      'persist P 0 K 1 ballot 0',
      'send commit 1',
    ])
  })

  it('never below what it prepared', () => {
    const node = guardian()
    node.settle(a1, a2)
    expect(toldOf(node.shares(...sharesOf(preparing(to1), 1, 2, 3)))).toEqual([])
    // but at the round that it prepared itself
    expect(sentIn(node.shares(...sharesOf(preparing(to2), 1, 2)))).toEqual(['send commit 2'])
  })

  it('never below what it committed, and once', () => {
    const node = guardian()
    node.receive({ type: 'justified', justifications: [pool.justification(to2, [1, 2, 3])] })
    expect(toldOf(node.receive({ type: 'justified', justifications: [pool.justification(to1, [1, 2, 3])] }))).toEqual(
      [],
    )
    expect(toldOf(node.shares(...sharesOf(preparing(to2), 1, 2, 3)))).toEqual([])
  })

  it('only when the source is justified, then at once', () => {
    const node = guardian()
    expect(toldOf(node.shares(...sharesOf(preparing(from1to2), 1, 2, 3)))).toEqual([])
    expect(sentIn(node.shares(...sharesOf(preparing(to1), 1, 2, 3)))).toEqual(['send commit 2'])
  })

  it('not to a quorum of Prepares that differ', () => {
    const node = guardian()
    const other = preparing(from1to2)
    node.shares(...sharesOf(preparing(to1), 1, 2, 3))
    const effects = node.shares(...sharesOf(preparing(to2), 1, 2), ...sharesOf(other, 3))
    expect(sentIn(effects)).toEqual([])
  })

  it('by power', () => {
    const weighted = new TestPool([1, 4, 2, 2])
    const node = new TestGuardian(weighted.config(selfOf(weighted.members, 0)))
    const statement = preparing(link(weighted.root, a1))
    // 6 of 9 are two thirds, and no more
    expect(toldOf(node.shares(weighted.share(statement, 1), weighted.share(statement, 2)))).toEqual([])
    expect(toldOf(node.shares(weighted.share(statement, 0)))).toEqual(['persist P 0 K 1 ballot 0', 'send commit 1'])
  })
})

describe('a checkpoint is finalized', () => {
  const finalizing = (node: TestGuardian) => node.shares(...sharesOf(committing(a1.hash, 1), 1, 2, 3))

  it('by a quorum of commits where it is justified, and the certificate is passed on', () => {
    const node = guardian()
    node.settle(a1)
    node.shares(...sharesOf(preparing(to1), 1, 2))
    const effects = node.shares(...sharesOf(committing(a1.hash, 1), 1, 2))
    expect(toldOf(effects)).toEqual(['finalized 10', 'send finalized 1'])
    const [done] = effects.filter(effect => effect.type === 'finalized')
    expect(done).toMatchObject({ height: 10, hash: a1.hash })
    expect(verifyFinalityCertificate(config.scheme, config.pool, done!.certificate, () => false)).toBeUndefined()
    expect(node.finality.progress()).toMatchObject({ finalizedHeight: 10, height: 20 })
  })

  it('not by commits without a justification, until that comes', () => {
    const node = guardian()
    expect(toldOf(finalizing(node))).toEqual([])
    const effects = node.receive({ type: 'justified', justifications: [pool.justification(to1, [1, 2, 3])] })
    expect(toldOf(effects)).toEqual(['finalized 10', 'send finalized 1'])
  })

  it('by a certificate, for who was away', () => {
    const follower = new TestGuardian(pool.config(undefined))
    const certificate = pool.certificate([pool.justification(to1), pool.justification(from1to2)])
    expect(toldOf(follower.receive({ type: 'finalized', certificate }))).toEqual(['finalized 20'])
    expect(toldOf(follower.receive({ type: 'finalized', certificate }))).toEqual([])
  })

  it('not again, nor anything below', () => {
    const node = guardian()
    const justified = [pool.justification(to1), pool.justification(from1to2)]
    node.receive({ type: 'finalized', certificate: pool.certificate(justified) })
    expect(toldOf(node.receive({ type: 'finalized', certificate: pool.certificate(justified.slice(0, 1)) }))).toEqual(
      [],
    )
    expect(sentIn(node.settle(a1, a2))).toEqual([])
    expect(node.finality.progress().finalizedHeight).toBe(20)
  })

  it('and the next is prepared from it', () => {
    const node = guardian()
    node.settle(a1, a2)
    const certificate = pool.certificate([pool.justification(to1, [1, 2, 3])], [1, 2, 3])
    node.receive({ type: 'finalized', certificate })
    expect(sentIn(node.settle(a3))).toEqual(['send prepare 1 to 3'])
  })
})

describe('what a block carries', () => {
  it('is the newest certificate with all that justifies it from what the chain carries', () => {
    const node = guardian()
    const justified = [pool.justification(to1), pool.justification(from1to2)]
    expect(node.finality.certificateFrom(root)).toBeUndefined()
    const certificate = pool.certificate(justified)
    node.receive({ type: 'finalized', certificate })
    expect(node.finality.certificateFrom(root)).toEqual(certificate)
    expect(node.finality.certificateFrom(point(a1))).toEqual({ ...certificate, justifications: justified.slice(1) })
    expect(node.finality.certificateFrom(point(a2))).toBeUndefined()
    expect(node.finality.certificateFrom({ ...point(a1), hash: b1.hash })).toBeUndefined()
    node.step({ type: 'finality-carried', certificate })
    expect(node.finality.certificateFrom(point(a2))).toBeUndefined()
  })
})

describe('after a restart', () => {
  it('a guardian sends the same again, and signs nothing new at or below it', () => {
    const before = guardian()
    before.settle(a1)
    const [write] = before.shares(...sharesOf(preparing(to1), 1, 2)).filter(({ type }) => type === 'persist-finality')
    const record = write?.type === 'persist-finality' ? write.record : undefined
    const node = new TestGuardian(config, { ...FRESH_FINALITY, record, checkpoints: [b1, a1] })
    expect(toldOf(node.began)).toEqual(['send prepare 0 to 1', 'send commit 1', 'send justified 1'])
    expect(
      node.began.flatMap(effect =>
        effect.type === 'broadcast-finality' && effect.message.type === 'share' ? [effect.message.share] : [],
      ),
    ).toEqual([pool.share(preparing(to1), 0), pool.share(committing(a1.hash, 1), 0)])
    expect(sentIn(node.settle(a2))).toEqual(['send prepare 1 to 2'])
  })

  it('its own shares count again', () => {
    const before = guardian()
    const [write] = before.settle(a1)
    const record = write?.type === 'persist-finality' ? write.record : undefined
    const node = new TestGuardian(config, { ...FRESH_FINALITY, record, checkpoints: [a1] })
    expect(sentIn(node.shares(...sharesOf(preparing(to1), 1, 2)))).toEqual(['send commit 1'])
  })

  it('a follower goes on from its certificate', () => {
    const certificate = pool.certificate([pool.justification(to1)])
    const node = new TestGuardian(pool.config(undefined), { ...FRESH_FINALITY, certificate, checkpoints: [a2] })
    expect(node.finality.progress()).toMatchObject({ finalizedHeight: 10 })
    const next = pool.certificate([pool.justification(from1to2)])
    expect(toldOf(node.receive({ type: 'finalized', certificate: next }))).toEqual(['finalized 20'])
  })
})
