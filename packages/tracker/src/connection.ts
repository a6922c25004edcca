// One socket of a peer, whatever protocol it speaks: what it may send, when it was heard last, and when it is cut.
import { type Clock, CodedError, type Logger, type Metrics, type Reason, reasonOf } from '@tan/primitives'
import type { RawData, WebSocket } from 'ws'
import { type TrackerLimits, UNSENT_MAX_BYTES } from './limits.ts'
import { type Customer, createTokenBucket } from './rate.ts'

const CLOSE_GOING_AWAY = 1001
const CLOSE_POLICY = 1008

/** The protocol that a socket speaks: what to do with a text, how to say no, what to forget at the end. */
export interface Dialect {
  /** A sign of life, unless it throws a CodedError: then it was refused. */
  receive(text: string): void | Promise<void>
  refuse(rejection: Reason): void
  closed(): void
  /** Does a peer show that it is alive by messages? If not, by pongs. */
  readonly hasHeartbeats: boolean
}

export interface ConnectionContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly limits: TrackerLimits
}

export class Connection {
  readonly ip: string
  /** host and port as the peer dialled them */
  readonly host: string
  readonly #socket: WebSocket
  readonly #context: ConnectionContext
  readonly #customer: Customer
  readonly #messages
  readonly #refusals
  #dialect: Dialect | undefined
  #heardAtMs: number
  #pingedAtMs: number

  constructor(socket: WebSocket, ip: string, host: string, customer: Customer, context: ConnectionContext) {
    this.#socket = socket
    this.ip = ip
    this.host = host
    this.#context = context
    this.#customer = customer
    const { clock, limits } = context
    this.#messages = createTokenBucket(clock, limits.messagesPerSecond)
    this.#refusals = createTokenBucket(clock, limits.refusalsPerMinute / 60, limits.refusalsPerMinute)
    this.#heardAtMs = clock.nowMs()
    this.#pingedAtMs = this.#heardAtMs
  }

  /** From here on the dialect gets what comes. `gone` is called once, at the end. */
  open(dialect: Dialect, gone: () => void): void {
    this.#dialect = dialect
    this.#socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    this.#socket.on('pong', () => this.#heard())
    // What breaks the WebSocket protocol or the size of a frame closes the socket by itself.
    this.#socket.on('error', error => this.#context.logger.debug('tracker: a socket failed', { reason: error.message }))
    this.#socket.on('close', () => {
      dialect.closed()
      gone()
    })
  }

  send(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > UNSENT_MAX_BYTES) {
      this.#context.metrics.count('tan_tracker_slow_readers_total')
      this.#socket.terminate()
      return
    }
    this.#socket.send(text)
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  stop(): void {
    this.close(CLOSE_GOING_AWAY, 'tracker/stopped')
  }

  terminate(): void {
    this.#socket.terminate()
  }

  /** spec T-ALIVE: cuts a silent peer, and asks one without heartbeats for a pong. */
  check(intervalMs: number): void {
    const nowMs = this.#context.clock.nowMs()
    if (nowMs - this.#heardAtMs > intervalMs) {
      this.#context.metrics.count('tan_tracker_silent_peers_total')
      this.#socket.terminate()
    } else if (!this.#dialect?.hasHeartbeats && nowMs - this.#pingedAtMs >= intervalMs / 2) {
      this.#pingedAtMs = nowMs
      this.#socket.ping()
    }
  }

  #heard(): void {
    this.#heardAtMs = this.#context.clock.nowMs()
  }

  // spec T-SOCKET: texts alone, and not more than the rate
  #receive(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#attempt(() => {
      if (!this.#messages.take() || !this.#customer.messages.take())
        throw new CodedError('tracker/rate', 'too many messages: send them more slowly')
      if (isBinary) throw new CodedError('tracker/binary', 'messages are texts of JSON, not binary')
      return this.#dialect!.receive(data.toString())
    })
  }

  async #attempt(step: () => void | Promise<void>): Promise<void> {
    try {
      await step()
      this.#heard()
    } catch (error) {
      this.#refuse(error)
    }
  }

  // spec T-REFUSE: it is answered, and too many of them close the socket
  #refuse(error: unknown): void {
    const { logger, metrics } = this.#context
    let rejection = reasonOf(error)
    if (!(error instanceof CodedError)) {
      logger.error('tracker: a message failed', { ...rejection })
      rejection = { code: rejection.code, message: 'the tracker failed on this message' }
    }
    metrics.count('tan_tracker_refusals_total', 1, { code: rejection.code })
    this.#dialect!.refuse(rejection)
    if (!this.#refusals.take()) this.close(CLOSE_POLICY, rejection.code)
  }
}
