// The bytes that keep a validator from contradicting itself: one encoding, bounded, and whatever is damaged is refused.
import { CodedError } from '@tan/primitives'
import { limits } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { certificates, checkEncoding, hashes, maybe, signatures, uints } from '../testing/codecs.ts'
import { decodeSafetyRecord, encodeSafetyRecord } from './safety.ts'
import type { Entry, SafetyRecord } from './types.ts'

const entries: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant('certificate' as const), certificate: certificates }),
  fc.record({
    type: fc.constant('epoch-change' as const),
    epochChange: fc.record({
      epoch: uints,
      groups: fc.array(fc.record({ certificateEpoch: uints, signers: fc.uint8Array({ maxLength: 16 }) }), {
        maxLength: 3,
      }),
      signature: signatures,
    }),
    certificate: certificates,
  }),
)

const records: fc.Arbitrary<SafetyRecord> = fc.record({
  lastProposal: maybe(fc.record({ epoch: uints, blockHash: hashes })),
  lastVote: maybe(
    fc.record({ epoch: uints, blockHash: hashes, justifyEpoch: uints, voter: uints, signature: signatures }),
  ),
  lastEpochChange: maybe(
    fc.record({
      epochChange: fc.record({ epoch: uints, certificateEpoch: uints, sender: uints, signature: signatures }),
      certificate: certificates,
    }),
  ),
  highCertificate: certificates,
  entry: entries,
})

const [sample] = fc.sample(records, { numRuns: 1, seed: 1 }) as [SafetyRecord]
const groups = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ certificateEpoch: i, signers: new Uint8Array(limits.COMMITTEE_MAX / 8) }))
const withGroups = (count: number): SafetyRecord => ({
  ...sample,
  entry: {
    type: 'epoch-change',
    epochChange: { epoch: count, groups: groups(count), signature: new Uint8Array(96) },
    certificate: sample.highCertificate,
  },
})

describe('the safety record', () => {
  it('has one encoding, and comes back from it; damaged bytes are refused with a code', () => {
    checkEncoding({ encode: encodeSafetyRecord, decode: decodeSafetyRecord }, records, 150)
  })

  it('is small, and never larger than its bounds', () => {
    expect(encodeSafetyRecord(withGroups(limits.COMMITTEE_MAX)).length).toBeLessThan(8 * 1024)
    expect(() => encodeSafetyRecord(withGroups(limits.COMMITTEE_MAX + 1))).toThrow('129 elements')
    const large = { ...sample, highCertificate: { ...sample.highCertificate, signers: new Uint8Array(17) } }
    expect(() => encodeSafetyRecord(large)).toThrow('17 bytes')
  })

  it.each([
    { what: 'nothing', bytes: new Uint8Array(), code: 'rlp/invalid' },
    { what: 'an empty list', bytes: Uint8Array.of(0xc0), code: 'codec/invalid' },
    { what: 'bytes', bytes: Uint8Array.of(0x01), code: 'codec/invalid' },
    { what: 'a list that never ends', bytes: new Uint8Array(5_000).fill(0xff), code: 'rlp/invalid' },
    { what: 'deeply nested lists', bytes: new Uint8Array(5_000).fill(0xc1), code: 'rlp/invalid' },
  ])('is not $what', ({ bytes, code }) => {
    expect(codeOf(() => decodeSafetyRecord(bytes))).toBe(code)
  })
})

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error instanceof CodedError ? error.code : String(error)
  }
}
