// Requests: answers, refusals, time, and how many at once.
import type { Reason } from '@tan/primitives'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { digest, filled, numbered, readNumber } from './content.ts'
import { expectCode, type Harness, until, useWorld } from './kit.ts'
import { RANGES } from './protocols.ts'

export function describeRequests(name: string, harness: Harness): void {
  describe(`${name}: requests`, () => {
    const context = useWorld(harness)

    test('are answered, up to the bound', async () => {
      const [a, b] = await context.world.line(
        () => {},
        transport => transport.onRequest(RANGES, async (_, request) => filled(readNumber(request), request.length)),
      )
      for (const size of [0, 1, 1000, RANGES.responseSizeMaxBytes]) {
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
      const running = Array.from({ length: LIMITS.requestsAtOnceMax }, (_, i) =>
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
      const refusal: Reason = { code: 'blocks/pruned', message: `below height 7 ${'…'.repeat(600)}` }
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
}
