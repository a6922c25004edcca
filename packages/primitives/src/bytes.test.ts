import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bigIntToBytes,
  bigIntToMinimalBytes,
  bytesToBigInt,
  bytesToUtf8,
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  isHex,
  shorten,
  toHex,
  utf8ToBytes,
} from './bytes.ts'

const bytes = fc.uint8Array({ maxLength: 80 })

describe('hexadecimal', () => {
  it('is what Buffer makes of the bytes, and comes back from either case', () => {
    fc.assert(
      fc.property(bytes, data => {
        const hex = toHex(data)
        expect(hex).toBe(`0x${Buffer.from(data).toString('hex')}`)
        expect(fromHex(hex)).toEqual(data)
        expect(fromHex(`0x${hex.slice(2).toUpperCase()}`)).toEqual(data)
        expect(isHex(hex, data.length)).toBe(true)
        expect(isHex(hex, data.length + 1)).toBe(false)
      }),
    )
  })

  it('is refused with a code where it is none', () => {
    for (const text of ['', '0', '0x1', '1234', '0xzz', '0x 1', '0x１２', 'x012', '0X12'])
      expect(() => fromHex(text), text).toThrowError(expect.objectContaining({ code: 'bytes/hex' }))
    for (const value of [undefined, null, 5, {}, [], '0x1', Symbol.iterator]) expect(isHex(value)).toBe(false)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), text => {
        expect(isHex(text)).toBe(/^0x([0-9a-fA-F]{2})*$/.test(text))
      }),
    )
  })
})

describe('integers', () => {
  const number = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })

  it('come back from their bytes', () => {
    fc.assert(
      fc.property(number, value => {
        expect(bytesToBigInt(bigIntToBytes(value, 32))).toBe(value)
        const minimal = bigIntToMinimalBytes(value)
        expect(bytesToBigInt(minimal)).toBe(value)
        expect(minimal[0]).not.toBe(0)
      }),
    )
  })

  it('that do not fit, or are negative, are refused', () => {
    const overflow = expect.objectContaining({ code: 'bytes/overflow' })
    expect(() => bigIntToBytes(256n, 1)).toThrowError(overflow)
    expect(() => bigIntToBytes(-1n, 8)).toThrowError(overflow)
    expect(() => bigIntToMinimalBytes(-1n)).toThrowError(overflow)
  })
})

describe('bytes', () => {
  it('compare, concatenate and equal as Buffer says', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0)
        expect(equalBytes(a, a.slice())).toBe(true)
        expect(concatBytes(a, b)).toEqual(Uint8Array.from(Buffer.concat([a, b])))
      }),
    )
  })

  it('of a text come back as the text, and malformed ones are refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(bytesToUtf8(utf8ToBytes(text))).toBe(text)
      }),
    )
    expect(() => bytesToUtf8(Uint8Array.of(0xc3, 0x28))).toThrowError(expect.objectContaining({ code: 'bytes/utf8' }))
  })

  it('are shortened for messages, whatever the value is', () => {
    expect(shorten('a'.repeat(100), 10)).toBe('aaaaaaaaaa… (100 characters)')
    expect(shorten({ value: 5n })).toBe('{"value":"5"}')
    expect(shorten(undefined)).toBe('undefined')
  })
})
