import { AssertionError, assert, type Reason, silentLogger } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { Standing } from '../peer/standing.ts'
import { burstOf, protocolId } from '../protocols.ts'
import { Telemetry } from '../telemetry.ts'
import { CountedMetrics, nextUncaught } from '../testing/kit.ts'
import { BLOCKS } from '../testing/protocols.ts'
import { Verdicts } from '../verdicts.ts'
import { Topics } from './topics.ts'

const TOPIC = protocolId('/tan/x', BLOCKS)

function create() {
  const metrics = new CountedMetrics()
  const offences: Reason[] = []
  const clock = { nowMs: () => 0 }
  const telemetry = new Telemetry(silentLogger, metrics)
  const verdicts = new Verdicts(telemetry, (_, __, reason) => offences.push(reason))
  return { topics: new Topics('/tan/x', new Standing(clock), telemetry, verdicts, clock), metrics, offences }
}

describe('topics', () => {
  test('a bug of ours is not taken for a fault of the peer, and not swallowed', async () => {
    const { topics, offences } = create()
    topics.add(BLOCKS, async () => assert(false, 'impossible') as never)
    const uncaught = nextUncaught()
    await topics.receive('peer', TOPIC, new Uint8Array(1))
    expect(await uncaught).toBeInstanceOf(AssertionError)
    expect(offences).toEqual([])
  })

  test('gossip that waits for its handlers is bounded in number and bytes, and let in again when they are done', async () => {
    for (const [sizeBytes, most] of [
      [1, LIMITS.gossipPendingMessagesMax],
      [BLOCKS.messageSizeMaxBytes, LIMITS.gossipPendingMaxBytes / BLOCKS.messageSizeMaxBytes],
    ] as const) {
      const { topics, metrics, offences } = create()
      const gate = Promise.withResolvers<'accept'>()
      topics.add(BLOCKS, () => gate.promise)
      const message = new Uint8Array(sizeBytes)
      const pending: Promise<unknown>[] = []
      while (topics.arrives('peer', TOPIC, sizeBytes)) pending.push(topics.receive('peer', TOPIC, message))
      expect(pending).toHaveLength(most)
      expect(metrics.total('tan_network_messages_dropped_total', { code: 'network/busy' })).toBe(1)
      gate.resolve('accept')
      await Promise.all(pending)
      expect(topics.arrives('peer', TOPIC, sizeBytes)).toBe(true)
      expect(offences).toEqual([])
    }
  })

  // spec S-GOSSIP
  test('gossip above its rate is dropped and blamed on nobody: it may come from a peer that only passes it on', async () => {
    const { topics, metrics, offences } = create()
    const slow = { ...BLOCKS, messagesPerSecondMax: 1 }
    topics.add(slow, () => 'ignore')
    let arrived = 0
    for (let i = 0; i < 10 * burstOf(slow); i++) if (topics.arrives('peer', TOPIC, 1)) arrived++
    expect(arrived).toBe(burstOf(slow))
    expect(metrics.total('tan_network_messages_dropped_total', { code: 'network/rate' })).toBe(9 * burstOf(slow))
    expect(offences).toEqual([])
  })

  // spec S-GOSSIP
  test('what is sent of a topic, own or passed on, stays below what neighbours take from one peer', async () => {
    const { topics, metrics, offences } = create()
    const slow = { ...BLOCKS, messagesPerSecondMax: 10 }
    topics.add(slow, () => 'accept')
    const own = burstOf(slow) / 2
    for (let i = 0; i < own; i++) topics.noteBroadcast(slow)
    let sent = own
    for (let i = 0; i < 3 * burstOf(slow); i++) {
      const peer = `peer ${i % 3}`
      expect(topics.arrives(peer, TOPIC, 1)).toBe(true)
      if ((await topics.receive(peer, TOPIC, new Uint8Array(1))) === 'accept') sent++
    }
    expect(sent).toBeGreaterThan(own)
    expect(sent).toBeLessThan(burstOf(slow))
    expect(metrics.total('tan_network_messages_dropped_total', { code: 'network/passed-on' })).toBeGreaterThan(0)
    expect(offences).toEqual([])
  })

  test('a topic has one handler', () => {
    const { topics } = create()
    topics.add(BLOCKS, () => 'accept')
    expect(() => topics.add(BLOCKS, () => 'accept')).toThrow(AssertionError)
  })
})
