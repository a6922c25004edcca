// The signer refuses what would contradict what it signed (spec F-PREPARE, F-COMMIT), gives each message with its record (spec
// F-DURABLE), and stops at once where a record would fall.
import { BALLOTS_MAX, type JustifiedPoint, roundOf } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../testing/chain.ts'
import { selfOf } from '../testing/members.ts'
import { TestPool } from '../testing/pool.ts'
import { Justifications } from './justifications.ts'
import { Offences } from './offences.ts'
import { Outbox } from './outbox.ts'
import { GuardianSigner } from './signer.ts'
import type { FinalityRecord } from './types.ts'

const pool = new TestPool()
const config = pool.config(selfOf(pool.members, 2))
const justifications = new Justifications(config, { record: undefined, certificate: undefined, carried: undefined })
const signer = (record?: FinalityRecord): GuardianSigner => new GuardianSigner(config, justifications, record)
const point = (round: number): JustifiedPoint => ({ hash: hashOf(`at ${round}`), round })
const prepare = (from: number, round: number) => ({ source: point(from), round, target: hashOf(`to ${round}`) })
const report = (ballot: number) => ({ ballot, justified: pool.root, settledHeight: 0 })

describe('a signer', () => {
  it('gives a message with the record that holds it', () => {
    const one = signer()
    const prepared = one.prepare(prepare(0, 3))!
    expect(prepared.record).toMatchObject({ prepared: 3, committed: 0, ballot: 0, lastPrepare: prepared.message })
    const committed = one.commit(point(3))!
    expect(committed.record).toMatchObject({ prepared: 3, committed: 3, lastCommit: committed.message })
    const status = one.openBallot(report(2))!
    expect(status.record).toMatchObject({ ballot: 2, lastStatus: status.message, lastCommit: committed.message })
    expect(one.record).toBe(status.record)
  })

  it.each([
    { title: 'a Prepare at or below one', act: (one: GuardianSigner) => one.prepare(prepare(4, 5)) },
    {
      title: 'a Prepare at or below a Commit',
      act: (one: GuardianSigner) => one.commit(point(9)) && one.prepare(prepare(9, 9)),
    },
    {
      title: 'a Prepare from below a Commit (the lock)',
      act: (one: GuardianSigner) => one.commit(point(6)) && one.prepare(prepare(5, 8)),
    },
    {
      title: 'a Prepare in an earlier ballot',
      act: (one: GuardianSigner) => one.openBallot(report(1)) && one.prepare(prepare(4, 6)),
    },
    { title: 'a Commit below a Prepare', act: (one: GuardianSigner) => one.commit(point(4)) },
    { title: 'a Commit twice', act: (one: GuardianSigner) => one.commit(point(6)) && one.commit(point(6)) },
    { title: 'a ballot beyond the last', act: (one: GuardianSigner) => one.openBallot(report(BALLOTS_MAX + 1)) },
  ])('refuses $title', ({ act }) => {
    const one = signer()
    one.prepare(prepare(0, 5))
    expect(act(one)).toBeUndefined()
  })

  it('signs nothing without a key', () => {
    const none = new GuardianSigner(pool.config(undefined), justifications, undefined)
    expect([
      none.prepare(prepare(0, 1)),
      none.commit(point(1)),
      none.openBallot(report(1)),
      none.propose(prepare(0, 1)),
    ]).toEqual([undefined, undefined, undefined, undefined])
  })

  it('never contradicts itself, whatever it is asked, and through restarts; its rounds never fall (G1, G2)', () => {
    const rounds = fc.tuple(fc.nat({ max: 2 }), fc.integer({ min: 1, max: 6 })).map(([ballot, i]) => roundOf(ballot, i))
    const asks = fc.oneof(
      fc.record({
        type: fc.constant('prepare' as const),
        from: fc.oneof(fc.constant(0), rounds),
        round: rounds,
        target: fc.nat({ max: 1 }),
      }),
      fc.record({ type: fc.constant('commit' as const), round: rounds, target: fc.nat({ max: 1 }) }),
      fc.record({ type: fc.constant('ballot' as const), ahead: fc.integer({ min: 1, max: 2 }) }),
      fc.record({ type: fc.constant('restart' as const) }),
    )
    fc.assert(
      fc.property(fc.array(asks, { maxLength: 30 }), list => {
        const offences = new Offences()
        let one = signer()
        for (const ask of list) {
          const before = one.record
          if (ask.type === 'restart') one = signer(before)
          else if (ask.type === 'ballot') one.openBallot(report(before.ballot + ask.ahead))
          else {
            const target = hashOf(`${ask.target} at ${ask.round}`)
            const signed =
              ask.type === 'commit'
                ? one.commit({ hash: target, round: ask.round })
                : one.prepare({ source: point(ask.from), round: ask.round, target })
            if (signed !== undefined) expect(offences.note(signed.message, [2])).toEqual([])
          }
          expect(one.record.prepared).toBeGreaterThanOrEqual(before.prepared)
          expect(one.record.committed).toBeGreaterThanOrEqual(before.committed)
          expect(one.record.ballot).toBeGreaterThanOrEqual(before.ballot)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('assertions that stay on', () => {
  const { record } = signer().prepare(prepare(0, 3))!

  it.each([
    { title: 'P', damaged: { ...record, prepared: 0 } },
    { title: 'K', damaged: { ...record, committed: 4 } },
    { title: 'ballot', damaged: { ...record, ballot: 1 } },
  ])('a record whose $title is not what its messages say is refused', ({ damaged }) => {
    expect(() => signer(damaged)).toThrow('the record')
  })

  it('a ballot never opens twice', () => {
    const one = signer()
    one.openBallot(report(2))
    expect(() => one.openBallot(report(2))).toThrow('ballot 2 opens in ballot 2')
  })

  it('nothing that was signed leaves before its record, nor is a record written that falls', () => {
    const one = signer()
    const outbox = new Outbox(justifications, one)
    const earlier = one.prepare(prepare(0, 3))!
    expect(() => outbox.sendShare(earlier.message)).toThrow('before it is durable')
    const status = one.openBallot(report(1))!
    expect(() => outbox.sendStatus(status.message)).toThrow('before it is durable')
    const effects = outbox.collect(() => outbox.sendSignedStatus(status))
    expect(effects.map(({ type }) => type)).toEqual(['persist-finality', 'broadcast-finality'])
    expect(() => outbox.sendSignedShare(earlier)).toThrow('falls')
    expect(outbox.collect(() => outbox.sendStatus(status.message))).toHaveLength(1)
  })
})
