// Encoding of the finality record, which keeps a guardian from contradicting itself after a crash.
import { type Codec, codec, decode, encode } from '@tan/primitives'
import { finalityShareCodec, justificationChainCodec, statusCodec } from '@tan/protocol'
import type { FinalityRecord } from './types.ts'

const recordCodec: Codec<FinalityRecord> = codec.struct<FinalityRecord>({
  prepared: codec.uint,
  committed: codec.uint,
  ballot: codec.uint,
  lastPrepare: codec.optional(finalityShareCodec),
  lastCommit: codec.optional(finalityShareCodec),
  lastStatus: codec.optional(statusCodec),
  justifications: codec.optional(justificationChainCodec),
})

export function encodeFinalityRecord(record: FinalityRecord): Uint8Array {
  return encode(recordCodec, record)
}

/** Throws `rlp/invalid` or `codec/invalid` for a damaged record. */
export function decodeFinalityRecord(bytes: Uint8Array): FinalityRecord {
  return decode(recordCodec, bytes)
}
