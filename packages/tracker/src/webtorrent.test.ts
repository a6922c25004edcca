import { describe, expect, it } from 'vitest'
import { connectPeer, hashOf, Line, startTracker } from './testing/tracker.ts'

const INFO_HASH = '\x00\xff'.repeat(10)
const PARIS = { latitude: 48.86, longitude: 2.35 }

const idOf = (i: number) => `-WW0100-${String(i).padStart(12, '0')}`
const offerOf = (i: number) => ({ offer_id: `offer ${i}`.padEnd(20), offer: { type: 'offer', sdp: `v=0 ${i}` } })

/** A peer of that protocol, as its libraries speak: no subprotocol, binary ids as texts. */
class TorrentPeer extends Line {
  readonly id: string
  constructor(url: string, i: number) {
    super(url, [])
    this.id = idOf(i)
  }
  say(message: object) {
    this.send(JSON.stringify(message))
  }
  async hear(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.next())
  }
  announce(fields: object = {}) {
    this.say({
      action: 'announce',
      info_hash: INFO_HASH,
      peer_id: this.id,
      numwant: 5,
      uploaded: 0,
      downloaded: 0,
      ...fields,
    })
  }
}

async function connect(url: string, i: number, fields: object = {}): Promise<TorrentPeer> {
  const peer = new TorrentPeer(url, i)
  await peer.opened
  peer.announce({ event: 'started', left: null, offers: [], ...fields })
  await peer.hear()
  return peer
}

describe('the WebTorrent protocol', () => {
  it('is spoken first by the peer, and answered with counts and an interval in seconds', async () => {
    const { url } = await startTracker()
    const seeder = new TorrentPeer(url, 1)
    await seeder.opened
    seeder.announce({ left: 0 })
    const answer = { action: 'announce', info_hash: INFO_HASH, interval: 120 }
    expect(await seeder.hear()).toEqual({ ...answer, complete: 1, incomplete: 0 })
    const leecher = new TorrentPeer(url, 2)
    await leecher.opened
    leecher.announce({ left: 1000 })
    expect(await leecher.hear()).toEqual({ ...answer, complete: 1, incomplete: 1 })
    leecher.announce({ event: 'completed' })
    expect(await leecher.hear()).toEqual({ ...answer, complete: 2, incomplete: 0 })
    leecher.announce({ left: null })
    expect(await leecher.hear()).toEqual({ ...answer, complete: 2, incomplete: 0 })
  })

  it('passes each offer to another peer of the swarm, and the answer back', async () => {
    const { url } = await startTracker()
    const [a, b] = [await connect(url, 1), await connect(url, 2)]
    const elsewhere = new TorrentPeer(url, 3)
    await elsewhere.opened
    elsewhere.announce({ info_hash: 'x'.repeat(20) })
    await elsewhere.hear()
    const c = new TorrentPeer(url, 4)
    await c.opened
    c.announce({ offers: [offerOf(1), offerOf(2), offerOf(3)] })
    expect(await c.hear()).toMatchObject({ incomplete: 3 })
    const heard = [await a.hear(), await b.hear()]
    for (const offer of heard)
      expect(offer).toMatchObject({ action: 'announce', info_hash: INFO_HASH, peer_id: c.id, offer: { type: 'offer' } })
    expect(new Set(heard.map(offer => offer.offer_id)).size).toBe(2)
    const answer = { type: 'answer', sdp: 'v=0 answer' }
    a.announce({ to_peer_id: c.id, offer_id: heard[0]!.offer_id, answer })
    expect(await c.hear()).toEqual({
      ...{ action: 'announce', info_hash: INFO_HASH, peer_id: a.id, offer_id: heard[0]!.offer_id, answer },
    })
    elsewhere.announce({ to_peer_id: c.id, offer_id: 'x', answer })
    expect(await elsewhere.hear()).toMatchObject({ 'failure reason': expect.stringContaining('tracker/field') })
    for (const peer of [a, b, c, elsewhere]) expect(peer.unheard).toBe(0)
  })

  it('offers to near peers', async () => {
    let isNear = false
    const { url } = await startTracker({
      locate: () => ({ asn: 0, position: isNear ? PARIS : { latitude: -33.9, longitude: 151.2 } }),
    })
    const far: TorrentPeer[] = []
    for (let i = 0; i < 30; i++) far.push(await connect(url, i))
    isNear = true
    const near: TorrentPeer[] = []
    for (let i = 30; i < 36; i++) near.push(await connect(url, i))
    const peer = new TorrentPeer(url, 99)
    await peer.opened
    peer.announce({ offers: [offerOf(1), offerOf(2)] })
    await peer.hear()
    // Two of six introduced: all near, but for one that is drawn at random.
    await expect.poll(() => [...near, ...far].reduce((sum, { unheard }) => sum + unheard, 0)).toBe(2)
    expect(near.reduce((sum, { unheard }) => sum + unheard, 0)).toBeGreaterThanOrEqual(1)
  })

  it('has swarms of its own', async () => {
    const { url, tracker, clock } = await startTracker()
    const ours = await connectPeer(url)
    await ours.announce(hashOf(1))
    await connect(url, 1)
    clock.advance(1_000)
    expect(tracker.stats()).toMatchObject({ viewers: 1, sockets: 2, webtorrent: { swarms: 1, peers: 1 } })
    expect(tracker.stats().resources.length).toBe(1)
  })

  it('counts swarms on a scrape', async () => {
    const { url } = await startTracker()
    const seeder = await connect(url, 1, { left: 0 })
    await connect(url, 2)
    const other = 'y'.repeat(20)
    seeder.say({ action: 'scrape', info_hash: [INFO_HASH, other] })
    expect(await seeder.hear()).toEqual({
      action: 'scrape',
      files: {
        [INFO_HASH]: { complete: 1, incomplete: 1, downloaded: 1 },
        [other]: { complete: 0, incomplete: 0, downloaded: 0 },
      },
      flags: { min_request_interval: 120 },
    })
    seeder.say({ action: 'scrape', info_hash: INFO_HASH })
    expect(Object.keys((await seeder.hear()).files as object)).toEqual([INFO_HASH])
  })

  it('forgets peers that stop, close, or come back on another socket', async () => {
    const { url } = await startTracker()
    const [stopping, closing, returning] = [await connect(url, 1), await connect(url, 2), await connect(url, 3)]
    const watcher = await connect(url, 4)
    const incomplete = async () => {
      watcher.announce()
      return (await watcher.hear()).incomplete
    }
    expect(await incomplete()).toBe(4)
    const back = await connect(url, 3)
    expect(await incomplete()).toBe(4)
    returning.close()
    await returning.closed
    await expect.poll(incomplete).toBe(4)
    back.announce({ event: 'stopped' })
    await expect.poll(incomplete).toBe(3)
    stopping.announce({ event: 'stopped' })
    closing.close()
    await expect.poll(incomplete).toBe(1)
  })

  it('keeps peers that answer pings, and cuts those that do not', async () => {
    const { url, clock } = await startTracker({ intervalMs: 10_000 })
    const alive = await connect(url, 1)
    const stalled = await connect(url, 2)
    // What the machine of a peer that is gone does: nothing.
    stalled.stall()
    // Each half interval brings a ping, and nothing but the pong says that the peer is alive.
    for (let half = 0; half < 4; half++) {
      const { pings } = alive
      clock.advance(5_000)
      await expect.poll(() => alive.pings, { timeout: 5_000 }).toBeGreaterThan(pings)
    }
    alive.announce()
    expect((await alive.hear()).incomplete).toBe(1)
  })

  it.each([
    ['{}', 'message.action is missing'],
    ['{"action":"nothing"}', 'announce, scrape'],
    ['{"action":"announce"}', 'info_hash'],
    [`{"action":"announce","info_hash":"${'é'.repeat(20)}","peer_id":"${'x'.repeat(21)}"}`, 'peer_id'],
    [`{"action":"announce","info_hash":"${'ā'.repeat(20)}","peer_id":"${'x'.repeat(20)}"}`, 'info_hash'],
    [`{"action":"scrape"}`, 'info_hash'],
    ['nonsense', 'not JSON'],
    [
      JSON.stringify({
        action: 'announce',
        info_hash: INFO_HASH,
        peer_id: idOf(1),
        offers: Array(21).fill(offerOf(1)),
      }),
      'at most 20',
    ],
    [
      JSON.stringify({ action: 'announce', info_hash: INFO_HASH, peer_id: idOf(1), offers: [{ offer_id: 1 }] }),
      'offer_id',
    ],
  ])('is answered with a reason where it is not spoken well: %.60s', async (source, reason) => {
    const { url } = await startTracker()
    const peer = new TorrentPeer(url, 1)
    await peer.opened
    peer.send(source)
    expect(await peer.hear()).toEqual({ action: 'announce', 'failure reason': expect.stringContaining(reason) })
  })
})
