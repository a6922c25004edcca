import { CodedError, type Hex, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CANDIDATES_MAX, TRACKER_MESSAGE_MAX_CHARS } from './limits.ts'
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeTrackerMessage,
  type ServerMessage,
  trackerLoginDigest,
  validateTrackerStats,
} from './messages.ts'

const hexOf = (sizeBytes: number) =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map(bytes => toHex(bytes) as Hex)
const fraction = fc.double({ min: 0, max: 1, noNaN: true })
const count = fc.nat()
const wei = fc.bigInt({ min: 0n, max: (1n << 256n) - 1n })
const position = fc.record({
  latitude: fc.double({ min: -90, max: 90, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
})
const role = fc.constantFrom('viewer' as const, 'edge' as const)
const description = fc.record({ attempt: fc.string({ maxLength: 64 }), sdp: fc.string() })
const signal = fc.oneof(
  description.map(fields => ({ kind: 'offer' as const, ...fields })),
  description.map(fields => ({ kind: 'answer' as const, ...fields })),
  fc.record({
    kind: fc.constant('candidate' as const),
    attempt: fc.string({ maxLength: 64 }),
    candidate: fc.string(),
    mid: fc.string({ maxLength: 64 }),
  }),
)

const clientMessage: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record(
    {
      type: fc.constant('hello' as const),
      peerId: hexOf(20),
      signature: hexOf(65),
      role,
      uploadBytesPerSecond: count,
      place: fc.tuple(position, fc.nat()).map(([at, asn]) => ({ ...at, asn })),
    },
    { requiredKeys: ['type', 'peerId', 'signature', 'role', 'uploadBytesPerSecond'] },
  ),
  fc.record({
    type: fc.constant('announce' as const),
    resourceId: hexOf(32),
    have: fraction,
    want: fc.nat({ max: CANDIDATES_MAX }),
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    load: fraction,
    servedBytes: count,
    rtt: fc.array(fc.record({ peerId: hexOf(20), rttMs: fc.nat({ max: 10_000 }) }), { maxLength: 32 }),
  }),
  fc.record({ type: fc.constant('signal' as const), resourceId: hexOf(32), to: hexOf(20), signal }),
  fc.record({ type: fc.constant('leave' as const), resourceId: hexOf(32) }),
  fc.record(
    { type: fc.constant('claim' as const), poolId: hexOf(32), claimWei: wei, depositWei: wei, voucher: hexOf(200) },
    { requiredKeys: ['type', 'poolId', 'claimWei', 'depositWei'] },
  ),
)

const candidate = fc.record(
  {
    peerId: hexOf(20),
    role,
    have: fraction,
    load: fraction,
    uploadBytesPerSecond: count,
    rttMs: fc.nat({ max: 20_000 }),
    sameNetwork: fc.boolean(),
    distanceKm: fc.nat({ max: 20_000 }),
    region: position,
  },
  { requiredKeys: ['peerId', 'role', 'have', 'load', 'uploadBytesPerSecond', 'rttMs', 'sameNetwork'] },
)

const serverMessage: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc.record({
    type: fc.constant('welcome' as const),
    nonce: hexOf(16),
    intervalMs: fc.integer({ min: 100, max: 300_000 }),
    iceServers: fc.array(fc.string(), { maxLength: 8 }),
  }),
  fc.record({
    type: fc.constant('candidates' as const),
    resourceId: hexOf(32),
    viewers: count,
    edges: count,
    peers: fc.array(candidate, { maxLength: CANDIDATES_MAX }),
  }),
  fc.record({ type: fc.constant('signal' as const), resourceId: hexOf(32), from: hexOf(20), signal }),
  fc.record({ type: fc.constant('alive' as const) }),
  fc.record({
    type: fc.constant('claims' as const),
    poolId: hexOf(32),
    admitted: fc.boolean(),
    claimedWei: wei,
    payees: count,
  }),
  fc.record(
    {
      type: fc.constant('error' as const),
      code: fc.string({ maxLength: 64 }),
      message: fc.string(),
      peerId: hexOf(20),
      resourceId: hexOf(32),
    },
    { requiredKeys: ['type', 'code', 'message'] },
  ),
)

/** What JSON makes of it: -0 is 0. */
const asJson = <T>(message: T): T =>
  JSON.parse(JSON.stringify(message, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)))

function codeOf(decode: () => unknown): string {
  try {
    decode()
    return 'accepted'
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    expect(error.message.length).toBeLessThan(600)
    return error.code
  }
}

describe('messages', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(clientMessage, message => {
        expect(asJson(decodeClientMessage(encodeTrackerMessage(message)))).toEqual(asJson(message))
      }),
    )
    fc.assert(
      fc.property(serverMessage, message => {
        expect(asJson(decodeServerMessage(encodeTrackerMessage(message)))).toEqual(asJson(message))
      }),
    )
  })

  // spec T-SOCKET
  it('fit into their bound, the largest answer included', () => {
    const peer = {
      peerId: `0x${'ff'.repeat(20)}` as Hex,
      role: 'viewer' as const,
      have: 0.1234567890123456,
      load: 0.1234567890123456,
      uploadBytesPerSecond: Number.MAX_SAFE_INTEGER,
      rttMs: 12_345.6,
      sameNetwork: false,
      distanceKm: 20_015,
      region: { latitude: -90, longitude: -180 },
    }
    const peers = Array.from({ length: CANDIDATES_MAX }, () => peer)
    const resourceId: Hex = `0x${'ee'.repeat(32)}`
    const text = encodeTrackerMessage({ type: 'candidates', resourceId, viewers: 1e9, edges: 1e9, peers })
    expect(text.length).toBeLessThan(TRACKER_MESSAGE_MAX_CHARS / 2)
  })

  it('lose fields that are not known, and take identities in either case', () => {
    const resourceId = `0x${'AB'.repeat(32)}`
    const source = JSON.stringify({ type: 'leave', resourceId, extra: 1, __proto__: { have: 1 } })
    expect(decodeClientMessage(source)).toEqual({ type: 'leave', resourceId: resourceId.toLowerCase() })
  })

  it.each([
    ['tracker/size', `"${'x'.repeat(TRACKER_MESSAGE_MAX_CHARS)}"`],
    ['tracker/json', '{'],
    ['tracker/json', ''],
    ['tracker/field', 'null'],
    ['tracker/field', '[]'],
    ['tracker/field', '7'],
    ['tracker/field', '{}'],
    ['tracker/field', '{"type":"toString"}'],
    ['tracker/field', '{"type":["leave"]}'],
    ['tracker/field', '{"type":"leave"}'],
    ['tracker/field', '{"type":"leave","resourceId":"0x12"}'],
    ['tracker/field', `{"type":"leave","resourceId":"0x${'zz'.repeat(32)}"}`],
    ['tracker/field', `{"type":"announce","resourceId":"0x${'00'.repeat(32)}","have":1.1,"want":1}`],
    ['tracker/field', `{"type":"announce","resourceId":"0x${'00'.repeat(32)}","have":null,"want":1}`],
    ['tracker/field', `{"type":"announce","resourceId":"0x${'00'.repeat(32)}","have":1,"want":51}`],
    ['tracker/field', `{"type":"announce","resourceId":"0x${'00'.repeat(32)}","have":1,"want":1.5}`],
    ['tracker/field', `{"type":"claim","poolId":"0x${'00'.repeat(32)}","claimWei":1,"depositWei":"1"}`],
    ['tracker/field', `{"type":"claim","poolId":"0x${'00'.repeat(32)}","claimWei":"-1","depositWei":"1"}`],
    ['tracker/field', `{"type":"claim","poolId":"0x${'00'.repeat(32)}","claimWei":"${2n ** 256n}","depositWei":"1"}`],
    ['tracker/field', `{"type":"heartbeat","load":0,"servedBytes":0,"rtt":${JSON.stringify(Array(33).fill({}))}}`],
    ['tracker/field', `{"type":"heartbeat","load":0,"servedBytes":0,"rtt":{"length":1}}`],
    ['tracker/field', `${'['.repeat(16_000)}${']'.repeat(16_000)}`],
    ['tracker/field', `{"type":${'['.repeat(16_000)}${']'.repeat(16_000)}}`],
  ])('are refused with %s: %.60s', (code, source) => {
    expect(codeOf(() => decodeClientMessage(source))).toBe(code)
    expect(codeOf(() => decodeServerMessage(source))).toBe(code)
  })

  it('that were tampered with are read or refused with a code, and nothing else', () => {
    const tampered = fc
      .tuple(
        fc.oneof(clientMessage, serverMessage),
        fc.nat(),
        fc.nat({ max: 20 }),
        fc.string({ unit: 'binary', maxLength: 8 }),
      )
      .map(([message, at, removed, inserted]) => {
        const source = encodeTrackerMessage(message)
        const from = at % source.length
        return source.slice(0, from) + inserted + source.slice(from + removed)
      })
    const swapped = fc.json().map(json => `{"type":"heartbeat","load":0,"servedBytes":0,"rtt":${json}}`)
    fc.assert(
      fc.property(fc.oneof(tampered, swapped, fc.json(), fc.string()), source => {
        for (const decode of [decodeClientMessage, decodeServerMessage])
          expect(codeOf(() => decode(source))).toMatch(/^(accepted|tracker\/(size|json|field))$/)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('statistics', () => {
  it('are read from parsed JSON, and refused with the path of what is wrong', () => {
    const stats = { viewers: 1, edges: 0, sockets: 1, webtorrent: { swarms: 0, peers: 0 }, resources: [], peers: [] }
    expect(validateTrackerStats(stats)).toEqual(stats)
    expect(() => validateTrackerStats({ ...stats, webtorrent: { swarms: 0 } })).toThrow(
      'stats.webtorrent.peers is missing',
    )
  })
})

// spec T-HELLO
describe('the login', () => {
  it('differs by nonce and by host, and takes only hosts', () => {
    const digests = [
      ['0x01', 'tracker.example'],
      ['0x02', 'tracker.example'],
      ['0x01', 'tracker.example:8000'],
      ['0x01', '[::1]:8000'],
    ].map(([nonce, host]) => toHex(trackerLoginDigest(nonce!, host!)))
    expect(new Set(digests).size).toBe(digests.length)
    for (const host of ['', 'a b', 'tracker.example\nnonce: 0x01', 'EXAMPLE.com', 'a/b', 'x'.repeat(300)])
      expect(codeOf(() => trackerLoginDigest('0x01', host))).toBe('tracker/host')
  })
})
