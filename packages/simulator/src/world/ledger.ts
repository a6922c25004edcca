// A small deterministic ledger: each block's state is a hash of its parent's state and its body. Real enough for headers,
// randomness, timestamps and blocks that a leader makes invalid; what transactions mean is the ledger room's concern.
import { concatBytes, fromHex, type Hash, keccakHash, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import {
  type Block,
  type BlockHeader,
  type ConsensusRecord,
  EMPTY_LOGS_BLOOM,
  EMPTY_TRIE_ROOT,
  hashHeader,
  hashRecord,
  nextMix,
  type Signer,
} from '@tan/protocol'

export const GENESIS_HEADER: BlockHeader = {
  parentHash: ZERO_HASH,
  beneficiary: ZERO_ADDRESS,
  stateRoot: ZERO_HASH,
  transactionsRoot: EMPTY_TRIE_ROOT,
  receiptsRoot: EMPTY_TRIE_ROOT,
  logsBloom: EMPTY_LOGS_BLOOM,
  height: 0,
  gasLimit: 60_000_000,
  gasUsed: 0,
  timestampS: 1_800_000_000,
  recordHash: ZERO_HASH,
  mix: ZERO_HASH,
  baseFeePerGas: 0n,
}

export const GENESIS_HASH: Hash = hashHeader(GENESIS_HEADER)

/** Virtual time 0 in milliseconds since 1970: the genesis block's timestamp. */
export const WORLD_START_MS: number = GENESIS_HEADER.timestampS * 1000

/** The block that a leader makes on a parent; `body` tells blocks of one place apart. */
export function buildBlock(
  parent: BlockHeader,
  parentHash: Hash,
  record: ConsensusRecord,
  leader: Pick<Signer, 'address'>,
  nowMs: number,
  body: Uint8Array,
): Block {
  const transactions = [body]
  const header: BlockHeader = {
    ...parent,
    parentHash,
    beneficiary: leader.address,
    stateRoot: stateAfter(parent, transactions),
    height: parent.height + 1,
    timestampS: Math.max(parent.timestampS, Math.floor(nowMs / 1000)),
    recordHash: hashRecord(record),
    mix: nextMix(parent.mix, record.reveal),
  }
  return { header, record, transactions }
}

/** Why the ledger refuses a block on its parent, or undefined. */
export function refusalOf(parent: BlockHeader, { header, record, transactions }: Block): string | undefined {
  if (header.stateRoot !== stateAfter(parent, transactions)) return 'its state is not that of its transactions'
  if (header.mix !== nextMix(parent.mix, record.reveal)) return 'its randomness is not drawn from its reveal'
  if (header.timestampS < parent.timestampS) return 'it is older than its parent'
  return undefined
}

/** The same block with a state that its transactions do not give. */
export function corruptBlock(block: Block): Block {
  return { ...block, header: { ...block.header, stateRoot: keccakHash(fromHex(block.header.stateRoot)) } }
}

function stateAfter(parent: BlockHeader, transactions: readonly Uint8Array[]): Hash {
  return keccakHash(concatBytes(fromHex(parent.stateRoot), ...transactions))
}
