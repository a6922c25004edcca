import { p256 as nistCurve } from '@noble/curves/nist.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bigIntToBytes, bytesToBigInt, concatBytes, fromHex, toHex, utf8ToBytes } from './bytes.ts'
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

describe('P-256', () => {
  const { p, n } = nistCurve.Point.CURVE()
  const { Fn, BASE } = nistCurve.Point
  const word = (value: bigint) => bigIntToBytes(value, 32)
  type Point = typeof BASE
  const bytesOf = (point: Point) => point.toBytes(false).subarray(1)

  /** What both backends say, which must be the same. */
  function verdict(hash: Uint8Array, compact: Uint8Array, publicKey: Uint8Array): boolean {
    const said = native.p256.verify(hash, compact, publicKey)
    const input = [hash, compact, publicKey].map(toHex)
    expect([...input, browser.p256.verify(hash, compact, publicKey)]).toEqual([...input, said])
    return said
  }

  /** The key by which (e, r, s) verifies, where r is of the point R. */
  function keyFor(e: bigint, s: bigint, R: Point): { compact: Uint8Array; publicKey: Uint8Array; key: Point } {
    const r = R.x % n
    const shift = BASE.multiplyUnsafe(Fn.div(e, r)).negate()
    const key = R.multiplyUnsafe(Fn.div(s, r)).add(shift)
    return { compact: concatBytes(word(r), word(s)), publicKey: bytesOf(key), key }
  }

  it('runs natively here', () => {
    expect([native.p256.implementation, browser.p256.implementation]).toEqual(['native', 'pure'])
  })

  it('takes what was signed, with low and high s, and nothing that is a bit different', () => {
    for (const secret of secrets) {
      const hash = native.keccak256(secret)
      const compact = nistCurve.sign(hash, secret, { prehash: false, lowS: false })
      const publicKey = nistCurve.getPublicKey(secret, false).subarray(1)
      const otherS = concatBytes(compact.subarray(0, 32), word(n - bytesToBigInt(compact.subarray(32))))
      expect([verdict(hash, compact, publicKey), verdict(hash, otherS, publicKey)]).toEqual([true, true])
      for (let i = 0; i < 160; i += 1 + (i % 7)) {
        const changed = concatBytes(hash, compact, publicKey)
        changed[i]! ^= 1 << (i % 8)
        expect(verdict(changed.slice(0, 32), changed.slice(32, 96), changed.slice(96))).toBe(false)
      }
    }
  })

  it('takes digests, r and s at their edges', () => {
    const hash = bytesToBigInt(native.sha256(new Uint8Array()))
    const points = [12345n, n - 12345n, 2n ** 200n].map(factor => BASE.multiply(factor))
    for (const e of [0n, 1n, n - 1n, n, n + 1n, 2n ** 256n - 1n, hash, hash - 1n])
      for (const s of [1n, 2n, n - 1n])
        for (const R of points) {
          const { compact, publicKey } = keyFor(Fn.create(e), s, R)
          expect([e, s, verdict(word(e), compact, publicKey)]).toEqual([e, s, true])
        }
  })

  it('takes a point whose x is not below the order', () => {
    let x = n
    let R: Point | undefined
    while (R === undefined)
      try {
        R = nistCurve.Point.fromBytes(concatBytes(Uint8Array.of(2), word(++x)))
      } catch {}
    const { compact, publicKey } = keyFor(7n, 9n, R)
    expect(bytesToBigInt(compact.subarray(0, 32))).toBe(x - n)
    expect(verdict(word(7n), compact, publicKey)).toBe(true)
    compact.set(word(x))
    expect(verdict(word(7n), compact, publicKey)).toBe(false)
  })

  it('takes keys that meet the point they are added to, or its negative, and refuses a sum at infinity', () => {
    const hash = Fn.create(bytesToBigInt(native.sha256(new Uint8Array())))
    for (const e of [5n, hash, 2n ** 255n]) {
      const k = Fn.create(e * 3n + 11n)
      const r = BASE.multiply(k).x % n
      const t = Fn.div(Fn.sub(e, hash), r)
      for (const secret of [t, Fn.neg(t)].filter(one => one !== 0n)) {
        const s = Fn.div(Fn.add(e, Fn.mul(r, secret)), k)
        const publicKey = bytesOf(BASE.multiply(secret))
        expect(verdict(word(e), concatBytes(word(r), word(s)), publicKey)).toBe(true)
        expect(verdict(word(e), concatBytes(word(r), word(s ^ 1n)), publicKey)).toBe(false)
      }
      const opposite = bytesOf(BASE.multiply(Fn.neg(Fn.div(e, r))))
      expect(verdict(word(e), concatBytes(word(r), word(3n)), opposite)).toBe(false)
    }
  })

  it('refuses r and s out of their range, and what is no point of the curve', () => {
    const e = 77n
    const { compact, publicKey, key } = keyFor(e, 3n, BASE)
    const [r, s] = [BASE.x, 3n]
    expect(verdict(word(e), compact, publicKey)).toBe(true)
    for (const out of [0n, n, n + 1n, p, 2n ** 256n - 1n, n + 3n]) {
      expect(verdict(word(e), concatBytes(word(out), word(s)), publicKey)).toBe(false)
      expect(verdict(word(e), concatBytes(word(r), word(out)), publicKey)).toBe(false)
    }
    const wrong = [
      concatBytes(word(0n), word(0n)),
      concatBytes(word(p), word(p)),
      concatBytes(word(key.x), word(key.y ^ 1n)),
      concatBytes(word(key.y), word(key.x)),
      concatBytes(word(2n ** 256n - 1n), word(key.y)),
      new Uint8Array(64).fill(255),
    ]
    for (const point of wrong) expect(verdict(word(e), compact, point)).toBe(false)
    // of the key with x = 5 nobody knows the secret, yet G + key is the point of a signature by it; x + p is another encoding
    const small = nistCurve.Point.fromBytes(concatBytes(Uint8Array.of(2), word(5n)))
    const made = word(BASE.add(small).x)
    const verdictFor = (x: bigint) => verdict(made, concatBytes(made, made), concatBytes(word(x), word(small.y)))
    expect([verdictFor(5n), verdictFor(5n + p)]).toEqual([true, false])
    for (const size of [0, 31, 33, 63, 64, 65]) {
      const bytes = new Uint8Array(size).fill(1)
      verdict(bytes, compact, publicKey)
      verdict(word(e), bytes, publicKey)
      verdict(word(e), compact, bytes)
    }
  })

  it('says the same of anything', () => {
    const edges = [0n, 1n, 2n, n - 1n, n, p - 1n, p, 2n ** 256n - 1n, BASE.x, BASE.y].map(word)
    const bytes = fc.oneof(fc.constantFrom(...edges), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    const points = fc.oneof(
      fc.tuple(bytes, bytes).map(([x, y]) => concatBytes(x, y)),
      fc.bigInt({ min: 1n, max: n - 1n }).map(factor => bytesOf(BASE.multiply(factor))),
    )
    fc.assert(
      fc.property(bytes, bytes, bytes, points, (hash, r, s, point) => {
        verdict(hash, concatBytes(r, s), point)
      }),
    )
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
