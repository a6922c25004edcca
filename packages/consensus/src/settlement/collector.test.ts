// Quorums against a simple oracle that counts powers, and what is kept of signers who never end.
import { bitmapIndices, isQuorum, verifyCommitCertificate, verifyEpochChangeCertificate } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EPOCHS_OF_SIGNER_MAX } from '../limits.ts'
import { GENESIS, TestCommittee } from '../testing/chain.ts'
import { scheme } from '../testing/members.ts'
import { Collector } from './collector.ts'

const POWERS = [5, 3, 1, 1, 0]
const committee = new TestCommittee(POWERS)
const { era } = committee
const collector = (): Collector => new Collector(scheme, era)

const blocks = [1, 2, 3].map(epoch => committee.block(GENESIS, epoch))
const powerOf = (voters: Iterable<number>): number => [...voters].reduce((sum, i) => sum + POWERS[i]!, 0)
const isMade = (voters: Iterable<number>): boolean => isQuorum(powerOf(voters), 10)

describe('votes', () => {
  it('make a certificate exactly when those who agree are a quorum, and it verifies', () => {
    const ballots = fc.array(fc.record({ voter: fc.nat({ max: 4 }), block: fc.nat({ max: 2 }) }), { maxLength: 12 })
    fc.assert(
      fc.property(ballots, votes => {
        const collected = collector()
        const firsts = blocks.map(() => new Set<number>())
        for (const { voter, block } of votes) {
          const vote = committee.vote(voter, blocks[block]!)
          expect(collected.addVote(vote)).toBeUndefined()
          firsts[block]!.add(voter)
          const certificate = collected.certificateFor(vote)
          expect(certificate !== undefined).toBe(isMade(firsts[block]!))
          if (certificate === undefined) continue
          expect(verifyCommitCertificate(scheme, era, certificate)).toBeUndefined()
          expect(bitmapIndices(certificate.signers)).toEqual([...firsts[block]!].sort())
        }
      }),
      { numRuns: 60 },
    )
  })

  it('of one voter count once an epoch: the first', () => {
    const collected = collector()
    const [first, second] = [
      committee.vote(0, blocks[0]!),
      committee.vote(0, committee.block(GENESIS, 1, { body: 'b' })),
    ]
    expect(collected.addVote(first)).toBeUndefined()
    expect(collected.addVote(first)).toBeUndefined()
    expect(collected.addVote(second)).toEqual({ type: 'double-vote', first, second })
    expect(collected.voteOf(0, 1)).toEqual(first)
    collected.addVote(committee.vote(1, blocks[0]!))
    expect(collected.certificateFor(second)).toBeUndefined()
    expect(collected.certificateFor(first)).toBeDefined()
  })
})

describe('epoch changes', () => {
  it('make a certificate exactly when a quorum wants the epoch, and it verifies', () => {
    const reports = fc.uniqueArray(fc.record({ sender: fc.nat({ max: 4 }), reported: fc.nat({ max: 3 }) }), {
      selector: ({ sender }) => sender,
    })
    fc.assert(
      fc.property(reports, changes => {
        const collected = collector()
        for (const { sender, reported } of changes)
          expect(collected.addEpochChange(committee.epochChange(sender, 4, reported))).toBeUndefined()
        const certificate = collected.epochChangeCertificateFor(4)
        const senders = changes.map(({ sender }) => sender)
        expect(certificate !== undefined).toBe(isMade(senders))
        expect(collected.epochChangeCertificateFor(3)).toBeUndefined()
        expect(collected.isGivenUp(3)).toBe(3 * powerOf(senders) >= 10)
        expect(collected.isGivenUp(4)).toBe(false)
        if (certificate === undefined) return
        expect(verifyEpochChangeCertificate(scheme, era, certificate)).toBeUndefined()
        const byEpoch = Object.fromEntries(changes.map(({ sender, reported }) => [sender, reported]))
        expect(certificate.groups).toEqual(committee.epochChanges(4, byEpoch).groups)
      }),
      { numRuns: 40 },
    )
  })

  it('of one sender count once an epoch: the first', () => {
    const collected = collector()
    collected.addEpochChange(committee.epochChange(0, 4, 2))
    expect(collected.addEpochChange(committee.epochChange(0, 4, 1))).toBeUndefined()
    expect(collected.epochChangeOf(0, 4)?.certificateEpoch).toBe(2)
  })
})

describe('of each signer', () => {
  it('only the newest epochs are kept, and nobody displaces others', () => {
    const collected = collector()
    collected.addVote(committee.vote(1, blocks[0]!))
    for (let epoch = 1; epoch <= EPOCHS_OF_SIGNER_MAX + 2; epoch++) {
      collected.addVote({ ...committee.vote(0, blocks[0]!), epoch })
      collected.addEpochChange({ ...committee.epochChange(0, 2, 0), epoch: epoch + 1 })
    }
    expect(collected.voteOf(0, 2)).toBeUndefined()
    expect(collected.voteOf(0, 3)).toBeDefined()
    expect(collected.epochChangeOf(0, 3)).toBeUndefined()
    expect(collected.epochChangeOf(0, 4)).toBeDefined()
    expect(collected.voteOf(1, 1)).toBeDefined()
  })

  it('an older one does not push out a newer one', () => {
    const collected = collector()
    for (let epoch = 10; epoch < 10 + EPOCHS_OF_SIGNER_MAX; epoch++)
      collected.addVote({ ...committee.vote(0, blocks[0]!), epoch })
    collected.addVote(committee.vote(0, blocks[0]!))
    expect(collected.voteOf(0, 1)).toBeUndefined()
    expect(collected.voteOf(0, 10)).toBeDefined()
  })
})
