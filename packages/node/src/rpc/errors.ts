// JSON-RPC errors: what a client sees. Codes as EIP-1474 and the execution-apis have them; a stack trace never leaves.
import { AssertionError, CodedError } from '@tan/primitives'

export interface RpcErrorBody {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

export const PARSE_ERROR = -32700
export const INVALID_REQUEST = -32600
export const METHOD_NOT_FOUND = -32601
export const INVALID_PARAMS = -32602
export const INTERNAL_ERROR = -32603
export const SERVER_ERROR = -32000
export const RESOURCE_UNAVAILABLE = -32002
export const LIMIT_EXCEEDED = -32005
export const EXECUTION_REVERTED = 3

export function invalidParams(message: string): RpcError {
  return new RpcError(INVALID_PARAMS, message)
}

/** The error body for anything that a method threw. `unexpected` is called for our own bugs, which clients see without detail. */
export function rpcErrorBody(error: unknown, unexpected: (error: unknown) => void): RpcErrorBody {
  if (error instanceof RpcError)
    return { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) }
  if (error instanceof CodedError && !(error instanceof AssertionError))
    return { code: codeOf(error.code), message: messageOf(error), data: { code: error.code } }
  unexpected(error)
  return { code: INTERNAL_ERROR, message: 'internal error: the node has logged it' }
}

function codeOf(code: string): number {
  if (code.startsWith('codec/') || code.startsWith('rlp/') || code.startsWith('bytes/')) return INVALID_PARAMS
  if (code === 'storage/missing-node') return RESOURCE_UNAVAILABLE
  if (code === 'node/overloaded') return LIMIT_EXCEEDED
  return SERVER_ERROR
}

/** What the best-known clients say, word for word: wallets and libraries look for it. Ours follows, with the values. */
const KNOWN_WORDS: Readonly<Record<string, string>> = {
  'mempool/known': 'already known',
  'mempool/nonce-low': 'nonce too low',
  'mempool/nonce-gap': 'nonce too high',
  'mempool/underpriced': 'replacement transaction underpriced',
  'mempool/fee-low': 'transaction underpriced',
  'mempool/balance': 'insufficient funds for gas * price + value',
  'mempool/account-full': 'account limit exceeded',
  'mempool/full': 'txpool is full',
  'transaction/nonce-low': 'nonce too low',
  'transaction/nonce-high': 'nonce too high',
  'transaction/nonce-max': 'nonce has max value',
  'transaction/balance': 'insufficient funds for gas * price + value',
  'transaction/fee-below-base': 'max fee per gas less than block base fee',
  'transaction/tip-above-fee': 'max priority fee per gas higher than max fee per gas',
  'transaction/gas-intrinsic': 'intrinsic gas too low',
  'transaction/gas-max': 'transaction gas limit too high',
  'transaction/block-gas': 'exceeds block gas limit',
  'transaction/init-code-size': 'max initcode size exceeded',
  'transaction/chain-id': 'invalid chain id for signer',
  'transaction/signature': 'invalid sender',
  'transaction/sender-code': 'sender not an eoa',
  'transaction/type': 'transaction type not supported',
  'storage/missing-node': 'the state of that block is not kept by this node',
}

function messageOf({ code, message }: CodedError): string {
  const words = KNOWN_WORDS[code]
  return words === undefined ? message : `${words}: ${message}`
}
