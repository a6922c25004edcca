import { EMPTY_BYTES, utf8ToBytes } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seal, unseal } from './checksum.ts'

const corrupt = expect.objectContaining({ code: 'storage/corrupt' })
const bytes = fc.uint8Array({ maxLength: 60 })

describe('a sealed record', () => {
  it('carries the CRC-32C of key and content', () => {
    expect([...seal(utf8ToBytes('1234'), utf8ToBytes('56789')).slice(-4)]).toEqual([0x83, 0x92, 0x06, 0xe3])
  })

  it('opens with its key, and not with another or with any bit changed', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (key, content, bit) => {
        const sealed = seal(key, content)
        expect(unseal(key, sealed)).toEqual(content)
        const at = bit % (8 * sealed.length)
        sealed[at >> 3]! ^= 1 << (at & 7)
        expect(() => unseal(key, sealed)).toThrow(corrupt)
      }),
    )
    expect(() => unseal(utf8ToBytes('b'), seal(utf8ToBytes('a'), EMPTY_BYTES))).toThrow(corrupt)
  })

  it('is found damaged when it is cut short', () => {
    const sealed = seal(utf8ToBytes('key'), utf8ToBytes('content'))
    for (let size = 0; size < sealed.length; size++)
      expect(() => unseal(utf8ToBytes('key'), sealed.subarray(0, size))).toThrow(corrupt)
  })
})
