// For this room's tests: random values that several of them need.
import fc from 'fast-check'
import type { BlockHeader } from '../chain/header.ts'
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
