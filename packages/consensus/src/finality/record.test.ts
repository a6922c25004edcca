// The bytes that keep a guardian from contradicting itself: one encoding, bounded, and whatever is damaged is refused.
import { CodedError } from '@tan/primitives'
import { type FinalityShare, type FinalityStatement, type JustifiedPoint, limits, type Prepare } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, checkEncoding, hashes, maybe, signatures, uints } from '../testing/codecs.ts'
import { decodeFinalityRecord, encodeFinalityRecord } from './record.ts'
import type { FinalityRecord } from './types.ts'

const points: fc.Arbitrary<JustifiedPoint> = fc.record({ hash: hashes, round: uints })
const prepares: fc.Arbitrary<Prepare> = fc.record({ round: uints, source: points, target: hashes })
const statements: fc.Arbitrary<FinalityStatement> = fc.oneof(
  fc.record({ type: fc.constant('prepare' as const), prepare: prepares }),
  fc.record({ type: fc.constant('commit' as const), commit: fc.record({ point: points }) }),
)
const shares: fc.Arbitrary<FinalityShare> = fc.record({
  statement: statements,
  group: uints,
  members: bytesOf(8),
  signature: signatures,
})
const justifications = fc.array(
  fc.record({ prepare: prepares, signers: fc.uint8Array({ maxLength: 20 }), signature: signatures }),
  { minLength: 1, maxLength: 3 },
)

const records: fc.Arbitrary<FinalityRecord> = fc.record({
  prepared: uints,
  committed: uints,
  ballot: uints,
  lastPrepare: maybe(shares),
  lastCommit: maybe(shares),
  lastStatus: maybe(
    fc.record({ ballot: uints, justified: points, settledHeight: uints, guardian: uints, signature: signatures }),
  ),
  justifications: maybe(justifications),
})

const [sample] = fc.sample(records, { numRuns: 1, seed: 1 }) as [FinalityRecord]
const withChain = (length: number): FinalityRecord => ({
  ...sample,
  justifications: Array.from({ length }, (_, round) => ({
    prepare: { round, source: { hash: `0x${'11'.repeat(32)}`, round }, target: `0x${'22'.repeat(32)}` },
    signers: new Uint8Array(limits.GUARDIANS_MAX / 8),
    signature: new Uint8Array(96),
  })),
})

describe('the finality record', () => {
  it('has one encoding, and comes back from it; damaged bytes are refused with a code', () => {
    checkEncoding({ encode: encodeFinalityRecord, decode: decodeFinalityRecord }, records, 150)
  })

  it('is never larger than its bounds', () => {
    expect(encodeFinalityRecord(withChain(limits.FINALITY_SOURCES_MAX)).length).toBeLessThan(160 * 1024)
    expect(() => encodeFinalityRecord(withChain(limits.FINALITY_SOURCES_MAX + 1))).toThrow('65 elements')
    const lastStatus = { ...sample.lastStatus!, signature: new Uint8Array(95) }
    expect(() => encodeFinalityRecord({ ...sample, lastStatus })).toThrow('95 bytes')
  })

  it.each([
    { what: 'nothing', bytes: new Uint8Array(), code: 'rlp/invalid' },
    { what: 'an empty list', bytes: Uint8Array.of(0xc0), code: 'codec/invalid' },
    { what: 'bytes', bytes: Uint8Array.of(0x01), code: 'codec/invalid' },
    { what: 'a list that never ends', bytes: new Uint8Array(5_000).fill(0xff), code: 'rlp/invalid' },
  ])('is not $what', ({ bytes, code }) => {
    expect(codeOf(() => decodeFinalityRecord(bytes))).toBe(code)
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
