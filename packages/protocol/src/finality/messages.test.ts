import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, checkCodec, uint } from '../testing/codec.ts'
import { finalityCertificates, justificationChains, points as point, prepares as prepare } from '../testing/values.ts'
import {
  BALLOTS_MAX,
  ballotOf,
  checkpointIndexOf,
  commitDigest,
  type FinalityMessage,
  finalityCertificateCodec,
  finalityMessageCodec,
  prepareDigest,
  ROUNDS_PER_BALLOT,
  roundOf,
} from './messages.ts'

const maybeChain = fc.option(justificationChains, { nil: undefined })
const statement = fc.oneof(
  fc.record({ type: fc.constant('prepare' as const), prepare }),
  fc.record({ type: fc.constant('commit' as const), commit: fc.record({ point }) }),
)
const messages: fc.Arbitrary<FinalityMessage> = fc.oneof(
  fc.record({
    type: fc.constant('share' as const),
    share: fc.record({ statement, group: uint, members: bytesOf(8), signature: bytesOf(96) }),
  }),
  fc.record({ type: fc.constant('justified' as const), justifications: justificationChains }),
  fc.record({ type: fc.constant('finalized' as const), certificate: finalityCertificates }),
  fc.record({
    type: fc.constant('status' as const),
    status: fc.record({ ballot: uint, justified: point, settledHeight: uint, guardian: uint, signature: bytesOf(96) }),
    justifications: maybeChain,
  }),
  fc.record({
    type: fc.constant('ballot' as const),
    proposal: fc.record({ ballot: uint, prepare, signature: bytesOf(96) }),
    justifications: maybeChain,
  }),
)

describe('messages of finality', () => {
  it('have one encoding, and come back from it', () => {
    checkCodec(finalityMessageCodec, messages)
    checkCodec(finalityCertificateCodec, finalityCertificates)
  })

  it('are signed with every field', () => {
    const domain = { chainId: 1, start: `0x${'11'.repeat(32)}` as const }
    fc.assert(
      fc.property(prepare, prepare, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b)
        expect(Buffer.compare(prepareDigest(domain, a), prepareDigest(domain, b)) === 0).toBe(same)
        const commit = commitDigest(domain, { point: a.source })
        expect(commit).not.toEqual(prepareDigest(domain, a))
        expect(commit).not.toEqual(commitDigest({ ...domain, chainId: 2 }, { point: a.source }))
      }),
    )
  })
})

// spec F-BALLOT
describe('rounds', () => {
  it('hold a ballot and the index of a checkpoint, as safe integers', () => {
    fc.assert(
      fc.property(fc.nat({ max: BALLOTS_MAX }), fc.nat({ max: ROUNDS_PER_BALLOT - 1 }), (ballot, index) => {
        const round = roundOf(ballot, index)
        expect(Number.isSafeInteger(round)).toBe(true)
        expect([ballotOf(round), checkpointIndexOf(round)]).toEqual([ballot, index])
      }),
    )
  })
})
