// JSON-RPC over HTTP and WebSocket on one port, with /health and /metrics beside it. Checks Host and Origin, so that no web
// page reaches a node on loopback by another name; bounds requests and sockets. What is asked is answered by dispatch.ts.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { CodedError, type Logger, type Metrics, shorten } from '@tan/primitives'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Chain, ChainBlock } from '../chain/chain.ts'
import { RPC_REQUEST_MAX_BYTES, RPC_SOCKETS_MAX, RPC_UNREAD_MAX_BYTES } from '../limits.ts'
import type { TransactionService } from '../transaction-service.ts'
import { Dispatcher } from './dispatch.ts'
import { LIMIT_EXCEEDED } from './errors.ts'
import type { Methods } from './method.ts'
import { moveOf, Subscriptions, subscriptionMethods } from './subscriptions.ts'

/** A browser's extensions, wallets among them: what the user has installed is trusted as a program is, unlike a web page. */
const EXTENSION_ORIGIN = /^(chrome|moz|safari-web)-extension:\/\//

export interface RpcServerOptions {
  /** 127.0.0.1 unless told otherwise */
  readonly host: string
  /** 0 takes any free one */
  readonly port: number
  /** names by which clients may call this server, beside its own address and localhost; `*` for any */
  readonly allowedHosts: readonly string[]
  /** web origins that may call it; `*` for any. Clients that are no web page send none */
  readonly allowedOrigins: readonly string[]
  readonly methods: Methods
  readonly chain: Chain
  readonly transactions: TransactionService
  readonly status: () => unknown
  readonly health: () => { readonly isHealthy: boolean; readonly [key: string]: unknown }
  readonly metricsText: () => Promise<string>
  readonly logger: Logger
  readonly metrics: Metrics
}

export class RpcServer {
  private readonly options: RpcServerOptions
  private readonly dispatcher: Dispatcher
  private readonly server: Server
  private readonly sockets: WebSocketServer
  private readonly clients = new Map<WebSocket, Subscriptions>()
  /** what was announced, the newest last: as much as may still lose */
  private announced: readonly ChainBlock[] = []
  private stopListening: (() => void) | undefined

  constructor(options: RpcServerOptions) {
    this.options = options
    this.dispatcher = new Dispatcher(options)
    this.server = createServer((request, response) => {
      this.onRequest(request, response).catch((error: unknown) => {
        options.logger.error('a request could not be answered', { reason: String(error) })
        if (response.headersSent) response.destroy()
        else send(response, 500, 'application/json', JSON.stringify({ error: 'this request could not be answered' }))
      })
    })
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: RPC_REQUEST_MAX_BYTES })
    this.server.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head))
    // a client that hangs up in the middle is its own affair
    this.server.on('clientError', (_error, socket) => socket.destroy())
  }

  /** Throws `rpc/listen`. The address that clients connect to. */
  async start(): Promise<string> {
    const { host, port, chain, transactions } = this.options
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', cause =>
        reject(
          new CodedError(
            'rpc/listen',
            `JSON-RPC cannot listen on ${host}:${port} (${cause.message}): is the port in use? Choose another`,
            { cause },
          ),
        ),
      )
      this.server.listen(port, host, resolve)
    })
    this.announced = [chain.settled, ...chain.branch()]
    chain.listen({
      onHead: () => this.announce([]),
      onSettled: blocks => this.announce(blocks),
      onFinalized: () => this.onStatus(),
    })
    this.stopListening = transactions.listen(transaction => {
      for (const subscriptions of this.clients.values()) subscriptions.onTransaction(transaction)
    })
    const { address, port: bound } = this.server.address() as AddressInfo
    return `http://${address.includes(':') ? `[${address}]` : address}:${bound}`
  }

  async stop(): Promise<void> {
    this.stopListening?.()
    for (const socket of this.clients.keys()) socket.terminate()
    this.sockets.close()
    this.server.closeAllConnections()
    await new Promise<void>(resolve => this.server.close(() => resolve()))
  }

  /** The head may have moved by more than one block, and to another branch; blocks may be settled before they were head. */
  private announce(settled: readonly ChainBlock[]): void {
    const { chain } = this.options
    const branch = [...settled, ...chain.branch().filter(({ header }) => header.height > chain.settled.header.height)]
    const { removed, added } = moveOf(this.announced, branch)
    this.announced = branch
    if (added.length > 0 || removed.length > 0)
      for (const subscriptions of this.clients.values()) subscriptions.onMove(added, removed)
    this.onStatus()
  }

  private onStatus(): void {
    for (const subscriptions of this.clients.values()) subscriptions.onStatus()
  }

  // ------------------------------------------------------------------------------------------------ HTTP

  private async onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = this.refusal(request)
    if (refused !== undefined) return send(response, 403, 'application/json', JSON.stringify({ error: refused }))
    this.allowOrigin(request, response)
    const path = (request.url ?? '/').split('?', 1)[0]
    if (request.method === 'OPTIONS') return send(response, 204, 'text/plain', '')
    if (request.method === 'GET' && path === '/health') {
      const health = this.options.health()
      return send(response, health.isHealthy ? 200 : 503, 'application/json', JSON.stringify(health))
    }
    if (request.method === 'GET' && path === '/metrics')
      return send(response, 200, 'text/plain; version=0.0.4', await this.options.metricsText())
    if (request.method !== 'POST')
      return send(
        response,
        405,
        'application/json',
        JSON.stringify({ error: 'JSON-RPC takes POST requests; see /health and /metrics too' }),
      )
    const body = await readBody(request)
    if (body === undefined) {
      const error = { code: LIMIT_EXCEEDED, message: `a request has at most ${RPC_REQUEST_MAX_BYTES} bytes` }
      return send(response, 413, 'application/json', JSON.stringify({ jsonrpc: '2.0', id: null, error }))
    }
    return send(response, 200, 'application/json', await this.dispatcher.answer(body))
  }

  /** Why the Host or Origin of a request is not let in. */
  private refusal(request: IncomingMessage): string | undefined {
    const { allowedHosts, allowedOrigins } = this.options
    // Browsers always name a host, and Node refuses HTTP/1.1 without one: what is left are old local clients.
    const host = (request.headers.host ?? 'localhost').replace(/:\d+$/, '').toLowerCase()
    const isOwn = host === 'localhost' || /^\d+\.\d+\.\d+\.\d+$/.test(host) || host.startsWith('[')
    if (!isOwn && !allowedHosts.includes('*') && !allowedHosts.includes(host))
      return `the host name ${shorten(host)} is not allowed here: add it to rpc.allowedHosts`
    const { origin } = request.headers
    if (origin === undefined || EXTENSION_ORIGIN.test(origin)) return undefined
    if (!allowedOrigins.includes('*') && !allowedOrigins.includes(origin))
      return `web pages of ${shorten(origin)} may not call this node: add the origin to rpc.allowedOrigins`
    return undefined
  }

  private allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    const { origin } = request.headers
    if (origin === undefined) return
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('access-control-allow-methods', 'POST, GET, OPTIONS')
    response.setHeader('access-control-allow-headers', 'content-type')
    response.setHeader('access-control-max-age', '600')
    response.setHeader('vary', 'origin')
  }

  // ------------------------------------------------------------------------------------------------ WebSocket

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    if (this.refusal(request) !== undefined || this.clients.size >= RPC_SOCKETS_MAX) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
      return
    }
    this.sockets.handleUpgrade(request, socket, head, client => this.onSocket(client))
  }

  private onSocket(client: WebSocket): void {
    const write = (text: string): void => {
      if (client.bufferedAmount > RPC_UNREAD_MAX_BYTES) client.terminate()
      else client.send(text)
    }
    const subscriptions = new Subscriptions((subscription, result) => {
      write(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription, result } }))
    }, this.options.status)
    const own = subscriptionMethods(subscriptions)
    this.clients.set(client, subscriptions)
    client.on('message', data => {
      void this.dispatcher.answer(data.toString(), own).then(answer => {
        if (answer !== '' && client.readyState === client.OPEN) write(answer)
      })
    })
    client.on('error', () => client.terminate())
    client.on('close', () => this.clients.delete(client))
  }
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of request) {
      sizeBytes += (chunk as Buffer).length
      if (sizeBytes > RPC_REQUEST_MAX_BYTES) return undefined
      chunks.push(chunk as Buffer)
    }
  } catch {
    return undefined
  }
  return Buffer.concat(chunks).toString()
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
