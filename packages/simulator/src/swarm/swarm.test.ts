// spec D-FIRST, D-BAN, D-ONE, D-LOST, D-RESTART, D-RESERVE, D-FILL, D-HEDGE
import { swarmLimits } from '@tan/delivery'
import { paymentLimits } from '@tan/payments'
import { PIECE_SIZE_BYTES } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { PRICE_WEI } from './film.ts'
import { type Conditions, HONEST, type Manner } from './manner.ts'
import { HOSTILE_SERVERS, HOSTILE_VIEWERS } from './manners.ts'
import { SimulatedPeer } from './peer.ts'
import { Player } from './player.ts'
import { runScenario } from './scenario.ts'
import { SwarmWorld } from './world.ts'

const { LOST_MAX, LOST_PART, VOUCHER_MS } = paymentLimits
const { IN_FLIGHT_MAX, SILENT_PAUSE_MIN_MS } = swarmLimits

/** 1.3 Mbit/s for a minute */
const VIDEO = { segments: 30, bytesPerMs: 160 }
const GOOD: Conditions = { uplinkBytesPerMs: 3_000, originLatencyMs: 60, originBytesPerMs: 2_000, diskMs: 4 }
const DEPOSIT_WEI = 10_000n * PRICE_WEI

interface Scene {
  readonly world: SwarmWorld
  readonly edges: readonly SimulatedPeer[]
  readonly viewer: SimulatedPeer
  readonly player: Player
}

function createEdge(world: SwarmWorld, manner: Manner = HONEST, before?: SimulatedPeer): SimulatedPeer {
  const edge = new SimulatedPeer(world, GOOD, manner, before)
  edge.holdAll()
  return edge
}

/** A viewer with a pool among edges; the connections come up in the first second. */
function scene(
  edgeManners: readonly Manner[],
  viewerManner: Manner = HONEST,
  kind: 'credit' | 'strict' = 'credit',
): Scene {
  const world = new SwarmWorld(7, VIDEO)
  const edges = edgeManners.map(manner => createEdge(world, manner))
  const viewer = new SimulatedPeer(world, GOOD, viewerManner)
  viewer.fund(DEPOSIT_WEI, kind, 1_500)
  edges.forEach((edge, i) => {
    world.after(300 + 200 * i, () => viewer.connect(edge, 8))
  })
  return { world, edges, viewer, player: new Player(viewer) }
}

function playToTheEnd({ world, player }: Scene): void {
  world.run(200_000, () => player.isDone)
  expect(player.isDone).toBe(true)
  expect(player.stalledMs).toBe(0)
}

const from = (viewer: SimulatedPeer, peer: SimulatedPeer) => viewer.peerBytes.get(peer.address) ?? 0
const total = (viewer: SimulatedPeer) => [...viewer.peerBytes.values()].reduce((sum, bytes) => sum + bytes, 0)
const promised = (viewer: SimulatedPeer, peer: SimulatedPeer) =>
  viewer.disk.payments?.promises.find(({ target }) => target === peer.address)?.promisedWei ?? 0n
const earned = (edge: SimulatedPeer, viewer: SimulatedPeer) =>
  edge.swarm.peers().find(({ address }) => address === viewer.address)?.earnedWei ?? 0n

describe('a swarm', () => {
  it.each(['credit', 'strict'] as const)('plays through paid peers from a %s pool', kind => {
    const all = scene([HONEST, HONEST, HONEST], HONEST, kind)
    const { world, viewer, edges } = all
    world.run(10_000, () => false)
    const before = viewer.originBytes
    playToTheEnd(all)
    const after = world.catalog.sizeBytes * (50 / 60)
    expect((viewer.originBytes - before) / after).toBeLessThan(0.05)
    for (const edge of edges) {
      expect(from(viewer, edge)).toBeGreaterThan(0)
      expect(earned(edge, viewer)).toBe(BigInt(edge.served.get(viewer.address)!) * PRICE_WEI)
    }
  })

  it('spreads among viewers, who earn by it', () => {
    const world = new SwarmWorld(8, VIDEO)
    const slow = { ...GOOD, uplinkBytesPerMs: 250 }
    const edge = new SimulatedPeer(world, slow)
    edge.holdAll()
    const viewers = Array.from({ length: 5 }, () => new SimulatedPeer(world, { ...GOOD, uplinkBytesPerMs: 400 }))
    const players: Player[] = []
    viewers.forEach((viewer, i) => {
      viewer.fund(DEPOSIT_WEI, 'credit', 1_500)
      world.after(4_000 * i, () => {
        players.push(new Player(viewer))
        viewer.connect(edge, 10)
        for (const earlier of viewers.slice(0, i)) viewer.connect(earlier, 15)
      })
    })
    world.run(200_000, () => players.length === 5 && players.every(player => player.isDone))
    for (const player of players) expect(player.stalledMs).toBe(0)
    const fromViewers = viewers.reduce((sum, viewer) => sum + total(viewer) - from(viewer, edge), 0)
    const fromOrigin = viewers.reduce((sum, viewer) => sum + viewer.originBytes, 0)
    // one edge of 2 Mbit/s for five viewers of 1.3 each
    expect(fromViewers).toBeGreaterThan(world.catalog.sizeBytes)
    expect(fromOrigin).toBeLessThan(2 * world.catalog.sizeBytes)
    for (const viewer of viewers.slice(0, 3)) expect(viewer.disk.earnings.size).toBeGreaterThan(0)
  })

  it('plays on when every edge is killed at once', () => {
    const all = scene([HONEST, HONEST, HONEST])
    for (const edge of all.edges) all.world.after(21_000, () => edge.kill())
    playToTheEnd(all)
    expect(total(all.viewer)).toBeGreaterThan(0)
  })

  it.each([1, 2, 4, 8])(
    'plays on when its peers fall silent, and pieces come from the origin %i at once',
    originBurst => {
      const world = new SwarmWorld(13, { segments: 30, bytesPerMs: 300 })
      const edge = new SimulatedPeer(world, GOOD, { serve: hash => (world.nowMs < 20_000 ? hash : undefined) })
      edge.holdAll()
      const viewer = new SimulatedPeer(world, { ...GOOD, originBytesPerMs: 560, originBurst })
      viewer.fund(DEPOSIT_WEI, 'credit', 500)
      const player = new Player(viewer)
      // it comes back each time that it is left for its silence
      const come = () => {
        if (viewer.swarm.peers().length === 0) viewer.connect(edge, 8)
        world.after(1_000, come)
      }
      come()
      playToTheEnd({ world, edges: [edge], viewer, player })
      expect(from(viewer, edge)).toBeGreaterThan(0)
    },
  )

  it('plays on from peers when the origin goes away, piece hashes included', () => {
    const world = new SwarmWorld(9, VIDEO)
    const edges = [createEdge(world), createEdge(world)]
    const viewer = new SimulatedPeer(world, { ...GOOD, originEndsMs: 1_700 })
    viewer.fund(DEPOSIT_WEI, 'credit', 1_500)
    const player = new Player(viewer)
    for (const edge of edges) world.after(500, () => viewer.connect(edge, 8))
    playToTheEnd({ world, edges, viewer, player })
    expect(viewer.originBytes).toBeLessThan(world.catalog.sizeBytes / 5)
  })

  it('plays from the origin when all its peers turn out hostile', () => {
    const names = ['silentLater', 'wrongBytes', 'silent', 'refusing', 'mute', 'impostor']
    playToTheEnd(scene(names.map(name => HOSTILE_SERVERS[name]!(30))))
  })
})

describe('a hostile server', () => {
  it.each(Object.keys(HOSTILE_SERVERS))('%s costs the viewer little, and no time', name => {
    const all = scene([HOSTILE_SERVERS[name]!(17), HONEST])
    playToTheEnd(all)
    const [hostile, honest] = all.edges as [SimulatedPeer, SimulatedPeer]
    const receivedWei =
      all.viewer.disk.payments?.promises.find(({ target }) => target === hostile.address)?.receivedWei ?? 0n
    expect(promised(all.viewer, hostile) - receivedWei).toBeLessThanOrEqual(BigInt(IN_FLIGHT_MAX) * PRICE_WEI)
    expect(from(all.viewer, honest)).toBeGreaterThan(0)
    expect(all.viewer.banned.has(honest.address)).toBe(false)
  })

  it('that sends wrong bytes is banned after one piece, and is paid nothing for it', () => {
    const all = scene([HOSTILE_SERVERS.wrongBytes!(0), HONEST])
    playToTheEnd(all)
    const [hostile] = all.edges as [SimulatedPeer]
    expect(all.viewer.banned.has(hostile.address)).toBe(true)
    expect(hostile.served.get(all.viewer.address)).toBe(1)
    expect(promised(all.viewer, hostile)).toBe(0n)
  })

  it('that asks more than the publisher allows is not asked for anything', () => {
    const all = scene([HOSTILE_SERVERS.dear!(0), HONEST])
    playToTheEnd(all)
    expect(all.edges[0]!.served.size).toBe(0)
  })

  it('that invents charges or piece hashes is banned', () => {
    for (const name of ['overcharging', 'wrongHashes']) {
      const all = scene([HOSTILE_SERVERS[name]!(3), HONEST])
      playToTheEnd(all)
      expect(all.viewer.banned.has(all.edges[0]!.address), name).toBe(true)
      expect(promised(all.viewer, all.edges[0]!), name).toBe(0n)
    }
  })
})

describe('a strict pool', () => {
  it('is not locked by peers that accept it and deliver nothing', () => {
    const world = new SwarmWorld(15, VIDEO)
    const idle = Array.from({ length: 15 }, () => createEdge(world, HOSTILE_SERVERS.silent!(0)))
    const edge = createEdge(world)
    const viewer = new SimulatedPeer(world, GOOD)
    // the film, and half of it
    const pieces = Math.ceil((1.5 * world.catalog.sizeBytes) / PIECE_SIZE_BYTES)
    viewer.fund(BigInt(pieces) * PRICE_WEI, 'strict', 10)
    const player = new Player(viewer)
    for (const peer of idle) viewer.connect(peer, 8)
    world.after(5_000, () => viewer.connect(edge, 8))
    playToTheEnd({ world, edges: [edge], viewer, player })
    expect(from(viewer, edge)).toBeGreaterThan(world.catalog.sizeBytes / 2)
    for (const peer of idle)
      expect(world.pools.target(viewer.poolId!, peer.address).reserved).toBeLessThanOrEqual(4n * PRICE_WEI)
  })
})

describe('an edge that fills its cache', () => {
  /** Wants all segments, a few at a time and without hurry. */
  function fill(edge: SimulatedPeer): Set<number> {
    const { world } = edge
    const held = new Set<number>()
    const want = () => {
      const wanted = world.catalog.renditions[0]!.segments.filter(({ segment }) => !held.has(segment)).slice(0, 16)
      edge.step({ type: 'wanted', wanted: wanted.map(entry => ({ ...entry, deadlineMs: Number.POSITIVE_INFINITY })) })
    }
    edge.onComplete = segment => {
      held.add(segment)
      want()
    }
    want()
    return held
  }

  function scene(manners: readonly Manner[]) {
    const world = new SwarmWorld(14, VIDEO)
    const edge = new SimulatedPeer(world, GOOD)
    const peers = manners.map(manner => createEdge(world, { ...manner, piecePriceWei: 0n }))
    peers.forEach((peer, i) => {
      const come = () => {
        const isThere = edge.swarm.peers().some(({ address }) => address === peer.address)
        if (!isThere) peer.connect(edge, 8)
        world.after(300, come)
      }
      world.after(3_500 * i, come)
    })
    return { world, edge, peers, held: fill(edge) }
  }

  it('takes from peers what they give for nothing', () => {
    const { world, edge, held } = scene([HONEST, HONEST])
    world.run(60_000, () => held.size === VIDEO.segments)
    expect(held.size).toBe(VIDEO.segments)
    expect(edge.originBytes).toBeLessThan(world.catalog.sizeBytes / 2)
  })

  it.each([1, 2, 4])('is not kept from it by %i who offer all and give nothing', count => {
    const { world, held } = scene(Array.from({ length: count }, () => HOSTILE_SERVERS.silent!(0)))
    world.run(60_000, () => held.size === VIDEO.segments)
    expect(held.size).toBe(VIDEO.segments)
  })

  it('asks a peer that was silent no more until a while has passed', () => {
    const { world, edge, peers } = scene([HOSTILE_SERVERS.silent!(0)])
    const [peer] = peers as [SimulatedPeer]
    world.run(60_000, () => edge.closed.has(peer.address))
    const before = peer.served.get(edge.address)!
    edge.step({ type: 'dropped', rendition: 0, segment: 3 })
    fill(edge)
    world.run(world.nowMs + SILENT_PAUSE_MIN_MS - 100, () => false)
    expect(edge.swarm.peers()).toHaveLength(1)
    expect(peer.served.get(edge.address)).toBe(before)
  })
})

describe('a hostile viewer', () => {
  // That no edge is ever more than one piece behind is asserted at each piece that leaves (peer.ts).
  it.each(Object.keys(HOSTILE_VIEWERS))('%s takes no more than one piece unpaid', name => {
    const all = scene([HONEST, HONEST], HOSTILE_VIEWERS[name]!(9))
    all.world.run(100_000, () => all.player.isDone)
    for (const edge of all.edges) {
      const shownWei = edge.disk.earnings.get(all.viewer.poolId!)
      const servedWei = BigInt(edge.served.get(all.viewer.address) ?? 0) * PRICE_WEI
      const worth =
        shownWei === undefined ? 0n : shownWei.voucher.amount + shownWei.voucher.unit * BigInt(shownWei.index)
      expect(servedWei).toBeLessThanOrEqual(worth + PRICE_WEI)
    }
  })

  it('that pays nothing gets one piece, however often it comes back', () => {
    const world = new SwarmWorld(3, VIDEO)
    const edge = createEdge(world)
    const thief = new SimulatedPeer(world, GOOD, HOSTILE_VIEWERS.paysNothing!(0))
    thief.fund(DEPOSIT_WEI, 'credit', 10)
    const player = new Player(thief)
    for (let i = 0; i < 10; i++) world.after(200 + 2_000 * i, () => thief.connect(edge, 5))
    world.run(40_000, () => player.isDone)
    expect(edge.served.get(thief.address)).toBe(1)
  })

  it('that overspends leaves proof of it with the edges, each of which risked no more than its cap', () => {
    const world = new SwarmWorld(5, VIDEO)
    const depositWei = 40n * PRICE_WEI
    const edges = [0, 1, 2].map(() => createEdge(world))
    const thief = new SimulatedPeer(world, GOOD, HOSTILE_VIEWERS.overspends!(0))
    thief.fund(depositWei, 'credit', 10)
    const player = new Player(thief)
    for (const edge of edges) world.after(100, () => thief.connect(edge, 5))
    world.run(100_000, () => player.isDone)
    const shown = edges.map(edge => earned(edge, thief))
    expect(shown.reduce((sum, wei) => sum + wei, 0n)).toBeGreaterThan(depositWei)
    for (const wei of shown) expect(wei).toBeLessThanOrEqual(depositWei)
  })

  it('cannot overspend a strict pool: nobody serves beyond what is reserved for it', () => {
    const world = new SwarmWorld(5, VIDEO)
    const edges = [0, 1, 2].map(() => createEdge(world))
    const thief = new SimulatedPeer(world, GOOD, HOSTILE_VIEWERS.overspends!(0))
    thief.fund(100n * PRICE_WEI, 'strict', 10)
    const player = new Player(thief)
    for (const edge of edges) world.after(100, () => thief.connect(edge, 5))
    world.run(100_000, () => player.isDone)
    for (const edge of edges) {
      const { reserved } = world.pools.target(thief.poolId!, edge.address)
      expect(BigInt(edge.served.get(thief.address) ?? 0) * PRICE_WEI).toBeLessThanOrEqual(reserved)
    }
  })
})

describe('a crash', () => {
  it('of the viewer costs neither credit nor a double promise', () => {
    const world = new SwarmWorld(6, VIDEO)
    const edges = [createEdge(world), createEdge(world)]
    let viewer = new SimulatedPeer(world, GOOD)
    viewer.fund(DEPOSIT_WEI, 'credit', 10)
    for (let run = 0; run < 5; run++) {
      for (const edge of edges) viewer.connect(edge, 5)
      const player = new Player(viewer)
      world.run(world.nowMs + 1_500 + 777 * run, () => player.isDone)
      viewer.kill()
      expect(viewer.banned.size).toBe(0)
      for (const edge of edges) {
        expect(edge.closed.get(viewer.address) ?? []).toEqual([])
        const record = edge.disk.earnings.get(viewer.poolId!)!
        const shownWei = record.voucher.amount + record.voucher.unit * BigInt(record.index)
        expect(shownWei).toBeLessThanOrEqual(promised(viewer, edge))
        // what was under way when it died is all that it can have paid in vain
        expect(shownWei - record.chargedWei).toBeLessThanOrEqual(BigInt(IN_FLIGHT_MAX) * PRICE_WEI)
      }
      viewer = new SimulatedPeer(world, GOOD, HONEST, viewer)
    }
    expect(edges.every(edge => edge.served.get(viewer.address)! > 20)).toBe(true)
  })

  it('of an edge loses nothing that it earned, and the viewer pays on', () => {
    const world = new SwarmWorld(6, VIDEO)
    let edge = createEdge(world)
    const viewer = new SimulatedPeer(world, GOOD)
    viewer.fund(DEPOSIT_WEI, 'credit', 10)
    const player = new Player(viewer)
    let served = 0
    for (let run = 0; run < 6; run++) {
      viewer.connect(edge, 5)
      world.run(world.nowMs + 2_345, () => player.isDone)
      served += edge.served.get(viewer.address) ?? 0
      edge.kill()
      const record = edge.disk.earnings.get(viewer.poolId!)!
      const shownWei = record.voucher.amount + record.voucher.unit * BigInt(record.index)
      expect(BigInt(served) * PRICE_WEI - shownWei).toBeLessThanOrEqual(PRICE_WEI)
      expect(viewer.banned.size).toBe(0)
      edge = createEdge(world, HONEST, edge)
    }
    world.run(200_000, () => player.isDone)
    expect(player.stalledMs).toBe(0)
    expect(served).toBeGreaterThan(80)
  })
})

describe('a line that breaks again and again', () => {
  /** The connections to all edges break, in the middle of what is under way; `pieces` come between two breaks. */
  function playOver(edges: readonly SimulatedPeer[], viewer: SimulatedPeer, pieces: number): Player {
    const { world } = viewer
    viewer.fund(DEPOSIT_WEI, 'credit', 10)
    const player = new Player(viewer)
    const begin = (edge: SimulatedPeer) => {
      viewer.connect(edge, 30)
      const before = edge.served.get(viewer.address) ?? 0
      const look = () => {
        if ((edge.served.get(viewer.address) ?? 0) - before < pieces) return world.after(7, look)
        viewer.breakFrom(edge)
        world.after(VOUCHER_MS, () => begin(edge))
      }
      look()
    }
    for (const edge of edges) begin(edge)
    world.run(200_000, () => player.isDone)
    expect(player.isDone).toBe(true)
    return player
  }

  it.each([1, 2, 5, 12, 30])('costs an honest edge nothing, %i pieces after each other', pieces => {
    const world = new SwarmWorld(11, VIDEO)
    const edges = [createEdge(world), createEdge(world)]
    const viewer = new SimulatedPeer(world, GOOD)
    const player = playOver(edges, viewer, pieces)
    expect(player.stalledMs).toBe(0)
    expect(viewer.banned.size).toBe(0)
    for (const edge of edges) {
      expect(edge.closed.get(viewer.address) ?? []).toEqual([])
      if (pieces > 2) expect(from(viewer, edge) / PIECE_SIZE_BYTES).toBeGreaterThan(20)
    }
  })

  it('costs a viewer no more than the bound, whatever the edge says was lost', () => {
    const world = new SwarmWorld(12, VIDEO)
    const edge = createEdge(world, HOSTILE_SERVERS.inventsLosses!(0))
    const viewer = new SimulatedPeer(world, GOOD)
    playOver([edge], viewer, 1)
    const { promisedWei, receivedWei } = viewer.disk.payments!.promises[0]!
    expect(promisedWei - receivedWei).toBeLessThanOrEqual(
      BigInt(LOST_MAX) * PRICE_WEI + receivedWei / BigInt(LOST_PART),
    )
  })
})

describe('random swarms', () => {
  const first = Number(process.env.TAN_SWARM_SEED ?? 1)
  const count = Number(process.env.TAN_SWARM_SEEDS ?? 40)

  it(`keep their promises with ${count} seeds from ${first} on`, () => {
    for (let seed = first; seed < first + count; seed++) runScenario(seed)
  })
})
