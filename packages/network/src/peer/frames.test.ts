import { concatBytes, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LIMITS } from '../limits.ts'
import { encodeFrame, encodeFrames, FrameReader } from './frames.ts'

const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 })

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }), (sent, cuts) => {
        const stream = concatBytes(...sent.map(encodeFrame))
        const reader = new FrameReader(300)
        const got: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length]!
          reader.push(stream.subarray(at, at + size))
          at += size
          for (let next = reader.next(); next !== undefined; next = reader.next()) got.push(next)
        }
        expect(got.map(toHex)).toEqual(sent.map(toHex))
        expect(reader.isPartial).toBe(false)
      }),
    )
  })

  test('a message above the bound is never read, nor anything after it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 2 ** 32 - 1 }), length => {
        const reader = new FrameReader(10)
        reader.push(encodeFrame(Uint8Array.of(1)))
        reader.push(Uint8Array.of(length >>> 24, length >>> 16, length >>> 8, length, 1, 2, 3))
        expect(reader.next()).toEqual(Uint8Array.of(1))
        expect(reader.next()).toBeUndefined()
        reader.push(encodeFrame(Uint8Array.of(1)))
        expect(reader.next()).toBeUndefined()
        expect(reader.oversizeBytes).toBe(length)
      }),
    )
  })

  test('bytes of any kind never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), chunks => {
        const reader = new FrameReader(16)
        for (const chunk of chunks) {
          reader.push(chunk)
          for (let next = reader.next(); next !== undefined; next = reader.next())
            expect(next.length).toBeLessThanOrEqual(16)
        }
      }),
    )
  })

  test('a message has memory of its own', () => {
    const stream = encodeFrame(Uint8Array.of(1, 2, 3))
    const reader = new FrameReader(10)
    reader.push(stream)
    const message = reader.next()
    stream.fill(9)
    expect(message).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('an announced length alone allocates nothing', () => {
    const readers = Array.from({ length: 1000 }, () => new FrameReader(2 ** 31 - 1))
    const before = process.memoryUsage().arrayBuffers
    for (const reader of readers) {
      reader.push(Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 1))
      expect(reader.next()).toBeUndefined()
      expect(reader.isPartial).toBe(true)
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 * 1024 * 1024)
  })

  test('are written together up to a batch, and at least one at a time', () => {
    const half = new Uint8Array(LIMITS.writeBatchBytes / 2)
    const large = new Uint8Array(3 * LIMITS.writeBatchBytes)
    expect(encodeFrames([half, half, half]).count).toBe(1)
    expect(encodeFrames([half, new Uint8Array(10), half]).count).toBe(2)
    expect(encodeFrames([large, half])).toMatchObject({ count: 1, bytes: encodeFrame(large) })
  })
})
