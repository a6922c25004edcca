// Native backend for Node: hash-wasm, libsecp256k1, OpenSSL (p256.node.ts) and blst.
import { createHash, getRandomValues } from 'node:crypto'
import { createRequire } from 'node:module'
import * as blst from '@chainsafe/blst'
import { createKeccak } from 'hash-wasm'
import { toHex } from './bytes.ts'
import { secp256k1 as pureSecp256k1 } from './crypto.pure.ts'
import type { AggregateScheme, CryptoBackend, Secp256k1 } from './crypto.ts'
import { CodedError } from './errors.ts'
import { p256 } from './p256.node.ts'

const keccak = await createKeccak(256)

interface NativeSecp256k1 {
  privateKeyVerify(secretKey: Uint8Array): boolean
  publicKeyCreate(secretKey: Uint8Array, compressed: boolean): Uint8Array
  ecdsaSign(digest: Uint8Array, secretKey: Uint8Array): { signature: Uint8Array; recid: number }
  ecdsaRecover(compact: Uint8Array, recovery: number, digest: Uint8Array, compressed: boolean): Uint8Array
  ecdsaVerify(compact: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean
}

// The package's own entry silently falls back to slow JavaScript; its bindings do not.
function loadNativeSecp256k1(): Secp256k1 {
  let native: NativeSecp256k1
  try {
    native = createRequire(import.meta.url)('secp256k1/bindings.js') as NativeSecp256k1
  } catch {
    return pureSecp256k1
  }
  return {
    implementation: 'native',
    publicKey: secretKey =>
      secretKey.length === 32 && native.privateKeyVerify(secretKey)
        ? native.publicKeyCreate(secretKey, false)
        : undefined,
    sign(digest, secretKey) {
      const { signature, recid } = native.ecdsaSign(digest, secretKey)
      return { compact: signature, recovery: (recid & 1) as 0 | 1 }
    },
    recover(digest, compact, recovery) {
      try {
        return native.ecdsaRecover(compact, recovery, digest, false)
      } catch {
        return undefined
      }
    },
    verify(digest, compact, publicKey) {
      try {
        return native.ecdsaVerify(compact, digest, publicKey)
      } catch {
        return false
      }
    },
  }
}

/** Deserialised and validated public keys, so that a committee's keys are checked once and not at each vote. */
const PUBLIC_KEYS_MAX = 16_384
const publicKeys = new Map<string, blst.PublicKey>()

function publicKeyOf(bytes: Uint8Array): blst.PublicKey | undefined {
  const key = toHex(bytes)
  const known = publicKeys.get(key)
  if (known !== undefined) return known
  try {
    const parsed = blst.PublicKey.fromBytes(bytes, true)
    if (publicKeys.size >= PUBLIC_KEYS_MAX) publicKeys.delete(publicKeys.keys().next().value!)
    publicKeys.set(key, parsed)
    return parsed
  } catch {
    return undefined
  }
}

function signatureOf(bytes: Uint8Array): blst.Signature | undefined {
  if (bytes.length !== blst.SIGNATURE_LENGTH_COMPRESSED) return undefined
  try {
    return blst.Signature.fromBytes(bytes, true, true)
  } catch {
    return undefined
  }
}

function allDefined<T>(values: readonly (T | undefined)[]): T[] | undefined {
  return values.every(value => value !== undefined) ? (values as T[]) : undefined
}

const bls: AggregateScheme = {
  implementation: 'blst',
  secretKey: randomBytes => blst.SecretKey.fromKeygen(randomBytes).toBytes(),
  publicKey: secretKey => blst.SecretKey.fromBytes(secretKey).toPublicKey().toBytes(),
  isPublicKey: publicKey => publicKeyOf(publicKey) !== undefined,
  sign: (message, secretKey) => blst.SecretKey.fromBytes(secretKey).sign(message).toBytes(),
  verify(message, publicKey, signature) {
    const key = publicKeyOf(publicKey)
    const parsed = signatureOf(signature)
    return key !== undefined && parsed !== undefined && blst.verify(message, key, parsed)
  },
  aggregate(signatures) {
    const parsed = allDefined(signatures.map(signatureOf))
    if (parsed === undefined || parsed.length === 0)
      throw new CodedError('bls/signature', 'nothing to aggregate, or a malformed signature')
    return blst.aggregateSignatures(parsed).toBytes()
  },
  verifyAggregate(message, keys, signature) {
    const parsedKeys = allDefined(keys.map(publicKeyOf))
    const parsed = signatureOf(signature)
    if (parsedKeys === undefined || parsed === undefined || parsedKeys.length === 0) return false
    return blst.fastAggregateVerify(message, parsedKeys, parsed)
  },
  verifyGroups(groups, signature) {
    const parsed = signatureOf(signature)
    const keys = allDefined(groups.map(group => aggregateKeys(group.publicKeys)))
    if (parsed === undefined || keys === undefined || keys.length === 0) return false
    return blst.aggregateVerify(
      groups.map(group => group.message),
      keys,
      parsed,
    )
  },
  verifyBatch(messages) {
    if (messages.length === 0) return true
    const sets: blst.SignatureSet[] = []
    for (const { message, publicKey, signature } of messages) {
      const pk = publicKeyOf(publicKey)
      const sig = signatureOf(signature)
      if (pk === undefined || sig === undefined) return false
      sets.push({ msg: message, pk, sig })
    }
    return blst.verifyMultipleAggregateSignatures(sets)
  },
}

function aggregateKeys(keys: readonly Uint8Array[]): blst.PublicKey | undefined {
  const parsed = allDefined(keys.map(publicKeyOf))
  return parsed === undefined || parsed.length === 0 ? undefined : blst.aggregatePublicKeys(parsed)
}

export const backend: CryptoBackend = {
  keccak256: data => keccak.init().update(data).digest('binary'),
  sha256: data => createHash('sha256').update(data).digest(),
  ripemd160: data => createHash('ripemd160').update(data).digest(),
  randomBytes: sizeBytes => getRandomValues(new Uint8Array(sizeBytes)),
  secp256k1: loadNativeSecp256k1(),
  p256,
  bls,
}
