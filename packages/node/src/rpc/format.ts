// JSON forms of what RPC answers with, as the execution-apis specify them.
import { effectiveGasPrice, type Log, type Receipt, type RecoveredTransaction } from '@tan/ledger'
import { encode, encodeRlp, type Hash, type Hex, toHex, ZERO_HASH } from '@tan/primitives'
import {
  type Block,
  type BlockHeader,
  createdAddress,
  EMPTY_OMMERS_HASH,
  EMPTY_REQUESTS_HASH,
  EMPTY_TRIE_ROOT,
  headerCodec,
} from '@tan/protocol'

export function quantity(value: number | bigint): Hex {
  return `0x${value.toString(16)}`
}

export function formatHeader(header: BlockHeader, hash: Hash): Record<string, unknown> {
  return {
    hash,
    parentHash: header.parentHash,
    sha3Uncles: EMPTY_OMMERS_HASH,
    miner: header.beneficiary,
    stateRoot: header.stateRoot,
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    logsBloom: toHex(header.logsBloom),
    difficulty: '0x0',
    number: quantity(header.height),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestampS),
    extraData: header.recordHash,
    mixHash: header.mix,
    nonce: '0x0000000000000000',
    baseFeePerGas: quantity(header.baseFeePerGas),
    withdrawalsRoot: EMPTY_TRIE_ROOT,
    blobGasUsed: '0x0',
    excessBlobGas: '0x0',
    parentBeaconBlockRoot: ZERO_HASH,
    requestsHash: EMPTY_REQUESTS_HASH,
  }
}

/** `transactions` are hashes, or formatted transactions. */
export function formatBlock(block: Block, hash: Hash, transactions: readonly unknown[]): Record<string, unknown> {
  return {
    ...formatHeader(block.header, hash),
    size: quantity(sizeOf(block)),
    transactions,
    uncles: [],
    withdrawals: [],
  }
}

/** Of Ethereum's encoding: header, transactions, no uncles, no withdrawals. */
function sizeOf({ header, transactions }: Block): number {
  const overhead = encodeRlp([[], [], []]).length
  const bodies = transactions.reduce((sum, transaction) => sum + transaction.length + 3, 0)
  return encode(headerCodec, header).length + bodies + overhead
}

export interface Place {
  readonly header: BlockHeader
  readonly hash: Hash
  readonly index: number
}

export function formatTransaction(recovered: RecoveredTransaction, place: Place | undefined): Record<string, unknown> {
  const { transaction, sender, hash } = recovered
  const { nonce, gasLimit, to, value, data, yParity, r, s } = transaction
  const common = {
    hash,
    nonce: quantity(nonce),
    blockHash: place?.hash ?? null,
    blockNumber: place === undefined ? null : quantity(place.header.height),
    transactionIndex: place === undefined ? null : quantity(place.index),
    from: sender,
    to: to ?? null,
    value: quantity(value),
    gas: quantity(gasLimit),
    input: toHex(data),
    r: quantity(r),
    s: quantity(s),
  }
  if (transaction.type === 'legacy') {
    const { chainId, gasPrice } = transaction
    const v = chainId === undefined ? 27n + BigInt(yParity) : 35n + 2n * chainId + BigInt(yParity)
    const chain = chainId === undefined ? {} : { chainId: quantity(chainId) }
    return { ...common, type: '0x0', gasPrice: quantity(gasPrice), v: quantity(v), ...chain }
  }
  const { chainId, accessList } = transaction
  const typed = {
    ...common,
    chainId: quantity(chainId),
    accessList: accessList.map(({ address, slots }) => ({ address, storageKeys: slots })),
    v: quantity(yParity),
    yParity: quantity(yParity),
  }
  if (transaction.type === 'eip2930') return { ...typed, type: '0x1', gasPrice: quantity(transaction.gasPrice) }
  const { maxFeePerGas, maxPriorityFeePerGas } = transaction
  const paid =
    place === undefined ? maxFeePerGas : (effectiveGasPrice(transaction, place.header.baseFeePerGas) ?? maxFeePerGas)
  const dynamic = {
    ...typed,
    maxFeePerGas: quantity(maxFeePerGas),
    maxPriorityFeePerGas: quantity(maxPriorityFeePerGas),
    gasPrice: quantity(paid),
  }
  if (transaction.type === 'eip1559') return { ...dynamic, type: '0x2' }
  const authorizationList = transaction.authorizations.map(signed => ({
    chainId: quantity(signed.chainId),
    address: signed.address,
    nonce: quantity(signed.nonce),
    yParity: quantity(signed.yParity),
    r: quantity(signed.r),
    s: quantity(signed.s),
  }))
  return { ...dynamic, type: '0x4', authorizationList }
}

const TYPE_NUMBERS = { legacy: '0x0', eip2930: '0x1', eip1559: '0x2', eip7702: '0x4' } as const

/** `receipts` are all of the block; `logIndex` counts over the block. */
export function formatReceipt(
  recovered: RecoveredTransaction,
  receipts: readonly Receipt[],
  place: Place,
): Record<string, unknown> {
  const { index, header, hash } = place
  const receipt = receipts[index]!
  const { to, nonce } = recovered.transaction
  const before = index === 0 ? 0 : receipts[index - 1]!.cumulativeGasUsed
  const firstLog = receipts.slice(0, index).reduce((count, { logs }) => count + logs.length, 0)
  return {
    type: TYPE_NUMBERS[receipt.type],
    status: receipt.succeeded ? '0x1' : '0x0',
    transactionHash: recovered.hash,
    transactionIndex: quantity(index),
    blockHash: hash,
    blockNumber: quantity(header.height),
    from: recovered.sender,
    to: to ?? null,
    contractAddress: to === undefined ? createdAddress(recovered.sender, nonce) : null,
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    gasUsed: quantity(receipt.cumulativeGasUsed - before),
    effectiveGasPrice: quantity(effectiveGasPrice(recovered.transaction, header.baseFeePerGas) ?? header.baseFeePerGas),
    logsBloom: toHex(receipt.logsBloom),
    logs: receipt.logs.map((log, i) => formatLog(log, firstLog + i, recovered.hash, place)),
  }
}

export function formatLog(log: Log, logIndex: number, transactionHash: Hash, place: Place): Record<string, unknown> {
  return {
    address: log.address,
    topics: log.topics,
    data: toHex(log.data),
    blockHash: place.hash,
    blockNumber: quantity(place.header.height),
    blockTimestamp: quantity(place.header.timestampS),
    transactionHash,
    transactionIndex: quantity(place.index),
    logIndex: quantity(logIndex),
    removed: false,
  }
}
