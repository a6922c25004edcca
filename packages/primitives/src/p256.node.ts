// ECDSA over P-256 by Node's OpenSSL, which verifies only what it has hashed itself. So the question is put in terms of a
// hash h that it can make: with Q' = Q + (e - h)/r * G, it says of (h, r, s) by Q' what is so of (e, r, s) by Q, since
// h/s * G + r/s * Q' = e/s * G + r/s * Q.
import { createECDH, createHash, verify } from 'node:crypto'
import { p256 as curve } from '@noble/curves/nist.js'
import { bigIntToBytes, bytesToBigInt, concatBytes, EMPTY_BYTES, fromHex } from './bytes.ts'
import type { P256 } from './crypto.ts'

const { p, n, a, b } = curve.Point.CURVE()
const { Fp, Fn } = curve.Point

const HASH = Fn.create(bytesToBigInt(createHash('sha256').digest()))
/** What stands before an uncompressed point in the form that keys are read in (RFC 5480). */
const KEY_HEAD = fromHex('0x3059301306072a8648ce3d020106082a8648ce3d03010703420004')
const multiplier = createECDH('prime256v1')

interface Point {
  readonly x: bigint
  readonly y: bigint
}

export const p256: P256 = {
  implementation: 'native',
  verify(digest, compact, publicKey) {
    if (digest.length !== 32 || compact.length !== 64 || publicKey.length !== 64) return false
    const r = bytesToBigInt(compact.subarray(0, 32))
    const s = bytesToBigInt(compact.subarray(32))
    if (r === 0n || r >= n || s === 0n || s >= n) return false
    const key = { x: bytesToBigInt(publicKey.subarray(0, 32)), y: bytesToBigInt(publicKey.subarray(32)) }
    if (!isOnCurve(key)) return false
    const factor = Fn.div(Fn.sub(bytesToBigInt(digest) % n, HASH), r)
    if (factor === 0n) return verifyHash(compact, key)
    const shift = timesGenerator(factor)
    if (shift.x !== key.x) return verifyHash(compact, sum(key, shift))
    if (shift.y === key.y) return verifyHash(compact, timesGenerator(Fn.add(factor, factor)))
    // the sum is infinity, which no key is: all that remains is h/s * G
    return timesGenerator(Fn.div(HASH, s)).x % n === r
  },
}

function isOnCurve({ x, y }: Point): boolean {
  return x < p && y < p && (y * y - (x * x + a) * x - b) % p === 0n
}

function verifyHash(compact: Uint8Array, { x, y }: Point): boolean {
  const key = concatBytes(KEY_HEAD, bigIntToBytes(x, 32), bigIntToBytes(y, 32))
  // the types ask for Node's own kind of bytes
  const options = { key: Buffer.from(key), format: 'der', type: 'spki', dsaEncoding: 'ieee-p1363' } as const
  return verify('sha256', EMPTY_BYTES, options, compact)
}

/** The factor is not 0, and below the order. */
function timesGenerator(factor: bigint): Point {
  multiplier.setPrivateKey(bigIntToBytes(factor, 32))
  const point = multiplier.getPublicKey()
  return { x: bytesToBigInt(point.subarray(1, 33)), y: bytesToBigInt(point.subarray(33)) }
}

/** Of points that differ in x. */
function sum(one: Point, other: Point): Point {
  const slope = Fp.div(Fp.sub(one.y, other.y), Fp.sub(one.x, other.x))
  const x = Fp.create(slope * slope - one.x - other.x)
  return { x, y: Fp.create(slope * (one.x - x) - one.y) }
}
