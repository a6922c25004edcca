// A tracker among peers that mean no good: nothing that they send stops it, grows without bound, or reaches another peer.
import { createConnection } from 'node:net'
import type { Logger } from '@tan/primitives'
import { TRACKER_SUBPROTOCOL } from '@tan/protocol/tracker'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FRAME_MAX_BYTES } from './limits.ts'
import { connectPeer, hashOf, Line, Peer, startTracker } from './testing/tracker.ts'

const OFFER = { kind: 'offer', attempt: '1', sdp: 'v=0' } as const

/** The status line of the answer to a handshake. */
async function refusalOf(line: Line): Promise<string> {
  return line.opened.then(
    () => 'opened',
    (error: Error) => error.message,
  )
}

// spec T-REFUSE
describe('malformed input', () => {
  it('is answered with a code, and ends the socket when it goes on', async () => {
    const { url, clock } = await startTracker({ limits: { refusalsPerMinute: 5 } })
    const peer = await connectPeer(url)
    for (let i = 0; i < 5; i++) {
      peer.line.send('{"type":"announce"}')
      expect(await peer.next('error')).toMatchObject({
        code: 'tracker/field',
        message: expect.stringContaining('resourceId'),
      })
    }
    // A minute of peace makes it good again.
    clock.advance(60_000)
    for (let i = 0; i < 6; i++) peer.line.send(new Uint8Array(4))
    for (let i = 0; i < 6; i++) expect((await peer.next('error')).code).toBe('tracker/binary')
    expect(await peer.line.closed).toEqual({ code: 1008, reason: 'tracker/binary' })
  })

  it('of any shape leaves the tracker as it was', async () => {
    const { url, tracker } = await startTracker({
      limits: { refusalsPerMinute: 1e9, messagesPerSecond: 1e9, messagesPerIpPerSecond: 1e9 },
    })
    const witness = await connectPeer(url)
    await witness.announce(hashOf(1))
    const liar = await connectPeer(url)
    const torrent = new Line(url, [])
    await torrent.opened
    const typed = fc.record(
      {
        type: fc.constantFrom('hello', 'announce', 'heartbeat', 'signal', 'leave', 'claim', 'welcome', '__proto__'),
        action: fc.constantFrom('announce', 'scrape'),
        resourceId: fc.oneof(fc.constant(hashOf(1)), fc.jsonValue()),
        have: fc.oneof(fc.constant(1), fc.jsonValue()),
        want: fc.oneof(fc.constant(50), fc.jsonValue()),
        to: fc.oneof(fc.constant(liar.id), fc.jsonValue()),
        signal: fc.oneof(fc.constant(OFFER), fc.jsonValue()),
        rtt: fc.oneof(fc.constant([]), fc.jsonValue()),
        load: fc.oneof(fc.constant(0), fc.jsonValue()),
        info_hash: fc.oneof(fc.constant('x'.repeat(20)), fc.jsonValue()),
        peer_id: fc.oneof(fc.constant('y'.repeat(20)), fc.jsonValue()),
        offers: fc.jsonValue(),
        answer: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const sent = fc.oneof(
      typed.map(value => JSON.stringify(value)),
      fc.json(),
      fc.string(),
      fc.uint8Array(),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 20 }), async messages => {
        for (const message of messages) {
          liar.line.send(message)
          torrent.send(message)
        }
        liar.line.send('end')
        for (;;) {
          const text = await liar.line.next()
          // A message that is accepted by chance is answered, too.
          expect(text).toMatch(/^\{"type":"(error|candidates|alive|claims|signal)"/)
          if (text.includes('not JSON: end')) break
        }
      }),
      { numRuns: 100 },
    )
    await witness.beat()
    expect(witness.line.unheard).toBe(0)
    expect(tracker.stats().sockets).toBe(3)
  })

  // spec T-SOCKET
  it('beyond the size of a frame, or beyond the protocol, closes that socket only', async () => {
    const { url, port } = await startTracker()
    const witness = await connectPeer(url)
    const large = await connectPeer(url)
    large.line.send(' '.repeat(FRAME_MAX_BYTES + 1))
    expect((await large.line.closed).code).toBe(1009)
    const raw = createConnection(port, '127.0.0.1')
    raw.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Protocol: ${TRACKER_SUBPROTOCOL}\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
    )
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))
    await new Promise(resolve => raw.resume().on('close', resolve))
    const nonsense = createConnection(port, '127.0.0.1')
    nonsense.write('\x00\x01 nonsense\r\n\r\n')
    await new Promise(resolve => nonsense.resume().on('close', resolve))
    await witness.beat()
  })
})

describe('floods', () => {
  it('of messages are cut at their rate', async () => {
    const { url, clock } = await startTracker({ limits: { messagesPerSecond: 10, refusalsPerMinute: 3 } })
    const peer = await connectPeer(url)
    clock.advance(60_000)
    for (let i = 0; i < 50; i++) await peer.beat()
    for (let i = 0; i < 4; i++) peer.line.send('{}')
    for (let i = 0; i < 4; i++) expect((await peer.next('error')).code).toBe('tracker/rate')
    expect((await peer.line.closed).code).toBe(1008)
  })

  it('from many sockets of one address are cut together', async () => {
    const { url } = await startTracker({ limits: { messagesPerIpPerSecond: 4 } })
    const [one, other] = [await connectPeer(url), await connectPeer(url)]
    // Two hellos and two heartbeats are gone; sixteen are left for both.
    for (let i = 0; i < 8; i++) for (const peer of [one, other]) await peer.beat()
    other.send({ type: 'leave', resourceId: hashOf(1) })
    expect((await other.next('error')).code).toBe('tracker/rate')
  })

  it('of announces, signals and resources are declined each for itself, and close nothing', async () => {
    const { url } = await startTracker({
      limits: { announcesPerSecond: 2, signalsPerSecond: 1, resourcesPerPeer: 3, refusalsPerMinute: 1 },
    })
    const [peer, target] = [await connectPeer(url), await connectPeer(url)]
    await target.announce(hashOf(0))
    for (let i = 0; i < 3; i++) await peer.announce(hashOf(i))
    peer.send({ type: 'announce', resourceId: hashOf(9), have: 1, want: 1 })
    expect(await peer.next('error')).toMatchObject({ code: 'tracker/resources', resourceId: hashOf(9) })
    for (let i = 0; i < 6; i++) await peer.announce(hashOf(0))
    peer.send({ type: 'announce', resourceId: hashOf(0), have: 1, want: 1 })
    expect(await peer.next('error')).toMatchObject({ code: 'tracker/rate', resourceId: hashOf(0) })
    // Only answers with peers are dear.
    for (let i = 0; i < 20; i++) await peer.announce(hashOf(0), 0)
    for (let i = 0; i < 6; i++) peer.send({ type: 'signal', resourceId: hashOf(0), to: target.id, signal: OFFER })
    expect((await peer.next('error')).code).toBe('tracker/rate')
    for (let i = 0; i < 5; i++) await target.next('signal')
    await target.beat()
  })

  it('of sockets are refused before they open', async () => {
    const { url } = await startTracker({ limits: { socketsPerIp: 2 } })
    const kept = [await connectPeer(url), await connectPeer(url)]
    expect(await refusalOf(new Line(url, [TRACKER_SUBPROTOCOL]))).toContain('429')
    kept[0]!.line.close()
    await kept[0]!.line.closed
    await expect.poll(() => refusalOf(new Line(url, [])), { timeout: 5_000 }).toBe('opened')

    const full = await startTracker({ limits: { sockets: 1 } })
    await connectPeer(full.url)
    expect(await refusalOf(new Line(full.url, []))).toContain('503')

    const slow = await startTracker({ limits: { connectsPerIpPerSecond: 1 } })
    for (let i = 0; i < 5; i++) await connectPeer(slow.url)
    expect(await refusalOf(new Line(slow.url, []))).toContain('429')
    slow.clock.advance(1_000)
    expect(await refusalOf(new Line(slow.url, []))).toBe('opened')
  })

  it('to a peer that does not read are not kept', async () => {
    const { url, port } = await startTracker({
      limits: { signalsPerSecond: 1e6, messagesPerSecond: 1e6, messagesPerIpPerSecond: 1e6 },
    })
    const [from, deaf] = [await connectPeer(url), await connectPeer(url)]
    for (const peer of [from, deaf]) await peer.announce(hashOf(1))
    deaf.line.stall()
    const signal = { kind: 'offer', attempt: '1', sdp: 'x'.repeat(16_000) } as const
    let isGone = false
    while (!isGone) {
      for (let i = 0; i < 100; i++) from.send({ type: 'signal', resourceId: hashOf(1), to: deaf.id, signal })
      from.send({ type: 'leave', resourceId: hashOf(2) })
      from.send({ type: 'heartbeat', load: 0, servedBytes: 0, rtt: [] })
      for (let text = ''; !text.includes('alive'); ) {
        text = await from.line.next()
        isGone ||= text.includes('tracker/gone')
      }
    }
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics).toContain('tan_tracker_slow_readers_total 1\n')
  })
})

describe('pages of other origins', () => {
  it('are refused where origins are listed; what is no browser is not', async () => {
    const { url } = await startTracker({ origins: ['https://video.example'] })
    const from = (origin?: string) => new Line(url, [TRACKER_SUBPROTOCOL], origin === undefined ? {} : { origin })
    expect(await refusalOf(from('https://evil.example'))).toContain('403')
    expect(await refusalOf(from('https://video.example'))).toBe('opened')
    expect(await refusalOf(from())).toBe('opened')
  })
})

describe('addresses', () => {
  it('are taken from a proxy that is trusted, and from no other', async () => {
    const seen: string[] = []
    const locate = (ip: string) => void seen.push(ip)
    const headers = { 'x-forwarded-for': '192.0.2.1, 198.51.100.7', 'x-forwarded-host': 'tracker.example' }
    for (const trustProxy of [true, false]) {
      const { url } = await startTracker({ trustProxy, trustReportedPlaces: false, locate })
      const peer = new Peer(url, { headers })
      const { nonce } = await peer.next('welcome')
      peer.send(peer.helloTo(nonce, trustProxy ? 'tracker.example' : new URL(url).host))
      await peer.beat()
    }
    expect(seen).toEqual(['198.51.100.7', '127.0.0.1'])
  })
})

describe('a failure of our own', () => {
  it('is logged, and told without its inside', async () => {
    const logged: string[] = []
    const log = (message: string, fields: object = {}) => void logged.push(`${message} ${JSON.stringify(fields)}`)
    const logger: Logger = { debug: log, info: log, warn: log, error: log }
    const { url } = await startTracker({
      logger,
      verifyClaim() {
        throw new Error('the database at 10.0.0.5 is away')
      },
    })
    const peer = await connectPeer(url)
    peer.send({ type: 'claim', poolId: hashOf(1), claimWei: 1n, depositWei: 1n })
    expect(await peer.next('error')).toEqual({
      type: 'error',
      code: 'internal/unexpected',
      message: 'the tracker failed on this message',
    })
    expect(logged.some(line => line.includes('10.0.0.5'))).toBe(true)
    await peer.beat()
  })
})
