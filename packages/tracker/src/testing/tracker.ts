// What the tests of the server share: a tracker on a free port with a clock that stands still, and peers on real sockets.
import {
  addressOfSecretKey,
  type Clock,
  createSeededRandom,
  type Hash,
  type Hex,
  randomBytesFrom,
  signatureToBytes,
  signDigest,
  toHex,
} from '@tan/primitives'
import {
  type ClientMessage,
  type ClientMessageOf,
  decodeServerMessage,
  encodeTrackerMessage,
  type ServerMessage,
  type ServerMessageOf,
  TRACKER_SUBPROTOCOL,
  trackerLoginDigest,
} from '@tan/protocol/tracker'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { createTracker, type Tracker, type TrackerOptions } from '../tracker.ts'

export interface ManualClock extends Clock {
  advance(durationMs: number): void
}

export function createManualClock(): ManualClock {
  let nowMs = 1_800_000_000_000
  return {
    nowMs: () => nowMs,
    advance(durationMs) {
      nowMs += durationMs
    },
  }
}

export interface RunningTracker {
  readonly tracker: Tracker
  readonly clock: ManualClock
  readonly url: string
  readonly port: number
}

export async function startTracker(options: Partial<TrackerOptions> = {}): Promise<RunningTracker> {
  const clock = createManualClock()
  const tracker = createTracker({ clock, random: createSeededRandom(1), trustReportedPlaces: true, ...options })
  const { url, port } = await tracker.start()
  onTestFinished(() => tracker.stop())
  return { tracker, clock, url, port }
}

export interface Closing {
  readonly code: number
  readonly reason: string
}

/** A socket and all that it heard and nobody has asked for yet. */
export class Line {
  readonly opened: Promise<void>
  readonly closed: Promise<Closing>
  readonly #socket: WebSocket
  readonly #heard: string[] = []
  pings = 0
  #wake = () => {}

  constructor(url: string, subprotocols: string[], options: ClientOptions = {}) {
    this.#socket = new WebSocket(url, subprotocols, options)
    onTestFinished(() => this.#socket.terminate())
    this.opened = new Promise((resolve, reject) => {
      this.#socket.on('open', resolve)
      this.#socket.on('error', reject)
    })
    this.opened.catch(() => {}) // for those who wait for the end only
    this.#socket.on('message', data => {
      this.#heard.push(data.toString())
      this.#wake()
    })
    this.#socket.on('ping', () => {
      this.pings++
    })
    this.closed = new Promise(resolve => {
      this.#socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#wake()
      })
    })
  }

  send(data: string | Uint8Array): void {
    this.#socket.send(data)
  }

  /** The next text. Fails where the socket closes instead. */
  async next(): Promise<string> {
    for (;;) {
      const text = this.#heard.shift()
      if (text !== undefined) return text
      if (this.#socket.readyState >= WebSocket.CLOSING) throw new Error('the socket closed before the next message')
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  /** As a machine that is gone: it reads nothing more, and answers no ping. */
  stall(): void {
    this.#socket.pause()
  }

  get unheard(): number {
    return this.#heard.length
  }

  close(): void {
    this.#socket.close()
  }
}

let keys = 0

/** A peer that speaks the tracker's own protocol, message by message. */
export class Peer {
  readonly id: Hex
  readonly line: Line
  readonly #secretKey: Uint8Array

  constructor(url: string, options: ClientOptions = {}, secretKey = randomBytesFrom(createSeededRandom(++keys), 32)) {
    this.#secretKey = secretKey
    this.id = addressOfSecretKey(secretKey)
    this.line = new Line(url, [TRACKER_SUBPROTOCOL], options)
  }

  get secretKey(): Uint8Array {
    return this.#secretKey
  }

  send(message: ClientMessage): void {
    this.line.send(encodeTrackerMessage(message))
  }

  async next<T extends ServerMessage['type']>(type: T): Promise<ServerMessageOf<T>> {
    const message = decodeServerMessage(await this.line.next())
    if (message.type !== type) throw new Error(`expected ${type}, heard ${JSON.stringify(message)}`)
    return message as ServerMessageOf<T>
  }

  helloTo(nonce: string, host: string, fields: Partial<ClientMessageOf<'hello'>> = {}): ClientMessageOf<'hello'> {
    const signature = toHex(signatureToBytes(signDigest(trackerLoginDigest(nonce, host), this.#secretKey)))
    return { type: 'hello', peerId: this.id, signature, role: 'viewer', uploadBytesPerSecond: 1_000, ...fields }
  }

  announce(resourceId: Hash, want = 50, have = 1): Promise<ServerMessageOf<'candidates'>> {
    this.send({ type: 'announce', resourceId, have, want })
    return this.next('candidates')
  }

  /** Answered once all before it was. */
  beat(fields: Partial<ClientMessageOf<'heartbeat'>> = {}): Promise<ServerMessageOf<'alive'>> {
    this.send({ type: 'heartbeat', load: 0, servedBytes: 0, rtt: [], ...fields })
    return this.next('alive')
  }
}

/** A peer that has said hello. */
export async function connectPeer(
  url: string,
  fields: Partial<ClientMessageOf<'hello'>> = {},
  secretKey?: Uint8Array,
): Promise<Peer> {
  const peer = new Peer(url, {}, secretKey)
  const { nonce } = await peer.next('welcome')
  peer.send(peer.helloTo(nonce, new URL(url).host, fields))
  await peer.beat()
  return peer
}

export const hashOf = (i: number): Hash => `0x${i.toString(16).padStart(64, '0')}`
export const HANOI = { latitude: 21.03, longitude: 105.85, asn: 45899 }
export const SAIGON = { latitude: 10.78, longitude: 106.7, asn: 18403 }
export const BERLIN = { latitude: 52.52, longitude: 13.4, asn: 3320 }
