// A node's identity on the network: an Ed25519 key that the caller keeps, and the name that follows from it.

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { CodedError } from '@tan/primitives'
import type { PeerId } from './transport.ts'

export const NETWORK_KEY_BYTES = 32

/** The name of the node whose key this is. Throws `network/key` unless it is 32 bytes (an Ed25519 seed). */
export async function peerIdOfKey(key: Uint8Array): Promise<PeerId> {
  return peerIdFromPrivateKey(await privateKeyOf(key)).toString()
}

export async function privateKeyOf(key: Uint8Array): Promise<Ed25519PrivateKey> {
  if (key.length !== NETWORK_KEY_BYTES)
    throw new CodedError(
      'network/key',
      `a network key is ${NETWORK_KEY_BYTES} bytes (an Ed25519 seed), not ${key.length}`,
    )
  return generateKeyPairFromSeed('Ed25519', key)
}
