import type { Log } from '@tan/evm'
import { CodedError, keccak256, toHex, utf8ToBytes } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bloomMayHold, bloomOf, decodeReceipt, encodeReceipt, mergeBlooms, type Receipt } from './receipts.ts'

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size })
const hex = (size: number) => bytes(size).map(toHex)
const logs: fc.Arbitrary<Log[]> = fc.array(
  fc.record({ address: hex(20), topics: fc.array(hex(32), { maxLength: 4 }), data: fc.uint8Array({ maxLength: 200 }) }),
  { maxLength: 4 },
)
const receipts: fc.Arbitrary<Receipt> = fc.record({
  type: fc.constantFrom('legacy', 'eip2930', 'eip1559', 'eip7702'),
  succeeded: fc.boolean(),
  cumulativeGasUsed: fc.integer({ min: 0, max: 60_000_000 }),
  logsBloom: bytes(256),
  logs,
})

describe('receipts', () => {
  it('come back from their encoding', () => {
    fc.assert(
      fc.property(receipts, receipt => {
        expect(decodeReceipt(encodeReceipt(receipt))).toEqual(receipt)
      }),
    )
  })

  it('are refused with a code when they are damaged', () => {
    const damage = fc.record({ receipt: receipts, at: fc.nat(), byte: fc.nat({ max: 255 }) })
    fc.assert(
      fc.property(damage, ({ receipt, at, byte }) => {
        const encoded = encodeReceipt(receipt)
        encoded[at % encoded.length] = byte
        try {
          // what is still a receipt is one that encodes to these bytes and no others
          expect(toHex(encodeReceipt(decodeReceipt(encoded)))).toBe(toHex(encoded))
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('have the known encoding of a plain transfer', () => {
    const receipt: Receipt = {
      type: 'eip1559',
      succeeded: true,
      cumulativeGasUsed: 21_000,
      logsBloom: bloomOf([]),
      logs: [],
    }
    expect(toHex(encodeReceipt(receipt))).toBe(`0x02f9010801825208b90100${'00'.repeat(256)}c0`)
  })
})

describe('bloom filters', () => {
  it('set the bits that the Yellow Paper says', () => {
    // the three bits of keccak('') as an address: low 11 bits of the first three pairs of bytes of its hash
    const item = toHex(utf8ToBytes('01234567890123456789'))
    const hash = keccak256(utf8ToBytes('01234567890123456789'))
    const view = new DataView(hash.buffer, hash.byteOffset)
    let expected = 0n
    for (const at of [0, 2, 4]) expected |= 1n << BigInt(view.getUint16(at) % 2048)
    const bloom = bloomOf([{ address: item, topics: [], data: new Uint8Array() }])
    expect(BigInt(toHex(bloom))).toBe(expected)
  })

  it('never deny what is there', () => {
    fc.assert(
      fc.property(logs, logs, (a, b) => {
        const merged = mergeBlooms([bloomOf(a), bloomOf(b)])
        for (const { address, topics } of [...a, ...b])
          for (const item of [address, ...topics]) expect(bloomMayHold(merged, item)).toBe(true)
      }),
    )
  })

  it('deny most of what is not', () => {
    const bloom = bloomOf([{ address: toHex(new Uint8Array(20)), topics: [], data: new Uint8Array() }])
    const others = Array.from({ length: 200 }, (_, i) => toHex(keccak256(Uint8Array.of(i))))
    expect(others.filter(item => bloomMayHold(bloom, item)).length).toBeLessThan(5)
  })
})
