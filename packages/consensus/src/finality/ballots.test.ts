// Ballots (spec F-BALLOT, F-TIMER): when one opens, what is frozen in it, who leads it, and what binds nobody.
import { BALLOTS_MAX, type Prepare, roundOf } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { selfOf } from '../testing/members.ts'
import {
  branch,
  FINALITY_TIMING,
  FRESH_FINALITY,
  preparing,
  TestGuardian,
  TestPool,
  tellFinality,
  toldOf,
} from '../testing/pool.ts'
import type { Checkpoint, FinalityEffect } from './types.ts'

const pool = new TestPool()
const { root } = pool
const LEADER = pool.leaderOf(1)
const OTHERS = [0, 1, 2, 3].filter(i => i !== LEADER)
const [ONE, TWO, THREE] = OTHERS as [number, number, number]
const guardian = (index = ONE): TestGuardian => new TestGuardian(pool.config(selfOf(pool.members, index)))

const [a1, a2, a3, a4] = branch('a', 4) as [Checkpoint, Checkpoint, Checkpoint, Checkpoint]
const point = (checkpoint: Checkpoint, ballot = 0) => ({
  hash: checkpoint.hash,
  round: roundOf(ballot, checkpoint.height / 10),
})
const link = (source: typeof root, target: Checkpoint, ballot = 0): Prepare => ({
  round: roundOf(ballot, target.height / 10),
  source,
  target: target.hash,
})
const status = (from: number, ballot: number, justified = root, settledHeight = 0) =>
  ({ type: 'status', status: pool.status(from, ballot, justified, settledHeight), justifications: undefined }) as const
const proposed = (prepare: Prepare, ballot = 1) =>
  ({ type: 'ballot', proposal: pool.ballotProposal(ballot, prepare), justifications: undefined }) as const
const timersIn = (effects: readonly FinalityEffect[]) =>
  effects.filter(effect => effect.type === 'finality-timer').map(tellFinality)
const leadTimersIn = (effects: readonly FinalityEffect[]) =>
  timersIn(effects).filter(text => text.startsWith('timer lead'))
const preparesIn = (effects: readonly FinalityEffect[]) =>
  toldOf(effects).filter(text => text.startsWith('send prepare'))

/** With three settled checkpoints and no finality: in ballot 1. */
function stalled(index = ONE): TestGuardian {
  const node = guardian(index)
  node.settle(a1, a2, a3)
  return node
}

describe('a ballot opens', () => {
  it('when so many checkpoints are settled without finality: durable, then told with what is frozen', () => {
    const node = guardian()
    expect(preparesIn(node.settle(a1, a2))).toHaveLength(2)
    const effects = node.settle(a3)
    expect(toldOf(effects)).toEqual([
      'persist P 3 K 0 ballot 0',
      'send prepare 0 to 3',
      'persist P 3 K 0 ballot 1',
      'send status 1 justified 0 settled 30',
    ])
  })

  it('with a timer that runs from when a quorum is in it or beyond', () => {
    const node = guardian()
    expect(timersIn(node.settle(a1, a2, a3))).toEqual([])
    expect(timersIn(node.receive(status(TWO, 1)))).toEqual([])
    expect(timersIn(node.receive(status(THREE, 2)))).toEqual([`timer ballot ${FINALITY_TIMING.ballotTimeoutMs}`])
    expect(timersIn(node.receive(status(TWO, 2)))).toContain(`timer ballot ${2 * FINALITY_TIMING.ballotTimeoutMs}`)
    expect(timersIn(node.receive(status(LEADER, 2)))).toEqual([])
  })

  it('not by a timer of an earlier one, which fired while that was left', () => {
    const node = stalled()
    node.receive(status(TWO, 1), status(THREE, 1))
    const late = { type: 'finality-timer', timer: 'ballot', ballot: 1 } as const
    node.receive(status(TWO, 2), status(THREE, 2))
    expect(node.step(late)).toEqual([])
    expect(toldOf(node.step({ ...late, ballot: 2 }))).toContain('send status 3 justified 0 settled 30')
  })

  it('not with fewer, nor again while one runs', () => {
    const node = guardian()
    expect(toldOf(node.settle(a1, a2)).some(text => text.includes('status'))).toBe(false)
    node.settle(a3)
    expect(toldOf(node.settle(a4))).toEqual([])
  })

  it('when more than the faulty are in it or beyond, not for fewer', () => {
    const node = guardian()
    expect(toldOf(node.receive(status(TWO, 2)))).toEqual([])
    expect(toldOf(node.receive(status(THREE, 5)))).toEqual([
      'persist P 0 K 0 ballot 2',
      'send status 2 justified 0 settled 0',
    ])
    expect(toldOf(node.receive(status(LEADER, 3)))).toEqual([
      'persist P 0 K 0 ballot 3',
      'send status 3 justified 0 settled 0',
    ])
  })

  it('by its timer, with twice the time each', () => {
    const node = stalled()
    node.receive(status(TWO, 1), status(THREE, 1))
    for (let ballot = 2; ballot <= 9; ballot++) {
      expect(toldOf(node.timer('ballot'))).toEqual([
        `persist P 3 K 0 ballot ${ballot}`,
        `send status ${ballot} justified 0 settled 30`,
      ])
      node.timer('resend')
      const effects = node.receive(status(TWO, ballot), status(THREE, ballot))
      const doublings = Math.min(6, ballot - 1)
      expect(timersIn(effects)).toContain(`timer ballot ${FINALITY_TIMING.ballotTimeoutMs * 2 ** doublings}`)
    }
  })

  it('with the first time again after progress', () => {
    const node = guardian()
    node.settle(a1, a2, a3, a4)
    node.receive({ type: 'justified', justifications: [pool.justification(link(root, a4, 7), OTHERS)] })
    const effects = node.receive(status(TWO, 8), status(THREE, 8))
    expect(timersIn(effects)).toContain(`timer ballot ${FINALITY_TIMING.ballotTimeoutMs}`)
  })

  it('when something is justified in it: the status goes first', () => {
    const node = guardian()
    node.settle(a1)
    const effects = node.receive({ type: 'justified', justifications: [pool.justification(link(root, a2, 3), OTHERS)] })
    expect(toldOf(effects)).toEqual([
      'persist P 1 K 0 ballot 3',
      'send status 3 justified 3:2 settled 10',
      'persist P 1 K 3:2 ballot 3',
      'send commit 3:2',
    ])
  })

  it('not by its timer once it has made progress, nor with nothing to finalize', () => {
    const node = stalled()
    node.receive({
      type: 'finalized',
      certificate: pool.certificate([pool.justification(link(root, a3, 1), OTHERS)], OTHERS),
    })
    expect(toldOf(node.timer('ballot'))).toEqual([])
    const idle = guardian()
    idle.receive(status(TWO, 1), status(THREE, 1))
    const effects = idle.timer('ballot')
    expect(toldOf(effects)).toEqual([])
    expect(timersIn(effects)).toEqual([`timer ballot ${FINALITY_TIMING.ballotTimeoutMs}`])
  })

  it('not for who only follows', () => {
    const node = new TestGuardian(pool.config(undefined))
    expect(
      toldOf([...node.settle(a1, a2, a3, a4), ...node.receive(status(ONE, 1), status(TWO, 1), status(THREE, 1))]),
    ).toEqual([])
  })
})

describe('in a ballot', () => {
  it('nothing is prepared but what its leader proposes', () => {
    const node = stalled()
    expect(preparesIn(node.settle(a4))).toEqual([])
    expect(toldOf(node.receive(proposed(link(root, a3, 1))))).toEqual([
      'persist P 1:3 K 0 ballot 1',
      'send prepare 0 to 1:3',
    ])
  })

  it('the first proposal counts', () => {
    const node = stalled()
    node.receive(proposed(link(root, a2, 1)))
    expect(toldOf(node.receive(proposed(link(root, a3, 1))))).toEqual([])
  })

  const refused: readonly { title: string; prepare: Prepare; before?: (node: TestGuardian) => unknown }[] = [
    { title: 'of an earlier ballot', prepare: link(root, a3) },
    { title: 'from a source that is not justified', prepare: link(point(a1), a2, 1) },
    { title: 'of a checkpoint that is not settled here', prepare: link(root, a4, 1) },
    { title: 'of a height that its round does not say', prepare: { ...link(root, a3, 1), round: roundOf(1, 2) } },
    {
      title: 'of a checkpoint on another branch than its source',
      prepare: link(point(a1), branch('b', 2)[1]!, 1),
      before: node => {
        node.settle(...branch('b', 2))
        node.receive({ type: 'justified', justifications: [pool.justification(link(root, a1), OTHERS)] })
      },
    },
    {
      title: 'from a source below the own commit',
      prepare: link(root, a3, 1),
      before: node => node.receive({ type: 'justified', justifications: [pool.justification(link(root, a3), OTHERS)] }),
    },
    {
      title: 'of what is below its source',
      prepare: link(point(a2), a1, 1),
      before: node => node.receive({ type: 'justified', justifications: [pool.justification(link(root, a2), OTHERS)] }),
    },
  ]
  it.each(refused)('a proposal binds nobody to a Prepare $title', ({ prepare, before }) => {
    const node = guardian()
    node.settle(a1, a2)
    node.receive(status(TWO, 1), status(THREE, 1))
    node.settle(a3)
    before?.(node)
    expect(preparesIn(node.receive(proposed(prepare)))).toEqual([])
  })

  it('a source at the own commit is right', () => {
    const node = stalled()
    node.receive({ type: 'justified', justifications: [pool.justification(link(root, a3), OTHERS)] })
    node.settle(a4)
    expect(preparesIn(node.receive(proposed(link(point(a3), a4, 1))))).toEqual(['send prepare 3 to 1:4'])
  })

  it('the justifications that come with a proposal count', () => {
    const node = stalled()
    const effects = node.receive({
      type: 'ballot',
      proposal: pool.ballotProposal(1, link(point(a1), a3, 1)),
      justifications: [pool.justification(link(root, a1), OTHERS)],
    })
    expect(preparesIn(effects)).toEqual(['send prepare 1 to 1:3'])
  })

  it('a commit still goes to what is justified in an earlier one, within the hop rule', () => {
    const node = stalled()
    const effects = node.receive({ type: 'justified', justifications: [pool.justification(link(root, a3), OTHERS)] })
    expect(toldOf(effects)).toEqual(['persist P 3 K 3 ballot 1', 'send commit 3'])
  })

  it('progress makes the leader needless', () => {
    const node = stalled()
    node.receive(proposed(link(root, a3, 1)))
    const statement = preparing(link(root, a3, 1))
    const effects = node.shares(...[TWO, THREE].map(i => pool.share(statement, i)))
    expect(toldOf(effects)).toEqual(['persist P 1:3 K 1:3 ballot 1', 'send commit 1:3'])
    expect(preparesIn(node.settle(a4))).toEqual(['send prepare 1:3 to 1:4'])
  })
})

describe('the leader of a ballot', () => {
  it('proposes after a quorum of statuses and twice delta', () => {
    const node = stalled(LEADER)
    expect(timersIn(node.receive(status(ONE, 1)))).toEqual([])
    expect(leadTimersIn(node.receive(status(TWO, 1)))).toEqual([`timer lead ${2 * FINALITY_TIMING.deltaMs}`])
    expect(timersIn(node.receive(status(THREE, 1)))).toEqual([])
    expect(toldOf(node.timer('lead'))).toEqual([
      'send ballot 1 prepare 0 to 1:3',
      'persist P 1:3 K 0 ballot 1',
      'send prepare 0 to 1:3',
    ])
  })

  it('takes the highest justified point that it was told of, and the highest settled checkpoint above', () => {
    const node = stalled(LEADER)
    const message = { ...status(ONE, 1, point(a1)), justifications: [pool.justification(link(root, a1), OTHERS)] }
    node.receive(message, status(TWO, 1))
    expect(toldOf(node.timer('lead'))[0]).toBe('send ballot 1 prepare 1 to 1:3')
  })

  it('waits for a checkpoint to propose', () => {
    const node = guardian(LEADER)
    node.receive(status(ONE, 1), status(TWO, 1))
    expect(toldOf(node.timer('lead'))).toEqual([])
    expect(toldOf(node.settle(a1))).toContain('send ballot 1 prepare 0 to 1:1')
  })

  it('is nobody else', () => {
    const node = stalled()
    expect(leadTimersIn(node.receive(status(TWO, 1), status(THREE, 1)))).toEqual([])
    expect(toldOf(node.timer('lead'))).toEqual([])
  })

  it('repeats itself until there is progress', () => {
    const node = stalled(LEADER)
    node.receive(status(ONE, 1), status(TWO, 1))
    node.timer('lead')
    expect(toldOf(node.timer('resend'))).toContain('send ballot 1 prepare 0 to 1:3')
  })
})

describe('after a restart in a ballot', () => {
  it('the status is sent as it was frozen, and the ballot goes on', () => {
    const before = guardian()
    const [record] = before
      .settle(a1, a2, a3)
      .flatMap(effect => (effect.type === 'persist-finality' && effect.record.ballot === 1 ? [effect.record] : []))
    const node = new TestGuardian(pool.config(selfOf(pool.members, ONE)), {
      ...FRESH_FINALITY,
      record,
      checkpoints: [a1, a2, a3, a4],
    })
    expect(toldOf(node.began)).toEqual(['send prepare 0 to 3', 'send status 1 justified 0 settled 30'])
    const timers = timersIn(node.receive(status(TWO, 1), status(THREE, 1)))
    expect(timers).toContain(`timer ballot ${FINALITY_TIMING.ballotTimeoutMs}`)
    expect(preparesIn(node.receive(proposed(link(root, a4, 1))))).toEqual(['send prepare 0 to 1:4'])
  })

  it('no ballot is beyond the last', () => {
    const node = guardian()
    const effects = node.receive(status(TWO, BALLOTS_MAX + 1), status(THREE, BALLOTS_MAX + 1))
    expect(toldOf(effects)).toEqual(['rejected finality/status', 'rejected finality/status'])
  })
})
