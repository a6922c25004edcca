// Direct messages: order, size, back-pressure, verdicts.
import { AssertionError, toHex } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import type { PeerId, Transport } from '../transport.ts'
import { digest, filled, numbered, readNumber } from './content.ts'
import { dropped, expectCode, type Harness, NETWORK_CODE, until, useWorld } from './kit.ts'
import { BAD, VOTES } from './protocols.ts'

export function describeMessages(name: string, harness: Harness): void {
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
      const sizes = [VOTES.messageSizeMaxBytes, 0, VOTES.messageSizeMaxBytes, 1]
      const received: Uint8Array[] = []
      const [a, b] = await context.world.line(() => {}, collecting(received))
      const sent = sizes.map((size, i) => filled(size, i))
      for (const message of sent) a!.transport.send(b!.id, VOTES, message)
      await until('all', () => received.length === sent.length)
      expect(received.map(digest)).toEqual(sent.map(digest))
      expect(() => a!.transport.send(b!.id, VOTES, new Uint8Array(VOTES.messageSizeMaxBytes + 1))).toThrow(
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
}

function collecting(into: Uint8Array[]): (transport: Transport) => void {
  return transport =>
    transport.onMessage(VOTES, (_, message) => {
      into.push(message)
      return 'accept'
    })
}
