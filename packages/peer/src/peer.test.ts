import { CodedError, createSeededRandom, equalBytes, randomBytesFrom } from '@tan/primitives'
import { createTracker, type Tracker } from '@tan/tracker'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Peer } from './peer.ts'
import type { HttpGet } from './ports.ts'
import { createMemoryStore } from './session/memory-store.ts'
import { createSession } from './session/session.ts'
import type { MemberOptions, SwarmMember } from './swarm/member.ts'
import { PiecesInMemory } from './swarm/pieces-in-memory.ts'
import { openResource } from './swarm/resource.ts'
import { createFilm, type Film, MANIFEST_URL } from './testing/film.ts'
import { createMemoryRtc } from './testing/memory-rtc.ts'
import { commonWorld, secureRandom } from './world.ts'

const random = createSeededRandom(21)
const REDEEM = { gasFactor: 1n, dueMaxWei: 1n, expiryMarginBlocks: 1 }
const FREE = createFilm({ piecePriceWei: 0n })

/** An origin that answers for the manifest alone: all else has to come from peers. */
const manifestAlone =
  (film: Film): HttpGet =>
  (url, options) =>
    url.startsWith(MANIFEST_URL) ? film.get(url, options) : Promise.reject(new CodedError('test/gone', 'it is gone'))

let tracker: Tracker
const stops: (() => void)[] = []

beforeEach(async () => {
  tracker = createTracker({ clock: commonWorld().clock, random: secureRandom })
  await tracker.start()
})

afterEach(async () => {
  for (const stop of stops.splice(0)) stop()
  await tracker.stop()
})

async function openPeer(connect: ReturnType<typeof createMemoryRtc>, get: HttpGet): Promise<Peer> {
  const peer = await Peer.open({
    role: 'viewer',
    world: { ...commonWorld(), connect, get },
    session: createSession(randomBytesFrom(random, 32), createMemoryStore()),
    trackers: [tracker.address!.url],
    redeem: REDEEM,
    uploadBytesPerSecond: 1_000_000,
    report: () => ({ load: 0, servedBytes: 0, rtt: [] }),
    events: {},
  })
  stops.push(() => peer.stop())
  peer.start()
  return peer
}

async function join(peer: Peer, get: HttpGet, given: Partial<MemberOptions> = {}): Promise<SwarmMember> {
  const resource = await openResource(MANIFEST_URL, get, undefined)
  const member: SwarmMember = peer.join({
    resource,
    pieces: new PiecesInMemory(2 ** 30, (rendition, segment) => member.dropped(rendition, segment)),
    serves: true,
    piecePriceWei: resource.manifest.piecePriceWei,
    unredeemedMaxWei: 1n,
    expiryMarginBlocks: 1,
    peersWanted: () => 4,
    peersMax: 8,
    events: {},
    ...given,
  })
  return member
}

const wholeFilm = (member: SwarmMember): Promise<Uint8Array> => {
  member.want([{ rendition: 0, segment: 0, deadlineMs: Number.POSITIVE_INFINITY }])
  return member.read(0, 0, AbortSignal.timeout(30_000))
}

/** Resolves when the condition holds; the test's own timeout bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

describe('members of a swarm', () => {
  it('meet through a tracker, and one takes from the other what no origin gives it', async () => {
    const connect = createMemoryRtc()
    const source = await openPeer(connect, FREE.get)
    const giver = await join(source, FREE.get)
    expect(equalBytes(await wholeFilm(giver), FREE.bytes)).toBe(true)
    source.setMeeting(true)
    const sink = await openPeer(connect, manifestAlone(FREE))
    const from = new Set<string>()
    const taker = await join(sink, manifestAlone(FREE), { events: { piece: piece => from.add(piece.from) } })
    sink.setMeeting(true)
    // The list of hashes comes from the peer, too.
    expect(equalBytes(await wholeFilm(taker), FREE.bytes)).toBe(true)
    expect([...from]).toEqual([source.address])
    expect(taker.have).toBe(1)
    expect(giver.peers().map(({ address }) => address)).toEqual([sink.address])
  })

  it('announce what they held when they joined', async () => {
    const connect = createMemoryRtc()
    const source = await openPeer(connect, FREE.get)
    const held = [{ rendition: 0, segment: 0, hashes: FREE.hashes }]
    await join(source, FREE.get, { held, peersWanted: have => (have < 1 ? 4 : 0) })
    source.setMeeting(true)
    const sink = await openPeer(connect, FREE.get)
    const named: number[] = []
    await join(sink, FREE.get, { events: { named: peers => named.push(...peers.map(({ have }) => have)) } })
    sink.setMeeting(true)
    await until(() => named.length > 0)
    expect(named).toEqual([1])
  })

  it('seek nobody whom they have no use for', async () => {
    const connect = createMemoryRtc()
    const source = await openPeer(connect, FREE.get)
    await join(source, FREE.get, { peersWanted: () => 0 })
    source.setMeeting(true)
    await until(() => source.hasTracker)
    const sink = await openPeer(connect, FREE.get)
    const named: string[] = []
    const taker = await join(sink, FREE.get, {
      seeks: ({ have }) => have > 0,
      events: { named: peers => named.push(...peers.map(({ peerId }) => peerId)) },
    })
    sink.setMeeting(true)
    await until(() => named.length > 0)
    expect(named).toEqual([source.address])
    expect(taker.connections).toBe(0)
  })

  it('leave one another when their peer meets nobody any more, and come back when it does', async () => {
    const connect = createMemoryRtc()
    const one = await openPeer(connect, FREE.get)
    const first = await join(one, FREE.get)
    const two = await openPeer(connect, FREE.get)
    const closed: string[] = []
    const second = await join(two, FREE.get, { events: { closed: address => closed.push(address) } })
    one.setMeeting(true)
    two.setMeeting(true)
    await until(() => first.peers().length === 1 && second.peers().length === 1)
    two.setMeeting(false)
    await until(() => first.connections === 0)
    expect(second.connections).toBe(0)
    expect(closed).toEqual([one.address])
    expect(two.hasTracker).toBe(false)
    two.setMeeting(true)
    await until(() => first.peers().length === 1 && second.peers().length === 1)
    expect(two.hasTracker).toBe(true)
  })

  it('are gone from tracker and peers once they have left', async () => {
    const connect = createMemoryRtc()
    const one = await openPeer(connect, FREE.get)
    const first = await join(one, FREE.get)
    const two = await openPeer(connect, FREE.get)
    await join(two, FREE.get)
    one.setMeeting(true)
    two.setMeeting(true)
    await until(() => first.peers().length === 1)
    expect(two.isMemberOf(FREE.catalog.resourceId)).toBe(true)
    two.leave(FREE.catalog.resourceId)
    expect(two.isMemberOf(FREE.catalog.resourceId)).toBe(false)
    await until(() => first.connections === 0)
    await join(two, FREE.get)
    await until(() => first.peers().length === 1)
  })

  it('join the swarm of a resource once', async () => {
    const peer = await openPeer(createMemoryRtc(), FREE.get)
    await join(peer, FREE.get)
    await expect(join(peer, FREE.get)).rejects.toThrowError(/once/)
  })
})

describe('a peer without a chain', () => {
  const PAID = createFilm({ piecePriceWei: 10n })

  it('takes nothing that costs, and plays from the origin', async () => {
    const connect = createMemoryRtc()
    const source = await openPeer(connect, PAID.get)
    const giver = await join(source, PAID.get)
    await wholeFilm(giver)
    source.setMeeting(true)
    const sink = await openPeer(connect, PAID.get)
    const from = new Set<string>()
    const taker = await join(sink, PAID.get, { events: { piece: piece => from.add(piece.from) } })
    sink.setMeeting(true)
    await until(() => taker.peers().length === 1)
    expect(equalBytes(await wholeFilm(taker), PAID.bytes)).toBe(true)
    expect([...from]).toEqual(['origin'])
    expect(taker.paidWei).toBe(0n)
    expect(sink.earnings).toBeUndefined()
    await sink.redeem()
  })
})
