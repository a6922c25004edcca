// Encoding of the safety record, the few bytes that keep a validator from contradicting itself after a crash.
import { type Codec, codec, decode, encode } from '@tan/primitives'
import { commitCertificateCodec, epochChangeCertificateCodec, epochChangeCodec, voteCodec } from '@tan/protocol'
import type { Entry, EpochChangeReport, SafetyRecord } from './types.ts'

const entryCodec: Codec<Entry> = codec.union<Entry>({
  certificate: [1, codec.struct({ certificate: commitCertificateCodec })],
  'epoch-change': [2, codec.struct({ epochChange: epochChangeCertificateCodec, certificate: commitCertificateCodec })],
})

const safetyCodec: Codec<SafetyRecord> = codec.struct<SafetyRecord>({
  lastProposal: codec.optional(
    codec.struct<NonNullable<SafetyRecord['lastProposal']>>({ epoch: codec.uint, blockHash: codec.hash }),
  ),
  lastVote: codec.optional(voteCodec),
  lastEpochChange: codec.optional(
    codec.struct<EpochChangeReport>({ epochChange: epochChangeCodec, certificate: commitCertificateCodec }),
  ),
  highCertificate: commitCertificateCodec,
  entry: entryCodec,
})

export function encodeSafetyRecord(record: SafetyRecord): Uint8Array {
  return encode(safetyCodec, record)
}

/** Throws `rlp/invalid` or `codec/invalid` for a damaged record. */
export function decodeSafetyRecord(bytes: Uint8Array): SafetyRecord {
  return decode(safetyCodec, bytes)
}
