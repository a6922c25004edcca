// Who is at the other end: both say hello, then each signs both hellos and the certificates that it sees on the channel.
import {
  type Address,
  type Reason,
  type RecoverableSignature,
  recoverAddress,
  signatureFromBytes,
} from '@tan/primitives'
import { type ChannelBinding, handshakeDigest, SWARM_VERSION, type SwarmMessageOf } from '@tan/protocol'

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

export function checkHello({ own, expected, theirs }: Handshake, hello: Hello): Reason | undefined {
  if (theirs !== undefined) return { code: 'swarm/unexpected', message: 'a second hello' }
  if (hello.version !== SWARM_VERSION)
    return { code: 'swarm/version', message: `version ${hello.version}; this peer speaks ${SWARM_VERSION}` }
  if (hello.resourceId !== own.resourceId)
    return { code: 'swarm/resource', message: `this is the swarm of ${own.resourceId}` }
  if (hello.address === own.address) return { code: 'swarm/self', message: 'that is this peer’s own address' }
  if (expected !== undefined && hello.address !== expected)
    return { code: 'swarm/identity', message: `${hello.address} came where ${expected} was expected` }
  return undefined
}

export function digestToSign({ own, binding }: Handshake, theirs: Hello): Uint8Array {
  return handshakeDigest(own, theirs, binding)
}

export function checkAuth({ own, binding, theirs }: Handshake, signature: Uint8Array): Reason | undefined {
  if (theirs === undefined) return { code: 'swarm/unexpected', message: 'a signature before the hello' }
  const digest = handshakeDigest(theirs, own, { local: binding.remote, remote: binding.local })
  return recovered(digest, signature) === theirs.address
    ? undefined
    : { code: 'swarm/auth', message: 'the handshake is not signed by whom it names, or somebody stands in between' }
}

function recovered(digest: Uint8Array, signature: Uint8Array): Address | undefined {
  try {
    return recoverAddress(digest, signatureFromBytes(signature))
  } catch {
    return undefined
  }
}
