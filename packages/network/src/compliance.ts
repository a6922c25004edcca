// What every transport has to do, whatever carries it: one suite, run over libp2p and in memory.
import {
  AssertionError,
  bigIntToBytes,
  bytesToBigInt,
  concatBytes,
  equalBytes,
  type Rejection,
  sha256,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { encodeFrame } from './frames.ts'
import { LIMITS } from './limits.ts'
import { encodeGreeting, PEERS } from './peer-exchange.ts'
import { chainPrefix, protocolId } from './protocols.ts'
import { expectCode, type Harness, RAW_PROTOCOL_IDS, RawStream, type TestNode, until, useWorld } from './test-kit.ts'
import { BLOCKS, GENESIS, OTHER_GENESIS, RANGES, VOTES } from './test-protocols.ts'
import type { PeerId, Transport } from './transport.ts'

const VOTES_ID = protocolId(chainPrefix(GENESIS), VOTES)
const RANGES_ID = protocolId(chainPrefix(GENESIS), RANGES)
const BLOCKS_ID = protocolId(chainPrefix(GENESIS), BLOCKS)
const PEERS_ID = protocolId(chainPrefix(GENESIS), PEERS)
RAW_PROTOCOL_IDS.push(VOTES_ID, RANGES_ID, PEERS_ID)

const NETWORK_CODE = expect.stringMatching(/^network\//)
const BAD: Rejection = { code: 'votes/signature', message: 'not signed by who it says' }

export function describeTransport(name: string, harness: Harness): void {
  describe(`${name}: connections`, () => {
    const context = useWorld(harness)

    test('a dial is known to both sides, with who dialled and where each listens', async () => {
      const a = await context.world.node()
      const b = await context.world.node()
      expect(await a.transport.dial(b.address())).toBe(b.id)
      await until('b knows a', () => b.transport.peers().length === 1)
      expect(a.transport.peers()).toMatchObject([{ id: b.id, direction: 'outbound', addresses: [b.address()] }])
      expect(b.transport.peers()).toMatchObject([{ id: a.id, direction: 'inbound', addresses: [a.address()] }])
      expect(a.events).toMatchObject([{ type: 'connected', peer: { id: b.id } }])
      expect(await a.transport.dial(b.address())).toBe(b.id)
      expect(a.transport.peers()).toHaveLength(1)
    })

    test('a dial that cannot succeed says why', async () => {
      const a = await context.world.node()
      const b = await context.world.node()
      const stranger = await context.world.node({ genesis: OTHER_GENESIS })
      await expectCode(a.transport.dial('nonsense'), 'network/address')
      await expectCode(a.transport.dial(''), 'network/address')
      await expectCode(a.transport.dial(a.address()), 'network/self')
      await expectCode(a.transport.dial(a.address().replace(/\/p2p.*/, '')), 'network/self')
      await expectCode(a.transport.dial(harness.deadAddress), 'network/unreachable')
      await expectCode(a.transport.dial(b.address().replace(b.id, stranger.id)), 'network/handshake')
      await expectCode(a.transport.dial(stranger.address()), 'network/other-chain')
      expect(a.transport.peers()).toEqual([])
      expect(a.events).toEqual([])
      expect(await a.transport.dial(b.address())).toBe(b.id)
    })

    test('an address that is taken is refused with a code', async () => {
      const a = await context.world.node()
      const place = a.address().replace(/\/p2p.*/, '')
      await expectCode(context.world.node({ place }), 'network/listen')
    })

    test('two that dial each other at the same time are connected, and stay so', async () => {
      const received: string[] = []
      const setUp = (transport: Transport) =>
        transport.onMessage(VOTES, (_, message) => {
          received.push(toHex(message))
          return 'accept'
        })
      const a = await context.world.node({ setUp })
      const b = await context.world.node({ setUp })
      await Promise.all([a.transport.dial(b.address()), b.transport.dial(a.address())])
      a.transport.send(b.id, VOTES, Uint8Array.of(1))
      b.transport.send(a.id, VOTES, Uint8Array.of(2))
      await until('both messages', () => received.length === 2)
      expect([a.transport.peers().length, b.transport.peers().length]).toEqual([1, 1])
      expect([...a.events, ...b.events].map(({ type }) => type)).toEqual(['connected', 'connected'])
    })

    test('eight nodes find each other from one bootstrap address', async () => {
      const nodes = await context.world.cluster(8)
      for (const { transport } of nodes) expect(transport.peers()).toHaveLength(7)
    })

    test('a peer that was lost and comes back on its address is found again, by its old peers', async () => {
      const received: number[] = []
      const lost = await context.world.node()
      const address = lost.address()
      const stays = await context.world.node({ bootstrap: [address] })
      await until('connected', () => stays.transport.peers().length === 1)
      await lost.transport.stop()
      await until('the loss is told', () => stays.events.at(-1)?.type === 'disconnected')
      expect(stays.transport.peers()).toEqual([])
      expect(stays.events.at(-1)).toMatchObject({ peer: { id: lost.id }, reason: { code: 'network/lost' } })
      const returned = await context.world.node({
        key: lost.key,
        place: address.replace(/\/p2p.*/, ''),
        setUp: transport =>
          transport.onMessage(VOTES, (_, message) => {
            received.push(message[0]!)
            return 'accept'
          }),
      })
      await until('connected again', () => stays.transport.peers().length === 1)
      stays.transport.send(returned.id, VOTES, Uint8Array.of(7))
      await until('a message', () => received.length === 1)
    })

    test('no more connections than allowed, except with bootstrap peers', async () => {
      const { world } = context
      const friend = await world.node({ peersTarget: 0 })
      const address = friend.address()
      await friend.transport.stop()
      const full = await world.node({ peersMost: 1, peersTarget: 0, bootstrap: [address] })
      const first = await world.node({ peersTarget: 0 })
      const second = await world.node({ peersTarget: 0 })
      await first.transport.dial(full.address())
      await expect(second.transport.dial(full.address())).rejects.toMatchObject({ code: NETWORK_CODE })
      await world.node({ key: friend.key, place: address.replace(/\/p2p.*/, ''), peersTarget: 0 })
      await until('the friend is there too', () => full.transport.peers().length === 2)
      expect(full.transport.peers().map(peer => peer.id)).toEqual([first.id, friend.id])
    })

    test('a connection without a greeting ends, and is never told of', async () => {
      const node = await context.world.node()
      const raw = await context.world.raw()
      await raw.wire.dial(node.address(), AbortSignal.timeout(10_000))
      // the time only counts from when the other side has the connection
      while (raw.lost.length === 0) {
        context.world.clock.advance(LIMITS.helloTimeoutMs + 1)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      expect(node.events).toEqual([])
    })

    test('a stopped transport is gone, and stopping twice is no error', async () => {
      const a = await context.world.node()
      const b = await context.world.node()
      await a.transport.dial(b.address())
      const address = b.address()
      await b.transport.stop()
      await b.transport.stop()
      expect(b.transport.peers()).toEqual([])
      expect(b.events.at(-1)).toMatchObject({ type: 'disconnected', reason: { code: 'network/stopped' } })
      await until('a lost b', () => a.transport.peers().length === 0)
      await expectCode(a.transport.dial(address), 'network/unreachable')
      b.transport.send(a.id, VOTES, Uint8Array.of(1))
      b.transport.broadcast(BLOCKS, Uint8Array.of(1))
      await expectCode(b.transport.request(a.id, RANGES, Uint8Array.of(1)), 'network/not-connected')
      await expect(b.transport.start()).rejects.toThrow(AssertionError)
    })
  })

  describe(`${name}: messages`, () => {
    const context = useWorld(harness)

    test('arrive once and in order, in both directions, whatever their size', async () => {
      const received = new Map<PeerId, Uint8Array[]>()
      const setUp = (transport: Transport) =>
        transport.onMessage(VOTES, (from, message) => {
          received.set(from, [...(received.get(from) ?? []), message])
          return 'accept'
        })
      const [a, b] = await context.world.line(setUp, setUp)
      const sent = Array.from({ length: 900 }, (_, i) => numbered(i, (i * 7919) % 3000))
      for (const message of sent) {
        a!.transport.send(b!.id, VOTES, message)
        b!.transport.send(a!.id, VOTES, message)
      }
      await until('all from a', () => received.get(a!.id)?.length === sent.length)
      await until('all from b', () => received.get(b!.id)?.length === sent.length)
      for (const got of received.values()) expect(got.map(toHex)).toEqual(sent.map(toHex))
    })

    test('of the largest size, and empty ones', async () => {
      const sizes = [VOTES.messageSizeBytesMost, 0, VOTES.messageSizeBytesMost, 1]
      const received: Uint8Array[] = []
      const [a, b] = await context.world.line(() => {}, collecting(received))
      const sent = sizes.map((size, i) => filled(size, i))
      for (const message of sent) a!.transport.send(b!.id, VOTES, message)
      await until('all', () => received.length === sent.length)
      expect(received.map(digest)).toEqual(sent.map(digest))
      expect(() => a!.transport.send(b!.id, VOTES, new Uint8Array(VOTES.messageSizeBytesMost + 1))).toThrow(
        AssertionError,
      )
    })

    test('to a peer that is not there, or does not speak the protocol, are dropped and counted', async () => {
      const [a, b] = await context.world.line(
        () => {},
        () => {},
      )
      a!.transport.send('nobody', VOTES, Uint8Array.of(1))
      expect(dropped(a!, 'network/not-connected')).toBe(1)
      a!.transport.send(b!.id, VOTES, Uint8Array.of(1))
      await until('dropped', () => dropped(a!, 'network/unsupported') === 1)
      a!.transport.send(b!.id, VOTES, Uint8Array.of(1))
      expect(dropped(a!, 'network/unsupported')).toBe(2)
      expect(a!.transport.peers()).toHaveLength(1)
    })

    test('wait while the handler works; the oldest are dropped, the newest arrive, in order', async () => {
      const received: number[] = []
      const gate = Promise.withResolvers<'accept'>()
      const [a, b] = await context.world.line(
        () => {},
        transport =>
          transport.onMessage(VOTES, (_, message) => {
            received.push(readNumber(message))
            return gate.promise
          }),
      )
      const size = 256 * 1024
      let sent = 0
      a!.transport.send(b!.id, VOTES, numbered(sent++, size))
      await until('the handler works', () => received.length === 1)
      // more than all queues between hold, in bursts so that the streams fill
      while (dropped(a!, 'network/queue-full') < 20) {
        expect(sent).toBeLessThan(2000)
        for (let i = 0; i < 10; i++) a!.transport.send(b!.id, VOTES, numbered(sent++, size))
        await new Promise(resolve => setImmediate(resolve))
      }
      expect(received).toEqual([0])
      gate.resolve('accept')
      await until('the newest', () => received.at(-1) === sent - 1)
      expect(received.length + dropped(a!, 'network/queue-full')).toBe(sent)
      expect(received).toEqual([...received].sort((x, y) => x - y))
      expect(a!.transport.peers()).toHaveLength(1)
    })

    test('that a handler rejects cost the peer points, then a ban; a ban ends', async () => {
      const { world } = context
      const b = await world.node({ peersTarget: 0, setUp: t => t.onMessage(VOTES, () => BAD) })
      const a = await world.node({ peersTarget: 0 })
      await a.transport.dial(b.address())
      a.transport.send(b.id, VOTES, Uint8Array.of(1))
      await until('points', () => b.transport.peers().some(peer => peer.penaltyPoints > 0))
      for (let i = 0; i < 4; i++) a.transport.send(b.id, VOTES, Uint8Array.of(1))
      await until('the ban', () => b.transport.peers().length === 0)
      await until('a knows', () => a.transport.peers().length === 0)
      expect(b.events.at(-1)).toMatchObject({ type: 'disconnected', reason: { code: 'network/banned' } })
      expect(b.metrics.total('tan_network_offences_total', { code: BAD.code })).toBeGreaterThanOrEqual(4)
      expect(b.metrics.total('tan_network_bans_total')).toBe(1)
      await expectCode(b.transport.dial(a.address()), 'network/banned')
      await expect(a.transport.dial(b.address())).rejects.toMatchObject({ code: NETWORK_CODE })
      world.clock.advance(LIMITS.banMs + 1)
      expect(await a.transport.dial(b.address())).toBe(b.id)
    })

    test('a handler that fails is no fault of the peer', async () => {
      const [a, b] = await context.world.line(
        () => {},
        transport =>
          transport.onMessage(VOTES, () => {
            throw new Error('disk full')
          }),
      )
      for (let i = 0; i < 10; i++) a!.transport.send(b!.id, VOTES, Uint8Array.of(1))
      await until('ten failures', () => b!.metrics.total('tan_network_handler_failures_total') === 10)
      expect(b!.transport.peers()).toMatchObject([{ penaltyPoints: 0 }])
    })
  })

  describe(`${name}: requests`, () => {
    const context = useWorld(harness)

    test('are answered, up to the bound', async () => {
      const [a, b] = await context.world.line(
        () => {},
        transport => transport.onRequest(RANGES, async (_, request) => filled(readNumber(request), request.length)),
      )
      for (const size of [0, 1, 1000, RANGES.responseSizeBytesMost]) {
        const response = await a!.transport.request(b!.id, RANGES, numbered(size, 0))
        expect(digest(response)).toBe(digest(filled(size, 4)))
      }
    })

    test('run side by side up to a bound', async () => {
      const gate = Promise.withResolvers<void>()
      const [a, b] = await context.world.line(
        () => {},
        transport =>
          transport.onRequest(RANGES, async (_, request) => {
            await gate.promise
            return request
          }),
      )
      const running = Array.from({ length: LIMITS.requestsAtOnceMost }, (_, i) =>
        a!.transport.request(b!.id, RANGES, Uint8Array.of(i)),
      )
      await expectCode(a!.transport.request(b!.id, RANGES, Uint8Array.of(99)), 'network/busy')
      gate.resolve()
      expect((await Promise.all(running)).map(response => response[0])).toEqual(running.map((_, i) => i))
      expect(await a!.transport.request(b!.id, RANGES, Uint8Array.of(99))).toEqual(Uint8Array.of(99))
    })

    test('that cannot be answered say why', async () => {
      const { world } = context
      let asked = false
      const refusal: Rejection = { code: 'blocks/pruned', message: `below height 7 ${'…'.repeat(600)}` }
      const [a, b] = await world.line(
        () => {},
        transport =>
          transport.onRequest(RANGES, async (_, request) => {
            if (request[0] === 1) return refusal
            if (request[0] === 2) throw new Error('secret path')
            if (request[0] === 4) asked = true
            return new Promise(() => {})
          }),
      )
      const ask = (first: number, options = {}) => a!.transport.request(b!.id, RANGES, Uint8Array.of(first), options)
      const refused = await expectCode(ask(1), 'network/refused')
      expect(refused.data).toMatchObject({ code: refusal.code, message: expect.stringMatching(/^below height 7/) })
      const failed = await expectCode(ask(2), 'network/refused')
      expect(failed.data?.code).toBe('network/internal')
      expect(failed.message).not.toContain('secret')
      await expectCode(ask(3, { timeoutMs: 50 }), 'network/timeout')
      const controller = new AbortController()
      const given = ask(3, { signal: controller.signal })
      controller.abort()
      await expectCode(given, 'network/aborted')
      await expectCode(b!.transport.request(a!.id, RANGES, Uint8Array.of(1)), 'network/unsupported')
      await expectCode(a!.transport.request(a!.id, RANGES, Uint8Array.of(1)), 'network/not-connected')
      const hanging = expectCode(ask(4), 'network/closed')
      await until('it is asked', () => asked)
      await b!.transport.stop()
      await hanging
    })
  })

  describe(`${name}: gossip`, () => {
    const context = useWorld(harness)

    test('reaches each of eight nodes exactly once', async () => {
      const received = new Map<PeerId, string[]>()
      const nodes = await context.world.cluster(8, transport => {
        received.set(transport.self, [])
        transport.onGossip(BLOCKS, (_, message) => {
          if (!isProbe(message)) received.get(transport.self)!.push(toHex(message))
          return 'accept'
        })
      })
      await meshed(nodes)
      const round = async (label: string, count: number) => {
        const before = new Map([...received].map(([id, got]) => [id, got.length]))
        for (let i = 0; i < count; i++)
          for (const { id, transport } of nodes) transport.broadcast(BLOCKS, utf8ToBytes(`${label} ${i} of ${id}`))
        for (const { id } of nodes)
          await until(`${label} is everywhere`, () => received.get(id)!.length >= before.get(id)! + 7 * count)
      }
      await round('block', 10)
      // streams keep order: when this round is through, so is every copy of the first
      await round('fence', 1)
      for (const got of received.values()) {
        expect(new Set(got).size).toBe(got.length)
        expect(got).toHaveLength(7 * 11)
      }
    })

    test('of the largest size is passed on', async () => {
      const received: Uint8Array[] = []
      const nodes = await context.world.line(
        t => t.onGossip(BLOCKS, () => 'accept'),
        t => t.onGossip(BLOCKS, () => 'accept'),
        t =>
          t.onGossip(BLOCKS, (_, message) => {
            received.push(message)
            return 'accept'
          }),
      )
      await meshed(nodes)
      const block = filled(BLOCKS.messageSizeBytesMost, 3)
      nodes[0]!.transport.broadcast(BLOCKS, block)
      await until('it arrived', () => received.map(digest).includes(digest(block)))
    })

    test('that is rejected or ignored goes no further, and only the first is an offence', async () => {
      const received: string[] = []
      const text = (message: Uint8Array) => new TextDecoder().decode(message)
      const nodes = await context.world.line(
        t => t.onGossip(BLOCKS, () => 'accept'),
        t =>
          t.onGossip(BLOCKS, async (_, message) => {
            await Promise.resolve()
            if (text(message) === 'bad') return BAD
            return text(message) === 'old' ? 'ignore' : 'accept'
          }),
        t =>
          t.onGossip(BLOCKS, (_, message) => {
            if (!isProbe(message)) received.push(text(message))
            return 'accept'
          }),
      )
      const [a, b] = nodes
      await meshed(nodes)
      for (const message of ['bad', 'old', 'good']) a!.transport.broadcast(BLOCKS, utf8ToBytes(message))
      await until('the good one', () => received.includes('good'))
      expect(received).toEqual(['good'])
      expect(b!.metrics.total('tan_network_offences_total')).toBe(1)
      expect(b!.metrics.total('tan_network_offences_total', { code: BAD.code })).toBe(1)
    })

    test('above its size or rate is dropped before its handler, and leads to a ban', async () => {
      const { world } = context
      const received: number[] = []
      const setUp = (transport: Transport) =>
        transport.onGossip({ ...BLOCKS, messagesPerSecondMost: 1 }, (_, message) => {
          received.push(message.length)
          return 'accept'
        })
      for (const size of [BLOCKS.messageSizeBytesMost + 1, 10]) {
        received.length = 0
        const node = await world.node({ setUp, peersTarget: 0 })
        const raw = await world.raw({ topicIds: [BLOCKS_ID] })
        await raw.open(node, PEERS_ID)
        let count = 0
        while (raw.lost.length === 0) {
          raw.wire.publish(BLOCKS_ID, numbered(count++, size))
          await new Promise(resolve => setTimeout(resolve, 1))
        }
        expect(node.metrics.total('tan_network_bans_total')).toBe(1)
        // a burst of ten seconds, and what a slow test run refills
        expect(received.length).toBeLessThan(size === 10 ? 30 : 1)
      }
    })

    test('of another chain is not heard', async () => {
      const received: number[] = []
      const setUp = (transport: Transport) =>
        transport.onGossip(BLOCKS, (_, message) => {
          if (!isProbe(message)) received.push(message[0]!)
          return 'accept'
        })
      const a = await context.world.node({ setUp })
      const b = await context.world.node({ setUp })
      const stranger = await context.world.node({ setUp, genesis: OTHER_GENESIS })
      await a.transport.dial(b.address())
      await meshed([a, b])
      await expectCode(stranger.transport.dial(a.address()), 'network/other-chain')
      stranger.transport.broadcast(BLOCKS, Uint8Array.of(66))
      b.transport.broadcast(BLOCKS, Uint8Array.of(1))
      await until('b is heard', () => received.includes(1))
      expect(received).toEqual([1])
    })
  })

  describe(`${name}: bad peers`, () => {
    const context = useWorld(harness)

    const victim = (options = {}) =>
      context.world.node({
        peersTarget: 0,
        ...options,
        setUp: transport => {
          transport.onMessage(VOTES, () => 'accept')
          transport.onRequest(RANGES, async (_, request) => request)
        },
      })
    const offences = (node: TestNode, code: string) => node.metrics.total('tan_network_offences_total', { code })

    test('that announce an oversize message lose the stream, and in the end are banned', async () => {
      const node = await victim()
      const raw = await context.world.raw()
      for (let i = 0; raw.lost.length === 0; i++) {
        expect(i).toBeLessThan(6)
        const { channel } = await raw.open(node, i % 2 === 0 ? VOTES_ID : RANGES_ID)
        channel.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3))
        await until('the offence', () => offences(node, 'network/oversize') === i + 1)
        if (i === 4) await until('the ban', () => raw.lost.length === 1)
      }
      expect(offences(node, 'network/oversize')).toBe(5)
      await expect(raw.open(node, VOTES_ID)).rejects.toThrow()
      expect(node.metrics.total('tan_network_messages_received_total')).toBe(0)
    })

    test.each([
      ['a message that is cut off', VOTES_ID, Uint8Array.of(0, 0, 0, 9, 1)],
      ['a length that is cut off', VOTES_ID, Uint8Array.of(0, 0)],
      ['a request that is cut off', RANGES_ID, Uint8Array.of(0, 0, 0, 9, 1)],
      ['two requests on one stream', RANGES_ID, Uint8Array.of(0, 0, 0, 1, 1, 0, 0, 0, 1, 1)],
    ])('that send %s commit an offence', async (_, id, bytes) => {
      const node = await victim()
      const raw = await context.world.raw()
      const stream = await raw.open(node, id)
      stream.channel.write(bytes)
      stream.channel.end()
      await until('the offence', () => offences(node, 'network/garbage') === 1)
      await until('the stream is closed', () => stream.isClosed)
    })

    test('that send a greeting which is none commit an offence, one with foreign addresses is no use to them', async () => {
      const node = await victim()
      const raw = await context.world.raw()
      const bad = await raw.open(node, PEERS_ID)
      bad.channel.write(encodeFrame(Uint8Array.of(0xc1, 0xc1, 0x80)))
      bad.channel.end()
      await until('the offence', () => node.metrics.total('tan_network_offences_total') === 1)
      const good = await raw.open(node, PEERS_ID)
      good.channel.write(encodeFrame(encodeGreeting([node.address(), 'nonsense'])))
      good.channel.end()
      await until('the peer', () => node.transport.peers().length === 1)
      expect(node.transport.peers()).toMatchObject([{ addresses: [] }])
    })

    test('that begin a message and do not go on lose the stream', async () => {
      const node = await victim()
      const raw = await context.world.raw()
      const stream = await raw.open(node, VOTES_ID)
      stream.channel.write(Uint8Array.of(0, 0, 0, 9, 1))
      await until('the peer', () => node.transport.peers().length === 1)
      // the time only counts from when the bytes have arrived
      while (!stream.isClosed) {
        context.world.clock.advance(VOTES.timeoutMs + 1)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      expect(offences(node, 'network/stalled')).toBe(1)
    })

    test('that send faster than the protocol allows are heard as far as it allows, then banned', async () => {
      const slow = { ...VOTES, messagesPerSecondMost: 5, timeoutMs: 2000 }
      let count = 0
      const node = await context.world.node({
        peersTarget: 0,
        setUp: transport =>
          transport.onMessage(slow, () => {
            count++
            return 'accept'
          }),
      })
      const hasty = await context.world.node({ peersTarget: 0 })
      await hasty.transport.dial(node.address())
      for (let i = 0; i < 50; i++) hasty.transport.send(node.id, VOTES, Uint8Array.of(i))
      await until('the ban', () => node.events.at(-1)?.type === 'disconnected')
      expect(node.events.at(-1)).toMatchObject({
        reason: { code: 'network/banned', message: expect.stringMatching(/^network\/rate/) },
      })
      expect(count).toBeGreaterThanOrEqual(10)
      expect(count).toBeLessThan(40)
    })

    test('that do not read what is sent to them are disconnected', async () => {
      const node = await victim()
      const raw = await context.world.raw({
        events: {
          opened: channel => {
            new RawStream(channel)
            channel.pause()
          },
        },
      })
      await raw.open(node, RANGES_ID)
      await until('the peer', () => node.transport.peers().length === 1)
      const [peer] = node.transport.peers()
      while (dropped(node, 'network/queue-full') === 0) {
        node.transport.send(peer!.id, VOTES, new Uint8Array(VOTES.messageSizeBytesMost))
        await new Promise(resolve => setImmediate(resolve))
      }
      context.world.clock.advance(VOTES.timeoutMs + 1)
      await until('disconnected', () => raw.lost.length === 1)
      expect(offences(node, 'network/slow-reader')).toBe(1)
      expect(node.events.at(-1)).toMatchObject({ reason: { code: 'network/slow-reader' } })
      await raw.open(node, RANGES_ID)
      await until('it is back, since that was no ban', () => node.transport.peers().length === 1)
    })

    test.each([
      ['an answer above its bound', Uint8Array.of(0xff, 0, 0, 0), 'network/oversize'],
      ['an answer of no known kind', encodeFrame(Uint8Array.of(9, 9)), 'network/garbage'],
      ['a refusal that cannot be read', encodeFrame(Uint8Array.of(1, 0xff)), 'network/garbage'],
      ['an answer that is cut off', Uint8Array.of(0, 0, 0, 9, 0), 'network/garbage'],
      ['no answer', new Uint8Array(0), 'network/closed'],
    ])('that give %s are found out', async (_, bytes, code) => {
      const node = await victim()
      const raw = await context.world.raw({
        events: {
          opened: channel => {
            new RawStream(channel, () => {
              channel.write(bytes)
              channel.end()
            })
          },
        },
      })
      await raw.open(node, RANGES_ID)
      await until('the peer', () => node.transport.peers().length === 1)
      const [peer] = node.transport.peers()
      await expectCode(node.transport.request(peer!.id, RANGES, Uint8Array.of(1)), code)
      expect(node.metrics.total('tan_network_offences_total')).toBe(code === 'network/closed' ? 0 : 1)
    })

    test('that open more streams than allowed get no more', async () => {
      const node = await victim()
      const raw = await context.world.raw()
      const streams: RawStream[] = []
      for (let i = 0; i < LIMITS.messageStreamsMost + 2; i++) streams.push(await raw.open(node, VOTES_ID))
      await until('the last are closed', () => streams.filter(stream => stream.isClosed).length === 2)
      expect(streams[0]!.isClosed).toBe(false)
    })

    test('are banned when their offence shows only later', async () => {
      const node = await victim()
      const other = await context.world.node({ peersTarget: 0 })
      await other.transport.dial(node.address())
      for (let i = 0; i < 5; i++) node.transport.penalize(other.id, VOTES, BAD)
      await until('the ban', () => other.transport.peers().length === 0)
      expect(node.events.at(-1)).toMatchObject({ reason: { code: 'network/banned' } })
    })
  })
}

function collecting(into: Uint8Array[]): (transport: Transport) => void {
  return transport =>
    transport.onMessage(VOTES, (_, message) => {
      into.push(message)
      return 'accept'
    })
}

/** Waits until gossip of each node reaches all others, by sending probes. */
async function meshed(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) {
    const others = nodes.filter(other => other !== node)
    const before = others.map(heard)
    for (let i = 0; others.some((other, at) => heard(other) === before[at]); i++) {
      node.transport.broadcast(BLOCKS, utf8ToBytes(`${PROBE} ${i} of ${node.id}`))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}

const PROBE = 'probe'

function isProbe(message: Uint8Array): boolean {
  return equalBytes(message.subarray(0, PROBE.length), utf8ToBytes(PROBE))
}

function heard({ metrics }: TestNode): number {
  return metrics.total('tan_network_messages_received_total', { protocol: BLOCKS.name })
}

function dropped({ metrics }: TestNode, code: string): number {
  return metrics.total('tan_network_messages_dropped_total', { code })
}

/** Bytes that differ from place to place and from seed to seed. */
function filled(sizeBytes: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let i = 0; i < sizeBytes; i++) bytes[i] = i * 31 + (i >>> 8) + seed
  return bytes
}

/** A message with a number in front. */
function numbered(number: number, sizeBytes: number): Uint8Array {
  return concatBytes(bigIntToBytes(BigInt(number), 4), filled(sizeBytes, number))
}

function readNumber(message: Uint8Array): number {
  return Number(bytesToBigInt(message.subarray(0, 4)))
}

/** To compare large messages without printing them. */
function digest(message: Uint8Array): string {
  return `${message.length} bytes, ${toHex(sha256(message))}`
}
