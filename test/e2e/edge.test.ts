// A small network of real parts in this process: edges and viewers over WebRTC, what they pay and redeem, and what an edge
// keeps over its own end.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Edge } from '@tan/edge'
import { eventually, TestNetwork } from '@tan/edge/testing'
import { commonWorld } from '@tan/peer'
import { type Address, addressOfSecretKey } from '@tan/primitives'
import { playHeadless, type Viewer } from '@tan/viewer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const { clock, timers } = commonWorld()
/** the minute in twelve seconds */
const RATE = 5
let network: TestNetwork

beforeAll(async () => {
  network = await TestNetwork.start()
})
afterAll(() => network.stop())

async function fundedKey(): Promise<Uint8Array> {
  const key = network.key()
  await network.fund(addressOfSecretKey(key), 10n ** 18n)
  return key
}

function filled(edges: readonly Edge[]): Promise<void> {
  return eventually('the edges hold the video', () => edges.every(edge => edge.status().resources[0]?.have === 1))
}

interface Showing {
  /** peers that it waits for */
  readonly peers: number
  readonly rate?: number
  readonly onSegment?: (segment: number, bytes: Uint8Array) => void
}

/** At this speed pool and peers would come late: it plays once it has them. */
async function play(viewer: Viewer, { peers, rate = RATE, onSegment = () => {} }: Showing) {
  await eventually(`the viewer has a pool and ${peers} peers`, () => {
    const stats = viewer.stats()
    return stats.pool !== undefined && stats.peers.length === peers
  })
  return playHeadless({ viewer, clock, timers, rate, onSegment })
}

/** Flips a bit in every piece that an edge has on disk. */
function corrupt(edge: Edge): void {
  const folder = join(network.folder, `edge-${edge.address}`, 'cache/pieces')
  for (const shard of readdirSync(folder))
    for (const file of readdirSync(join(folder, shard))) {
      const path = join(folder, shard, file)
      const bytes = readFileSync(path)
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(path, bytes)
    }
}

describe('a network', () => {
  // spec D-FILL, D-REDEEM
  it('plays a video through paid edges, whose accounts grow by what they served', async () => {
    // one that was given the same resource by two addresses serves it all the same
    const twice = { pins: [network.manifestUrl, `${network.manifestUrl}?again`] }
    const edges = await Promise.all([network.edge(await fundedKey(), twice), network.edge(await fundedKey())])
    await filled(edges)
    const before = await Promise.all(edges.map(edge => network.chain.balanceWei(edge.address)))
    const viewer = await network.viewer('viewer')
    const paid = new Map<Address, bigint>()
    viewer.on(event => {
      if (event.type === 'payment') paid.set(event.to, (paid.get(event.to) ?? 0n) + event.wei)
    })
    const report = await play(viewer, { peers: 2 })
    expect(report.stalls).toBe(0)
    expect(report.playedMs).toBe(60_000)
    // at five times the speed much of it is urgent
    expect(viewer.stats().offload).toBeGreaterThan(0.4)
    expect(viewer.stats().peers.map(({ role }) => role)).toEqual(['edge', 'edge'])

    await Promise.all(edges.map(edge => edge.redeem()))
    const after = await Promise.all(edges.map(edge => network.chain.balanceWei(edge.address)))
    edges.forEach((edge, i) => {
      const { servedPieces, gasWei, earnedWei, redeemedWei, address } = edge.status()
      const dueWei = BigInt(servedPieces) * network.manifest.piecePriceWei
      expect(servedPieces).toBeGreaterThan(0)
      expect(earnedWei).toBe(dueWei)
      expect(paid.get(address)).toBe(dueWei)
      expect(redeemedWei).toBe(dueWei)
      expect(after[i]! - before[i]!).toBe(dueWei - gasWei)
    })
    await viewer.close()
    await Promise.all(edges.map(edge => edge.stop()))
  })

  // spec D-RESERVE
  it('lets a strict pool pay what is reserved on chain while it plays', async () => {
    const edge = await network.edge(await fundedKey())
    await filled([edge])
    const viewer = await network.viewer('strict', { pool: { kind: 'strict' } })
    const report = await play(viewer, { peers: 1, rate: 3 })
    expect(report.stalls).toBe(0)
    const { poolId, kind } = viewer.stats().pool!
    expect(kind).toBe('strict')
    const { reserved } = await network.chain.target(poolId, edge.address)
    expect(edge.status().earnedWei).toBeGreaterThan(0n)
    expect(edge.status().earnedWei).toBeLessThanOrEqual(reserved)
    await edge.redeem()
    expect((await network.chain.target(poolId, edge.address)).paid).toBe(edge.status().earnedWei)
    await viewer.close()
    await edge.stop()
  })

  // spec D-ORIGIN, D-FIRST
  it('plays from the origin alone without a tracker', async () => {
    const alone = await network.viewer('alone', { trackers: ['ws://127.0.0.1:1'] })
    expect((await playHeadless({ viewer: alone, clock, timers, rate: RATE })).stalls).toBe(0)
    expect(alone.stats().peerBytes).toBe(0)
    await alone.close()
  })
})

describe('an edge', () => {
  it('comes back with its cache and its earnings, and finds what was damaged meanwhile', async () => {
    const key = await fundedKey()
    const first = await network.edge(key)
    await filled([first])
    const viewer = await network.viewer('regular')
    await play(viewer, { peers: 1 })
    const { earnedWei } = first.status()
    expect(earnedWei).toBeGreaterThan(0n)
    await viewer.close()
    await first.stop()

    const fetched = network.origin.stats().clients.edge!.bytes
    const second = await network.edge(key)
    expect(second.status().earnedWei).toBe(earnedWei)
    await filled([second])
    // nothing but lists of hashes may have been fetched again: the cache was whole
    expect(network.origin.stats().clients.edge!.bytes).toBe(fetched)
    await second.stop()

    const third = await network.edge(key)
    await filled([third])
    corrupt(third)
    // the viewer asks again: each damaged piece is found before it leaves, and fetched anew from the origin
    const again = await network.viewer('newcomer')
    const report = await play(again, { peers: 1 })
    expect(report.stalls).toBe(0)
    expect(again.stats().peers.every(({ address }) => address === third.address)).toBe(true)
    await filled([third])
    expect(network.origin.stats().clients.edge!.bytes).toBeGreaterThan(fetched)
    await again.close()
    await third.redeem()
    expect(third.status().redeemedWei).toBe(third.status().earnedWei)
    await third.stop()
  })

  it('tells its operator what it does, and nobody else', async () => {
    const edge = await network.edge(await fundedKey(), {
      statusPort: 0,
      place: { latitude: 38.7, longitude: -9.1, asn: 1 },
    })
    await filled([edge])
    const at = (path: string, init?: RequestInit) => fetch(new URL(path, edge.statusUrl), init)
    const status = (await (await at('status')).json()) as Record<string, unknown>
    expect(status).toMatchObject({ address: edge.address, servedBytes: 0, earnedWei: '0', peers: 0, load: 0 })
    expect(status.place).toEqual({ latitude: 38.7, longitude: -9.1, asn: 1 })
    expect(await (await at('metrics')).text()).toMatch(/^tan_edge_cache_bytes \d{6,}$/m)
    expect((await at('health')).status).toBe(200)
    expect((await at('nothing')).status).toBe(404)
    expect((await at('redeem', { method: 'POST' })).status).toBe(200)
    const fromPage = { method: 'POST', headers: { origin: 'https://evil.example' } }
    expect((await at('redeem', fromPage)).status).toBe(403)
    expect((await at('status', { method: 'DELETE' })).status).toBe(405)
    const { port } = new URL(edge.statusUrl)
    const taken = network.edge(network.key(), { statusPort: Number(port) })
    await expect(taken).rejects.toMatchObject({ code: 'edge/port' })
    await edge.stop()
  })

  it('waits for an origin that is not there yet, and says so', async () => {
    const edge = await network.edge(await fundedKey(), { pins: ['http://127.0.0.1:1/none.tan.json'] })
    await eventually('it says what is wrong', () => edge.status().problem?.code === 'manifest/unreachable')
    expect(edge.status().resources).toEqual([])
    expect(await edge.pin(network.manifestUrl)).toBe(network.resourceId)
    await filled([edge])
    await expect(edge.pin(`${network.origin.url}360p/index.m3u8`)).rejects.toMatchObject({ code: 'manifest/invalid' })
    await edge.stop()
  })
})
