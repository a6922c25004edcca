// For this room's tests: random values that several of them need.
import fc from 'fast-check'
import type { BlockHeader } from '../chain/header.ts'
import type { CommitCertificate, ConsensusRecord, EpochChangeCertificate } from '../consensus/messages.ts'
import type { FinalityCertificate, JustificationChain, JustifiedPoint, Prepare } from '../finality/messages.ts'
import { bigUint, bytesOf, hexOf, uint } from './codec.ts'

export const headers: fc.Arbitrary<BlockHeader> = fc.record({
  parentHash: hexOf(32),
  beneficiary: hexOf(20),
  stateRoot: hexOf(32),
  transactionsRoot: hexOf(32),
  receiptsRoot: hexOf(32),
  logsBloom: bytesOf(256),
  height: uint,
  gasLimit: uint,
  gasUsed: uint,
  timestampS: uint,
  recordHash: hexOf(32),
  mix: hexOf(32),
  baseFeePerGas: bigUint(256),
})

export const points: fc.Arbitrary<JustifiedPoint> = fc.record({ hash: hexOf(32), round: uint })
export const prepares: fc.Arbitrary<Prepare> = fc.record({ round: uint, source: points, target: hexOf(32) })
const aggregate = { signers: fc.uint8Array({ maxLength: 20 }), signature: bytesOf(96) }
export const justificationChains: fc.Arbitrary<JustificationChain> = fc.array(
  fc.record({ prepare: prepares, ...aggregate }),
  {
    minLength: 1,
    maxLength: 3,
  },
)
export const finalityCertificates: fc.Arbitrary<FinalityCertificate> = fc.record({
  justifications: justificationChains,
  commit: fc.record(aggregate),
})

const signers = fc.uint8Array({ maxLength: 16 })
export const commitCertificates: fc.Arbitrary<CommitCertificate> = fc.record({
  epoch: uint,
  blockHash: hexOf(32),
  justifyEpoch: uint,
  signers,
  signature: fc.oneof(bytesOf(96), fc.constant(new Uint8Array())),
})
export const epochChangeCertificates: fc.Arbitrary<EpochChangeCertificate> = fc.record({
  epoch: uint,
  groups: fc.array(fc.record({ certificateEpoch: uint, signers }), { maxLength: 3 }),
  signature: bytesOf(96),
})
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
export const records: fc.Arbitrary<ConsensusRecord> = fc.record({
  epoch: uint,
  reveal: bytesOf(96),
  justify: commitCertificates,
  epochChange: maybe(epochChangeCertificates),
  committeeRoot: maybe(hexOf(32)),
  poolRoot: maybe(hexOf(32)),
  finality: maybe(finalityCertificates),
})
