// From the text of a JSON-RPC request, or of a batch of them, to the text of the answer: envelopes, ids, notifications,
// and the bound of what is answered.
import { type Logger, type Metrics, shorten } from '@tan/primitives'
import { RPC_BATCH_MAX, RPC_RESPONSE_MAX_BYTES } from '../limits.ts'
import {
  INVALID_REQUEST,
  LIMIT_EXCEEDED,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
  RpcError,
  type RpcErrorBody,
  rpcErrorBody,
} from './errors.ts'
import type { Methods } from './method.ts'
import { isInexact, numericIds } from './request-ids.ts'

interface DispatcherOptions {
  readonly methods: Methods
  readonly logger: Logger
  readonly metrics: Metrics
}

type Json = string

const NO_METHODS: Methods = {}

export class Dispatcher {
  private readonly options: DispatcherOptions

  constructor(options: DispatcherOptions) {
    this.options = options
  }

  /** Empty where nothing is to be answered. `own` are methods of one connection alone. */
  async answer(body: string, own: Methods = NO_METHODS): Promise<Json> {
    let request: unknown
    try {
      request = JSON.parse(body)
    } catch {
      return errorJson('null', { code: PARSE_ERROR, message: 'the request is not JSON' })
    }
    const isBatch = Array.isArray(request)
    const requests: readonly unknown[] = isBatch ? (request as unknown[]) : [request]
    if (requests.length === 0 || requests.length > RPC_BATCH_MAX)
      return errorJson('null', { code: INVALID_REQUEST, message: `a batch has 1 to ${RPC_BATCH_MAX} requests` })
    const exact = requests.some(one => isInexact(fieldsOf(one).id)) ? numericIds(body, isBatch) : []
    const ids = requests.map((one, i) => exact[i] ?? idOf(one))
    if (!isBatch) return this.answerOne(request, ids[0], own)
    const answers: Json[] = []
    let sizeBytes = 0
    const pending = requests.map((one, i) => this.answerOne(one, ids[i], own))
    for (const [i, promise] of pending.entries()) {
      const answer = await promise
      sizeBytes += answer.length
      const isTooLarge = sizeBytes > RPC_RESPONSE_MAX_BYTES
      if (answer !== '') answers.push(isTooLarge ? tooLarge(ids[i] ?? 'null') : answer)
    }
    return answers.length === 0 ? '' : `[${answers.join(',')}]`
  }

  /** `id` is the JSON of the request's own, undefined for a notification: then the answer is empty. */
  private async answerOne(request: unknown, id: Json | undefined, own: Methods): Promise<Json> {
    const { id: given, method, params: givenParams } = fieldsOf(request)
    // missing and null are none: https://www.jsonrpc.org/specification has the first, some clients the second
    const params = givenParams ?? []
    if (typeof method !== 'string' || !isId(given) || !Array.isArray(params))
      return errorJson(id ?? 'null', {
        code: INVALID_REQUEST,
        message: 'a request has a method, a list of params and an id',
      })
    try {
      const result = await this.call(method, params, own)
      if (id === undefined) return ''
      const json = `{"jsonrpc":"2.0","id":${id},"result":${JSON.stringify(result ?? null)}}`
      return json.length > RPC_RESPONSE_MAX_BYTES ? tooLarge(id) : json
    } catch (error) {
      const { logger, metrics } = this.options
      const unexpected = (cause: unknown): void =>
        logger.error('a JSON-RPC method failed', {
          method: shorten(method),
          reason: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause),
        })
      const body = rpcErrorBody(error, unexpected)
      metrics.count('tan_rpc_errors_total', 1, { code: String(body.code) })
      return id === undefined ? '' : errorJson(id, body)
    }
  }

  private call(name: string, params: readonly unknown[], own: Methods): unknown {
    const { methods, metrics } = this.options
    const known = Object.hasOwn(own, name) ? own : methods
    if (!Object.hasOwn(known, name)) throw new RpcError(METHOD_NOT_FOUND, unknownMethod(name))
    metrics.count('tan_rpc_requests_total', 1, { method: name })
    return known[name]!.call(params)
  }
}

function unknownMethod(name: string): string {
  return name === 'eth_subscribe' || name === 'eth_unsubscribe'
    ? `${name} needs a WebSocket connection`
    : `the method ${shorten(name)} does not exist, or is not available on this node`
}

function fieldsOf(request: unknown): Readonly<Record<string, unknown>> {
  return typeof request === 'object' && request !== null ? (request as Record<string, unknown>) : {}
}

function isId(id: unknown): boolean {
  return id === undefined || id === null || typeof id === 'string' || typeof id === 'number'
}

/** The id's JSON; undefined where there is none. */
function idOf(request: unknown): Json | undefined {
  const { id } = fieldsOf(request)
  return id === undefined || !isId(id) ? undefined : JSON.stringify(id)
}

function errorJson(id: Json, error: RpcErrorBody): Json {
  return `{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(error)}}`
}

function tooLarge(id: Json): Json {
  return errorJson(id, {
    code: LIMIT_EXCEEDED,
    message: `the answer is above ${RPC_RESPONSE_MAX_BYTES} bytes: ask for less`,
  })
}
