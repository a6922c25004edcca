import { AssertionError, bigIntToMinimalBytes, encodeRlp, fromHex, keccakHash, toHex } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EMPTY_ROOT } from '../trie/update.ts'
import {
  type Account,
  decodeAccount,
  decodeSlotValue,
  EMPTY_ACCOUNT,
  EMPTY_CODE_HASH,
  encodeAccount,
  encodeSlotValue,
} from './account.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const account: fc.Arbitrary<Account> = fc.record({
  nonce: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 64n - 1n)),
  balance: fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 256n - 1n)),
  storageRoot: fc.oneof(fc.constant(EMPTY_ROOT), hash),
  codeHash: fc.oneof(fc.constant(EMPTY_CODE_HASH), hash),
})

describe('an account', () => {
  it('is encoded as the list of its four fields, and decoded again', () => {
    fc.assert(
      fc.property(account, value => {
        const encoded = encodeAccount(value)
        const { nonce, balance, storageRoot, codeHash } = value
        const fields = [
          bigIntToMinimalBytes(nonce),
          bigIntToMinimalBytes(balance),
          fromHex(storageRoot),
          fromHex(codeHash),
        ]
        expect(encoded).toEqual(encodeRlp(fields))
        expect(decodeAccount(encoded)).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('has no code and no storage at first', () => {
    expect(EMPTY_CODE_HASH).toBe(keccakHash(new Uint8Array(0)))
    expect(decodeAccount(encodeAccount(EMPTY_ACCOUNT))).toEqual(EMPTY_ACCOUNT)
  })

  it('is within its bounds', () => {
    expect(() => encodeAccount({ ...EMPTY_ACCOUNT, nonce: 2n ** 64n })).toThrow(AssertionError)
    expect(() => encodeAccount({ ...EMPTY_ACCOUNT, balance: 2n ** 256n })).toThrow(AssertionError)
    expect(() => encodeAccount({ ...EMPTY_ACCOUNT, balance: -1n })).toThrow(AssertionError)
    expect(() => decodeAccount(new Uint8Array(5))).toThrow(expect.objectContaining({ name: 'CodedError' }))
  })
})

describe('the value of a slot', () => {
  it('is encoded and decoded, and 0 is nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 256n - 1n)), value => {
        const encoded = encodeSlotValue(value)
        expect(encoded === undefined).toBe(value === 0n)
        expect(decodeSlotValue(encoded)).toBe(value)
      }),
    )
    expect(encodeSlotValue(0x80n)).toEqual(Uint8Array.of(0x81, 0x80))
  })
})
