import { AssertionError, assert, type Reason, silentLogger } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { Telemetry } from '../telemetry.ts'
import { CountedMetrics, nextUncaught } from '../testing/kit.ts'
import { RANGES, VOTES } from '../testing/protocols.ts'
import { Verdicts } from '../verdicts.ts'
import { Handlers } from './handlers.ts'
import { Standing } from './standing.ts'

function create() {
  const offences: Reason[] = []
  const telemetry = new Telemetry(silentLogger, new CountedMetrics())
  const verdicts = new Verdicts(telemetry, (_, __, reason) => offences.push(reason))
  const handlers = new Handlers('/tan/x', new Standing({ nowMs: () => 0 }), telemetry, verdicts)
  return { handlers, offences }
}

describe('handlers', () => {
  test('a bug of ours is not taken for a fault of the peer, and not swallowed', async () => {
    const { handlers, offences } = create()
    handlers.addMessage(VOTES, () => assert(false, 'impossible') as never)
    handlers.addRequest(RANGES, async () => new Uint8Array(RANGES.responseSizeMaxBytes + 1))
    for (const provoke of [
      () => handlers.deliver('peer', VOTES, new Uint8Array(1)),
      () => handlers.respond('peer', RANGES, new Uint8Array(1)),
    ]) {
      const uncaught = nextUncaught()
      await provoke()
      expect(await uncaught).toBeInstanceOf(AssertionError)
    }
    expect(offences).toEqual([])
  })

  test('a protocol has one handler', () => {
    const { handlers } = create()
    handlers.addMessage(VOTES, () => 'accept')
    expect(() => handlers.addMessage(VOTES, () => 'accept')).toThrow(AssertionError)
  })
})
