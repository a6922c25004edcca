// Receipts, as Ethereum encodes them, and the bloom filters over their logs.
import type { Log } from '@tan/evm'
import {
  type Address,
  type Codec,
  CodedError,
  codec,
  concatBytes,
  decodeRlp,
  encodeRlp,
  fromHex,
  type Hash,
  type Hex,
  keccak256,
} from '@tan/primitives'
import { EMPTY_LOGS_BLOOM, type Transaction } from '@tan/protocol'
import { RECEIPT_LOG_MAX_BYTES, RECEIPT_LOGS_MAX } from '../limits.ts'

export interface Receipt {
  readonly type: Transaction['type']
  readonly succeeded: boolean
  /** of the block up to and with this transaction */
  readonly cumulativeGasUsed: number
  /** 256 bytes */
  readonly logsBloom: Uint8Array
  readonly logs: readonly Log[]
}

// -------------------------------------------------------------------------------------------------- bloom

/** Three bits for each address and topic of the logs. Without logs the shared empty filter: do not write into it. */
export function bloomOf(logs: readonly Log[]): Uint8Array {
  if (logs.length === 0) return EMPTY_LOGS_BLOOM
  const bloom = new Uint8Array(EMPTY_LOGS_BLOOM.length)
  for (const { address, topics } of logs) {
    addToBloom(bloom, address)
    for (const topic of topics) addToBloom(bloom, topic)
  }
  return bloom
}

export function mergeBlooms(blooms: readonly Uint8Array[]): Uint8Array {
  const merged = new Uint8Array(EMPTY_LOGS_BLOOM.length)
  for (const bloom of blooms) {
    if (bloom === EMPTY_LOGS_BLOOM) continue
    for (let i = 0; i < merged.length; i++) merged[i]! |= bloom[i]!
  }
  return merged
}

/** May a log with this address or topic be below? False is certain. */
export function bloomMayHold(bloom: Uint8Array, item: Address | Hash): boolean {
  return bitsOf(item).every(bit => (bloom[byteOf(bit)]! >> (bit & 7)) & 1)
}

function addToBloom(bloom: Uint8Array, item: Hex): void {
  for (const bit of bitsOf(item)) bloom[byteOf(bit)]! |= 1 << (bit & 7)
}

function bitsOf(item: Hex): number[] {
  const hash = keccak256(fromHex(item))
  return [0, 2, 4].map(i => ((hash[i]! << 8) | hash[i + 1]!) & 2047)
}

function byteOf(bit: number): number {
  return EMPTY_LOGS_BLOOM.length - 1 - (bit >> 3)
}

// -------------------------------------------------------------------------------------------------- encoding

const TYPE_BYTES = { legacy: undefined, eip2930: 1, eip1559: 2, eip7702: 4 } as const

interface ReceiptPayload extends Omit<Receipt, 'type'> {}

const payload: Codec<ReceiptPayload> = codec.struct<ReceiptPayload>({
  succeeded: codec.bool,
  cumulativeGasUsed: codec.uint,
  logsBloom: codec.fixedBytes(EMPTY_LOGS_BLOOM.length),
  logs: codec.list(
    codec.struct<Log>({
      address: codec.address,
      topics: codec.list(codec.hash, 4),
      data: codec.bytes(RECEIPT_LOG_MAX_BYTES),
    }),
    RECEIPT_LOGS_MAX,
  ),
})

export function encodeReceipt(receipt: Receipt): Uint8Array {
  const type = TYPE_BYTES[receipt.type]
  if (receipt.logs.length === 0) return encodeWithoutLogs(receipt, type)
  const rlp = encodeRlp(payload.toRlp(receipt))
  return type === undefined ? rlp : concatBytes(Uint8Array.of(type), rlp)
}

/** The same, written out: most receipts are of this kind, and differ in status and gas alone. */
function encodeWithoutLogs({ succeeded, cumulativeGasUsed, logsBloom }: Receipt, type: number | undefined): Uint8Array {
  const gas = encodeRlp(codec.uint.toRlp(cumulativeGasUsed))
  const size = 1 + gas.length + 3 + logsBloom.length + 1
  const start = type === undefined ? 0 : 1
  const bytes = new Uint8Array(start + 3 + size)
  if (type !== undefined) bytes[0] = type
  bytes[start] = 0xf9 // a list of 256 bytes or more, and less than 2^16
  bytes[start + 1] = size >> 8
  bytes[start + 2] = size & 0xff
  bytes[start + 3] = succeeded ? 1 : 0x80
  bytes.set(gas, start + 4)
  const at = start + 4 + gas.length
  bytes[at] = 0xb9 // a string of as many
  bytes[at + 1] = logsBloom.length >> 8
  bytes[at + 2] = logsBloom.length & 0xff
  bytes.set(logsBloom, at + 3)
  bytes[at + 3 + logsBloom.length] = 0xc0
  return bytes
}

/** Throws `rlp/invalid`, `codec/invalid` or `receipt/type`. */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const first = bytes[0] ?? 0
  if (first >= 0xc0) return { type: 'legacy', ...payload.fromRlp(decodeRlp(bytes), 'receipt') }
  const known = Object.entries(TYPE_BYTES).find(([, number]) => number === first)
  if (known === undefined) throw new CodedError('receipt/type', `a receipt of the unknown type ${first}`)
  return { type: known[0] as Receipt['type'], ...payload.fromRlp(decodeRlp(bytes.subarray(1)), 'receipt') }
}
