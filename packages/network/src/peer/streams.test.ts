import { CodedError, concatBytes, type Reason, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RANGES, VOTES } from '../testing/protocols.ts'
import { MemoryChannel, MemoryConnection } from '../wire/memory/channel.ts'
import type { Channel } from '../wire/wire.ts'
import { FrameReader } from './frames.ts'
import { Inbox } from './inbox.ts'
import { answer, ask } from './requests.ts'

const SMALL = { ...VOTES, messageSizeMaxBytes: 40 }
const SMALL_REQUEST = { ...RANGES, messageSizeMaxBytes: 40, responseSizeMaxBytes: 40 }
const clock = { nowMs: () => 0 }

/** What a peer may write: frames of any length that begin like good ones, and anything. */
const chunks = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.uint8Array({ maxLength: 45 }).map(body => concatBytes(Uint8Array.of(0, 0, 0, body.length), body)),
  ),
  { maxLength: 8 },
)

function pair(): [Channel, Channel] {
  return MemoryChannel.pair(new MemoryConnection(), 'a', 'b')
}

/** Writes it all, ends, and resolves when the stream is closed; `reply` reads what comes back. */
function writeAll(channel: Channel, bytes: readonly Uint8Array[], reply = new FrameReader(100)): Promise<void> {
  return new Promise(resolve => {
    channel.listen({
      data: arrived => reply.push(arrived),
      ended: () => {},
      drained: () => {},
      closed: resolve,
    })
    for (const chunk of bytes) channel.write(chunk)
    channel.end()
  })
}

describe('streams of a peer that writes anything', () => {
  test('messages: what is well-formed is delivered in order, the first thing that is not ends it', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, fc.boolean(), async (bytes, isSlow) => {
        const oracle = new FrameReader(SMALL.messageSizeMaxBytes)
        oracle.push(concatBytes(...bytes))
        const expected: string[] = []
        for (let next = oracle.next(); next !== undefined; next = oracle.next()) expected.push(toHex(next))
        const isGood = oracle.oversizeBytes === undefined && !oracle.isPartial
        const delivered: string[] = []
        const faults: Reason[] = []
        const [ours, theirs] = pair()
        const over = Promise.withResolvers<void>()
        new Inbox(
          ours,
          SMALL,
          {
            deliver: (_, message) => {
              delivered.push(toHex(message))
              return isSlow ? new Promise(resolve => setImmediate(resolve)) : undefined
            },
            garbage: (_, reason) => faults.push(reason),
            closed: () => over.resolve(),
          },
          clock,
        )
        const written = writeAll(theirs, bytes)
        theirs.end()
        await Promise.all([over.promise, written])
        expect(delivered).toEqual(expected)
        expect(faults).toHaveLength(isGood ? 0 : 1)
      }),
      { numRuns: 200 },
    )
  })

  test('a request: answered if it is one, else an offence, and never twice', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async bytes => {
        const oracle = new FrameReader(SMALL_REQUEST.messageSizeMaxBytes)
        const stream = concatBytes(...bytes)
        oracle.push(stream)
        const request = oracle.next()
        const isGood = request !== undefined && !oracle.isPartial
        let finished = 0
        const faults: Reason[] = []
        const [ours, theirs] = pair()
        const over = Promise.withResolvers<void>()
        answer(ours, SMALL_REQUEST, {
          respond: async (_, message) => message,
          garbage: (_, reason) => faults.push(reason),
          finished: () => {
            finished++
            over.resolve()
          },
        })
        const reply = new FrameReader(100)
        await Promise.all([over.promise, writeAll(theirs, [stream], reply)])
        expect(finished).toBe(1)
        expect(faults).toHaveLength(isGood || stream.length === 0 ? 0 : 1)
        expect(reply.next()?.subarray(1)).toEqual(isGood ? request : undefined)
      }),
      { numRuns: 200 },
    )
  })

  test('an answer: read, or the request fails with a code', async () => {
    await fc.assert(
      fc.asyncProperty(chunks, async bytes => {
        const [ours, theirs] = pair()
        const written = writeAll(theirs, bytes)
        const signal = new AbortController().signal
        const outcome = await ask({ channel: ours, protocol: SMALL_REQUEST, message: new Uint8Array(1), signal }).catch(
          (error: unknown) => error,
        )
        await written
        if (outcome instanceof Uint8Array) expect(outcome.length).toBeLessThanOrEqual(40)
        else expect(outcome).toBeInstanceOf(CodedError)
      }),
      { numRuns: 200 },
    )
  })
})
