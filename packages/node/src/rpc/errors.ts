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

/** Wallets look for the words that the best-known clients use. */
function messageOf({ code, message }: CodedError): string {
  const known: Readonly<Record<string, string>> = {
    'mempool/nonce-low': 'nonce too low',
    'transaction/nonce-low': 'nonce too low',
    'mempool/underpriced': 'replacement transaction underpriced',
    'mempool/fee-low': 'transaction underpriced',
    'transaction/balance': 'insufficient funds for gas * price + value',
    'transaction/gas-intrinsic': 'intrinsic gas too low',
    'storage/missing-node': 'the state of that block is not kept by this node',
  }
  return known[code] === undefined ? message : `${known[code]}: ${message}`
}
