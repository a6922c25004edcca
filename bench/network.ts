// The transport over libp2p on loopback, all nodes in this one process: what a message costs, how long it takes, and
// what a mesh costs while nobody says anything.

import { createLibp2pTransport, declareProtocol, type Transport } from '@tan/network'
import { createSeededRandom, keccak256, sha256, utf8ToBytes } from '@tan/primitives'

const RUNS = 7
const NODES = 8
const GENESIS = `0x${'00'.repeat(32)}` as const
/** no limits of rate: they are not what is measured */
const free = { messagesPerSecondMax: 1_000_000_000, timeoutMs: 30_000, penaltyPoints: 1, version: 1 }
const DIRECT = declareProtocol({ ...free, kind: 'message', name: 'direct', messageSizeMaxBytes: 1 << 20 })
const PING = declareProtocol({ ...free, kind: 'message', name: 'ping', messageSizeMaxBytes: 1024 })
const ASK = declareProtocol({
  ...free,
  kind: 'request',
  name: 'ask',
  messageSizeMaxBytes: 1024,
  responseSizeMaxBytes: 1 << 20,
})
const TOPIC = declareProtocol({ ...free, kind: 'gossip', name: 'topic', messageSizeMaxBytes: 1 << 20 })

interface Node {
  readonly transport: Transport
  direct: number
  gossip: number
}

export const bench = {
  name: 'network',
  description: `direct messages, requests and gossip over libp2p, and ${NODES} idle nodes, in one process`,
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const metrics: Record<string, number> = {}
    const nodes = await startMesh()
    try {
      const [a, b] = nodes as [Node, Node]
      record(metrics, 'direct_1kb_messages_per_s', await repeat(() => stream(a, b, 1024, 20_000)))
      const megabytes = await repeat(() => stream(a, b, 256 * 1024, 400))
      record(
        metrics,
        'direct_mb_per_s',
        megabytes.map(rate => rate * 0.262144),
      )
      const trips = await pingPong(a, b, 2000)
      metrics.direct_round_trip_p50_ms = quantile(trips, 0.5)
      metrics.direct_round_trip_p99_ms = quantile(trips, 0.99)
      record(metrics, 'requests_per_s', await repeat(() => ask(a, b, 2000)))
      record(metrics, `gossip_${NODES}_nodes_1kb_messages_per_s`, await repeat(() => gossip(nodes, 1024, 1500)))
      const spread = await gossipLatency(nodes, 100)
      metrics.gossip_to_all_p50_ms = quantile(spread, 0.5)
      metrics.gossip_to_all_p99_ms = quantile(spread, 0.99)
      metrics[`idle_${NODES}_nodes_cpu_percent`] = await idleCpu(15_000)
    } finally {
      await Promise.all(nodes.map(({ transport }) => transport.stop()))
    }
    return { metrics, ratios: {} }
  },
}

async function startMesh(): Promise<Node[]> {
  const nodes: Node[] = []
  for (let i = 0; i < NODES; i++) {
    const transport = await createLibp2pTransport({
      genesis: GENESIS,
      key: sha256(utf8ToBytes(`bench ${i}`)),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      bootstrap: nodes[0]?.transport.addresses ?? [],
      allowPrivateAddresses: true,
      clock: { nowMs: () => Date.now() },
      random: createSeededRandom(i),
    })
    const node: Node = { transport, direct: 0, gossip: 0 }
    transport.onMessage(DIRECT, () => {
      node.direct++
      return 'accept'
    })
    transport.onMessage(PING, (from, message) => {
      if (message[0] === 0) transport.send(from, PING, Uint8Array.of(1))
      else node.direct++
      return 'accept'
    })
    transport.onRequest(ASK, async (_, request) => request)
    transport.onGossip(TOPIC, () => {
      node.gossip++
      return 'accept'
    })
    await transport.start()
    nodes.push(node)
  }
  await until(() => nodes.every(({ transport }) => transport.peers().length === NODES - 1))
  // until gossip reaches everybody
  for (let i = 0; nodes.some(node => node.gossip === 0); i++) {
    for (const { transport } of nodes) transport.broadcast(TOPIC, utf8ToBytes(`warm ${i} ${transport.self}`))
    await pause(20)
  }
  // and until the last of that has come
  for (let before = -1; before !== heard(nodes); ) {
    before = heard(nodes)
    await pause(500)
  }
  return nodes
}

function heard(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => sum + node.gossip, 0)
}

/** Messages per second from one node to another, with so many on the way that no queue overflows. */
async function stream(from: Node, to: Node, sizeBytes: number, count: number): Promise<number> {
  const message = new Uint8Array(sizeBytes)
  const before = to.direct
  const window = Math.max(4, Math.min(512, Math.floor((2 << 20) / sizeBytes)))
  const startMs = performance.now()
  for (let sent = 0; sent < count; ) {
    while (sent < count && sent - (to.direct - before) < window) {
      from.transport.send(to.transport.self, DIRECT, message)
      sent++
    }
    await turn()
  }
  await until(() => to.direct - before === count)
  return (count * 1000) / (performance.now() - startMs)
}

async function pingPong(from: Node, to: Node, count: number): Promise<number[]> {
  const trips: number[] = []
  for (let i = 0; i < count; i++) {
    const before = from.direct
    const startMs = performance.now()
    from.transport.send(to.transport.self, PING, Uint8Array.of(0))
    while (from.direct === before) await turn()
    trips.push(performance.now() - startMs)
  }
  return trips
}

/** Requests per second, eight at a time. */
async function ask(from: Node, to: Node, count: number): Promise<number> {
  const startMs = performance.now()
  let left = count
  const worker = async () => {
    while (left-- > 0) await from.transport.request(to.transport.self, ASK, new Uint8Array(100))
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return (count * 1000) / (performance.now() - startMs)
}

let unique = 0

function fresh(sizeBytes: number): Uint8Array {
  const message = new Uint8Array(sizeBytes)
  message.set(keccak256(utf8ToBytes(`${unique++}`)))
  return message
}

/** Different messages per second that each of the others received, sent by all in turn. */
async function gossip(nodes: readonly Node[], sizeBytes: number, count: number): Promise<number> {
  const before = heard(nodes)
  const received = () => heard(nodes) - before
  const startMs = performance.now()
  for (let sent = 0; sent < count; ) {
    while (sent < count && sent * (nodes.length - 1) - received() < 64 * (nodes.length - 1))
      nodes[sent++ % nodes.length]!.transport.broadcast(TOPIC, fresh(sizeBytes))
    await turn()
  }
  await until(() => received() === count * (nodes.length - 1))
  return (count * 1000) / (performance.now() - startMs)
}

/** Milliseconds from a broadcast of 1 KB until the last of the others has it. */
async function gossipLatency(nodes: readonly Node[], count: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const before = nodes.map(node => node.gossip)
    const from = nodes[i % nodes.length]!
    const startMs = performance.now()
    from.transport.broadcast(TOPIC, fresh(1024))
    while (nodes.some((node, at) => node !== from && node.gossip === before[at])) await turn()
    times.push(performance.now() - startMs)
    await pause(10)
  }
  return times
}

/** Percent of one core that this process takes while nothing is said. */
async function idleCpu(durationMs: number): Promise<number> {
  await pause(2000)
  const before = process.cpuUsage()
  const startMs = performance.now()
  await pause(durationMs)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) / 1000 / (performance.now() - startMs)) * 100
}

async function repeat(run: () => Promise<number>): Promise<number[]> {
  await run()
  const rates: number[] = []
  for (let i = 0; i < RUNS; i++) rates.push(await run())
  return rates
}

function record(metrics: Record<string, number>, name: string, rates: readonly number[]): void {
  metrics[name] = quantile(rates, 0.5)
  metrics[`${name.replace(/_per_s$/, '')}_spread_percent`] =
    (100 * (Math.max(...rates) - Math.min(...rates))) / quantile(rates, 0.5)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = performance.now() + 60_000
  while (!holds()) {
    if (performance.now() > endMs) throw new Error('a message was lost')
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
