// The origin: an HTTP server of one folder with ranges, CORS and cache headers, standing for a CDN. Any other HTTP server
// can take its place; this one writes down what it serves to whom.
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Clock,
  CodedError,
  type Logger,
  type Rejection,
  reasonOf,
  rejectionOf,
  silentLogger,
} from '@tan/primitives'
import { type AccessLog, clientKind, createAccessLog, type OriginStats } from './access-log.ts'
import { reject } from './codes.ts'
import { findFile, openFolder, type ServedFile } from './files.ts'
import { CONNECTIONS_MAX, HEAD_TIMEOUT_MS, IDLE_TIMEOUT_MS, STALLED_TIMEOUT_MS, URL_MAX_CHARS } from './limits.ts'
import { parseRange } from './range.ts'

export interface OriginServerOptions {
  readonly folder: string
  /** 127.0.0.1 unless it says so */
  readonly host?: string | undefined
  /** 0 takes a free one */
  readonly port: number
  /** JSON lines are appended to it */
  readonly accessLogFile?: string | undefined
  readonly clock: Clock
  readonly logger?: Logger | undefined
}

export interface OriginServer {
  /** Throws `origin/port`. */
  start(): Promise<void>
  /** Once it is started: `http://host:port/`. */
  readonly url: string
  stats(): OriginStats
  /** The access log is whole when it is done. */
  stop(): Promise<void>
}

/** Throws `origin/folder`. */
export function createOriginServer(options: OriginServerOptions): OriginServer {
  return new Origin(options)
}

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'content-length, content-range, accept-ranges, etag',
  'timing-allow-origin': '*',
}

class Origin implements OriginServer {
  readonly #root: string
  readonly #options: OriginServerOptions
  readonly #logger: Logger
  readonly #log: AccessLog
  readonly #server: Server
  #url = ''

  constructor(options: OriginServerOptions) {
    this.#options = options
    this.#root = openFolder(options.folder)
    this.#logger = options.logger ?? silentLogger
    this.#log = createAccessLog(options.accessLogFile, options.clock.nowMs(), this.#logger)
    this.#server = createServer(
      { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: HEAD_TIMEOUT_MS },
      (request, response) => {
        this.#answer(request, response).catch((error: unknown) => {
          this.#logger.warn('a request could not be answered', {
            url: request.url?.slice(0, 200),
            ...reasonOf(error),
          })
          response.destroy()
        })
      },
    )
    this.#server.keepAliveTimeout = IDLE_TIMEOUT_MS
    this.#server.maxConnections = CONNECTIONS_MAX
    this.#server.timeout = STALLED_TIMEOUT_MS
  }

  get url(): string {
    return this.#url
  }

  stats(): OriginStats {
    return this.#log.stats()
  }

  start(): Promise<void> {
    const { port, host = '127.0.0.1' } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const why = cause.code === 'EADDRINUSE' ? 'is in use: choose another one' : `cannot be used (${cause.code})`
        reject(new CodedError('origin/port', `port ${port} of ${host} ${why}`, { cause }))
      })
      this.#server.listen(port, host, () => {
        const { port: actual } = this.#server.address() as AddressInfo
        this.#url = `http://${host.includes(':') ? `[${host}]` : host}:${actual}/`
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
    await this.#log.flush()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = this.#options.clock.nowMs()
    const { method = '', url = '/', headers } = request
    const [path = '/', query = ''] = url.slice(0, URL_MAX_CHARS).split('?')
    const sent = { bytes: 0 }
    response.once('close', () => {
      const endedMs = this.#options.clock.nowMs()
      const said = new URLSearchParams(query).get('client') ?? firstOf(headers['tan-client'])
      this.#log.add({
        time: new Date(endedMs).toISOString(),
        client: clientKind(said),
        method,
        path,
        ...(headers.range === undefined ? {} : { range: headers.range.slice(0, 64) }),
        status: response.statusCode,
        bytes: sent.bytes,
        durationMs: endedMs - startedMs,
      })
    })
    if (method === 'OPTIONS') return preflight(response)
    if (method !== 'GET' && method !== 'HEAD')
      return refuse(response, 405, reject('origin/method', `${method.slice(0, 16)} is not served; GET and HEAD are`))
    if (url.length > URL_MAX_CHARS)
      return refuse(response, 414, reject('origin/path', `an address of more than ${URL_MAX_CHARS} characters`))
    if (path === '/health') return json(response, { ok: true })
    if (path === '/stats') return json(response, this.stats())
    let file: ServedFile | undefined
    try {
      file = await findFile(this.#root, path)
    } catch (error) {
      return refuse(response, 400, rejectionOf(error))
    }
    if (file === undefined) return refuse(response, 404, reject('origin/not-found', 'there is no such file'))
    sendFile(request, response, file, sent)
  }
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    ...CORS,
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': 'range, tan-client',
    'access-control-max-age': '86400',
  })
  response.end()
}

function refuse(response: ServerResponse, status: number, { code, message }: Rejection): void {
  response.writeHead(status, { ...CORS, 'content-type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify({ code, message })}\n`)
}

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { ...CORS, 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(value)}\n`)
}

function sendFile(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  file: ServedFile,
  sent: { bytes: number },
): void {
  const { path, sizeBytes, modifiedMs, type, tag } = file
  const common = {
    ...CORS,
    'accept-ranges': 'bytes',
    'content-type': type,
    'cache-control': cacheControl(path),
    'last-modified': new Date(modifiedMs).toUTCString(),
    'x-content-type-options': 'nosniff',
    etag: tag,
  }
  if (headers['if-none-match'] === tag) {
    response.writeHead(304, common)
    response.end()
    return
  }
  const isStale = headers['if-range'] !== undefined && headers['if-range'] !== tag
  const range = isStale ? 'whole' : parseRange(headers.range, sizeBytes)
  if (range === 'unsatisfiable') {
    response.writeHead(416, { ...common, 'content-range': `bytes */${sizeBytes}` })
    response.end()
    return
  }
  const { firstByte, lastByte } = range === 'whole' ? { firstByte: 0, lastByte: sizeBytes - 1 } : range
  response.writeHead(range === 'whole' ? 200 : 206, {
    ...common,
    'content-length': lastByte - firstByte + 1,
    ...(range === 'whole' ? {} : { 'content-range': `bytes ${firstByte}-${lastByte}/${sizeBytes}` }),
  })
  if (method === 'HEAD' || sizeBytes === 0) {
    response.end()
    return
  }
  stream(path, firstByte, lastByte, response, sent)
}

/** Counts what the socket took; a file that shrinks meanwhile breaks the response off. */
function stream(
  path: string,
  firstByte: number,
  lastByte: number,
  response: ServerResponse,
  sent: { bytes: number },
): void {
  const source = createReadStream(path, { start: firstByte, end: lastByte, highWaterMark: 256 * 1024 })
  const leave = () => source.destroy()
  response.once('close', leave)
  source.on('data', chunk => {
    const bytes = chunk.length
    const isRoom = response.write(chunk, error => {
      if (error === null || error === undefined) sent.bytes += bytes
    })
    if (isRoom) return
    source.pause()
    response.once('drain', () => source.resume())
  })
  source.once('end', () => response.end())
  source.once('error', () => response.destroy())
}

/** Playlists and manifests change when something is published anew; their media do not. */
function cacheControl(path: string): string {
  return /\.(m3u8|json|html)$/i.test(path) ? 'no-cache' : 'public, max-age=3600'
}

function firstOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
