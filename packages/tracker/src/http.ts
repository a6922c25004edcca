// The pages of a tracker over HTTP: `/health`, `/metrics` and `/stats`, for anyone to read.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Reason } from '@tan/primitives'
import { reject } from './codes.ts'

export interface HttpPages {
  /** JSON */
  readonly health: () => string
  readonly stats: () => string
  /** Prometheus text */
  readonly metrics: () => string
}

export function answerHttp(request: IncomingMessage, response: ServerResponse, pages: HttpPages): void {
  response.setHeader('access-control-allow-origin', '*')
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  const path = (request.url ?? '/').split('?')[0]
  if (request.method === 'OPTIONS') {
    response.writeHead(204, { 'access-control-allow-methods': 'GET, HEAD, OPTIONS' }).end()
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    const { code, message } = reject('http/method', `${request.method} is not answered here: use GET`)
    sendJson(response, 405, JSON.stringify({ code, message }))
  } else if (path === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(pages.metrics())
  } else if (path === '/health') {
    sendJson(response, 200, pages.health())
  } else if (path === '/stats') {
    sendJson(response, 200, pages.stats())
  } else {
    const { code, message } = reject('http/path', 'a tracker has /health, /metrics, /stats, and a WebSocket')
    sendJson(response, 404, JSON.stringify({ code, message }))
  }
}

/** No to a WebSocket, while it is HTTP still. */
export function refuseUpgrade(socket: Duplex, status: 400 | 403 | 429 | 503, rejection: Reason): void {
  const body = JSON.stringify(rejection)
  const names = { 400: 'Bad Request', 403: 'Forbidden', 429: 'Too Many Requests', 503: 'Service Unavailable' } as const
  const head = [
    `HTTP/1.1 ${status} ${names[status]}`,
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(body)
}
