// What is stored as justified, and how it is shown to others: chains from the anchor, in parts (spec F-JUSTIFIED, F-CARRY).
import { limits, type Prepare } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { hashOf } from '../testing/chain.ts'
import { TestPool } from '../testing/pool.ts'
import { Justifications } from './justifications.ts'

const pool = new TestPool()
const config = pool.config(undefined)
const NOTHING = { record: undefined, certificate: undefined, carried: undefined }
const pointAt = (round: number) => (round === 0 ? pool.root : { hash: hashOf(`at ${round}`), round })
const link = (from: number, round: number): Prepare => ({ source: pointAt(from), round, target: pointAt(round).hash })
const chain = (length: number) => Array.from({ length }, (_, i) => pool.justification(link(i, i + 1)))

describe('justifications', () => {
  it('hold a quorum once, from a justified source, above what is final', () => {
    const known = new Justifications(config, NOTHING)
    let aggregated = 0
    const take = (from: number, round: number) =>
      known.takeQuorum(link(from, round), () => {
        aggregated++
        return pool.justification(link(from, round))
      })
    expect([take(1, 2), take(0, 1), take(0, 1), take(1, 2)]).toEqual([false, true, false, true])
    expect(aggregated).toBe(2)
    expect(known.highest).toEqual(pointAt(2))
    known.finalize(pool.certificate(chain(4)))
    expect([take(2, 3), take(4, 5)]).toEqual([false, true])
  })

  it('are shown in parts that a message can hold', () => {
    const known = new Justifications(config, NOTHING)
    const long = chain(limits.FINALITY_SOURCES_MAX + 3)
    expect(known.takeChain(long.slice(0, limits.FINALITY_SOURCES_MAX))).toBe('taken')
    expect(known.takeChain(long)).toBe('taken')
    expect(known.partsTo(known.highest)).toEqual({
      ahead: [long.slice(0, limits.FINALITY_SOURCES_MAX)],
      last: long.slice(limits.FINALITY_SOURCES_MAX),
    })
    expect(known.durablePart()).toEqual(long.slice(3))
    expect(known.partsTo(pool.root)).toEqual({ ahead: [], last: [] })
  })

  it('are dropped below what the chain carries, and shown from there', () => {
    const known = new Justifications(config, NOTHING)
    const four = chain(4)
    expect(known.takeCertificate(pool.certificate(four))).toBe('taken')
    known.raiseAnchor(pointAt(2))
    expect(known.isJustified(pointAt(2))).toBe(true)
    known.finalize(pool.certificate(four))
    known.raiseAnchor(pointAt(2))
    expect([1, 2, 3].map(round => known.isJustified(pointAt(round)))).toEqual([false, true, true])
    expect(known.chainTo(pointAt(4))).toEqual(four.slice(2))
    expect(known.certificateFrom(pointAt(3))?.justifications).toEqual(four.slice(3))
    expect(known.holds(four.slice(2))).toBe(true)
    expect(known.holds(four)).toBe(false)
  })
})
