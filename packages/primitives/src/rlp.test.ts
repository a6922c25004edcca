import { RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from './bytes.ts'
import { CodedError } from './errors.ts'
import { decodeRlp, encodeRlp, RLP_DEPTH_MAX, type RlpItem } from './rlp.ts'

const items: fc.Arbitrary<RlpItem> = fc.letrec<{ item: RlpItem }>(tie => ({
  item: fc.oneof(
    { maxDepth: 4 },
    fc.uint8Array({ maxLength: 3 }),
    fc.uint8Array({ minLength: 50, maxLength: 70 }),
    fc.uint8Array({ minLength: 250, maxLength: 300 }),
    fc.array(tie('item'), { maxLength: 6 }),
  ),
})).item

describe('RLP', () => {
  it('is encoded as another implementation does, and comes back', () => {
    fc.assert(
      fc.property(items, item => {
        const encoded = encodeRlp(item)
        expect(toHex(encoded)).toBe(toHex(RLP.encode(item as Parameters<typeof RLP.encode>[0])))
        expect(decodeRlp(encoded)).toEqual(item)
      }),
    )
  })

  it('has one encoding for each value: what decodes encodes to the same bytes, the rest is refused with a code', () => {
    const mutated = fc.tuple(
      items,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
      fc.nat({ max: 3 }),
    )
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      mutated.map(([item, changes, cut]) => {
        const bytes = encodeRlp(item)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        return bytes.slice(0, Math.max(0, bytes.length - cut))
      }),
    )
    fc.assert(
      fc.property(anyBytes, bytes => {
        let item: RlpItem
        try {
          item = decodeRlp(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'rlp/invalid' })
          return
        }
        expect(toHex(encodeRlp(item))).toBe(toHex(bytes))
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses more items than it is allowed, lists counted too, before it takes them apart', () => {
    const listOf = (length: number): RlpItem => Array.from({ length }, (_, i) => Uint8Array.of(i % 100))
    expect(decodeRlp(encodeRlp([listOf(3), listOf(4)]), 10)).toEqual([listOf(3), listOf(4)])
    expect(() => decodeRlp(encodeRlp([listOf(3), listOf(4)]), 9)).toThrow(/more items/)
    const many = encodeRlp(listOf(2_000_000))
    let views = 0
    class Watched extends Uint8Array {
      override subarray(begin?: number, end?: number): Uint8Array<ArrayBuffer> {
        views++
        return new Uint8Array(this.buffer as ArrayBuffer, begin, (end ?? this.length) - (begin ?? 0))
      }
    }
    expect(() => decodeRlp(new Watched(many), 1_000)).toThrow(CodedError)
    expect(views).toBeLessThan(1_000)
  })

  it('refuses nesting without end before it runs out of stack', () => {
    const nested = (depth: number): RlpItem => (depth === 0 ? [] : [nested(depth - 1)])
    expect(() => decodeRlp(encodeRlp(nested(RLP_DEPTH_MAX - 1)))).not.toThrow()
    expect(() => decodeRlp(encodeRlp(nested(RLP_DEPTH_MAX)))).toThrow(/nest/)
    const bomb = new Uint8Array(3 * 100_000)
    for (let i = 0; i < 100_000; i++) bomb.set([0xf9, 0xff, 0xff], 3 * i)
    expect(() => decodeRlp(bomb)).toThrow(CodedError)
    expect(() => decodeRlp(new Uint8Array(100_000).fill(0xc1))).toThrow(CodedError)
  })
})
