// Secrets at rest: Ethereum keystore v3 for accounts, EIP-2335 for BLS keys. Both are scrypt and AES-128-CTR; they differ
// in the names of their fields and in what the checksum is made of. Passwords come from files or prompts, never from
// command lines.
import { createCipheriv, randomUUID, scryptSync } from 'node:crypto'
import {
  addressOfSecretKey,
  bls,
  CodedError,
  concatBytes,
  equalSecret,
  fromHex,
  isHex,
  keccak256,
  secureRandomBytes,
  sha256,
  toHex,
  utf8ToBytes,
} from '@tan/primitives'

/** scrypt's cost. `light` is for devnets, whose passwords lie beside their keys. */
export type KeystoreCost = 'standard' | 'light'
const SCRYPT_N: Readonly<Record<KeystoreCost, number>> = { standard: 2 ** 18, light: 2 ** 12 }
/** a file may ask for this much memory to be opened, and no more */
const SCRYPT_MEMORY_MAX_BYTES = 512 * 1024 * 1024

/** An account's secret key as keystore v3. */
export function encryptAccountKey(secretKey: Uint8Array, password: string, cost: KeystoreCost = 'standard'): string {
  const { salt, derived, n } = derive(utf8ToBytes(password), cost)
  const iv = secureRandomBytes(16)
  const ciphertext = aes(derived, iv, secretKey)
  const file = {
    version: 3,
    id: randomUUID(),
    address: addressOfSecretKey(secretKey).slice(2),
    crypto: {
      cipher: 'aes-128-ctr',
      cipherparams: { iv: plainHex(iv) },
      ciphertext: plainHex(ciphertext),
      kdf: 'scrypt',
      kdfparams: { dklen: 32, n, r: 8, p: 1, salt: plainHex(salt) },
      mac: plainHex(keccak256(concatBytes(derived.subarray(16, 32), ciphertext))),
    },
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** Throws `keystore/format` or `keystore/password`. */
export function decryptAccountKey(text: string, password: string): Uint8Array {
  const { crypto, version } = parse(text)
  if (version !== 3) throw format('it is not of version 3')
  const box = object(crypto, 'crypto')
  if (box.cipher !== 'aes-128-ctr' || box.kdf !== 'scrypt') throw format('only scrypt and aes-128-ctr are supported')
  const ciphertext = hexField(box, 'ciphertext')
  const derived = deriveAgain(utf8ToBytes(password), object(box.kdfparams, 'kdfparams'))
  const mac = keccak256(concatBytes(derived.subarray(16, 32), ciphertext))
  if (!equalSecret(mac, hexField(box, 'mac'))) throw wrongPassword()
  return aes(derived, hexField(object(box.cipherparams, 'cipherparams'), 'iv'), ciphertext)
}

/** A BLS secret key as EIP-2335, version 4. */
export function encryptBlsKey(secretKey: Uint8Array, password: string, cost: KeystoreCost = 'standard'): string {
  const { salt, derived, n } = derive(passwordBytes(password), cost)
  const iv = secureRandomBytes(16)
  const message = aes(derived, iv, secretKey)
  const checksum = sha256(concatBytes(derived.subarray(16, 32), message))
  const file = {
    crypto: {
      kdf: { function: 'scrypt', params: { dklen: 32, n, r: 8, p: 1, salt: plainHex(salt) }, message: '' },
      checksum: { function: 'sha256', params: {}, message: plainHex(checksum) },
      cipher: { function: 'aes-128-ctr', params: { iv: plainHex(iv) }, message: plainHex(message) },
    },
    description: 'TAN validator or guardian key',
    pubkey: plainHex(bls.publicKey(secretKey)),
    path: '',
    uuid: randomUUID(),
    version: 4,
  }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** Throws `keystore/format` or `keystore/password`. */
export function decryptBlsKey(text: string, password: string): Uint8Array {
  const { crypto, version } = parse(text)
  if (version !== 4) throw format('it is not of version 4 (EIP-2335)')
  const box = object(crypto, 'crypto')
  const kdf = object(box.kdf, 'kdf')
  const cipher = object(box.cipher, 'cipher')
  if (cipher.function !== 'aes-128-ctr' || kdf.function !== 'scrypt')
    throw format('only scrypt and aes-128-ctr are supported')
  const message = hexField(cipher, 'message')
  const derived = deriveAgain(passwordBytes(password), object(kdf.params, 'kdf.params'))
  const checksum = sha256(concatBytes(derived.subarray(16, 32), message))
  if (!equalSecret(checksum, hexField(object(box.checksum, 'checksum'), 'message'))) throw wrongPassword()
  return aes(derived, hexField(object(cipher.params, 'cipher.params'), 'iv'), message)
}

/** EIP-2335: NFKD, without control codes. */
function passwordBytes(password: string): Uint8Array {
  const kept = [...password.normalize('NFKD')].filter(character => {
    const code = character.codePointAt(0)!
    return code >= 0x20 && !(code >= 0x7f && code <= 0x9f)
  })
  return utf8ToBytes(kept.join(''))
}

function derive(password: Uint8Array, cost: KeystoreCost): { salt: Uint8Array; derived: Uint8Array; n: number } {
  const salt = secureRandomBytes(32)
  const n = SCRYPT_N[cost]
  return { salt, n, derived: scrypt(password, salt, n, 8, 1) }
}

function deriveAgain(password: Uint8Array, params: Record<string, unknown>): Uint8Array {
  const { n, r, p, dklen } = params
  const isWhole = [n, r, p].every(value => Number.isSafeInteger(value) && (value as number) > 0)
  if (!isWhole || dklen !== 32 || 128 * (n as number) * (r as number) * (p as number) > SCRYPT_MEMORY_MAX_BYTES)
    throw format('its scrypt parameters are not supported')
  return scrypt(password, hexField(params, 'salt'), n as number, r as number, p as number)
}

function scrypt(password: Uint8Array, salt: Uint8Array, n: number, r: number, p: number): Uint8Array {
  try {
    return scryptSync(password, salt, 32, { N: n, r, p, maxmem: 2 * SCRYPT_MEMORY_MAX_BYTES })
  } catch (cause) {
    throw new CodedError('keystore/format', 'the keystore file cannot be read: scrypt refuses its parameters', {
      cause,
    })
  }
}

function aes(derived: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (iv.length !== 16) throw format('its iv is not 16 bytes')
  const cipher = createCipheriv('aes-128-ctr', derived.subarray(0, 16), iv)
  return new Uint8Array(Buffer.concat([cipher.update(bytes), cipher.final()]))
}

function plainHex(bytes: Uint8Array): string {
  return toHex(bytes).slice(2)
}

function parse(text: string): Record<string, unknown> {
  try {
    return object(JSON.parse(text), 'file')
  } catch (cause) {
    if (cause instanceof CodedError) throw cause
    throw new CodedError('keystore/format', 'the keystore file cannot be read: it is not JSON', { cause })
  }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw format(`${name} is missing`)
  return value as Record<string, unknown>
}

function hexField(holder: Record<string, unknown>, name: string): Uint8Array {
  const value = `0x${String(holder[name])}`
  if (!isHex(value)) throw format(`${name} is not hexadecimal`)
  return fromHex(value)
}

function format(why: string): CodedError {
  return new CodedError('keystore/format', `the keystore file cannot be read: ${why}`)
}

function wrongPassword(): CodedError {
  return new CodedError('keystore/password', 'the password is wrong, or the keystore file is damaged')
}
