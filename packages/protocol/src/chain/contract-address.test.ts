import { toHex } from '@tan/primitives'
import fc from 'fast-check'
import { getContractAddress } from 'viem'
import { describe, expect, it } from 'vitest'
import { bigUint } from '../test-codec.ts'
import { contractAddressOf } from './contract-address.ts'

describe('the address of a created contract', () => {
  it('is the one that viem computes', () => {
    const sender = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex)
    fc.assert(
      fc.property(sender, fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, 255n, 256n), bigUint(64)), (from, nonce) => {
        expect(contractAddressOf(from, nonce)).toBe(getContractAddress({ from, nonce }).toLowerCase())
      }),
    )
  })
})
