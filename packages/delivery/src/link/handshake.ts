// Who is at the other end (spec D-HANDSHAKE): both say hello, then each signs both hellos and the certificates that it sees
// on the channel.
import {
  type Address,
  type RecoverableSignature,
  type Rejection,
  recoverAddress,
  signatureFromBytes,
} from '@tan/primitives'
import { type ChannelBinding, handshakeDigest, SWARM_VERSION, type SwarmMessageOf } from '@tan/protocol'
import { reject } from '../codes.ts'

export interface Identity {
  readonly address: Address
  sign(digest: Uint8Array): RecoverableSignature
}

type Hello = SwarmMessageOf<'hello'>

export interface Handshake {
  readonly own: Hello
  readonly binding: ChannelBinding
  /** whom the tracker named */
  readonly expected: Address | undefined
  readonly sinceMs: number
  theirs: Hello | undefined
}

export function checkHello({ own, expected, theirs }: Handshake, hello: Hello): Rejection | undefined {
  if (theirs !== undefined) return reject('swarm/unexpected', 'a second hello')
  if (hello.version !== SWARM_VERSION)
    return reject('swarm/version', `version ${hello.version}; this peer speaks ${SWARM_VERSION}`)
  if (hello.resourceId !== own.resourceId) return reject('swarm/resource', `this is the swarm of ${own.resourceId}`)
  if (hello.address === own.address) return reject('swarm/self', 'that is this peer’s own address')
  if (expected !== undefined && hello.address !== expected)
    return reject('swarm/identity', `${hello.address} came where ${expected} was expected`)
  return undefined
}

export function digestToSign({ own, binding }: Handshake, theirs: Hello): Uint8Array {
  return handshakeDigest(own, theirs, binding)
}

export function checkAuth({ own, binding, theirs }: Handshake, signature: Uint8Array): Rejection | undefined {
  if (theirs === undefined) return reject('swarm/unexpected', 'a signature before the hello')
  const digest = handshakeDigest(theirs, own, { local: binding.remote, remote: binding.local })
  return recovered(digest, signature) === theirs.address
    ? undefined
    : reject('swarm/auth', 'the handshake is not signed by whom it names, or somebody stands in between')
}

function recovered(digest: Uint8Array, signature: Uint8Array): Address | undefined {
  try {
    return recoverAddress(digest, signatureFromBytes(signature))
  } catch {
    return undefined
  }
}
