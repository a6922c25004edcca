// Pure JavaScript backends (noble): what browsers run, and what Node falls back to where no native binary fits.
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { p256 as nistCurve } from '@noble/curves/nist.js'
import { secp256k1 as curve } from '@noble/curves/secp256k1.js'
import type { AggregateScheme, P256, Secp256k1 } from './crypto.ts'
import { CodedError } from './errors.ts'

const PLAIN = { prehash: false } as const

export const secp256k1: Secp256k1 = {
  implementation: 'pure',
  publicKey: secretKey => (curve.utils.isValidSecretKey(secretKey) ? curve.getPublicKey(secretKey, false) : undefined),
  sign(digest, secretKey) {
    const signed = curve.sign(digest, secretKey, { ...PLAIN, format: 'recovered' })
    return { compact: signed.slice(1), recovery: (signed[0]! & 1) as 0 | 1 }
  },
  recover(digest, compact, recovery) {
    if (compact.length !== 64 || recovery < 0 || recovery > 3) return undefined
    try {
      return curve.Signature.fromBytes(compact, 'compact')
        .addRecoveryBit(recovery)
        .recoverPublicKey(digest)
        .toBytes(false)
    } catch {
      return undefined
    }
  },
  verify(digest, compact, publicKey) {
    try {
      return curve.verify(compact, digest, publicKey, PLAIN)
    } catch {
      return false
    }
  },
}

export const p256: P256 = {
  implementation: 'pure',
  verify(digest, compact, publicKey) {
    if (digest.length !== 32 || publicKey.length !== 64) return false
    const uncompressed = new Uint8Array(65)
    uncompressed[0] = 4
    uncompressed.set(publicKey, 1)
    try {
      return nistCurve.verify(compact, digest, uncompressed, { ...PLAIN, lowS: false })
    } catch {
      return false
    }
  },
}

const scheme = bls12_381.longSignatures
const DST = { DST: 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_' }
const G1 = bls12_381.G1.Point
const G2 = bls12_381.G2.Point
type KeyPoint = InstanceType<typeof G1>
type SignaturePoint = InstanceType<typeof G2>

const PUBLIC_KEYS_MAX = 4_096
const publicKeys = new Map<string, KeyPoint>()

function keyPoint(bytes: Uint8Array): KeyPoint | undefined {
  if (bytes.length !== 48) return undefined
  const key = bytes.join()
  const known = publicKeys.get(key)
  if (known !== undefined) return known
  const point = validPoint(() => G1.fromBytes(bytes))
  if (point === undefined) return undefined
  if (publicKeys.size >= PUBLIC_KEYS_MAX) publicKeys.delete(publicKeys.keys().next().value!)
  publicKeys.set(key, point)
  return point
}

function signaturePoint(bytes: Uint8Array): SignaturePoint | undefined {
  return bytes.length === 96 ? validPoint(() => G2.fromBytes(bytes)) : undefined
}

function validPoint<P extends { assertValidity(): void; isTorsionFree(): boolean; is0(): boolean }>(
  parse: () => P,
): P | undefined {
  try {
    const point = parse()
    point.assertValidity()
    return point.is0() || !point.isTorsionFree() ? undefined : point
  } catch {
    return undefined
  }
}

function sumOfKeys(keys: readonly Uint8Array[]): KeyPoint | undefined {
  let sum: KeyPoint | undefined
  for (const bytes of keys) {
    const point = keyPoint(bytes)
    if (point === undefined) return undefined
    sum = sum === undefined ? point : sum.add(point)
  }
  return sum
}

function checked(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}

export const bls: AggregateScheme = {
  implementation: 'noble',
  secretKey(randomBytes) {
    throw new CodedError('bls/unsupported', `BLS keys (${randomBytes.length} bytes) are made in Node, not in a browser`)
  },
  publicKey: secretKey => scheme.getPublicKey(secretKey).toBytes(),
  isPublicKey: publicKey => keyPoint(publicKey) !== undefined,
  sign: (message, secretKey) => scheme.sign(scheme.hash(message, DST.DST), secretKey).toBytes(),
  verify(message, publicKey, signature) {
    const key = keyPoint(publicKey)
    const point = signaturePoint(signature)
    return (
      key !== undefined &&
      point !== undefined &&
      checked(() => scheme.verify(point, scheme.hash(message, DST.DST), key))
    )
  },
  aggregate(signatures) {
    let sum: SignaturePoint | undefined
    for (const bytes of signatures) {
      const point = signaturePoint(bytes)
      if (point === undefined) throw new CodedError('bls/signature', 'a malformed signature among those to aggregate')
      sum = sum === undefined ? point : sum.add(point)
    }
    if (sum === undefined) throw new CodedError('bls/signature', 'nothing to aggregate')
    return sum.toBytes()
  },
  verifyAggregate(message, keys, signature) {
    const key = sumOfKeys(keys)
    const point = signaturePoint(signature)
    return (
      key !== undefined &&
      point !== undefined &&
      checked(() => scheme.verify(point, scheme.hash(message, DST.DST), key))
    )
  },
  verifyGroups(groups, signature) {
    const point = signaturePoint(signature)
    if (point === undefined || groups.length === 0) return false
    const items: { message: SignaturePoint; publicKey: KeyPoint }[] = []
    for (const group of groups) {
      const publicKey = sumOfKeys(group.publicKeys)
      if (publicKey === undefined) return false
      items.push({ message: scheme.hash(group.message, DST.DST), publicKey })
    }
    return checked(() => scheme.verifyBatch(point, items))
  },
  verifyBatch: messages =>
    messages.every(({ message, publicKey, signature }) => bls.verify(message, publicKey, signature)),
}
