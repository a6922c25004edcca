import { AssertionError, assert, type Reason, silentLogger } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { Handlers } from './handlers.ts'
import { LIMITS } from './limits.ts'
import { burstOf, protocolId } from './protocols.ts'
import { Standing } from './standing.ts'
import { Telemetry } from './telemetry.ts'
import { CountedMetrics } from './testing/kit.ts'
import { BLOCKS, RANGES, VOTES } from './testing/protocols.ts'

const TOPIC = protocolId('/tan/x', BLOCKS)

function create() {
  const metrics = new CountedMetrics()
  const offences: Reason[] = []
  const handlers = new Handlers(
    '/tan/x',
    new Standing({ nowMs: () => 0 }),
    new Telemetry(silentLogger, metrics),
    { nowMs: () => 0 },
    (_, __, reason) => offences.push(reason),
  )
  return { handlers, metrics, offences }
}

/** The next error that nobody catches: what stops a process outside of a test. */
function nextUncaught(): Promise<unknown> {
  const listeners = process.rawListeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  return new Promise(resolve =>
    process.once('uncaughtException', error => {
      for (const listener of listeners) process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener)
      resolve(error)
    }),
  )
}

describe('handlers', () => {
  test('a bug of ours is not taken for a fault of the peer, and not swallowed', async () => {
    const { handlers, offences } = create()
    handlers.addMessage(VOTES, () => assert(false, 'impossible') as never)
    handlers.addGossip(BLOCKS, async () => assert(false, 'impossible') as never)
    handlers.addRequest(RANGES, async () => new Uint8Array(RANGES.responseSizeMaxBytes + 1))
    for (const provoke of [
      () => handlers.deliver('peer', VOTES, new Uint8Array(1)),
      () => handlers.gossip('peer', TOPIC, new Uint8Array(1)),
      () => handlers.respond('peer', RANGES, new Uint8Array(1)),
    ]) {
      const uncaught = nextUncaught()
      await provoke()
      expect(await uncaught).toBeInstanceOf(AssertionError)
    }
    expect(offences).toEqual([])
  })

  test('gossip that waits for its handlers is bounded in number and bytes, and let in again when they are done', async () => {
    for (const [sizeBytes, most] of [
      [1, LIMITS.gossipPendingMessagesMax],
      [BLOCKS.messageSizeMaxBytes, LIMITS.gossipPendingMaxBytes / BLOCKS.messageSizeMaxBytes],
    ] as const) {
      const { handlers, metrics, offences } = create()
      const gate = Promise.withResolvers<'accept'>()
      handlers.addGossip(BLOCKS, () => gate.promise)
      const message = new Uint8Array(sizeBytes)
      const pending: Promise<unknown>[] = []
      while (handlers.gossipArrives('peer', TOPIC, sizeBytes)) pending.push(handlers.gossip('peer', TOPIC, message))
      expect(pending).toHaveLength(most)
      expect(metrics.total('tan_network_messages_dropped_total', { code: 'network/busy' })).toBe(1)
      gate.resolve('accept')
      await Promise.all(pending)
      expect(handlers.gossipArrives('peer', TOPIC, sizeBytes)).toBe(true)
      expect(offences).toEqual([])
    }
  })

  test('gossip above its rate is dropped and blamed on nobody: it may come from a peer that only passes it on', async () => {
    const { handlers, metrics, offences } = create()
    const slow = { ...BLOCKS, messagesPerSecondMax: 1 }
    handlers.addGossip(slow, () => 'ignore')
    let arrived = 0
    for (let i = 0; i < 10 * burstOf(slow); i++) if (handlers.gossipArrives('peer', TOPIC, 1)) arrived++
    expect(arrived).toBe(burstOf(slow))
    expect(metrics.total('tan_network_messages_dropped_total', { code: 'network/rate' })).toBe(9 * burstOf(slow))
    expect(offences).toEqual([])
  })

  test('what is sent of a topic, own or passed on, stays below what neighbours take from one peer', async () => {
    const { handlers, metrics, offences } = create()
    const slow = { ...BLOCKS, messagesPerSecondMax: 10 }
    handlers.addGossip(slow, () => 'accept')
    const own = burstOf(slow) / 2
    for (let i = 0; i < own; i++) handlers.noteBroadcast(slow)
    let sent = own
    for (let i = 0; i < 3 * burstOf(slow); i++) {
      const peer = `peer ${i % 3}`
      expect(handlers.gossipArrives(peer, TOPIC, 1)).toBe(true)
      if ((await handlers.gossip(peer, TOPIC, new Uint8Array(1))) === 'accept') sent++
    }
    expect(sent).toBeGreaterThan(own)
    expect(sent).toBeLessThan(burstOf(slow))
    expect(metrics.total('tan_network_messages_dropped_total', { code: 'network/passed-on' })).toBeGreaterThan(0)
    expect(offences).toEqual([])
  })

  test('a protocol has one handler', () => {
    const { handlers } = create()
    handlers.addMessage(VOTES, () => 'accept')
    expect(() => handlers.addMessage(VOTES, () => 'accept')).toThrow(AssertionError)
  })
})
