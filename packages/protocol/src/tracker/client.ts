// The client of a tracker, for browsers and Node: connects, identifies the peer, keeps announcing, and reconnects after
// a loss. It uses only the socket, clock and timers that it is given. It checks a tracker's messages like any outside
// input: a tracker can only mislead a peer about which peers are near.
import {
  type Address,
  CodedError,
  type Hash,
  type Random,
  type Reason,
  type RecoverableSignature,
  reasonOf,
  signatureToBytes,
  toHex,
} from '@tan/primitives'
import {
  CLOSE_REPLACED,
  type ClientMessage,
  type ClientMessageOf,
  decodeServerMessage,
  encodeTrackerMessage,
  type IceSignal,
  type PeerRole,
  type Place,
  type ServerMessage,
  type ServerMessageOf,
  TRACKER_SUBPROTOCOL,
  trackerLoginDigest,
} from './messages.ts'

const RETRY_MIN_MS = 500
const RETRY_MAX_MS = 30_000
/** from dialling to the welcome */
const WELCOME_MAX_MS = 10_000
/** heartbeats without any answer before the connection counts as lost */
const UNANSWERED_MAX = 4

/** The part of a WebSocket that is used: a browser's, Node's and that of `ws` fit. */
export interface TrackerSocket {
  send(text: string): void
  close(): void
  addEventListener(type: 'open' | 'close' | 'error' | 'message', listener: (event: object) => void): void
}

export interface Timers {
  /** calls once, after the time; gives a function that calls it off */
  after(delayMs: number, call: () => void): () => void
}

export interface TrackerIdentity {
  readonly peerId: Address
  sign(digest: Uint8Array): RecoverableSignature | Promise<RecoverableSignature>
}

export type TrackerReport = Omit<ClientMessageOf<'heartbeat'>, 'type'>

/** `replaced`: the same identity connected again elsewhere. It stays so until `start` is called again. */
export type TrackerClientState = 'stopped' | 'connecting' | 'connected' | 'waiting' | 'replaced'

export interface TrackerClientOptions {
  /** `ws:` or `wss:` */
  readonly url: string
  readonly identity: TrackerIdentity
  readonly role: PeerRole
  readonly uploadBytesPerSecond: number
  /** for devnets and tests, whose trackers heed it */
  readonly place?: Place | undefined
  readonly openSocket: (url: string, subprotocol: string) => TrackerSocket
  readonly timers: Timers
  /** spreads reconnects, so that a tracker that comes back does not meet all of its peers at once */
  readonly random: Random
  /** what the next heartbeat says; called once for each */
  readonly report?: (() => TrackerReport) | undefined
  readonly events: {
    welcome?(message: ServerMessageOf<'welcome'>): void
    candidates?(message: ServerMessageOf<'candidates'>): void
    signal?(message: ServerMessageOf<'signal'>): void
    claims?(message: ServerMessageOf<'claims'>): void
    /** the tracker's refusals, and errors in its messages */
    error?(rejection: Reason, about?: { peerId?: Address | undefined; resourceId?: Hash | undefined }): void
    state?(state: TrackerClientState): void
  }
}

export interface TrackerClient {
  start(): void
  stop(): void
  readonly state: TrackerClientState
  /** Joins a swarm, or renews it: more candidates, another share. Repeated by itself after a loss of the connection. */
  announce(resourceId: Hash, have: number, want: number): void
  leave(resourceId: Hash): void
  /** False where there is no connection: the signal is dropped, since it would be stale when there is one. */
  signal(resourceId: Hash, to: Address, signal: IceSignal): boolean
  claim(claim: Omit<ClientMessageOf<'claim'>, 'type'>): boolean
}

export function createTrackerClient(options: TrackerClientOptions): TrackerClient {
  return new Client(options)
}

class Client implements TrackerClient {
  readonly #options: TrackerClientOptions
  readonly #host: string
  readonly #announced = new Map<Hash, { have: number; want: number }>()
  #state: TrackerClientState = 'stopped'
  #socket: TrackerSocket | undefined
  #told: TrackerClientState = 'stopped'
  #attempts = 0
  #unanswered = 0
  #cancelTimer = () => {}

  constructor(options: TrackerClientOptions) {
    this.#options = options
    this.#host = hostOf(options.url)
  }

  get state(): TrackerClientState {
    return this.#state
  }

  start(): void {
    if (this.#state === 'stopped' || this.#state === 'replaced') this.#connect()
  }

  stop(): void {
    this.#drop('stopped')
  }

  announce(resourceId: Hash, have: number, want: number): void {
    this.#announced.set(resourceId, { have, want })
    this.#send({ type: 'announce', resourceId, have, want })
  }

  leave(resourceId: Hash): void {
    if (this.#announced.delete(resourceId)) this.#send({ type: 'leave', resourceId })
  }

  signal(resourceId: Hash, to: Address, signal: IceSignal): boolean {
    return this.#send({ type: 'signal', resourceId, to, signal })
  }

  claim(claim: Omit<ClientMessageOf<'claim'>, 'type'>): boolean {
    return this.#send({ type: 'claim', ...claim })
  }

  #connect(): void {
    this.#state = 'connecting'
    this.#after(WELCOME_MAX_MS, () => this.#retryLater())
    try {
      this.#socket = this.#listen(this.#options.openSocket(this.#options.url, TRACKER_SUBPROTOCOL))
    } catch (cause) {
      this.#tell(new CodedError('tracker/connect', `cannot open a WebSocket to ${this.#options.url}`, { cause }))
      this.#retryLater()
    }
    this.#tellState()
  }

  #listen(socket: TrackerSocket): TrackerSocket {
    // Events of sockets differ by library; these two fields do not.
    const whileCurrent = (handle: (event: { data?: unknown; code?: unknown }) => void) => (event: object) => {
      if (this.#socket === socket) handle(event)
    }
    socket.addEventListener(
      'message',
      whileCurrent(event => this.#receive(socket, event.data)),
    )
    socket.addEventListener(
      'close',
      whileCurrent(event => {
        if (event.code === CLOSE_REPLACED) this.#drop('replaced')
        else this.#retryLater()
      }),
    )
    // A `close` follows each error; an unheard error event of some sockets would be thrown.
    socket.addEventListener('error', () => {})
    return socket
  }

  #receive(socket: TrackerSocket, data: unknown): void {
    let message: ServerMessage
    try {
      if (typeof data !== 'string')
        throw new CodedError('tracker/binary', 'the tracker sent a message that is not text')
      message = decodeServerMessage(data)
    } catch (error) {
      this.#tell(error)
      return
    }
    this.#unanswered = 0
    const { events } = this.#options
    switch (message.type) {
      case 'welcome':
        this.#greet(socket, message).catch((error: unknown) => this.#tell(error))
        break
      case 'candidates':
        this.#attempts = 0
        events.candidates?.(message)
        break
      case 'signal':
        events.signal?.(message)
        break
      case 'claims':
        events.claims?.(message)
        break
      case 'alive':
        this.#attempts = 0
        break
      case 'error': {
        const { code, message: text, peerId, resourceId } = message
        events.error?.({ code, message: text }, { peerId, resourceId })
        break
      }
    }
  }

  async #greet(socket: TrackerSocket, welcome: ServerMessageOf<'welcome'>): Promise<void> {
    if (this.#state !== 'connecting') return
    const { identity, role, uploadBytesPerSecond, place, events } = this.#options
    const signature = await identity.sign(trackerLoginDigest(welcome.nonce, this.#host))
    if (this.#socket !== socket || this.#state !== 'connecting') return
    this.#state = 'connected'
    this.#send({
      type: 'hello',
      peerId: identity.peerId,
      signature: toHex(signatureToBytes(signature)),
      role,
      uploadBytesPerSecond,
      place,
    })
    for (const [resourceId, { have, want }] of this.#announced) this.#send({ type: 'announce', resourceId, have, want })
    // Twice in an interval, so that one late timer does not cost the place in the swarm.
    const everyMs = welcome.intervalMs / 2
    this.#after(everyMs, () => this.#beat(everyMs))
    this.#tellState()
    events.welcome?.(welcome)
  }

  #beat(everyMs: number): void {
    this.#unanswered++
    if (this.#unanswered > UNANSWERED_MAX) {
      this.#retryLater()
      return
    }
    this.#after(everyMs, () => this.#beat(everyMs))
    const report = this.#options.report?.() ?? { load: 0, servedBytes: 0, rtt: [] }
    this.#send({ type: 'heartbeat', ...report })
  }

  #send(message: ClientMessage): boolean {
    if (this.#state !== 'connected' || this.#socket === undefined) return false
    try {
      this.#socket.send(encodeTrackerMessage(message))
      return true
    } catch {
      return false // closing: its `close` event follows
    }
  }

  #retryLater(): void {
    const longestMs = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.#attempts++)
    this.#drop('waiting')
    // Unless the listener of the state stopped it, or started it again.
    if (this.#state !== 'waiting') return
    this.#after(longestMs * (0.5 + this.#options.random.uint32() / 2 ** 33), () => this.#connect())
  }

  #drop(next: TrackerClientState): void {
    this.#cancelTimer()
    this.#unanswered = 0
    this.#state = next
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
    this.#tellState()
  }

  /** There is never more than one thing to wait for: the welcome, the next heartbeat, or the next attempt. */
  #after(delayMs: number, call: () => void): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#options.timers.after(delayMs, call)
  }

  /** Last in each step, since the listener may call back into this client. */
  #tellState(): void {
    if (this.#told === this.#state) return
    this.#told = this.#state
    this.#options.events.state?.(this.#state)
  }

  #tell(error: unknown): void {
    this.#options.events.error?.(reasonOf(error))
  }
}

/** As the Host header of the connection has it. Throws `tracker/url`. */
function hostOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^wss?:$/.test(parsed.protocol))
    throw new CodedError('tracker/url', `a tracker's address starts with ws:// or wss://, not ${url.slice(0, 80)}`)
  return parsed.host
}
