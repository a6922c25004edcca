// What convinces a peer, which holds nothing but the chain's committee, that a payment pool exists and what is in it: a
// settled header with the certificates that settle it, and trie proofs of the pool's fields and of the peer's own slot.
import { type Codec, codec, type Hash } from '@tan/primitives'
import { type BlockHeader, headerCodec } from '../chain/header.ts'
import type { SettlementProof } from '../consensus/certificates.ts'
import { commitCertificateCodec, recordCodec } from '../consensus/messages.ts'
import { PROOF_NODE_MAX_BYTES, PROOF_PATH_NODES_MAX, PROOF_SLOTS_MAX } from './limits.ts'

export interface PoolProof {
  readonly poolId: Hash
  /** of the settled block */
  readonly header: BlockHeader
  /** that it is settled */
  readonly settlement: SettlementProof
  /** nodes from the state root to the account of the PaymentPools contract */
  readonly accountProof: readonly Uint8Array[]
  /** for each of the pool's slots in order, and then for the slot of the target: nodes from the account's storage root */
  readonly slotProofs: readonly (readonly Uint8Array[])[]
  /** opens the pool's resource commitment */
  readonly salt: Hash
}

const path: Codec<readonly Uint8Array[]> = codec.list(codec.bytes(PROOF_NODE_MAX_BYTES), PROOF_PATH_NODES_MAX)

export const settlementProofCodec: Codec<SettlementProof> = codec.struct<SettlementProof>({
  header: headerCodec,
  record: recordCodec,
  certificate: commitCertificateCodec,
})

/** spec D-PROOF. */
export const poolProofCodec: Codec<PoolProof> = codec.struct<PoolProof>({
  poolId: codec.hash,
  header: headerCodec,
  settlement: settlementProofCodec,
  accountProof: path,
  slotProofs: codec.list(path, PROOF_SLOTS_MAX),
  salt: codec.hash,
})
