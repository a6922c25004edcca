import { bls, keccak256, utf8ToBytes } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bitmapIndices,
  createBitmap,
  createSignerSet,
  isBitmap,
  isMoreThanFaulty,
  isQuorum,
  possessionDigest,
  signersOf,
  signingDigest,
  verifyQuorum,
} from './signers.ts'

describe('a quorum', () => {
  it('is strictly more than two thirds, and two of them share more than a third', () => {
    expect([isQuorum(2, 3), isQuorum(3, 3), isQuorum(0, 0), isQuorum(67, 100), isQuorum(66, 99)]).toEqual([
      false,
      true,
      false,
      true,
      false,
    ])
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 ** 9 }), fc.nat(), fc.nat(), (total, a, b) => {
        const [x, y] = [a % (total + 1), b % (total + 1)]
        if (isQuorum(x, total) && isQuorum(y, total)) expect(isMoreThanFaulty(x + y - total, total)).toBe(true)
        // what is left of a quorum is never enough to stop one, and the other way round
        expect(isQuorum(x, total)).toBe(!isMoreThanFaulty(total - x, total))
      }),
    )
    expect(isMoreThanFaulty(0, 0)).toBe(false)
  })
})

describe('bitmaps', () => {
  it('name the signers that they were made of', () => {
    const sizes = fc.integer({ min: 1, max: 200 })
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(), { maxLength: 50 }), (size, picks) => {
        const indices = [...new Set(picks.map(pick => pick % size))].sort((a, b) => a - b)
        const bitmap = createBitmap(indices, size)
        expect(bitmapIndices(bitmap)).toEqual(indices)
        expect(isBitmap(bitmap, size)).toBe(true)
        expect(isBitmap(bitmap, size + 8)).toBe(false)
        if (size % 8 !== 0) {
          bitmap[bitmap.length - 1]! |= 0x80
          expect(isBitmap(bitmap, size)).toBe(false)
        }
      }),
    )
  })
})

describe('a set of signers', () => {
  const keys = Array.from({ length: 4 }, (_, i) => bls.secretKey(keccak256(utf8ToBytes(`signer ${i}`))))
  const signers = keys.map((key, i) => ({
    address: `0x${(9 - i).toString().repeat(40)}` as const,
    blsPublicKey: bls.publicKey(key),
    power: i + 1,
  }))
  const set = createSignerSet(signers)

  it('is ordered by address, and refuses a double', () => {
    expect(set.signers.map(signer => signer.power)).toEqual([4, 3, 2, 1])
    expect(set.totalPower).toBe(10)
    expect(() => createSignerSet([...signers, signers[0]!])).toThrow(/twice/)
  })

  it('verifies a quorum of its signatures, and nothing less or else', () => {
    const digest = keccak256(utf8ToBytes('a block'))
    // in the order of their addresses, which is the reverse of their keys'
    const sign = (indices: readonly number[], message = digest) => ({
      signers: createBitmap(indices, 4),
      signature: bls.aggregate(indices.map(i => bls.sign(message, keys[3 - i]!))),
    })
    expect(verifyQuorum(bls, set, digest, sign([0, 1]))).toBe(true)
    expect(verifyQuorum(bls, set, digest, sign([0, 1, 2, 3]))).toBe(true)
    expect(verifyQuorum(bls, set, digest, sign([0, 2]))).toBe(false)
    expect(verifyQuorum(bls, set, digest, sign([0, 1], keccak256(digest)))).toBe(false)
    expect(verifyQuorum(bls, set, digest, { ...sign([0, 1]), signers: createBitmap([0, 1, 2], 4) })).toBe(false)
    expect(verifyQuorum(bls, set, digest, { ...sign([0, 1]), signers: Uint8Array.of(0b10011) })).toBe(false)
    expect(verifyQuorum(bls, set, digest, { ...sign([0, 1]), signature: new Uint8Array(96) })).toBe(false)
    expect(signersOf(set, Uint8Array.of(0, 0))).toBeUndefined()
  })

  it('signs for a kind, a chain and a start that cannot be taken for another', () => {
    const hash = `0x${'00'.repeat(32)}` as const
    const one = signingDigest({ chainId: 1, start: hash }, 'vote', [])
    expect(one).not.toEqual(signingDigest({ chainId: 1, start: hash }, 'propose', []))
    expect(one).not.toEqual(signingDigest({ chainId: 2, start: hash }, 'vote', []))
    const { address, blsPublicKey } = signers[0]!
    expect(possessionDigest(1, address, blsPublicKey)).not.toEqual(possessionDigest(2, address, blsPublicKey))
    expect(possessionDigest(1, address, blsPublicKey)).not.toEqual(
      possessionDigest(1, signers[1]!.address, blsPublicKey),
    )
  })
})
