// What the tests of this room share: a clock that can be set ahead, counted metrics, keys, waiting for a condition, and
// a raw wire that behaves as badly as a test wants.
import {
  type Clock,
  CodedError,
  createSeededRandom,
  equalBytes,
  type Metrics,
  sha256,
  utf8ToBytes,
} from '@tan/primitives'
import { afterEach, expect } from 'vitest'
import { LIMITS } from '../limits.ts'
import type { TransportOptions } from '../peer/peer-transport.ts'
import type { PeerEvent, PeerId, Transport, Verdict } from '../transport.ts'
import type { Channel, Wire, WireEvents } from '../wire/wire.ts'
import { BLOCKS, GENESIS, PEERS_ID, PREFIX, RANGES_ID, VOTES_ID } from './protocols.ts'

/** What a kind of wire needs to be tested. `place` is where it listens: a number for a fresh one, or an address of before. */
export interface Harness {
  transport(key: Uint8Array, place: number | string, options: TransportOptions): Promise<Transport>
  wire(key: Uint8Array, place: number): Promise<Wire>
  /** of an address at which nobody listens */
  readonly deadAddress: string
}

export interface TestNode {
  readonly transport: Transport
  readonly id: PeerId
  readonly key: Uint8Array
  readonly events: PeerEvent[]
  readonly metrics: CountedMetrics
  address(): string
}

export interface NodeOptions extends Partial<TransportOptions> {
  readonly key?: Uint8Array
  readonly place?: string
  /** registers handlers, before the start */
  readonly setUp?: (transport: Transport) => void
}

export interface RawOptions {
  readonly topicIds?: readonly string[]
  readonly events?: Partial<WireEvents>
}

/** A network of one test; everything in it is stopped after the test. */
export class TestWorld {
  readonly clock = new TestClock()
  readonly #harness: Harness
  readonly #transports: Transport[] = []
  readonly #wires: Wire[] = []
  #count = 0

  constructor(harness: Harness) {
    this.#harness = harness
  }

  async node({ key, place, setUp, ...options }: NodeOptions = {}): Promise<TestNode> {
    const number = this.#count++
    const metrics = new CountedMetrics()
    const ownKey = key ?? keyOf(`node ${number}`)
    const transport = await this.#harness.transport(ownKey, place ?? number, {
      genesis: GENESIS,
      allowPrivateAddresses: true,
      clock: this.clock,
      random: createSeededRandom(number),
      metrics,
      ...options,
    })
    this.#transports.push(transport)
    const events: PeerEvent[] = []
    transport.onPeer(event => events.push(event))
    setUp?.(transport)
    await transport.start()
    return { transport, id: transport.self, key: ownKey, events, metrics, address: () => transport.addresses[0]! }
  }

  /** Sets the clock ahead, which looks like a pause of the process to all, and lets them tick on. */
  async letPass(ms: number): Promise<void> {
    this.clock.advance(ms)
    await new Promise(resolve => setTimeout(resolve, 3 * LIMITS.tickMs))
  }

  /** Nodes that know each other in a line, and do not look for more peers. */
  async line(...setUps: ((transport: Transport) => void)[]): Promise<TestNode[]> {
    const nodes: TestNode[] = []
    for (const setUp of setUps) {
      const node = await this.node({ peersTarget: 0, setUp })
      if (nodes.length > 0) await node.transport.dial(nodes.at(-1)!.address())
      nodes.push(node)
    }
    return nodes
  }

  /** Nodes that were given only the address of the first, once all are connected with all. */
  async cluster(count: number, setUp: (transport: Transport) => void = () => {}): Promise<TestNode[]> {
    const first = await this.node({ setUp })
    const nodes = [first]
    for (let i = 1; i < count; i++) nodes.push(await this.node({ setUp, bootstrap: [first.address()] }))
    for (const { transport } of nodes) await until('all are connected', () => transport.peers().length === count - 1)
    return nodes
  }

  async raw(options: RawOptions = {}) {
    const number = this.#count++
    const wire = await this.#harness.wire(keyOf(`raw ${number}`), number)
    const lost: PeerId[] = []
    await this.startRaw(wire, { ...options, events: { disconnected: peer => lost.push(peer), ...options.events } })
    return {
      wire,
      lost,
      async open(node: TestNode, protocolId: string): Promise<RawStream> {
        await wire.dial(node.address(), AbortSignal.timeout(10_000))
        return new RawStream(await wire.open(node.id, protocolId, AbortSignal.timeout(10_000)))
      },
    }
  }

  async startRaw(wire: Wire, { topicIds = [], events = {} }: RawOptions): Promise<void> {
    this.#wires.push(wire)
    await wire.start({
      prefix: PREFIX,
      protocolIds: events.opened === undefined ? [] : [VOTES_ID, RANGES_ID, PEERS_ID],
      topicIds,
      gossipMessageSizeMaxBytes: 1 << 22,
      events: {
        admits: () => true,
        connected: () => {},
        disconnected: () => {},
        opened: channel => channel.abort(),
        gossipArrives: () => true,
        gossip: async (): Promise<Verdict> => 'accept',
        fault: () => {},
        penaltyPoints: () => 0,
        ...events,
      },
    })
  }

  async stop(): Promise<void> {
    await Promise.all(this.#transports.map(transport => transport.stop()))
    await Promise.all(this.#wires.map(wire => wire.stop()))
  }
}

/** A stream on which a test writes what it likes. */
export class RawStream {
  readonly channel: Channel
  received: Uint8Array = new Uint8Array(0)
  isClosed = false
  hasEnded = false

  constructor(channel: Channel, onData: () => void = () => {}) {
    this.channel = channel
    channel.listen({
      data: bytes => {
        const joined = new Uint8Array(this.received.length + bytes.length)
        joined.set(this.received)
        joined.set(bytes, this.received.length)
        this.received = joined
        onData()
      },
      ended: () => {
        this.hasEnded = true
      },
      drained: () => {},
      closed: () => {
        this.isClosed = true
      },
    })
  }
}

/** The machine's clock, ahead by what the test says. */
export class TestClock implements Clock {
  #aheadMs = 0

  nowMs(): number {
    return Date.now() + this.#aheadMs
  }

  advance(ms: number): void {
    this.#aheadMs += ms
  }
}

export class CountedMetrics implements Metrics {
  readonly #counts = new Map<string, number>()

  count(name: string, amount = 1, labels: Readonly<Record<string, string>> = {}): void {
    const key = `${name} ${JSON.stringify(labels)}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount)
  }

  gauge(): void {}
  observe(): void {}

  /** The sum over all label sets that hold these labels. */
  total(name: string, labels: Readonly<Record<string, string>> = {}): number {
    let total = 0
    for (const [key, count] of this.#counts) {
      const [of, rest] = [key.slice(0, key.indexOf(' ')), JSON.parse(key.slice(key.indexOf(' ') + 1))]
      if (of === name && Object.entries(labels).every(([label, value]) => rest[label] === value)) total += count
    }
    return total
  }
}

export function dropped({ metrics }: TestNode, code: string): number {
  return metrics.total('tan_network_messages_dropped_total', { code })
}

export function offences({ metrics }: TestNode, code: string): number {
  return metrics.total('tan_network_offences_total', { code })
}

const PROBE = 'probe'

/** Waits until gossip of each node reaches all others, by sending probes. */
export async function meshed(nodes: readonly TestNode[]): Promise<void> {
  const heard = ({ metrics }: TestNode) =>
    metrics.total('tan_network_messages_received_total', { protocol: BLOCKS.name })
  for (const node of nodes) {
    const others = nodes.filter(other => other !== node)
    const before = others.map(heard)
    for (let i = 0; others.some((other, at) => heard(other) === before[at]); i++) {
      node.transport.broadcast(BLOCKS, utf8ToBytes(`${PROBE} ${i} of ${node.id}, ${performance.now()}`))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

export function isProbe(message: Uint8Array): boolean {
  return equalBytes(message.subarray(0, PROBE.length), utf8ToBytes(PROBE))
}

export function keyOf(text: string): Uint8Array {
  return sha256(utf8ToBytes(text))
}

/** Waits until it holds; fails with what it waited for. */
export async function until(what: string, holds: () => boolean, deadlineMs = 60_000): Promise<void> {
  const endMs = performance.now() + deadlineMs
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}

export const NETWORK_CODE = expect.stringMatching(/^network\//)

export async function expectCode(promise: Promise<unknown>, code: string): Promise<CodedError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CodedError)
  expect((error as CodedError).code).toBe(code)
  return error as CodedError
}

/** A fresh world for each test of a describe block. */
export function useWorld(harness: Harness): { readonly world: TestWorld } {
  let current: TestWorld | undefined
  afterEach(async () => {
    await current?.stop()
    current = undefined
  })
  return {
    get world() {
      current ??= new TestWorld(harness)
      return current
    },
  }
}

/** The next error that nobody catches: what stops a process outside of a test. */
export function nextUncaught(): Promise<unknown> {
  const listeners = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  return new Promise(resolve =>
    process.once('uncaughtException', error => {
      for (const listener of listeners) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener)
      resolve(error)
    }),
  )
}
