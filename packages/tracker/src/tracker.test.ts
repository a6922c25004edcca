import { addressOfSecretKey, createSeededRandom, secureRandomBytes, signDigest } from '@tan/primitives'
import {
  type Candidate,
  CLOSE_REPLACED,
  type IceSignal,
  type ServerMessageOf,
  validateTrackerStats,
} from '@tan/protocol/tracker'
import { createTrackerClient } from '@tan/protocol/tracker/client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { BERLIN, connectPeer, createManualClock, HANOI, hashOf, Peer, SAIGON, startTracker } from './testing/tracker.ts'
import { createTracker } from './tracker.ts'

const RESOURCE = hashOf(1)
const OFFER: IceSignal = { kind: 'offer', attempt: 'try 1', sdp: 'v=0' }

const ids = (peers: readonly Candidate[]) => peers.map(peer => peer.peerId)

// spec T-HELLO
describe('a login', () => {
  it('is greeted with a nonce of its own, the interval and STUN servers', async () => {
    const { url } = await startTracker({ intervalMs: 5_000, iceServers: ['stun:stun.example:3478'] })
    const peers = [new Peer(url), new Peer(url)]
    const welcomes = await Promise.all(peers.map(peer => peer.next('welcome')))
    expect(welcomes[0]).toMatchObject({ intervalMs: 5_000, iceServers: ['stun:stun.example:3478'] })
    expect(welcomes[0]!.nonce).not.toBe(welcomes[1]!.nonce)
  })

  it('must be signed by the key of the id, over this nonce, for this host', async () => {
    const { url } = await startTracker()
    const { host } = new URL(url)
    const mallory = new Peer(url)
    const { nonce } = await mallory.next('welcome')
    const victim = new Peer(url)
    const { nonce: othersNonce } = await victim.next('welcome')
    const forged = [
      { ...mallory.helloTo(nonce, host), peerId: victim.id },
      victim.helloTo(othersNonce, host), // taken from another socket
      victim.helloTo(nonce, 'evil.example'), // passed on by another tracker
      { ...mallory.helloTo(nonce, host), signature: `0x${'00'.repeat(65)}` as const },
      { ...mallory.helloTo(nonce, host), signature: `0x${'ff'.repeat(65)}` as const },
    ]
    for (const hello of forged) {
      mallory.send(hello)
      expect((await mallory.next('error')).code).toMatch(/^(tracker\/identity|keys\/signature)$/)
    }
    mallory.send({ type: 'announce', resourceId: RESOURCE, have: 1, want: 1 })
    expect((await mallory.next('error')).code).toBe('tracker/hello')
    mallory.send(mallory.helloTo(nonce, host))
    await mallory.beat()
  })

  it('may be renewed with another capacity, not with another identity or role', async () => {
    const { url, tracker } = await startTracker()
    const peer = new Peer(url)
    const { nonce } = await peer.next('welcome')
    const { host } = new URL(url)
    peer.send(peer.helloTo(nonce, host))
    peer.send(peer.helloTo(nonce, host, { uploadBytesPerSecond: 77 }))
    await peer.beat()
    expect(tracker.stats().peers[0]!.uploadBytesPerSecond).toBe(77)
    peer.send(peer.helloTo(nonce, host, { role: 'edge' }))
    expect((await peer.next('error')).code).toBe('tracker/identity')
  })

  it('takes the place of the same peer on an older socket', async () => {
    const { url, tracker } = await startTracker()
    const old = await connectPeer(url)
    await old.announce(RESOURCE)
    const again = await connectPeer(url, { role: 'edge' }, old.secretKey)
    expect(await old.line.closed).toEqual({ code: CLOSE_REPLACED, reason: 'tracker/replaced' })
    expect(await again.announce(RESOURCE)).toMatchObject({ viewers: 0, edges: 1, peers: [] })
    expect(tracker.stats()).toMatchObject({ viewers: 0, edges: 1, sockets: 1 })
  })
})

describe('candidates', () => {
  it('are the peers of the same resource, near ones first, with what is known of each', async () => {
    const { url } = await startTracker()
    const saigon = await connectPeer(url, { place: SAIGON, role: 'edge', uploadBytesPerSecond: 5_000 })
    const berlin = await connectPeer(url, { place: BERLIN })
    const stranger = await connectPeer(url, { place: HANOI })
    for (const peer of [saigon, berlin]) await peer.announce(RESOURCE, 0, 0.5)
    await stranger.announce(hashOf(2))
    const hanoi = await connectPeer(url, { place: HANOI })
    const answer = await hanoi.announce(RESOURCE)
    expect(answer).toMatchObject({ resourceId: RESOURCE, viewers: 2, edges: 1 })
    expect(ids(answer.peers)).toEqual([saigon.id, berlin.id])
    expect(answer.peers[0]).toEqual({
      ...{ peerId: saigon.id, role: 'edge', have: 0.5, load: 0, uploadBytesPerSecond: 5_000, sameNetwork: false },
      ...{ rttMs: expect.closeTo(31, 0), distanceKm: 1_143, region: { latitude: 11, longitude: 107 } },
    })
    expect(ids((await hanoi.announce(RESOURCE, 1)).peers)).toEqual([saigon.id])
    expect((await hanoi.announce(RESOURCE, 0)).peers).toEqual([])
    expect(ids((await berlin.announce(RESOURCE)).peers).sort()).toEqual([saigon.id, hanoi.id].sort())
  })

  it('follow heartbeats, leaves and closed sockets', async () => {
    const { url } = await startTracker()
    const [first, second, third] = [await connectPeer(url), await connectPeer(url), await connectPeer(url)]
    for (const peer of [first, second]) await peer.announce(RESOURCE)
    await first.beat({ load: 1, servedBytes: 10 })
    expect((await third.announce(RESOURCE)).peers).toMatchObject([{ peerId: second.id }, { peerId: first.id, load: 1 }])
    second.send({ type: 'leave', resourceId: RESOURCE })
    second.send({ type: 'leave', resourceId: RESOURCE })
    await second.beat()
    expect(ids((await third.announce(RESOURCE)).peers)).toEqual([first.id])
    first.line.close()
    await first.line.closed
    await expect.poll(async () => ids((await third.announce(RESOURCE)).peers)).toEqual([])
  })

  it('follow what peers measure between networks, once each', async () => {
    const { url } = await startTracker()
    const near = await connectPeer(url, { place: { ...HANOI, asn: 1 } })
    const far = await connectPeer(url, { place: { ...SAIGON, asn: 2 } })
    for (const peer of [near, far]) await peer.announce(RESOURCE)
    const mine = { place: { ...HANOI, asn: 3 } }
    const [a, b, c] = [await connectPeer(url, mine), await connectPeer(url, mine), await connectPeer(url, mine)]
    const order = async () => ids((await a.announce(RESOURCE)).peers)
    const slow = [{ peerId: near.id, rttMs: 300 }]
    expect(await order()).toEqual([near.id, far.id])
    for (let i = 0; i < 5; i++) await a.beat({ rtt: slow })
    expect(await order()).toEqual([near.id, far.id])
    for (const peer of [b, c])
      await peer.beat({
        rtt: [...slow, { peerId: peer.id, rttMs: 1 }, { peerId: hashOf(1).slice(0, 42) as `0x${string}`, rttMs: 1 }],
      })
    const { peers } = await a.announce(RESOURCE)
    expect(ids(peers)).toEqual([far.id, near.id])
    expect(peers[1]!.rttMs).toBe(300)
  })

  // spec T-WHERE
  it('come from the address where peers are not believed', async () => {
    const place = { asn: 7, position: { latitude: 48.86, longitude: 2.35 } }
    const { url } = await startTracker({
      trustReportedPlaces: false,
      locate: ip => (ip === '127.0.0.1' ? place : undefined),
    })
    const [one, other] = [await connectPeer(url, { place: HANOI }), await connectPeer(url, { place: BERLIN })]
    await one.announce(RESOURCE)
    const { peers } = await other.announce(RESOURCE)
    expect(peers).toMatchObject([{ distanceKm: 0, sameNetwork: true, region: { latitude: 49, longitude: 2 } }])
  })

  it('are given without positions, too', async () => {
    const { url } = await startTracker()
    const [one, other] = [await connectPeer(url), await connectPeer(url)]
    await one.announce(RESOURCE)
    const { peers } = await other.announce(RESOURCE)
    expect(ids(peers)).toEqual([one.id])
    expect(peers[0]).not.toHaveProperty('distanceKm')
    expect(peers[0]).not.toHaveProperty('region')
  })
})

describe('signals', () => {
  it('go to the peer that they are for, and to nobody else', async () => {
    const { url } = await startTracker()
    const [from, to, bystander] = [await connectPeer(url), await connectPeer(url), await connectPeer(url)]
    for (const peer of [from, to, bystander]) await peer.announce(RESOURCE)
    const signals: IceSignal[] = [
      OFFER,
      { kind: 'candidate', attempt: 'try 1', candidate: 'candidate:1 1 UDP 1 192.0.2.1 9 typ host', mid: '0' },
    ]
    for (const signal of signals) from.send({ type: 'signal', resourceId: RESOURCE, to: to.id, signal })
    for (const signal of signals)
      expect(await to.next('signal')).toEqual({ type: 'signal', resourceId: RESOURCE, from: from.id, signal })
    to.send({
      type: 'signal',
      resourceId: RESOURCE,
      to: from.id,
      signal: { kind: 'answer', attempt: 'try 1', sdp: 'v=0' },
    })
    expect((await from.next('signal')).signal.kind).toBe('answer')
    await bystander.beat()
    expect(bystander.line.unheard).toBe(0)
  })

  it('stay within a swarm, and say who is gone', async () => {
    const { url } = await startTracker()
    const [from, elsewhere] = [await connectPeer(url), await connectPeer(url)]
    await elsewhere.announce(hashOf(2))
    from.send({ type: 'signal', resourceId: hashOf(2), to: elsewhere.id, signal: OFFER })
    expect((await from.next('error')).code).toBe('tracker/swarm')
    await from.announce(RESOURCE)
    from.send({ type: 'signal', resourceId: RESOURCE, to: elsewhere.id, signal: OFFER })
    expect(await from.next('error')).toMatchObject({ code: 'tracker/gone', peerId: elsewhere.id, resourceId: RESOURCE })
    await elsewhere.beat()
    expect(elsewhere.line.unheard).toBe(0)
  })
})

describe('claims', () => {
  it('are admitted while they fit the deposit', async () => {
    const { url } = await startTracker()
    const [one, other] = [await connectPeer(url, { role: 'edge' }), await connectPeer(url, { role: 'edge' })]
    const claim = async (peer: Peer, claimWei: bigint) => {
      peer.send({ type: 'claim', poolId: hashOf(9), claimWei, depositWei: 10n ** 20n })
      const { admitted, claimedWei, payees } = await peer.next('claims')
      return { admitted, claimedWei, payees }
    }
    expect(await claim(one, 6n * 10n ** 19n)).toEqual({ admitted: true, claimedWei: 6n * 10n ** 19n, payees: 1 })
    expect(await claim(other, 5n * 10n ** 19n)).toEqual({ admitted: false, claimedWei: 6n * 10n ** 19n, payees: 1 })
    expect(await claim(other, 4n * 10n ** 19n)).toEqual({ admitted: true, claimedWei: 10n ** 20n, payees: 2 })
    expect(await claim(one, 1n)).toEqual({ admitted: true, claimedWei: 10n ** 20n, payees: 2 })
  })

  it('are checked where the tracker can, one at a time', async () => {
    const waiting: ((isOwed: boolean) => void)[] = []
    const { url } = await startTracker({ verifyClaim: () => new Promise(resolve => waiting.push(resolve)) })
    const peer = await connectPeer(url)
    const claim = { type: 'claim', poolId: hashOf(9), claimWei: 1n, depositWei: 5n, voucher: '0x1234' } as const
    peer.send(claim)
    peer.send(claim)
    expect((await peer.next('error')).message).toContain('wait for the answer')
    waiting.shift()!(false)
    expect((await peer.next('error')).message).toContain('no voucher')
    peer.send(claim)
    await expect.poll(() => waiting.length).toBe(1)
    waiting.shift()!(true)
    expect((await peer.next('claims')).admitted).toBe(true)
  })
})

// spec T-ALIVE
describe('silence', () => {
  it('takes a peer out after one interval and a second, and no peer that beats', async () => {
    const { url, clock, tracker } = await startTracker({ intervalMs: 10_000 })
    const [silent, alive, greeted] = [await connectPeer(url), await connectPeer(url), new Peer(url)]
    await greeted.next('welcome')
    for (const peer of [silent, alive]) await peer.announce(RESOURCE)
    clock.advance(6_000)
    await alive.beat()
    // A message that is refused is no sign of life.
    silent.line.send('{}')
    await silent.next('error')
    clock.advance(4_001)
    expect((await silent.line.closed).code).toBe(1006)
    await greeted.line.closed
    expect(ids((await alive.announce(RESOURCE)).peers)).toEqual([])
    expect(tracker.stats()).toMatchObject({ viewers: 1, sockets: 1 })
  })
})

describe('the pages', () => {
  // spec T-PRIVATE
  it('show counts, the largest swarms, and peers where they roughly are', async () => {
    const { url, port, clock } = await startTracker()
    const edge = await connectPeer(url, { role: 'edge', place: BERLIN, uploadBytesPerSecond: 9_000 })
    const viewer = await connectPeer(url, { place: HANOI })
    for (const resource of [hashOf(5), hashOf(6)]) await edge.announce(resource)
    await viewer.announce(hashOf(6), 50, 0.25)
    await edge.beat({ load: 0.5, servedBytes: 123 })
    clock.advance(1_000)
    const response = await fetch(`http://127.0.0.1:${port}/stats`)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    const stats = validateTrackerStats(await response.json())
    expect(stats).toEqual({
      ...{ viewers: 1, edges: 1, sockets: 2, webtorrent: { swarms: 0, peers: 0 } },
      resources: [
        { resourceId: hashOf(6), viewers: 1, edges: 1 },
        { resourceId: hashOf(5), viewers: 0, edges: 1 },
      ],
      peers: [
        {
          ...{ role: 'edge', peerId: edge.id, load: 0.5, uploadBytesPerSecond: 9_000, servedBytes: 123, resources: 2 },
          region: { latitude: 53, longitude: 13 },
        },
        // A viewer is on the map, and nobody learns who it is.
        {
          ...{ role: 'viewer', load: 0, uploadBytesPerSecond: 1_000, servedBytes: 0, resources: 1 },
          region: { latitude: 21, longitude: 106 },
        },
      ],
    })
  })

  it('keep to their bounds with many resources', async () => {
    const { url, tracker, clock } = await startTracker()
    const [edge, viewer] = [await connectPeer(url, { role: 'edge' }), await connectPeer(url)]
    for (let i = 0; i < 120; i++) await edge.announce(hashOf(i), 0)
    await viewer.announce(hashOf(119))
    clock.advance(1_000)
    const { resources } = tracker.stats()
    expect(resources.length).toBe(100)
    expect(resources[0]).toEqual({ resourceId: hashOf(119), viewers: 1, edges: 1 })
  })

  it('tell health and metrics, and say no to the rest', async () => {
    const { url, port } = await startTracker()
    const peer = await connectPeer(url)
    await peer.announce(RESOURCE)
    peer.line.send('nonsense')
    await peer.next('error')
    const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
    expect(await (await get('/health')).json()).toEqual({ status: 'ok', sockets: 1 })
    const metrics = await (await get('/metrics')).text()
    expect(metrics).toContain('tan_tracker_messages_total{type="announce"} 1\n')
    expect(metrics).toContain('tan_tracker_refusals_total{code="tracker/json"} 1\n')
    expect(metrics).toContain('tan_tracker_peers{role="viewer"} 1\n')
    for (const [path, init, status] of [
      ['/', {}, 404],
      ['/stats', { method: 'POST', body: 'x' }, 405],
      ['/stats', { method: 'OPTIONS' }, 204],
    ] as const)
      expect((await get(path, init)).status).toBe(status)
  })
})

describe('a tracker', () => {
  it('says that its port is taken, and starts again after a stop', async () => {
    const { tracker, port } = await startTracker()
    const options = { clock: createManualClock(), random: createSeededRandom(1), port }
    const second = createTracker(options)
    await expect(second.start()).rejects.toMatchObject({
      code: 'tracker/listen',
      message: expect.stringContaining('EADDRINUSE'),
    })
    await tracker.stop()
    await tracker.stop()
    expect((await second.start()).port).toBe(port)
    await second.stop()
    expect(() => createTracker({ ...options, intervalMs: 1 })).toThrow('intervalMs is 1')
  })

  it('closes its sockets when it stops', async () => {
    const { tracker, url } = await startTracker()
    const peer = await connectPeer(url)
    await tracker.stop()
    expect(await peer.line.closed).toEqual({ code: 1001, reason: 'tracker/stopped' })
    expect(tracker.address).toBeUndefined()
  })

  it('serves the client: two peers meet and talk, and meet again when the tracker came back', async () => {
    const { tracker, url, port } = await startTracker()
    const connectClient = () => {
      const secretKey = secureRandomBytes(32)
      const answers: (readonly Candidate[])[] = []
      const signals: ServerMessageOf<'signal'>[] = []
      const peerId = addressOfSecretKey(secretKey)
      const client = createTrackerClient({
        url,
        identity: { peerId, sign: digest => signDigest(digest, secretKey) },
        role: 'viewer',
        uploadBytesPerSecond: 0,
        openSocket: (address, subprotocol) => new WebSocket(address, subprotocol),
        timers: {
          after(delayMs, call) {
            const timer = setTimeout(call, Math.min(delayMs, 50))
            return () => clearTimeout(timer)
          },
        },
        random: createSeededRandom(1),
        events: {
          candidates: message => void answers.push(message.peers),
          signal: message => void signals.push(message),
        },
      })
      onTestFinished(() => client.stop())
      client.announce(RESOURCE, 1, 50)
      client.start()
      return { client, peerId, answers, signals }
    }
    const inTime = { timeout: 5_000 }
    const one = connectClient()
    await expect.poll(() => one.answers, inTime).toEqual([[]])
    const other = connectClient()
    await expect.poll(() => other.answers.map(ids), inTime).toEqual([[one.peerId]])
    expect(other.client.signal(RESOURCE, one.peerId, OFFER)).toBe(true)
    await expect
      .poll(() => one.signals, inTime)
      .toEqual([{ type: 'signal', resourceId: RESOURCE, from: other.peerId, signal: OFFER }])
    await tracker.stop()
    await expect.poll(() => [one.client.state, other.client.state], inTime).not.toContain('connected')
    await startTracker({ port })
    const metAgain = () => [...one.answers.slice(1), ...other.answers.slice(1)].flatMap(ids)
    await expect.poll(() => metAgain().length, inTime).toBe(1)
  })
})
