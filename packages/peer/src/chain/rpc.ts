// JSON-RPC over HTTP, as little as a peer needs of it: calls, accounts, and one transaction after the other.
import { type Address, addressOfSecretKey, CodedError, type Hash, shorten, toHex } from '@tan/primitives'
import {
  decodeTransaction,
  encodeTransaction,
  hashTransaction,
  recoverSender,
  signTransaction,
  type Transaction,
} from '@tan/protocol'
import { RPC_ANSWER_MAX_BYTES, RPC_TIMEOUT_MS, SETTLE_MAX_MS, SETTLE_POLL_MS } from '../limits.ts'
import type { Timers } from '../ports.ts'

/** What a node answered, or that it did not: codes `rpc/…`. Other failures of a peer are no fault of its chain. */
export class ChainError extends CodedError {
  /** nothing more will come of the transaction that it is about */
  readonly isFinal: boolean

  constructor(code: string, message: string, { isFinal = false, ...options }: ChainErrorOptions = {}) {
    super(code, message, options)
    this.isFinal = isFinal
  }
}

interface ChainErrorOptions {
  readonly cause?: unknown
  readonly data?: Readonly<Record<string, unknown>>
  readonly isFinal?: boolean
}

export interface Rpc {
  /** Throws `rpc/unreachable`, `rpc/answer`, or `rpc/error` with what the node says. */
  call(method: string, params: readonly unknown[]): Promise<unknown>
}

export function createRpc(url: string, request: typeof fetch = fetch): Rpc {
  let id = 0
  return {
    async call(method, params) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params })
      let text: string
      try {
        const headers = { 'content-type': 'application/json' }
        const signal = AbortSignal.timeout(RPC_TIMEOUT_MS)
        const response = await request(url, { method: 'POST', headers, body, signal })
        text = await response.text()
      } catch (cause) {
        throw new ChainError('rpc/unreachable', `no node answers at ${url} (${method})`, { cause })
      }
      return resultOf(text, method)
    },
  }
}

function resultOf(text: string, method: string): unknown {
  let answer: { result?: unknown; error?: { code?: unknown; message?: unknown; data?: unknown } }
  try {
    if (text.length > RPC_ANSWER_MAX_BYTES) throw new Error(`${text.length} characters`)
    answer = JSON.parse(text)
  } catch (cause) {
    throw new ChainError('rpc/answer', `the answer to ${method} is not JSON-RPC: ${shorten(text)}`, { cause })
  }
  if (answer.error !== undefined && answer.error !== null)
    throw new ChainError('rpc/error', `${method}: ${shorten(String(answer.error.message), 300)}`, {
      data: { code: answer.error.code, data: answer.error.data },
    })
  if (answer.result === undefined) throw new ChainError('rpc/answer', `${method} was answered with nothing`)
  return answer.result
}

/** `0x…` of any length up to 32 bytes. Throws `rpc/answer`. */
export function quantity(value: unknown, what: string): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value))
    throw new ChainError('rpc/answer', `${what} is not a quantity: ${shorten(value)}`)
  return BigInt(value)
}

export interface OutgoingTransaction {
  readonly to: Address
  readonly valueWei: bigint
  readonly data: Uint8Array
}

export interface SettledTransaction {
  readonly hash: Hash
  readonly height: number
  readonly gasUsed: bigint
  readonly feeWei: bigint
}

/** Signed, with its nonce and fees, and not yet sent: what must be on disk before it is. */
export interface PreparedTransaction {
  readonly hash: Hash
  readonly encoded: Uint8Array
}

/** Estimates, prices and signs. Throws `rpc/…`; what would revert is refused by the node here. */
export async function prepareTransaction(
  rpc: Rpc,
  chainId: number,
  secretKey: Uint8Array,
  { to, valueWei, data }: OutgoingTransaction,
): Promise<PreparedTransaction> {
  const from = addressOfSecretKey(secretKey)
  const call = { from, to, value: `0x${valueWei.toString(16)}`, data: toHex(data) }
  const [nonce, gas, baseFee] = await Promise.all([
    rpc.call('eth_getTransactionCount', [from, 'pending']),
    rpc.call('eth_estimateGas', [call]),
    baseFeeWei(rpc),
  ])
  const transaction = signTransaction(
    {
      type: 'eip1559',
      chainId: BigInt(chainId),
      nonce: quantity(nonce, 'the nonce'),
      gasLimit: (quantity(gas, 'the gas estimate') * 12n) / 10n,
      to,
      value: valueWei,
      data,
      accessList: [],
      maxPriorityFeePerGas: 0n,
      maxFeePerGas: 2n * baseFee,
    },
    secretKey,
  )
  return prepared(transaction)
}

/** The same one with twice today's base fee, if it offers less than today's; a transaction of `prepareTransaction`. */
export async function repriceTransaction(
  rpc: Rpc,
  given: PreparedTransaction,
  secretKey: Uint8Array,
): Promise<PreparedTransaction> {
  const transaction = decodeTransaction(given.encoded)
  const baseFee = await baseFeeWei(rpc)
  if (transaction.type !== 'eip1559' || transaction.maxFeePerGas >= baseFee) return given
  return prepared(signTransaction({ ...transaction, maxFeePerGas: 2n * baseFee }, secretKey))
}

function prepared(transaction: Transaction): PreparedTransaction {
  const encoded = encodeTransaction(transaction)
  return { hash: hashTransaction(encoded), encoded }
}

/** TANGam wei per gas, of the newest block. Throws `rpc/answer`. */
export async function baseFeeWei(rpc: Rpc): Promise<bigint> {
  const block = (await rpc.call('eth_getBlockByNumber', ['latest', false])) as { baseFeePerGas?: unknown } | null
  return quantity(block?.baseFeePerGas, 'the base fee')
}

/**
 * Sends it, again and again if need be, until a settled block holds it. Throws `rpc/reverted`, `rpc/replaced` where it can
 * never be, as another of its account took its nonce, and `rpc/not-settled` where it still may be.
 */
export async function settleTransaction(
  rpc: Rpc,
  { hash, encoded }: PreparedTransaction,
  timers: Timers,
): Promise<SettledTransaction> {
  let last: unknown
  for (let waitedMs = 0; waitedMs < SETTLE_MAX_MS; waitedMs += SETTLE_POLL_MS) {
    const sends = waitedMs % RESEND_MS === 0
    const receipt = await settledReceipt(rpc, hash, sends ? encoded : undefined).catch((error: unknown) => {
      if (!(error instanceof ChainError) || error.isFinal) throw error
      last = error
      return undefined
    })
    if (receipt !== undefined) return receipt
    await new Promise<void>(resolve => timers.after(SETTLE_POLL_MS, resolve))
  }
  throw new ChainError('rpc/not-settled', `transaction ${hash} is not settled after ${SETTLE_MAX_MS} ms`, {
    cause: last,
  })
}

const RESEND_MS = 20 * SETTLE_POLL_MS

async function settledReceipt(
  rpc: Rpc,
  hash: Hash,
  send: Uint8Array | undefined,
): Promise<SettledTransaction | undefined> {
  const found = (await rpc.call('eth_getTransactionReceipt', [hash])) as Record<string, unknown> | null
  if (found === null) {
    if (send === undefined) return undefined
    await checkNonce(rpc, hash, send)
    // A node that has it already says so with an error, which is as good.
    await rpc.call('eth_sendRawTransaction', [toHex(send)])
    return undefined
  }
  const height = Number(quantity(found.blockNumber, 'the height of a receipt'))
  const safe = (await rpc.call('eth_getBlockByNumber', ['safe', false])) as Record<string, unknown> | null
  if (safe === null || Number(quantity(safe.number, 'the settled height')) < height) return undefined
  if (quantity(found.status, 'the status of a receipt') !== 1n)
    throw new ChainError('rpc/reverted', `transaction ${hash} was reverted in block ${height}`, { isFinal: true })
  const gasUsed = quantity(found.gasUsed, 'the gas of a receipt')
  return { hash, height, gasUsed, feeWei: gasUsed * quantity(found.effectiveGasPrice, 'the gas price of a receipt') }
}

/** Throws `rpc/replaced`. The receipt is looked for behind the nonce: it may have been settled in between. */
async function checkNonce(rpc: Rpc, hash: Hash, encoded: Uint8Array): Promise<void> {
  const transaction = decodeTransaction(encoded)
  const settled = await rpc.call('eth_getTransactionCount', [recoverSender(transaction), 'safe'])
  if (quantity(settled, 'the settled nonce') <= transaction.nonce) return
  if ((await rpc.call('eth_getTransactionReceipt', [hash])) !== null) return
  throw new ChainError(
    'rpc/replaced',
    `transaction ${hash} can never settle: another one of its account took its nonce`,
    {
      isFinal: true,
    },
  )
}
