// The block header: Ethereum's of after the Merge (Prague's fields), so that every tool reads it. What Ethereum has and
// TAN does not (uncles, withdrawals, blobs, beacon chain, requests) is fixed to its empty value and not kept in memory.
import {
  type Address,
  type Codec,
  codec,
  EMPTY_BYTES,
  encode,
  encodeRlp,
  fromHex,
  type Hash,
  keccakHash,
  sha256,
  toHex,
  ZERO_HASH,
} from '@tan/primitives'

export interface BlockHeader {
  readonly parentHash: Hash
  /** the proposer; COINBASE in contracts */
  readonly beneficiary: Address
  /** after the block's last transaction and its end-of-block work */
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  /** 256 bytes */
  readonly logsBloom: Uint8Array
  readonly height: number
  readonly gasLimit: number
  readonly gasUsed: number
  /** seconds since 1970 */
  readonly timestampS: number
  /** hash of the consensus record; travels as Ethereum's extraData */
  readonly recordHash: Hash
  /** randomness of the chain up to here; PREVRANDAO in contracts */
  readonly mix: Hash
  readonly baseFeePerGas: bigint
}

export const EMPTY_OMMERS_HASH: Hash = keccakHash(encodeRlp([]))
/** root of a trie without entries */
export const EMPTY_TRIE_ROOT: Hash = keccakHash(encodeRlp(EMPTY_BYTES))
export const EMPTY_REQUESTS_HASH: Hash = toHex(sha256(EMPTY_BYTES))
export const EMPTY_LOGS_BLOOM: Uint8Array = new Uint8Array(256)

interface WireHeader extends BlockHeader {
  readonly ommersHash: undefined
  readonly difficulty: undefined
  readonly nonce: undefined
  readonly withdrawalsRoot: undefined
  readonly blobGasUsed: undefined
  readonly excessBlobGas: undefined
  readonly parentBeaconBlockRoot: undefined
  readonly requestsHash: undefined
}

const { constant } = codec

const wire: Codec<WireHeader> = codec.struct<WireHeader>({
  parentHash: codec.hash,
  ommersHash: constant(fromHex(EMPTY_OMMERS_HASH)),
  beneficiary: codec.address,
  stateRoot: codec.hash,
  transactionsRoot: codec.hash,
  receiptsRoot: codec.hash,
  logsBloom: codec.fixedBytes(256),
  difficulty: constant(EMPTY_BYTES),
  height: codec.uint,
  gasLimit: codec.uint,
  gasUsed: codec.uint,
  timestampS: codec.uint,
  recordHash: codec.hash,
  mix: codec.hash,
  nonce: constant(new Uint8Array(8)),
  baseFeePerGas: codec.uint256,
  withdrawalsRoot: constant(fromHex(EMPTY_TRIE_ROOT)),
  blobGasUsed: constant(EMPTY_BYTES),
  excessBlobGas: constant(EMPTY_BYTES),
  parentBeaconBlockRoot: constant(fromHex(ZERO_HASH)),
  requestsHash: constant(fromHex(EMPTY_REQUESTS_HASH)),
})

export const headerCodec: Codec<BlockHeader> = {
  itemsMax: wire.itemsMax,
  toRlp: header => wire.toRlp(header as WireHeader),
  fromRlp(item, path) {
    const h = wire.fromRlp(item, path)
    return {
      parentHash: h.parentHash,
      beneficiary: h.beneficiary,
      stateRoot: h.stateRoot,
      transactionsRoot: h.transactionsRoot,
      receiptsRoot: h.receiptsRoot,
      logsBloom: h.logsBloom,
      height: h.height,
      gasLimit: h.gasLimit,
      gasUsed: h.gasUsed,
      timestampS: h.timestampS,
      recordHash: h.recordHash,
      mix: h.mix,
      baseFeePerGas: h.baseFeePerGas,
    }
  },
}

/** keccak256 of the header's RLP, as in Ethereum. */
export function hashHeader(header: BlockHeader): Hash {
  return keccakHash(encode(headerCodec, header))
}
