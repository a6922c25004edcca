// Connections: who is told of them, how they fail, how they come back.
import { AssertionError, toHex } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import type { Transport } from '../transport.ts'
import { expectCode, type Harness, NETWORK_CODE, until, useWorld } from './kit.ts'
import { BLOCKS, OTHER_GENESIS, RANGES, VOTES } from './protocols.ts'

export function describeConnections(name: string, harness: Harness): void {
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
      const full = await world.node({ peersMax: 1, peersTarget: 0, bootstrap: [address] })
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
        await context.world.letPass(LIMITS.helloTimeoutMs + 1)
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
}
