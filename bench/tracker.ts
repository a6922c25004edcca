// The tracker through its doors: the nearest 50 of 100,000 and of a million peers, beside geokdbush on the same points in
// the same run; whole introductions with 50 peers; and announces over 1,000 real sockets, with the tracker in a thread of
// its own.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import {
  addressOfSecretKey,
  assert,
  createSeededRandom,
  type Random,
  randomBytesFrom,
  signatureToBytes,
  signDigest,
  toHex,
} from '@tan/primitives'
import {
  decodeServerMessage,
  encodeTrackerMessage,
  TRACKER_SUBPROTOCOL,
  trackerLoginDigest,
} from '@tan/protocol/tracker'
import {
  createNearestPoints,
  createRttBook,
  createSphereIndex,
  createSwarms,
  createTracker,
  kilometres,
  type SpherePoint,
  type SwarmPeer,
  spherePoint,
} from '@tan/tracker'
import { around } from 'geokdbush'
import KDBush from 'kdbush'
import { WebSocket } from 'ws'

const RUNS = 5
const WANT = 50
const SIZES = [
  ['100k', 100_000],
  ['1m', 1_000_000],
] as const
const SOCKETS = 1_000
const SOCKET_SECONDS = 5

type Position = readonly [latitude: number, longitude: number]

export const bench = {
  name: 'tracker',
  description: `the ${WANT} nearest of 100,000 and 1,000,000 peers, whole announces, and ${SOCKETS} real sockets`,
  async run(): Promise<{ metrics: Record<string, number>; ratios: Record<string, number> }> {
    const metrics: Record<string, number> = {}
    const ratios: Record<string, number> = {}
    for (const [size, count] of SIZES) {
      for (const [spread, positions] of [
        ['even', even(count)],
        ['cities', inCities(count)],
      ] as const) {
        const compared = compareNearest(positions)
        record(metrics, `nearest_${WANT}_${spread}_${size}_queries_per_s`, compared.ours)
        record(metrics, `geokdbush_${WANT}_${spread}_${size}_queries_per_s`, compared.theirs)
        ratios[`vs_geokdbush_${spread}_${size}`] = median(compared.ours) / median(compared.theirs)
      }
      const moved = moveAll(inCities(count))
      record(metrics, `moves_within_a_city_${size}_per_s`, moved.near)
      record(metrics, `moves_anywhere_${size}_per_s`, moved.far)
      record(metrics, `announces_${WANT}_peers_${size}_per_s`, announceInOneSwarm(inCities(count)))
    }
    const overSockets = await announceOverSockets()
    record(metrics, `socket_announces_${WANT}_peers_${SOCKETS}_sockets_per_s`, overSockets.perSecond)
    metrics.socket_announce_p50_ms = quantile(overSockets.latenciesMs, 0.5)
    metrics.socket_announce_p99_ms = quantile(overSockets.latenciesMs, 0.99)
    return { metrics, ratios }
  },
}

// ---- where peers are

function unit(random: Random): number {
  return random.uint32() / 2 ** 32
}

function anywhere(random: Random): Position {
  return [(Math.asin(2 * unit(random) - 1) * 180) / Math.PI, unit(random) * 360 - 180]
}

function even(count: number): Position[] {
  const random = createSeededRandom(1)
  return Array.from({ length: count }, () => anywhere(random))
}

/** A thousand cities of very different sizes, some 40 km wide, as audiences are. */
function inCities(count: number): Position[] {
  const random = createSeededRandom(2)
  const cities = Array.from({ length: 1_000 }, () => anywhere(random))
  const offset = () => (unit(random) + unit(random) + unit(random) - 1.5) * 0.25
  return Array.from({ length: count }, () => {
    const [latitude, longitude] = cities[Math.floor(cities.length * unit(random) ** 3)]!
    return [Math.max(-90, Math.min(90, latitude + offset())), longitude + offset()]
  })
}

// ---- the index

function compareNearest(positions: readonly Position[]): { ours: number[]; theirs: number[] } {
  const index = createSphereIndex()
  const tree = index.createTree()
  const points = positions.map(position => spherePoint(...position))
  for (const [item, point] of points.entries()) index.insert(tree, item, point)
  const found = createNearestPoints(WANT)
  const kd = new KDBush(positions.length)
  for (const [latitude, longitude] of positions) kd.add(longitude, latitude)
  kd.finish()

  const ourQuery = (i: number) => index.nearest(tree, points[i]!, WANT, found)
  const theirQuery = (i: number) => around(kd, positions[i]![1], positions[i]![0], WANT)
  // Both must find the same distance of the last, but for the cells of the lattice.
  for (let i = 0; i < 100; i++) {
    ourQuery(i)
    const last = theirQuery(i).at(-1)!
    const theirKm = haversineKm(positions[i]!, positions[last]!)
    assert(Math.abs(kilometres(found.squaredDistances[WANT - 1]!) - theirKm) < 0.5, `query ${i} differs by library`)
  }
  const ours: number[] = []
  const theirs: number[] = []
  for (let run = 0; run <= RUNS; run++) {
    ours.push(rate(50_000, i => ourQuery((i * 7_919) % positions.length)))
    theirs.push(rate(5_000, i => theirQuery((i * 7_919) % positions.length)))
  }
  return { ours: ours.slice(1), theirs: theirs.slice(1) }
}

function moveAll(positions: readonly Position[]): { near: number[]; far: number[] } {
  const index = createSphereIndex()
  const tree = index.createTree()
  const points: SpherePoint[] = positions.map(position => spherePoint(...position))
  const besides: SpherePoint[] = points.map(point => ({ ...point, x: point.x ^ 1 }))
  for (const [item, point] of points.entries()) index.insert(tree, item, point)
  const runs = Array.from({ length: RUNS }, (_, run) => run)
  const near = runs.map(run => rate(points.length, i => index.move(i, (run % 2 === 0 ? besides : points)[i]!)))
  const far = runs.map(run => rate(points.length, i => index.move(i, points[(i * 7_919 + run) % points.length]!)))
  return { near, far }
}

/** Of one swarm with 500 networks, two of a hundred being edges: renew, and be told of 50. */
function announceInOneSwarm(positions: readonly Position[]): number[] {
  const random = createSeededRandom(3)
  const swarms = createSwarms<SwarmPeer>({ random, rtt: createRttBook(), introducedMax: WANT })
  const peers = positions.map((position, i): SwarmPeer => {
    const asn = 1 + Math.floor(500 * unit(random) ** 2)
    return {
      id: `${i}`,
      role: i % 50 === 0 ? 'edge' : 'viewer',
      point: spherePoint(...position),
      asn,
      load: unit(random),
    }
  })
  const members = peers.map(peer => swarms.join('resource', peer, unit(random)))
  let introduced = 0
  const announce = (i: number) => {
    const at = (i * 7_919) % members.length
    swarms.renew(members[at]!, peers[at]!, 1)
    introduced += swarms.introduce(members[at]!, WANT).length
  }
  const rates = Array.from({ length: RUNS + 1 }, () => rate(10_000, announce)).slice(1)
  assert(introduced === (RUNS + 1) * 10_000 * WANT, `${introduced} peers were introduced`)
  return rates
}

// ---- over sockets

/** Each socket asks again as soon as it is answered. */
async function announceOverSockets(): Promise<{ perSecond: number[]; latenciesMs: number[] }> {
  const worker = new Worker(new URL(import.meta.url))
  const [url] = (await once(worker, 'message')) as [string]
  const resourceId = toHex(new Uint8Array(32).fill(7))
  const latenciesMs: number[] = []
  let answers = 0
  const sockets: WebSocket[] = []
  for (let i = 0; i < SOCKETS; i++) sockets.push(await connectPeer(url, i))
  const announce = encodeTrackerMessage({ type: 'announce', resourceId, have: 0.5, want: WANT })
  for (const socket of sockets) {
    let askedAtMs = performance.now()
    socket.on('message', () => {
      answers++
      latenciesMs.push(performance.now() - askedAtMs)
      askedAtMs = performance.now()
      socket.send(announce)
    })
    socket.send(announce)
  }
  const perSecond: number[] = []
  for (let run = 0; run <= RUNS; run++) {
    const [before, fromMs] = [answers, performance.now()]
    await new Promise(resolve => setTimeout(resolve, SOCKET_SECONDS * 1_000))
    perSecond.push(((answers - before) / (performance.now() - fromMs)) * 1_000)
    if (run === 0) latenciesMs.length = 0
  }
  for (const socket of sockets) socket.terminate()
  await worker.terminate()
  return { perSecond: perSecond.slice(1), latenciesMs }
}

async function connectPeer(url: string, i: number): Promise<WebSocket> {
  const random = createSeededRandom(1_000 + i)
  const secretKey = randomBytesFrom(random, 32)
  const [latitude, longitude] = anywhere(random)
  const socket = new WebSocket(url, TRACKER_SUBPROTOCOL)
  const [welcomeData] = await once(socket, 'message')
  const welcome = decodeServerMessage(String(welcomeData))
  assert(welcome.type === 'welcome', 'a tracker greets first')
  const digest = trackerLoginDigest(welcome.nonce, new URL(url).host)
  socket.send(
    encodeTrackerMessage({
      type: 'hello',
      peerId: addressOfSecretKey(secretKey),
      signature: toHex(signatureToBytes(signDigest(digest, secretKey))),
      role: i % 50 === 0 ? 'edge' : 'viewer',
      uploadBytesPerSecond: 1_000_000,
      place: { latitude, longitude, asn: 1 + (i % 20) },
    }),
  )
  return socket
}

async function serve(): Promise<void> {
  const most = 1e9
  const tracker = createTracker({
    clock: { nowMs: () => Date.now() },
    random: createSeededRandom(4),
    trustReportedPlaces: true,
    // Rates are not what is measured.
    limits: {
      ...{
        announcesPerSecond: most,
        messagesPerSecond: most,
        messagesPerIpPerSecond: most,
        connectsPerIpPerSecond: most,
      },
      socketsPerIp: SOCKETS,
    },
  })
  const { url } = await tracker.start()
  parentPort!.postMessage(url)
}

// ---- figures

/** Calls per second of processor time: on an idle machine a second, and on a busy one the others do not count. */
function rate(calls: number, call: (i: number) => void): number {
  const from = process.cpuUsage()
  for (let i = 0; i < calls; i++) call(i)
  const { user, system } = process.cpuUsage(from)
  return calls / ((user + system) / 1e6)
}

function record(metrics: Record<string, number>, name: string, runs: readonly number[]): void {
  const middle = median(runs)
  metrics[name] = Math.round(middle)
  const spread = ((Math.max(...runs) - Math.min(...runs)) / middle) * 100
  console.log(`  ${name}: ${Math.round(middle)} (median of ${runs.length}, spread ${Math.round(spread)} %)`)
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
}

function haversineKm([latitude, longitude]: Position, [otherLatitude, otherLongitude]: Position): number {
  const radians = Math.PI / 180
  const north = Math.sin(((otherLatitude - latitude) * radians) / 2)
  const east = Math.sin(((otherLongitude - longitude) * radians) / 2)
  const part = north ** 2 + Math.cos(latitude * radians) * Math.cos(otherLatitude * radians) * east ** 2
  return 2 * 6_371.0088 * Math.asin(Math.sqrt(part))
}

if (!isMainThread) await serve()
