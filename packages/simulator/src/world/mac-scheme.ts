// A cheap signature scheme of the shape of BLS12-381, so that thousands of worlds fit into a test run. A signature is a
// keccak MAC under the public key, aggregation is XOR. Whoever holds a public key could forge: the simulated adversaries
// sign only with their own keys, so for them it is as good as the real one. Some seeds run with real BLS besides.
import { type AggregateScheme, assert, CodedError, equalBytes, keccak256 } from '@tan/primitives'

const PUBLIC_KEY_BYTES = 48
const SIGNATURE_BYTES = 96
const MAC_BYTES = 32

export const macScheme: AggregateScheme = {
  implementation: 'simulated',
  secretKey: randomBytes => keccak256(randomBytes),
  publicKey: publicKeyOf,
  isPublicKey: publicKey => publicKey.length === PUBLIC_KEY_BYTES,
  sign: (message, secretKey) => signatureOf([mac(message, publicKeyOf(secretKey))]),
  verify: (message, publicKey, signature) => equalBytes(signatureOf([mac(message, publicKey)]), signature),
  aggregate(signatures) {
    if (signatures.length === 0 || signatures.some(signature => signature.length !== SIGNATURE_BYTES))
      throw new CodedError('bls/signature', 'nothing to aggregate, or a malformed signature')
    return signatureOf(signatures)
  },
  verifyAggregate: (message, publicKeys, signature) =>
    publicKeys.length > 0 && equalBytes(signatureOf(publicKeys.map(key => mac(message, key))), signature),
  verifyGroups: (groups, signature) =>
    groups.length > 0 &&
    groups.every(group => group.publicKeys.length > 0) &&
    equalBytes(
      signatureOf(groups.flatMap(({ publicKeys, message }) => publicKeys.map(key => mac(message, key)))),
      signature,
    ),
  verifyBatch: messages =>
    messages.every(({ message, publicKey, signature }) =>
      equalBytes(signatureOf([mac(message, publicKey)]), signature),
    ),
}

function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  const publicKey = new Uint8Array(PUBLIC_KEY_BYTES)
  publicKey.set(keccak256(secretKey))
  return publicKey
}

const keyed = new Uint8Array(PUBLIC_KEY_BYTES + 32)

function mac(message: Uint8Array, publicKey: Uint8Array): Uint8Array {
  assert(message.length === 32, `a message of ${message.length} bytes is no digest`)
  keyed.set(publicKey)
  keyed.set(message, PUBLIC_KEY_BYTES)
  return keccak256(keyed)
}

/** The XOR of MACs or signatures, which lie in the first bytes of a signature; the rest is zero. */
function signatureOf(parts: readonly Uint8Array[]): Uint8Array {
  const signature = new Uint8Array(SIGNATURE_BYTES)
  for (const part of parts) for (let i = 0; i < MAC_BYTES; i++) signature[i]! ^= part[i]!
  return signature
}
