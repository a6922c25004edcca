import { describe, expect, it } from 'vitest'
import { type Conditions, SimulatedPeer } from './peer.ts'
import { Player } from './player.ts'
import { PRICE_WEI, World } from './world.ts'

const VIDEO = { segments: 30, bytesPerMs: 160 }
const GOOD: Conditions = { uplinkBytesPerMs: 3_000, originLatencyMs: 60, originBytesPerMs: 2_000, diskMs: 4 }

function play(world: World, players: readonly Player[], untilMs = 300_000): void {
  world.run(untilMs, () => players.every(player => player.isDone || !player.peer.isAlive))
}

describe('a swarm', () => {
  it('plays through paid peers', () => {
    const world = new World(1, VIDEO)
    const edges = [0, 1, 2].map(() => new SimulatedPeer(world, GOOD))
    for (const edge of edges) edge.holdAll()
    const viewer = new SimulatedPeer(world, GOOD)
    viewer.fund(10_000n * PRICE_WEI, 'credit', 2_000)
    const player = new Player(viewer)
    world.after(300, () => {
      for (const edge of edges) viewer.connect(edge, 10)
    })
    play(world, [player])
    const fromPeers = [...viewer.peerBytes.values()].reduce((sum, bytes) => sum + bytes, 0)
    console.log(player.startUpMs, player.stalledMs, viewer.originBytes, fromPeers, world.nowMs, viewer.closed)
    console.log(
      viewer.swarm.peers(),
      edges.map(e => e.swarm.peers()),
    )
    expect(player.isDone).toBe(true)
    expect(player.stalledMs).toBe(0)
  })
})
