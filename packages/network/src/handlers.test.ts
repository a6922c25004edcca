import { AssertionError, assert, type Rejection, silentLogger } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { Handlers } from './handlers.ts'
import { LIMITS } from './limits.ts'
import { protocolId } from './protocols.ts'
import { Standing } from './standing.ts'
import { Telemetry } from './telemetry.ts'
import { CountedMetrics } from './testing/kit.ts'
import { BLOCKS, RANGES, VOTES } from './testing/protocols.ts'

const TOPIC = protocolId('/tan/x', BLOCKS)

function create() {
  const metrics = new CountedMetrics()
  const offences: Rejection[] = []
  const handlers = new Handlers(
    '/tan/x',
    new Standing({ nowMs: () => 0 }),
    new Telemetry(silentLogger, metrics),
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
    handlers.addRequest(RANGES, async () => new Uint8Array(RANGES.responseSizeBytesMost + 1))
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
      [1, LIMITS.gossipPendingMessagesMost],
      [BLOCKS.messageSizeBytesMost, LIMITS.gossipPendingBytesMost / BLOCKS.messageSizeBytesMost],
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

  test('a protocol has one handler', () => {
    const { handlers } = create()
    handlers.addMessage(VOTES, () => 'accept')
    expect(() => handlers.addMessage(VOTES, () => 'accept')).toThrow(AssertionError)
  })
})
