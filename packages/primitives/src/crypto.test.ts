import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8ToBytes } from './bytes.ts'
import { backend as browser } from './crypto.browser.ts'
import { backend as native } from './crypto.node.ts'
import { createSeededRandom, randomBytesFrom } from './ports.ts'

const random = createSeededRandom(7)
const secrets = Array.from({ length: 5 }, () => randomBytesFrom(random, 32))
const digest = native.keccak256(utf8ToBytes('a message'))

describe('hashes', () => {
  it('give the published digests', () => {
    expect(toHex(native.keccak256(new Uint8Array()))).toBe(
      '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
    expect(toHex(native.sha256(utf8ToBytes('abc')))).toBe(
      '0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    )
    expect(toHex(native.ripemd160(utf8ToBytes('abc')))).toBe('0x8eb208f7e05d987a9b044a8e98c6b087f15a0bfc')
  })

  it('are the same in Node and in a browser', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), data => {
        for (const hash of ['keccak256', 'sha256', 'ripemd160'] as const)
          expect(toHex(browser[hash](data))).toBe(toHex(native[hash](data)))
      }),
    )
  })

  it('do not overwrite an earlier result', () => {
    const first = native.keccak256(utf8ToBytes('one'))
    const copy = first.slice()
    native.keccak256(utf8ToBytes('two'))
    expect(first).toEqual(copy)
  })
})

describe('secp256k1', () => {
  it('runs natively here', () => {
    expect(native.secp256k1.implementation).toBe(
      process.arch === 'arm64' && process.platform === 'linux' ? 'pure' : 'native',
    )
  })

  it('gives the same keys, signatures and recoveries with both backends', () => {
    for (const secret of secrets) {
      const key = native.secp256k1.publicKey(secret)!
      expect(browser.secp256k1.publicKey(secret)).toEqual(key)
      const signed = native.secp256k1.sign(digest, secret)
      expect(browser.secp256k1.sign(digest, secret)).toEqual(signed)
      for (const { secp256k1 } of [native, browser]) {
        expect(secp256k1.recover(digest, signed.compact, signed.recovery)).toEqual(key)
        expect(secp256k1.recover(digest, signed.compact, 1 - signed.recovery)).not.toEqual(key)
        expect(secp256k1.verify(digest, signed.compact, key)).toBe(true)
        expect(secp256k1.verify(native.keccak256(digest), signed.compact, key)).toBe(false)
      }
    }
  })

  it('answers bad input without throwing', () => {
    for (const { secp256k1 } of [native, browser]) {
      expect(secp256k1.publicKey(new Uint8Array(32))).toBeUndefined()
      expect(secp256k1.publicKey(new Uint8Array(32).fill(255))).toBeUndefined()
      expect(secp256k1.publicKey(new Uint8Array(31).fill(1))).toBeUndefined()
      for (const size of [0, 63, 64, 65])
        for (const fill of [0, 255]) {
          expect(secp256k1.recover(digest, new Uint8Array(size).fill(fill), 0)).toBeUndefined()
          expect(secp256k1.verify(digest, new Uint8Array(size).fill(fill), new Uint8Array(65))).toBe(false)
        }
      expect(secp256k1.recover(digest, native.secp256k1.sign(digest, secrets[0]!).compact, 4)).toBeUndefined()
    }
  })
})

describe('BLS', () => {
  const keys = secrets.map(secret => native.bls.secretKey(secret))
  const publicKeys = keys.map(key => native.bls.publicKey(key))
  const other = native.keccak256(utf8ToBytes('another message'))

  it('aggregates and verifies alike with both backends', () => {
    const shares = keys.map(key => native.bls.sign(digest, key))
    expect(browser.bls.sign(digest, keys[0]!)).toEqual(shares[0])
    expect(browser.bls.publicKey(keys[0]!)).toEqual(publicKeys[0])
    const sum = native.bls.aggregate(shares)
    expect(browser.bls.aggregate(shares)).toEqual(sum)
    for (const { bls } of [native, browser]) {
      expect(bls.verify(digest, publicKeys[0]!, shares[0]!)).toBe(true)
      expect(bls.verify(other, publicKeys[0]!, shares[0]!)).toBe(false)
      expect(bls.verify(digest, publicKeys[1]!, shares[0]!)).toBe(false)
      expect(bls.verifyAggregate(digest, publicKeys, sum)).toBe(true)
      expect(bls.verifyAggregate(digest, publicKeys.slice(1), sum)).toBe(false)
      expect(bls.verifyAggregate(digest, [], sum)).toBe(false)
    }
  })

  it('verifies an aggregate over several messages', () => {
    const sum = native.bls.aggregate([
      ...keys.slice(0, 3).map(k => native.bls.sign(digest, k)),
      ...keys.slice(3).map(k => native.bls.sign(other, k)),
    ])
    const groups = [
      { message: digest, publicKeys: publicKeys.slice(0, 3) },
      { message: other, publicKeys: publicKeys.slice(3) },
    ]
    const wrong = [
      { message: digest, publicKeys: publicKeys.slice(0, 2) },
      { message: other, publicKeys: publicKeys.slice(2) },
    ]
    for (const { bls } of [native, browser]) {
      expect(bls.verifyGroups(groups, sum)).toBe(true)
      expect(bls.verifyGroups(wrong, sum)).toBe(false)
      expect(bls.verifyGroups([], sum)).toBe(false)
    }
  })

  it('checks a batch, and finds one wrong signature in it', () => {
    const batch = keys.map((key, i) => ({
      message: digest,
      publicKey: publicKeys[i]!,
      signature: native.bls.sign(digest, key),
    }))
    for (const { bls } of [native, browser]) {
      expect(bls.verifyBatch(batch)).toBe(true)
      expect(bls.verifyBatch([...batch.slice(1), { ...batch[0]!, message: other }])).toBe(false)
      expect(bls.verifyBatch([])).toBe(true)
    }
  })

  it('refuses infinity, points outside the subgroup and garbage', () => {
    const infinityKey = Uint8Array.from([0xc0, ...new Array(47).fill(0)])
    const infinity = Uint8Array.from([0xc0, ...new Array(95).fill(0)])
    // x = 3 is on the curve over the base field, but its point is not in the subgroup
    const outside = fromHex(`0x80${'00'.repeat(46)}04`)
    for (const { bls } of [native, browser]) {
      for (const key of [infinityKey, outside, new Uint8Array(48), new Uint8Array(0)]) {
        expect(bls.isPublicKey(key)).toBe(false)
        expect(bls.verify(digest, key, infinity)).toBe(false)
      }
      for (const signature of [infinity, new Uint8Array(96), new Uint8Array(5)]) {
        expect(bls.verify(digest, publicKeys[0]!, signature)).toBe(false)
        expect(bls.verifyAggregate(digest, publicKeys, signature)).toBe(false)
        expect(() => bls.aggregate([signature])).toThrow(/signature/)
      }
      expect(() => bls.aggregate([])).toThrow(/nothing to aggregate/)
    }
  })
})
