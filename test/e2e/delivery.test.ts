// Delivery between real processes: edges that lie, viewers that do not pay, and edges that are killed while they serve.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Devnet, type EdgeStatusJson, PIECE_PRICE_WEI } from '@tan/cli/devnet'
import type { Address } from '@tan/primitives'
import type { Viewer, ViewerEvent } from '@tan/viewer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Audience } from './audience.ts'
import { eventually } from './eventually.ts'

const EDGES = [0, 1, 2]
const LIAR = 2
const folder = mkdtempSync(join(tmpdir(), 'tan-e2e-'))
let devnet: Devnet
let audience: Audience

beforeAll(async () => {
  devnet = await Devnet.start({ folder, port: 0, size: { validators: 4, guardians: 4, edges: EDGES.length } })
  audience = await Audience.gather(devnet)
})

afterAll(async () => {
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
})

function statuses(): Promise<EdgeStatusJson[]> {
  return Promise.all(EDGES.map(i => devnet.edgeStatus(i)))
}

function earned(status: EdgeStatusJson): bigint {
  return BigInt(status.earnedWei)
}

/** Flips a bit in every piece of an edge's cache, which it wrote itself and so does not check again. */
function corrupt(i: number): void {
  const pieces = join(folder, 'edges', `edge-${i + 1}`, 'cache', 'pieces')
  for (const shard of readdirSync(pieces))
    for (const file of readdirSync(join(pieces, shard))) {
      const path = join(pieces, shard, file)
      const bytes = readFileSync(path)
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(path, bytes)
    }
}

/** What the publisher published of the best rendition, by segment. */
function published(viewer: Viewer): Buffer[] {
  const best = viewer.catalog.renditions.find(({ name }) => name === '720p')!
  return best.segments.map(({ uri }) => readFileSync(join(folder, 'video', 'sample', uri)))
}

describe('delivery by real processes', () => {
  // spec D-ONE
  it('serves a viewer that stops paying at most one piece more', async () => {
    const before = await statuses()
    let payments = 0
    const viewer = await audience.viewer('stingy', ({ records }) => {
      const save = records.savePayments.bind(records)
      // a payment leaves only once it is stored: these never are
      records.savePayments = record => (payments++ < 3 ? save(record) : new Promise(() => {}))
    })
    const report = await audience.play(viewer)
    expect(report.stalls).toBe(0)
    expect(payments).toBeGreaterThan(3)
    const after = await statuses()
    const pieces = after.map(({ servedPieces }, i) => servedPieces - before[i]!.servedPieces)
    expect(Math.max(...pieces)).toBeGreaterThan(0)
    for (const i of EDGES) {
      const unpaidWei = BigInt(pieces[i]!) * PIECE_PRICE_WEI - (earned(after[i]!) - earned(before[i]!))
      expect(unpaidWei).toBeLessThanOrEqual(PIECE_PRICE_WEI)
    }
    await viewer.close()
  })

  // spec D-BAN, D-CHECKED
  it('bans an edge that serves wrong bytes after one piece, and shows the player none of them', async () => {
    const before = await devnet.edgeStatus(LIAR)
    corrupt(LIAR)
    const viewer = await audience.viewer('careful')
    const banned: ViewerEvent[] = []
    viewer.on(event => {
      if (event.type === 'banned') banned.push(event)
    })
    const seen: Buffer[] = []
    const report = await audience.play(viewer, (segment, bytes) => {
      seen[segment] = Buffer.from(bytes)
    })
    expect(report.stalls).toBe(0)
    expect(banned).toMatchObject([{ address: before.address, rejection: { code: 'swarm/wrong-piece' } }])
    const after = await devnet.edgeStatus(LIAR)
    expect(after.servedPieces - before.servedPieces).toBe(1)
    expect(after.earnedWei).toBe(before.earnedWei)
    const right = published(viewer)
    expect(seen.length).toBe(right.length)
    expect(right.every((bytes, segment) => bytes.equals(seen[segment]!))).toBe(true)
    await viewer.close()
  })

  // spec D-FIRST, D-RESTART
  it('does not stall when every edge is killed in mid-play, and no edge forgets what it earned', async () => {
    const viewer = await audience.viewer('forsaken')
    const paid = new Map<Address, bigint>()
    let before: Promise<EdgeStatusJson[]> | undefined
    let killed: Promise<unknown> | undefined
    let fromPeers = 0
    viewer.on(event => {
      if (event.type === 'payment') paid.set(event.to, (paid.get(event.to) ?? 0n) + event.wei)
      if (event.type !== 'piece' || event.from === 'origin' || ++fromPeers !== 15) return
      before = statuses()
      killed = before.then(() => Promise.all(EDGES.map(i => devnet.kill(`edge-${i + 1}`))))
    })
    const report = await audience.play(viewer)
    await killed
    expect(fromPeers).toBeGreaterThanOrEqual(15)
    expect(report.stalls).toBe(0)
    expect(report.playedMs).toBe(60_000)
    expect(paid.size).toBeGreaterThan(0)
    await viewer.close()

    for (const i of EDGES) devnet.restart(`edge-${i + 1}`)
    await eventually('the edges hold the video again', async () =>
      (await statuses()).every(({ resources }) => resources[0]?.have === 1),
    )
    const again = await statuses()
    for (const i of EDGES) expect(earned(again[i]!)).toBeGreaterThanOrEqual(earned((await before!)[i]!))
  })
})
