// One WebSocket to a node that reconnects automatically: requests wait for it, subscriptions resume with it, and pages
// can show its state. It is an EIP-1193 provider, so viem works over it unchanged.
import { CodedError, shorten } from '@tan/primitives'
import {
  RECONNECT_MAX_MS,
  RECONNECT_MIN_MS,
  RPC_REQUESTS_MAX,
  RPC_RESPONSE_MAX_CHARS,
  RPC_TIMEOUT_MS,
} from '../limits.ts'
import { createStore, type Readable } from '../store.ts'

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** the connection was lost or never opened; the link retries automatically */
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly reason: string }

export interface RpcRequest {
  readonly method: string
  readonly params?: unknown
}

export interface RpcLink {
  readonly state: Readable<LinkState>
  /** Rejects with `rpc/timeout`, `rpc/lost`, `rpc/busy`, `rpc/closed`, or the node's RpcError. */
  request(request: RpcRequest): Promise<unknown>
  /** `eth_subscribe`, repeated after each lost connection. `onError` receives the node's refusal. */
  subscribe(params: readonly unknown[], onEvent: (event: unknown) => void, onError?: (error: Error) => void): () => void
  /** Retries at once instead of after the pause, for a person who does not want to wait. */
  retryNow(): void
  close(): void
}

/** The node's error, with its JSON-RPC code. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

interface Waiting {
  readonly text: string
  readonly method: string
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
  readonly timer: ReturnType<typeof setTimeout>
  isSent: boolean
}

interface Subscription {
  readonly params: readonly unknown[]
  readonly onEvent: (event: unknown) => void
  readonly onError: (error: Error) => void
  id?: string
}

export function createRpcLink(url: string): RpcLink {
  return new Link(url)
}

class Link implements RpcLink {
  readonly state = createStore<LinkState>({ kind: 'connecting' })
  readonly #url: string
  readonly #waiting = new Map<number, Waiting>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #byId = new Map<string, Subscription>()
  #socket: WebSocket | undefined
  #nextId = 1
  #attempts = 0
  #retryTimer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(url: string) {
    this.#url = url
    this.#connect()
  }

  request = (request: RpcRequest): Promise<unknown> =>
    new Promise((resolve, reject) => this.#call(request, resolve, reject))

  subscribe(
    params: readonly unknown[],
    onEvent: (event: unknown) => void,
    onError: (error: Error) => void = () => {},
  ): () => void {
    const subscription: Subscription = { params, onEvent, onError }
    this.#subscriptions.add(subscription)
    if (this.state.get().kind === 'live') this.#open(subscription)
    return () => {
      this.#subscriptions.delete(subscription)
      if (subscription.id === undefined) return
      this.#byId.delete(subscription.id)
      this.request({ method: 'eth_unsubscribe', params: [subscription.id] }).catch(() => {})
    }
  }

  retryNow(): void {
    if (this.state.get().kind === 'lost') this.#connect()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retryTimer)
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    this.#rejectAll(() => true, 'rpc/closed', 'the page has left this node')
    this.#subscriptions.clear()
    this.#byId.clear()
  }

  #connect(): void {
    clearTimeout(this.#retryTimer)
    if (this.#isClosed) return
    const socket = openSocket(this.#url)
    if (socket === undefined) {
      this.#lose(`${shorten(this.#url)} is not a WebSocket address (ws:// or wss://)`)
      return
    }
    this.#socket = socket
    // Only the current socket counts: an older one may still be closing.
    const whileCurrent =
      <E extends Event>(handle: (event: E) => void) =>
      (event: E): void => {
        if (this.#socket === socket) handle(event)
      }
    socket.addEventListener('open', whileCurrent(this.#opened))
    socket.addEventListener(
      'message',
      whileCurrent((event: MessageEvent) => this.#receive(event.data)),
    )
    socket.addEventListener(
      'close',
      whileCurrent(() => this.#lose(`the node at ${this.#url} does not answer`)),
    )
    socket.addEventListener('error', () => {})
  }

  #opened = (): void => {
    this.#attempts = 0
    this.state.set({ kind: 'live' })
    for (const waiting of this.#waiting.values()) this.#send(waiting)
    for (const subscription of this.#subscriptions) this.#open(subscription)
  }

  /** Calls `resolve` before it handles the next message. */
  #call({ method, params }: RpcRequest, resolve: Waiting['resolve'], reject: Waiting['reject']): void {
    if (this.#isClosed) {
      reject(new CodedError('rpc/closed', 'the page has left this node'))
      return
    }
    if (this.#waiting.size >= RPC_REQUESTS_MAX) {
      reject(new CodedError('rpc/busy', `${RPC_REQUESTS_MAX} requests are pending; wait for the node to answer`))
      return
    }
    const id = this.#nextId++
    const timer = setTimeout(() => {
      this.#waiting.delete(id)
      reject(new CodedError('rpc/timeout', `${method}: no answer from ${this.#url} within ${RPC_TIMEOUT_MS / 1000} s`))
    }, RPC_TIMEOUT_MS)
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params: params ?? [] })
    const waiting: Waiting = { text, method, resolve, reject, timer, isSent: false }
    this.#waiting.set(id, waiting)
    this.#send(waiting)
  }

  #open(subscription: Subscription): void {
    this.#call(
      { method: 'eth_subscribe', params: subscription.params },
      id => {
        if (typeof id !== 'string') {
          subscription.onError(new CodedError('rpc/shape', `eth_subscribe: not a subscription id: ${shorten(id)}`))
        } else if (this.#subscriptions.has(subscription)) {
          subscription.id = id
          this.#byId.set(id, subscription)
        } else this.request({ method: 'eth_unsubscribe', params: [id] }).catch(() => {})
      },
      error => {
        // The link repeats it after a lost connection; report only a refusal by the node.
        if (error instanceof RpcError) subscription.onError(error)
      },
    )
  }

  #send(waiting: Waiting): void {
    if (waiting.isSent || this.#socket?.readyState !== WebSocket.OPEN) return
    waiting.isSent = true
    this.#socket.send(waiting.text)
  }

  #receive(data: unknown): void {
    const message = parseMessage(data)
    if (message === undefined) return
    if (message.method === 'eth_subscription') {
      const { subscription, result } = (message.params ?? {}) as { subscription?: unknown; result?: unknown }
      if (typeof subscription === 'string') this.#byId.get(subscription)?.onEvent(result)
      return
    }
    if (typeof message.id !== 'number') return
    const waiting = this.#waiting.get(message.id)
    if (waiting === undefined) return
    this.#waiting.delete(message.id)
    clearTimeout(waiting.timer)
    if (message.error === undefined) waiting.resolve(message.result)
    else {
      const {
        code,
        message: text,
        data: detail,
      } = message.error as { code?: unknown; message?: unknown; data?: unknown }
      waiting.reject(new RpcError(typeof code === 'number' ? code : -32603, shorten(text, 500), detail))
    }
  }

  #lose(reason: string): void {
    const before = this.state.get()
    this.#socket = undefined
    this.#byId.clear()
    for (const subscription of this.#subscriptions) delete subscription.id
    // The node may have executed sent requests, so do not repeat them; unsent requests keep waiting for a connection.
    this.#rejectAll(waiting => waiting.isSent, 'rpc/lost', reason)
    const pauseMs = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** this.#attempts++)
    this.#retryTimer = setTimeout(() => this.#connect(), pauseMs * (0.75 + Math.random() / 2))
    this.state.set({ kind: 'lost', reason, sinceMs: before.kind === 'lost' ? before.sinceMs : Date.now() })
  }

  #rejectAll(isMeant: (waiting: Waiting) => boolean, code: string, message: string): void {
    for (const [id, waiting] of this.#waiting) {
      if (!isMeant(waiting)) continue
      this.#waiting.delete(id)
      clearTimeout(waiting.timer)
      waiting.reject(new CodedError(code, `${waiting.method}: ${message}`))
    }
  }
}

function openSocket(url: string): WebSocket | undefined {
  try {
    return new WebSocket(url)
  } catch {
    return undefined // not an address, or one that this page may not call
  }
}

interface Message {
  readonly id?: unknown
  readonly method?: unknown
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: unknown
}

function parseMessage(data: unknown): Message | undefined {
  if (typeof data !== 'string' || data.length > RPC_RESPONSE_MAX_CHARS) return undefined
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
