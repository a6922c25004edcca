// Eras are found by height and by start, and what an era's certificates mean follows from its start alone, wherever that is.
import { bls, createSeededRandom, type Hash, randomBytesFrom, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { startCertificate, verifyCommitCertificate, verifyEpochChangeCertificate } from '../consensus/certificates.ts'
import { epochChangeDigest, voteDigest } from '../consensus/messages.ts'
import { createBitmap } from '../signers.ts'
import { createTestEra } from '../testing/era.ts'
import { checkpointHeight, checkpointIndex } from './checkpoints.ts'
import { leaderOf } from './era.ts'
import { createEras } from './eras.ts'

const random = createSeededRandom(1)
const hash = (): Hash => toHex(randomBytesFrom(random, 32))
const first = { ...createTestEra({ height: 0, epoch: 0 }).era, lastHeight: 40 }
const second = { ...createTestEra({ height: 40, epoch: 57 }).era, lastHeight: 80 }

describe('the eras of a chain', () => {
  it('are found by the height of any of their blocks; the first start belongs to the first', () => {
    const eras = createEras([first, second])
    for (const [height, era] of [
      [0, first],
      [1, first],
      [40, first],
      [41, second],
      [80, second],
      [81, undefined],
    ] as const)
      expect(eras.at(height), `height ${height}`).toBe(era)
    expect(createEras([{ ...first, lastHeight: undefined }]).at(10 ** 9)).toMatchObject({ start: first.start })
  })

  it('are found by their start, and nothing else is', () => {
    const eras = createEras([first, second])
    expect(eras.of(second.start.hash)).toBe(second)
    expect(eras.of(hash())).toBeUndefined()
  })

  it('follow one another without a gap', () => {
    expect(() => createEras([first, { ...second, start: { ...second.start, height: 41 } }])).toThrow('no era ends at')
    expect(() => createEras([])).toThrow('without an era')
  })

  it('have leaders in their own order', () => {
    const era = { ...first, leaders: [2, 0, 3] }
    expect([3, 4, 5, 6].map(epoch => leaderOf(era, epoch))).toEqual([2, 0, 3, 2])
  })
})

describe('checkpoints', () => {
  it('are the multiples of T above the start, numbered from 1', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 72 }), (start, t, i) => {
        const height = checkpointHeight({ height: start }, t, i)
        expect(height % t).toBe(0)
        expect(height).toBeGreaterThan(start)
        expect(height - t * (i - 1)).toBeLessThanOrEqual(start + t)
        expect(checkpointIndex({ height: start }, t, height)).toBe(i)
        expect(checkpointHeight({ height: start }, t, 0)).toBe(start)
      }),
    )
  })
})

describe('an era that starts later', () => {
  const { era, secretKeys } = createTestEra({ height: 40, epoch: 57 })
  const all = [0, 1, 2, 3]
  const certify = (epoch: number, justifyEpoch: number) => {
    const vote = { epoch, blockHash: hash(), justifyEpoch }
    const signature = bls.aggregate(all.map(i => bls.sign(voteDigest(era.domain, vote), secretKeys[i]!)))
    return { ...vote, signers: createBitmap(all, all.length), signature }
  }
  const changes = (epoch: number, certificateEpoch: number) => ({
    epoch,
    groups: [{ certificateEpoch, signers: createBitmap(all, all.length) }],
    signature: bls.aggregate(
      all.map(i => bls.sign(epochChangeDigest(era.domain, { epoch, certificateEpoch }), secretKeys[i]!)),
    ),
  })

  it('counts its start as certified at the epoch in which it was made', () => {
    const start = startCertificate(era)
    expect(start).toMatchObject({ epoch: 57, blockHash: era.start.hash, justifyEpoch: 57 })
    expect(verifyCommitCertificate(bls, era, start)).toBeUndefined()
    for (const other of [
      { ...start, epoch: 0, justifyEpoch: 0 },
      { ...start, epoch: 56 },
      { ...start, blockHash: hash() },
      { ...start, signature: new Uint8Array(96) },
    ])
      expect(verifyCommitCertificate(bls, era, other)).toMatchObject({ code: 'certificate/start' })
  })

  it('has certificates above its start, and no votes or reports below it', () => {
    expect(verifyCommitCertificate(bls, era, certify(58, 57))).toBeUndefined()
    expect(verifyCommitCertificate(bls, era, certify(57, 56))).toMatchObject({ code: 'certificate/start' })
    expect(verifyEpochChangeCertificate(bls, era, changes(59, 57))).toBeUndefined()
    expect(verifyEpochChangeCertificate(bls, era, changes(59, 56))).toMatchObject({ code: 'certificate/epoch-change' })
  })
})
