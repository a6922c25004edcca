// Peers that break the rules: each offence is found out, counted, and in the end punished.
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { encodeFrame } from '../peer/frames.ts'
import { encodeGreeting } from '../peer/peer-exchange.ts'
import { dropped, expectCode, type Harness, offences, RawStream, until, useWorld } from './kit.ts'
import { BAD, PEERS_ID, RANGES, RANGES_ID, VOTES, VOTES_ID } from './protocols.ts'

/** An answer that fills what is between two nodes. */
const LARGE = new Uint8Array(RANGES.responseSizeMaxBytes)

export function describeBadPeers(name: string, harness: Harness): void {
  describe(`${name}: bad peers`, () => {
    const context = useWorld(harness)

    const victim = (options = {}) =>
      context.world.node({
        peersTarget: 0,
        ...options,
        setUp: transport => {
          transport.onMessage(VOTES, () => 'accept')
          transport.onRequest(RANGES, async () => LARGE)
        },
      })

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
        await context.world.letPass(VOTES.timeoutMs + 1)
      }
      expect(offences(node, 'network/stalled')).toBe(1)
    })

    test('that send faster than the protocol allows are heard as far as it allows, then banned', async () => {
      const slow = { ...VOTES, messagesPerSecondMax: 5, timeoutMs: 2000 }
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
        node.transport.send(peer!.id, VOTES, new Uint8Array(VOTES.messageSizeMaxBytes))
        await new Promise(resolve => setImmediate(resolve))
      }
      await context.world.letPass(VOTES.timeoutMs + 1)
      await until('disconnected', () => raw.lost.length === 1)
      expect(offences(node, 'network/slow-reader')).toBe(1)
      expect(node.events.at(-1)).toMatchObject({ reason: { code: 'network/slow-reader' } })
      await raw.open(node, RANGES_ID)
      await until('it is back, since that was no ban', () => node.transport.peers().length === 1)
    })

    test('that read one stream and not another get no more of the other for it', async () => {
      const node = await victim()
      const raw = await context.world.raw({
        events: {
          opened: channel => {
            new RawStream(channel)
            channel.pause()
          },
        },
      })
      const ask = async () => {
        const stream = await raw.open(node, RANGES_ID)
        stream.channel.write(encodeFrame(new Uint8Array(1)))
        stream.channel.end()
        await until('the answer', () => stream.received.length > LARGE.length)
      }
      await ask()
      const [peer] = node.transport.peers()
      const send = () => node.transport.send(peer!.id, VOTES, new Uint8Array(VOTES.messageSizeMaxBytes))
      while (dropped(node, 'network/queue-full') === 0) {
        send()
        await new Promise(resolve => setImmediate(resolve))
      }
      const before = dropped(node, 'network/queue-full')
      for (let i = 1; i <= 10; i++) {
        await ask()
        send()
        expect(dropped(node, 'network/queue-full')).toBe(before + i)
      }
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
      for (let i = 0; i < LIMITS.messageStreamsMax + 2; i++) streams.push(await raw.open(node, VOTES_ID))
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
