import {
  addressOfSecretKey,
  createSeededRandom,
  type Hash,
  type Hex,
  randomBytesFrom,
  signDigest,
} from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { createTrackerClient, type TrackerClientState, type TrackerSocket } from './client.ts'
import {
  CLOSE_REPLACED,
  type ClientMessage,
  decodeClientMessage,
  encodeTrackerMessage,
  type ServerMessage,
} from './messages.ts'

const secretKey = randomBytesFrom(createSeededRandom(5), 32)
const identity = { peerId: addressOfSecretKey(secretKey), sign: (digest: Uint8Array) => signDigest(digest, secretKey) }
const resource: Hash = `0x${'11'.repeat(32)}`
const other: Hex = `0x${'22'.repeat(20)}`
const welcome: ServerMessage = {
  type: 'welcome',
  nonce: `0x${'33'.repeat(16)}`,
  intervalMs: 1_000,
  iceServers: ['stun:s.example'],
}

/** The other end of the socket is the test: what a real tracker answers is tested where the tracker is. */
class Line implements TrackerSocket {
  readonly sent: ClientMessage[] = []
  isClosed = false
  readonly #listeners: [string, (event: object) => void][] = []
  addEventListener(type: string, listener: (event: object) => void) {
    this.#listeners.push([type, listener])
  }
  send(text: string) {
    this.sent.push(decodeClientMessage(text))
  }
  close() {
    this.isClosed = true
  }
  emit(type: string, event: object = {}) {
    for (const [name, listener] of this.#listeners) if (name === type) listener(event)
  }
  say(message: ServerMessage | string) {
    this.emit('message', { data: typeof message === 'string' ? message : encodeTrackerMessage(message) })
  }
  types() {
    return this.sent.map(message => message.type)
  }
}

interface Setup {
  readonly sign?: (digest: Uint8Array) => ReturnType<typeof identity.sign>
  readonly onState?: (state: TrackerClientState) => void
}

function setUp({ sign = identity.sign, onState }: Setup = {}) {
  const lines: Line[] = []
  const timers: { delayMs: number; call: () => void }[] = []
  const heard: [string, unknown][] = []
  const states: TrackerClientState[] = []
  const hear = (name: string) => (message: unknown) => void heard.push([name, message])
  const client = createTrackerClient({
    url: 'ws://Tracker.example:8000/path',
    identity: { peerId: identity.peerId, sign },
    role: 'viewer',
    uploadBytesPerSecond: 1_000,
    openSocket() {
      const line = new Line()
      lines.push(line)
      return line
    },
    timers: {
      after(delayMs, call) {
        const timer = { delayMs, call }
        timers.push(timer)
        return () => {
          if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
        }
      },
    },
    random: createSeededRandom(1),
    events: {
      candidates: hear('candidates'),
      signal: hear('signal'),
      claims: hear('claims'),
      error: hear('error'),
      state(state) {
        states.push(state)
        onState?.(state)
      },
    },
  })
  const fire = () => {
    const [timer] = timers.splice(0, 1)
    timer!.call()
    return timer!.delayMs
  }
  const greeted = async () => {
    lines.at(-1)!.say(welcome)
    await new Promise(setImmediate) // the signature is awaited
  }
  return { client, lines, timers, heard, states, fire, greeted }
}

// Checked by the compiler: a browser's socket is one.
const fromBrowser = (socket: WebSocket): TrackerSocket => socket
void fromBrowser

describe('a tracker client', () => {
  it('says hello, then what was announced before, then heartbeats twice an interval', async () => {
    const { client, lines, timers, states, fire, greeted } = setUp()
    client.announce(resource, 0.5, 10)
    client.start()
    expect(lines[0]!.sent).toEqual([])
    await greeted()
    expect(lines[0]!.types()).toEqual(['hello', 'announce'])
    expect(states).toEqual(['connecting', 'connected'])
    expect(timers.map(timer => timer.delayMs)).toEqual([500])
    fire()
    expect(lines[0]!.sent.at(-1)).toEqual({ type: 'heartbeat', load: 0, servedBytes: 0, rtt: [] })
    client.leave(resource)
    client.leave(resource)
    expect(lines[0]!.types()).toEqual(['hello', 'announce', 'heartbeat', 'leave'])
  })

  it('comes back after a loss, later each time, and announces again', async () => {
    const { client, lines, states, fire, greeted } = setUp()
    client.announce(resource, 1, 5)
    client.start()
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      lines.at(-1)!.emit('close', { code: 1006 })
      waits.push(fire())
    }
    for (const [i, waitMs] of waits.entries()) {
      const longestMs = Math.min(30_000, 500 * 2 ** i)
      expect(waitMs).toBeGreaterThanOrEqual(longestMs / 2)
      expect(waitMs).toBeLessThanOrEqual(longestMs)
    }
    expect(states.slice(0, 4)).toEqual(['connecting', 'waiting', 'connecting', 'waiting'])
    await greeted()
    expect(lines.at(-1)!.types()).toEqual(['hello', 'announce'])
    // An answer shows that the tracker serves it: the next loss is a first one.
    lines.at(-1)!.say({ type: 'alive' })
    lines.at(-1)!.emit('close', { code: 1006 })
    expect(fire()).toBeLessThanOrEqual(500)
  })

  it('gives up a tracker that does not greet, or does not answer', async () => {
    const { client, lines, fire, greeted } = setUp()
    client.start()
    fire()
    expect(lines[0]!.isClosed).toBe(true)
    fire()
    await greeted()
    for (let beats = 0; beats < 4; beats++) fire()
    expect(lines[1]!.isClosed).toBe(false)
    lines[1]!.say({ type: 'alive' })
    for (let beats = 0; beats < 4; beats++) fire()
    expect(lines[1]!.isClosed).toBe(false)
    fire()
    expect(lines[1]!.isClosed).toBe(true)
    expect(client.state).toBe('waiting')
  })

  it('stays away once its identity is used elsewhere, until it is started again', async () => {
    const { client, lines, timers, states, greeted } = setUp()
    client.start()
    await greeted()
    lines[0]!.emit('close', { code: CLOSE_REPLACED })
    expect(states.at(-1)).toBe('replaced')
    expect(timers).toEqual([])
    client.start()
    expect(lines.length).toBe(2)
  })

  it('heeds nothing from a socket that it left, and nothing after a stop', async () => {
    const { client, lines, timers, heard, greeted } = setUp()
    client.start()
    await greeted()
    client.stop()
    expect(lines[0]!.isClosed).toBe(true)
    lines[0]!.emit('close', { code: 1006 })
    lines[0]!.say({ type: 'error', code: 'a', message: 'b' })
    expect(heard).toEqual([])
    expect(timers).toEqual([])
    expect(client.signal(resource, other, { kind: 'offer', attempt: '1', sdp: '' })).toBe(false)
    client.start()
    lines[1]!.say(welcome)
    client.stop()
    await new Promise(setImmediate)
    expect(lines[1]!.sent).toEqual([])
  })

  it('tells of messages that are none, of refusals, and of a signature that fails, and goes on', async () => {
    const { client, lines, heard } = setUp({
      sign() {
        throw new Error('the key is locked')
      },
    })
    client.start()
    const [line] = lines
    line!.say('{')
    line!.say('{"type":"candidates"}')
    line!.emit('message', { data: new Uint8Array(3) })
    line!.say({ type: 'error', code: 'tracker/gone', message: 'no', peerId: other })
    line!.say(welcome)
    await new Promise(setImmediate)
    expect(heard.map(([name, error]) => [name, (error as { code: string }).code])).toEqual([
      ['error', 'tracker/json'],
      ['error', 'tracker/field'],
      ['error', 'tracker/binary'],
      ['error', 'tracker/gone'],
      ['error', 'internal/unexpected'],
    ])
    expect(line!.sent).toEqual([])
    expect(line!.isClosed).toBe(false)
  })

  it('may be stopped by whoever hears of its state', () => {
    const { client, lines, timers } = setUp({ onState: state => void (state === 'waiting' && client.stop()) })
    client.start()
    lines[0]!.emit('close', { code: 1006 })
    expect(client.state).toBe('stopped')
    expect(timers).toEqual([])
    expect(lines.length).toBe(1)
  })

  it('takes only addresses of WebSockets', () => {
    const options = {
      identity,
      role: 'viewer' as const,
      uploadBytesPerSecond: 0,
      random: createSeededRandom(1),
      events: {},
    }
    const rest = { openSocket: () => new Line(), timers: { after: () => () => {} } }
    for (const url of ['http://a', 'tracker', '', 'javascript:1'])
      expect(() => createTrackerClient({ url, ...options, ...rest })).toThrow('starts with ws:// or wss://')
  })
})
