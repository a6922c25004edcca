// Signed transactions: legacy (EIP-155), 2930, 1559 and 7702, in Ethereum's encodings. Decoding checks the form;
// whether a transaction may run in a block is the ledger's to say. It takes whatever the EIPs allow, up to a size in
// bytes (spec/ledger.md, spec L-DECODE).
import {
  type Address,
  bigIntToBytes,
  bytesToBigInt,
  type Codec,
  CodedError,
  codec,
  concatBytes,
  decodeRlp,
  EMPTY_BYTES,
  encodeRlp,
  type Hash,
  isLowS,
  keccak256,
  keccakHash,
  type RlpItem,
  recoverAddress,
  signDigest,
  toHex,
} from '@tan/primitives'
import { TRANSACTION_MAX_BYTES } from '../limits.ts'

export interface AccessListEntry {
  readonly address: Address
  readonly slots: readonly Hash[]
}

interface Signature {
  readonly yParity: 0 | 1
  readonly r: bigint
  readonly s: bigint
}

/**
 * EIP-7702: the authority lets its account run the code at `address`. Its signature may be anything that has the form: where
 * it belongs to nobody the authorization is passed over, and the transaction stays valid.
 */
export interface Authorization {
  /** 0 is valid on every chain */
  readonly chainId: bigint
  readonly address: Address
  readonly nonce: bigint
  /** below 2^8 */
  readonly yParity: number
  readonly r: bigint
  readonly s: bigint
}

interface Common extends Signature {
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** undefined creates a contract */
  readonly to: Address | undefined
  /** TANGam wei */
  readonly value: bigint
  readonly data: Uint8Array
}

interface Typed extends Common {
  readonly chainId: bigint
  readonly accessList: readonly AccessListEntry[]
}

interface DynamicFee extends Typed {
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
}

export type Transaction =
  /** chainId is undefined for the form of before EIP-155 */
  | ({ readonly type: 'legacy'; readonly chainId: bigint | undefined; readonly gasPrice: bigint } & Common)
  | ({ readonly type: 'eip2930'; readonly gasPrice: bigint } & Typed)
  | ({ readonly type: 'eip1559' } & DynamicFee)
  | ({ readonly type: 'eip7702'; readonly authorizations: readonly Authorization[] } & DynamicFee)

/** A transaction without its signature. */
export type UnsignedTransaction = Transaction extends infer T
  ? T extends Transaction
    ? Omit<T, keyof Signature>
    : never
  : never

const { uint64, uint256 } = codec
const to: Codec<Address | undefined> = {
  itemsMax: 1,
  toRlp: value => (value === undefined ? EMPTY_BYTES : codec.address.toRlp(value)),
  fromRlp: (item, path) =>
    item.length === 0 && item instanceof Uint8Array ? undefined : codec.address.fromRlp(item, path),
}
const data = codec.bytes(TRANSACTION_MAX_BYTES)
/** No EIP bounds the lists of a transaction: its size does, and the gas that each entry costs. */
const ENTRIES_MAX = TRANSACTION_MAX_BYTES
const accessList: Codec<readonly AccessListEntry[]> = codec.list(
  codec.struct<AccessListEntry>({ address: codec.address, slots: codec.list(codec.hash, ENTRIES_MAX) }),
  ENTRIES_MAX,
)
const yParity: Codec<0 | 1> = {
  itemsMax: 1,
  toRlp: value => codec.bool.toRlp(value === 1),
  fromRlp: (item, path) => (codec.bool.fromRlp(item, path) ? 1 : 0),
}
const uint8: Codec<number> = {
  itemsMax: 1,
  toRlp: codec.uint.toRlp,
  fromRlp(item, path) {
    const value = codec.uint.fromRlp(item, path)
    if (value > 0xff) throw new CodedError('codec/invalid', `${path}: ${value} is above 255`)
    return value
  },
}
const authorization: Codec<Authorization> = codec.struct<Authorization>({
  chainId: uint256,
  address: codec.address,
  nonce: uint64,
  yParity: uint8,
  r: uint256,
  s: uint256,
})

type Payload<T extends Transaction['type']> = Omit<Extract<Transaction, { type: T }>, 'type'>
interface LegacyPayload extends Omit<Payload<'legacy'>, 'chainId' | 'yParity'> {
  readonly v: bigint
}

const common = { nonce: uint64, gasLimit: uint64, to, value: uint256, data }
const legacy: Codec<LegacyPayload> = codec.struct<LegacyPayload>({
  nonce: uint64,
  gasPrice: uint256,
  gasLimit: uint64,
  to,
  value: uint256,
  data,
  v: uint256,
  r: uint256,
  s: uint256,
})
const signature = { yParity, r: uint256, s: uint256 }
const eip2930: Codec<Payload<'eip2930'>> = codec.struct<Payload<'eip2930'>>({
  chainId: uint256,
  nonce: uint64,
  gasPrice: uint256,
  gasLimit: uint64,
  to,
  value: uint256,
  data,
  accessList,
  ...signature,
})
const fees = { chainId: uint256, nonce: uint64, maxPriorityFeePerGas: uint256, maxFeePerGas: uint256 }
const eip1559: Codec<Payload<'eip1559'>> = codec.struct<Payload<'eip1559'>>({
  ...fees,
  gasLimit: common.gasLimit,
  to,
  value: uint256,
  data,
  accessList,
  ...signature,
})
const eip7702: Codec<Payload<'eip7702'>> = codec.struct<Payload<'eip7702'>>({
  ...fees,
  gasLimit: common.gasLimit,
  to,
  value: uint256,
  data,
  accessList,
  authorizations: codec.list(authorization, ENTRIES_MAX),
  ...signature,
})

const TYPED = { eip2930: [1, eip2930], eip1559: [2, eip1559], eip7702: [4, eip7702] } as const
const BLOB_TYPE = 3

function listOf(transaction: Transaction): readonly RlpItem[] {
  if (transaction.type === 'legacy') {
    const { chainId, yParity: parity } = transaction
    const v = chainId === undefined ? 27n + BigInt(parity) : 35n + 2n * chainId + BigInt(parity)
    return legacy.toRlp({ ...transaction, v }) as readonly RlpItem[]
  }
  return (TYPED[transaction.type][1] as Codec<Transaction>).toRlp(transaction) as readonly RlpItem[]
}

/** The envelope of EIP-2718. */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  const rlp = encodeRlp(listOf(transaction))
  return transaction.type === 'legacy' ? rlp : concatBytes(Uint8Array.of(TYPED[transaction.type][0]), rlp)
}

/** Of the shortest entries, authorizations whose numbers have one byte each: seven items in 27 bytes; and for all other fields. */
const BYTES_OF_ITEM_MIN = 3
const ITEMS_MIN = 64

/** Throws `rlp/invalid`, `codec/invalid`, `codec/size`, `transaction/type` or `transaction/signature`. */
export function decodeTransaction(bytes: Uint8Array): Transaction {
  if (bytes.length > TRANSACTION_MAX_BYTES)
    throw new CodedError(
      'codec/size',
      `a transaction of ${bytes.length} bytes; at most ${TRANSACTION_MAX_BYTES} are allowed`,
    )
  const first = bytes[0] ?? 0
  if (first >= 0xc0) return checkSignature(decodeLegacy(decodeRlp(bytes, legacy.itemsMax)))
  if (first === BLOB_TYPE)
    throw new CodedError('transaction/type', 'blob transactions (type 3) are not accepted on this chain')
  const known = Object.entries(TYPED).find(([, [number]]) => number === first)
  if (known === undefined) throw new CodedError('transaction/type', `a transaction of the unknown type ${first}`)
  const [type, [, payload]] = known
  const itemsMax = ITEMS_MIN + bytes.length / BYTES_OF_ITEM_MIN
  const decoded = (payload as Codec<object>).fromRlp(decodeRlp(bytes.subarray(1), itemsMax), 'transaction')
  return checkSignature({ type, ...decoded } as Transaction)
}

function decodeLegacy(item: RlpItem): Transaction {
  const { v, ...rest } = legacy.fromRlp(item, 'transaction')
  if (v === 27n || v === 28n) return { type: 'legacy', chainId: undefined, yParity: v === 28n ? 1 : 0, ...rest }
  if (v < 35n) throw new CodedError('transaction/signature', `v is ${v}, which names no parity (27, 28, or from 35 on)`)
  const chainId = (v - 35n) >> 1n
  return { type: 'legacy', chainId, yParity: (v - 35n) & 1n ? 1 : 0, ...rest }
}

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

function checkSignature(transaction: Transaction): Transaction {
  const { r, s } = transaction
  if (r === 0n || r >= CURVE_ORDER || s === 0n || !isLowS(s))
    throw new CodedError(
      'transaction/signature',
      'r or s is out of range, or s is in the upper half of the order (EIP-2)',
    )
  return transaction
}

/** keccak256 of the envelope. */
export function hashTransaction(encoded: Uint8Array): Hash {
  return keccakHash(encoded)
}

/** What the sender signed: 32 bytes. */
export function transactionSigningDigest(transaction: Transaction | UnsignedTransaction): Uint8Array {
  const list = listOf({ yParity: 0, r: 0n, s: 0n, ...transaction } as Transaction)
  const unsigned = list.slice(0, -3)
  if (transaction.type !== 'legacy')
    return keccak256(concatBytes(Uint8Array.of(TYPED[transaction.type][0]), encodeRlp(unsigned)))
  if (transaction.chainId === undefined) return keccak256(encodeRlp(unsigned))
  return keccak256(encodeRlp([...unsigned, uint256.toRlp(transaction.chainId), EMPTY_BYTES, EMPTY_BYTES]))
}

/** The account that signed, or undefined if the signature is invalid. */
export function recoverSender(transaction: Transaction): Address | undefined {
  return recoverAddress(transactionSigningDigest(transaction), signatureOf(transaction))
}

/** The account that signed an EIP-7702 authorization, or undefined where nobody can have. */
export function recoverAuthority({ chainId, address, nonce, yParity, r, s }: Authorization): Address | undefined {
  if (yParity > 1 || r === 0n || r >= CURVE_ORDER || s === 0n || !isLowS(s)) return undefined
  const fields = [uint256.toRlp(chainId), codec.address.toRlp(address), uint64.toRlp(nonce)]
  const digest = keccak256(concatBytes(Uint8Array.of(5), encodeRlp(fields)))
  return recoverAddress(digest, signatureOf({ r, s, yParity: yParity === 1 ? 1 : 0 }))
}

/** Where a contract stands that the account creates with its transaction of this nonce. */
export function createdAddress(sender: Address, nonce: bigint): Address {
  return toHex(keccak256(encodeRlp([codec.address.toRlp(sender), uint64.toRlp(nonce)])).subarray(12))
}

function signatureOf({ r, s, yParity: recovery }: Signature): { compact: Uint8Array; recovery: 0 | 1 } {
  const compact = new Uint8Array(64)
  compact.set(bigIntToBytes(r, 32))
  compact.set(bigIntToBytes(s, 32), 32)
  return { compact, recovery }
}

export function signTransaction(unsigned: UnsignedTransaction, secretKey: Uint8Array): Transaction {
  const { compact, recovery } = signDigest(transactionSigningDigest(unsigned), secretKey)
  const r = bytesToBigInt(compact.subarray(0, 32))
  const s = bytesToBigInt(compact.subarray(32))
  return { ...unsigned, yParity: recovery, r, s } as Transaction
}
