import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, checkCodec, hexOf, uint } from '../testing/codec.ts'
import { commitCertificates as certificate, epochChangeCertificates, headers, records } from '../testing/values.ts'
import {
  type Block,
  blockCodec,
  bodySizeBytes,
  epochChangeDigest,
  hashBlock,
  hashRecord,
  proposalCodec,
  proposeDigest,
  recordCodec,
  revealDigest,
  type SettlementMessage,
  settlementEnvelopeCodec,
  settlementMessageCodec,
  voteDigest,
} from './messages.ts'

const signature = bytesOf(96)
const blocks: fc.Arbitrary<Block> = fc.record({
  header: headers,
  record: records,
  transactions: fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
})
const proposals = fc.record({ block: blocks, signature })
const epochChange = fc.record({ epoch: uint, certificateEpoch: uint, sender: uint, signature })
const messages: fc.Arbitrary<SettlementMessage> = fc.oneof(
  fc.record({ type: fc.constant('proposal' as const), proposal: proposals }),
  fc.record({
    type: fc.constant('vote' as const),
    vote: fc.record({ epoch: uint, blockHash: hexOf(32), justifyEpoch: uint, voter: uint, signature }),
  }),
  fc.record({ type: fc.constant('epoch-change' as const), epochChange, certificate }),
  fc.record({ type: fc.constant('certificate' as const), certificate }),
  fc.record({
    type: fc.constant('epoch-change-certificate' as const),
    epochChange: epochChangeCertificates,
    certificate,
  }),
)

describe('messages of settlement', () => {
  it('have one encoding, and come back from it', () => {
    checkCodec(settlementMessageCodec, messages)
    checkCodec(settlementEnvelopeCodec, fc.record({ era: hexOf(32), message: messages }), 50)
    checkCodec(proposalCodec, proposals, 50)
    checkCodec(recordCodec, records, 50)
  })

  it('are signed for their kind, chain, start and epoch', () => {
    const domain = { chainId: 1, start: `0x${'11'.repeat(32)}` as const }
    const blockHash = `0x${'22'.repeat(32)}` as const
    const digests = [domain, { ...domain, chainId: 2 }, { ...domain, start: blockHash }].flatMap(in_ => [
      proposeDigest(in_, 1, blockHash),
      proposeDigest(in_, 2, blockHash),
      voteDigest(in_, { epoch: 1, blockHash, justifyEpoch: 0 }),
      voteDigest(in_, { epoch: 2, blockHash, justifyEpoch: 0 }),
      voteDigest(in_, { epoch: 2, blockHash, justifyEpoch: 1 }),
      epochChangeDigest(in_, { epoch: 2, certificateEpoch: 1 }),
      epochChangeDigest(in_, { epoch: 1, certificateEpoch: 2 }),
      revealDigest(in_, 1),
      revealDigest(in_, 2),
    ])
    expect(new Set(digests.map(digest => Buffer.from(digest).toString('hex'))).size).toBe(digests.length)
  })
})

describe('blocks', () => {
  it('have one encoding; record and header have one hash each', () => {
    checkCodec(blockCodec, blocks, 50)
    fc.assert(
      fc.property(blocks, blocks, (a, b) => {
        expect(hashRecord(a.record)).not.toBe(hashRecord(b.record))
        expect(hashBlock({ ...a, transactions: [] })).toBe(hashBlock(a))
        expect(hashBlock(a)).not.toBe(hashBlock(b))
        expect(bodySizeBytes(a)).toBe(a.transactions.reduce((sum, bytes) => sum + bytes.length, 0))
      }),
      { numRuns: 30 },
    )
  })
})
