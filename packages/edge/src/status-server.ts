// What an edge tells its operator, and the operator's page: JSON and metrics over HTTP, on loopback alone. Everybody may
// look; to change anything a request must come from no web page, or one that is allowed.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CodedError, type Logger, reasonOf } from '@tan/primitives'
import { STATUS_BODY_MAX_BYTES, STATUS_CONNECTIONS_MAX } from './limits.ts'

export interface StatusServerOptions {
  /** 0 takes a free one */
  readonly port: number
  readonly logger: Logger
  status(): object
  metrics(): string
  redeem(): Promise<void>
}

export interface StatusServer {
  readonly url: string
  stop(): Promise<void>
}

/** Throws `edge/port`. */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const rejection = reasonOf(error)
      options.logger.warn('a status request failed', { ...rejection })
      send(response, 500, rejection)
    })
  })
  server.maxConnections = STATUS_CONNECTIONS_MAX
  await listen(server, options.port)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'is in use: choose another one' : `cannot be used (${cause.code})`
      reject(new CodedError('edge/port', `port ${port} ${why}`, { cause }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
}

async function answer(options: StatusServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?')[0]
  request.on('data', (chunk: Buffer) => {
    if (chunk.length > STATUS_BODY_MAX_BYTES) request.destroy()
  })
  // A name that resolves to loopback, but is not its name, belongs to somebody who wants to borrow a browser.
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? ''))
    return send(response, 403, { code: 'edge/host', message: 'this is served on loopback alone' })
  if (request.method === 'POST' && path === '/redeem') {
    if (request.headers.origin !== undefined)
      return send(response, 403, { code: 'edge/origin', message: 'a web page may look, and change nothing' })
    await options.redeem()
    return send(response, 200, options.status())
  }
  if (request.method !== 'GET') return send(response, 405, { code: 'edge/method', message: 'GET, or POST to /redeem' })
  if (path === '/status') return send(response, 200, options.status())
  if (path === '/health') return send(response, 200, { ok: true })
  if (path === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
    response.end(options.metrics())
    return
  }
  send(response, 404, { code: 'edge/not-found', message: '/status, /metrics and /health are served' })
}

function send(response: ServerResponse, status: number, value: object): void {
  if (response.headersSent) return
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
  })
  response.end(
    `${JSON.stringify(value, (_, entry: unknown) => (typeof entry === 'bigint' ? entry.toString() : entry))}\n`,
  )
}
