// The tracker as a server: one port for WebSockets of both protocols and for its pages.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Clock, CodedError, type Logger, type Random, type Rejection, silentLogger } from '@tan/primitives'
import { TRACKER_SUBPROTOCOL, type TrackerStats } from '@tan/protocol/tracker'
import { TRACKER_INTERVAL_MAX_MS, TRACKER_INTERVAL_MIN_MS } from '@tan/protocol/tracker/limits'
import { type WebSocket, WebSocketServer } from 'ws'
import { reject } from './codes.ts'
import { Connection } from './connection.ts'
import type { DialectContext, VerifyClaim } from './dialect-context.ts'
import { answerHttp, refuseUpgrade } from './http.ts'
import { customerOf } from './ip.ts'
import {
  DEFAULT_LIMITS,
  FRAME_MAX_BYTES,
  HEADER_MAX_BYTES,
  HTTP_SOCKETS_MAX,
  REQUEST_MAX_MS,
  type TrackerLimits,
} from './limits.ts'
import type { Locate } from './locate.ts'
import { createMetricsPage } from './metrics.ts'
import { createRttBook } from './network-distance.ts'
import { createCustomers, createTokenBucket } from './rate.ts'
import { createStats, gaugeTracker } from './stats.ts'
import { createTanDialect } from './tan-dialect.ts'
import { createWebtorrentDialect } from './webtorrent-dialect.ts'

/** Silence is noticed this soon after the interval. */
const CHECK_EVERY_MS = 250
/** for the close frames of a stop to go out */
const FAREWELL_MS = 500

export interface TrackerOptions {
  readonly clock: Clock
  readonly random: Random
  /** this machine only, unless said otherwise */
  readonly host?: string
  /** 0, or none: any free one */
  readonly port?: number
  readonly logger?: Logger
  /** Silence of a peer for longer than this takes it out, within a second. Its client sends a heartbeat twice as often. */
  readonly intervalMs?: number
  /** `stun:` addresses that peers are told to use */
  readonly iceServers?: readonly string[]
  /** web pages that may connect, as `https://host`; without it all. What is no browser says no origin and may always */
  readonly origins?: readonly string[]
  /** believe X-Forwarded-For and X-Forwarded-Host: only behind a proxy that sets them */
  readonly trustProxy?: boolean
  /** believe peers that say where they are: devnets and tests */
  readonly trustReportedPlaces?: boolean
  readonly locate?: Locate
  readonly verifyClaim?: VerifyClaim
  readonly limits?: Partial<TrackerLimits>
}

export interface TrackerAddress {
  readonly host: string
  readonly port: number
  /** `ws://host:port` */
  readonly url: string
}

export interface Tracker {
  /** Throws `tracker/listen` where the port is taken or the host is not this machine's. */
  start(): Promise<TrackerAddress>
  stop(): Promise<void>
  /** while it runs */
  readonly address: TrackerAddress | undefined
  stats(): TrackerStats
}

/** Throws `tracker/interval`. */
export function createTracker(options: TrackerOptions): Tracker {
  return new TrackerServer(options)
}

class TrackerServer implements Tracker {
  readonly #options: TrackerOptions
  readonly #context: DialectContext
  readonly #server: Server
  readonly #connections = new Set<Connection>()
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: FRAME_MAX_BYTES,
    // A window of compression for each socket costs more memory than it saves traffic.
    perMessageDeflate: false,
    clientTracking: false,
    handleProtocols: offered => (offered.has(TRACKER_SUBPROTOCOL) ? TRACKER_SUBPROTOCOL : false),
  })
  readonly #tan
  readonly #webtorrent
  readonly #customers
  readonly #stats
  #checks: NodeJS.Timeout | undefined
  #address: TrackerAddress | undefined

  constructor(options: TrackerOptions) {
    const { clock, intervalMs = 10_000 } = options
    if (intervalMs < TRACKER_INTERVAL_MIN_MS || intervalMs > TRACKER_INTERVAL_MAX_MS)
      throw new CodedError(
        'tracker/interval',
        `intervalMs is ${intervalMs}: choose ${TRACKER_INTERVAL_MIN_MS} to ${TRACKER_INTERVAL_MAX_MS}`,
      )
    const limits: TrackerLimits = { ...DEFAULT_LIMITS, ...options.limits }
    const metrics = createMetricsPage()
    this.#options = options
    this.#context = {
      clock,
      metrics,
      limits,
      intervalMs,
      random: options.random,
      logger: options.logger ?? silentLogger,
      rtt: createRttBook(),
      locate: options.locate ?? (() => undefined),
      iceServers: options.iceServers ?? [],
      trustReportedPlaces: options.trustReportedPlaces ?? false,
      verifyClaim: options.verifyClaim,
    }
    this.#tan = createTanDialect(this.#context)
    this.#webtorrent = createWebtorrentDialect(this.#context)
    this.#customers = createCustomers(() => ({
      connects: createTokenBucket(clock, limits.connectsPerIpPerSecond),
      messages: createTokenBucket(clock, limits.messagesPerIpPerSecond),
    }))
    const sources = { clock, tan: this.#tan, webtorrent: this.#webtorrent, sockets: () => this.#connections.size }
    this.#stats = createStats(sources)
    const pages = {
      health: () => JSON.stringify({ status: 'ok', sockets: this.#connections.size }),
      stats: () => this.#stats().json,
      metrics: () => {
        gaugeTracker(metrics, sources)
        return metrics.text()
      },
    }
    this.#server = createServer(
      { maxHeaderSize: HEADER_MAX_BYTES, headersTimeout: REQUEST_MAX_MS, requestTimeout: REQUEST_MAX_MS },
      (request, response) => answerHttp(request, response, pages),
    )
    this.#server.maxConnections = limits.sockets + HTTP_SOCKETS_MAX
    // Of a socket that could not be accepted; one of `listen` reaches `start`, too.
    this.#server.on('error', error =>
      this.#context.logger.warn('tracker: the server failed', { reason: error.message }),
    )
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  stats(): TrackerStats {
    return this.#stats().stats
  }

  get address(): TrackerAddress | undefined {
    return this.#address
  }

  async start(): Promise<TrackerAddress> {
    const { host = '127.0.0.1', port = 0 } = this.#options
    try {
      this.#server.listen(port, host)
      await once(this.#server, 'listening')
    } catch (cause) {
      const reason = cause instanceof Error && 'code' in cause ? cause.code : cause
      throw new CodedError(
        'tracker/listen',
        `cannot listen on ${host}:${port} (${reason}): choose another port or host`,
        {
          cause,
        },
      )
    }
    const { port: bound } = this.#server.address() as AddressInfo
    const shown = host.includes(':') ? `[${host}]` : host
    this.#address = { host, port: bound, url: `ws://${shown}:${bound}` }
    this.#checks = setInterval(() => {
      for (const connection of this.#connections) connection.check(this.#context.intervalMs)
    }, CHECK_EVERY_MS)
    this.#context.logger.info('tracker: listening', { url: this.#address.url })
    return this.#address
  }

  async stop(): Promise<void> {
    if (this.#address === undefined) return
    this.#address = undefined
    clearInterval(this.#checks)
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const connection of this.#connections) connection.stop()
    const farewell = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate()
      this.#server.closeAllConnections()
    }, FAREWELL_MS)
    this.#server.closeIdleConnections()
    await closed
    clearTimeout(farewell)
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the handshake is done nobody else listens for what goes wrong with the socket.
    socket.on('error', () => socket.destroy())
    const { limits, metrics } = this.#context
    const ip = this.#ipOf(request)
    const customer = this.#customers.of(customerOf(ip))
    const refuse = (status: 403 | 429 | 503, { code, message }: Rejection) => {
      metrics.count('tan_tracker_refused_sockets_total', 1, { code })
      refuseUpgrade(socket, status, { code, message })
    }
    const { origins } = this.#options
    const { origin } = request.headers
    if (this.#address === undefined) refuse(503, reject('tracker/stopped', 'this tracker is stopping: try another one'))
    else if (origins !== undefined && origin !== undefined && !origins.includes(origin))
      refuse(403, reject('tracker/origin', `pages of ${origin.slice(0, 200)} may not use this tracker`))
    else if (this.#connections.size >= limits.sockets)
      refuse(503, reject('tracker/full', `${limits.sockets} sockets are open, which is all: try another tracker`))
    else if (customer.sockets >= limits.socketsPerIp || !customer.connects.take())
      refuse(429, reject('tracker/rate', 'too many sockets from your address: wait, or close some'))
    else
      this.#webSockets.handleUpgrade(request, socket, head, webSocket => {
        customer.sockets++
        const connection = new Connection(webSocket, ip, this.#hostOf(request), customer, this.#context)
        this.#connections.add(connection)
        connection.open(this.#dialectOf(webSocket).accept(connection), () => {
          customer.sockets--
          this.#connections.delete(connection)
        })
      })
  }

  #dialectOf(webSocket: WebSocket) {
    return webSocket.protocol === TRACKER_SUBPROTOCOL ? this.#tan : this.#webtorrent
  }

  #ipOf(request: IncomingMessage): string {
    // Each proxy adds the address that it sees at the end; ours is the last.
    const forwarded = this.#options.trustProxy
      ? header(request, 'x-forwarded-for')?.split(',').at(-1)?.trim()
      : undefined
    return forwarded || (request.socket.remoteAddress ?? '')
  }

  #hostOf(request: IncomingMessage): string {
    const forwarded = this.#options.trustProxy ? header(request, 'x-forwarded-host') : undefined
    return (forwarded ?? request.headers.host ?? '').toLowerCase()
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.at(-1) : value
}
