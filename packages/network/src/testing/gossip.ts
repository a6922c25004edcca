// Gossip: once to everybody, no further than it is accepted, within its bounds.
import { toHex, utf8ToBytes } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import type { PeerId, Transport } from '../transport.ts'
import { digest, filled, numbered } from './content.ts'
import { dropped, expectCode, type Harness, isProbe, meshed, until, useWorld } from './kit.ts'
import { BAD, BLOCKS, BLOCKS_ID, EARLY, OTHER_GENESIS, PEERS_ID, TRANSACTIONS } from './protocols.ts'

export function describeGossip(name: string, harness: Harness): void {
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
      const block = filled(BLOCKS.messageSizeMaxBytes, 3)
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
            if (text(message) === 'early') return EARLY
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
      for (const message of ['bad', 'early', 'old', 'good']) a!.transport.broadcast(BLOCKS, utf8ToBytes(message))
      await until('the good one', () => received.includes('good'))
      expect(received).toEqual(['good'])
      expect(b!.metrics.total('tan_network_offences_total')).toBe(1)
      expect(b!.metrics.total('tan_network_offences_total', { code: BAD.code })).toBe(1)
    })

    const counting = (received: number[]) => (transport: Transport) =>
      transport.onGossip({ ...BLOCKS, messagesPerSecondMax: 1 }, (_, message) => {
        received.push(message.length)
        return 'accept'
      })

    test('above its size is dropped before its handler, and leads to a ban', async () => {
      const { world } = context
      const received: number[] = []
      const node = await world.node({ setUp: counting(received), peersTarget: 0 })
      const raw = await world.raw({ topicIds: [BLOCKS_ID] })
      await raw.open(node, PEERS_ID)
      for (let i = 0; raw.lost.length === 0; i++) {
        raw.wire.publish(BLOCKS_ID, numbered(i, BLOCKS.messageSizeMaxBytes + 1))
        await new Promise(resolve => setTimeout(resolve, 1))
      }
      expect(node.metrics.total('tan_network_bans_total')).toBe(1)
      expect(received).toEqual([])
    })

    test('above its rate is dropped before its handler, and is no offence: who brings it may only pass it on', async () => {
      const { world } = context
      const received: number[] = []
      const node = await world.node({ setUp: counting(received), peersTarget: 0 })
      const raw = await world.raw({ topicIds: [BLOCKS_ID] })
      await raw.open(node, PEERS_ID)
      for (let i = 0; dropped(node, 'network/rate') < 100; i++) {
        raw.wire.publish(BLOCKS_ID, numbered(i, 10))
        await new Promise(resolve => setTimeout(resolve, 1))
      }
      // a burst of ten seconds, and what a slow test run refills
      expect(received.length).toBeLessThan(30)
      expect(node.metrics.total('tan_network_offences_total')).toBe(0)
      expect(raw.lost).toEqual([])
    })

    test('with the same bytes is another message on another topic', async () => {
      const received: string[] = []
      const nodes = await context.world.line(
        t => t.onGossip(BLOCKS, () => 'accept'),
        t => {
          t.onGossip(BLOCKS, (_, message) => (isProbe(message) ? 'accept' : 'ignore'))
          t.onGossip(TRANSACTIONS, (_, message) => {
            received.push(toHex(message))
            return 'accept'
          })
        },
      )
      await meshed(nodes)
      for (let i = 0; received.length === 0; i++) {
        const message = numbered(i, 100)
        nodes[0]!.transport.broadcast(BLOCKS, message)
        nodes[0]!.transport.broadcast(TRANSACTIONS, message)
        await new Promise(resolve => setTimeout(resolve, 10))
        expect(i, 'messages in vain').toBeLessThan(1000)
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
}
