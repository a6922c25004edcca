// For this room's tests: members with real BLS keys. The same signature is made and verified once: tests replay the same
// messages many times.
import { type AggregateScheme, bigIntToBytes, bls, type Hash, keccak256, toHex } from '@tan/primitives'
import { createSignerSet, type Domain, type Era, type EraStart, type SignerSet } from '@tan/protocol'

export interface Members {
  readonly domain: Domain
  readonly set: SignerSet
  /** by index in the set */
  readonly secretKeys: readonly Uint8Array[]
}

export interface Self {
  readonly index: number
  readonly secretKey: Uint8Array
}

export const CHAIN_ID = 7

const answers = new Map<string, boolean>()
const signatures = new Map<string, Uint8Array>()

/** The real scheme; what is signed or verified once is remembered. */
export const scheme: AggregateScheme = {
  ...bls,
  sign(message, secretKey) {
    const key = [message, secretKey].map(toHex).join()
    const signature = signatures.get(key) ?? bls.sign(message, secretKey)
    signatures.set(key, signature)
    return signature
  },
  verify: (message, publicKey, signature) =>
    remembered([message, publicKey, signature], () => bls.verify(message, publicKey, signature)),
  verifyAggregate: (message, publicKeys, signature) =>
    remembered([message, ...publicKeys, signature], () => bls.verifyAggregate(message, publicKeys, signature)),
  verifyBatch: messages =>
    messages.every(({ message, publicKey, signature }) => scheme.verify(message, publicKey, signature)),
}

function remembered(parts: readonly Uint8Array[], verify: () => boolean): boolean {
  const key = parts.map(toHex).join()
  let answer = answers.get(key)
  if (answer === undefined) {
    answer = verify()
    answers.set(key, answer)
  }
  return answer
}

/** Addresses rise with the index, so that the set keeps the order of the powers. */
export function createMembers(powers: readonly number[], start: Hash, chainId = CHAIN_ID): Members {
  const secretKeys = powers.map((_, i) => secretKeyOf(i))
  const signers = powers.map((power, i) => ({
    address: toHex(bigIntToBytes(BigInt(i + 1), 20)),
    blsPublicKey: publicKeyOf(i),
    power,
  }))
  return { domain: { chainId, start }, set: createSignerSet(signers), secretKeys }
}

/** An era of these members, who are its committee and its pool, on a block. */
export function eraOf({ domain, set }: Members, { height, epoch }: Pick<EraStart, 'height' | 'epoch'>): Era {
  return {
    domain,
    start: { hash: domain.start, height, epoch },
    committee: set,
    pool: set,
    leaders: set.signers.map((_, i) => i),
    firstHeight: height + 1,
    lastHeight: undefined,
    handover: undefined,
  }
}

export function selfOf({ secretKeys }: Members, index: number): Self {
  return { index, secretKey: secretKeys[index]! }
}

const publicKeys: Uint8Array[] = []

function secretKeyOf(index: number): Uint8Array {
  return scheme.secretKey(keccak256(bigIntToBytes(BigInt(index), 32)))
}

function publicKeyOf(index: number): Uint8Array {
  publicKeys[index] ??= scheme.publicKey(secretKeyOf(index))
  return publicKeys[index]
}
