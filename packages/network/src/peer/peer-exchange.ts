// How nodes find each other: the dialling node sends its own addresses and receives those of others. It is also the
// greeting: the protocol's name contains the chain, so a node of another chain does not understand it.
import { codec, decode, encode } from '@tan/primitives'
import { LIMITS } from '../limits.ts'
import { declareProtocol } from '../protocols.ts'
import type { PeerId } from '../transport.ts'
import type { Wire } from '../wire/wire.ts'

const addressCodec = codec.text(LIMITS.addressSizeMaxBytes)
/** an address and the few bytes of its encoding */
const ADDRESS_ENCODED_MAX_BYTES = LIMITS.addressSizeMaxBytes + 4
const LIST_OVERHEAD_BYTES = 16

export const PEERS = declareProtocol({
  kind: 'request',
  name: 'peers',
  version: 1,
  messageSizeMaxBytes: LIMITS.addressesPerPeerMax * ADDRESS_ENCODED_MAX_BYTES + LIST_OVERHEAD_BYTES,
  responseSizeMaxBytes: LIMITS.addressesPerExchangeMax * ADDRESS_ENCODED_MAX_BYTES + LIST_OVERHEAD_BYTES,
  messagesPerSecondMax: 1,
  timeoutMs: LIMITS.helloTimeoutMs,
  penaltyPoints: 20,
})

/** One's own addresses. */
const greetingCodec = codec.list(addressCodec, LIMITS.addressesPerPeerMax)
/** One's own, and those of others. */
const addressesCodec = codec.list(addressCodec, LIMITS.addressesPerExchangeMax)

export function encodeGreeting(own: readonly string[]): Uint8Array {
  return encode(greetingCodec, own.slice(0, LIMITS.addressesPerPeerMax))
}

/** Throws the codec's errors. */
export function decodeGreeting(bytes: Uint8Array): readonly string[] {
  return decode(greetingCodec, bytes, PEERS.messageSizeMaxBytes)
}

export function encodeAddresses(addresses: readonly string[]): Uint8Array {
  return encode(addressesCodec, addresses.slice(0, LIMITS.addressesPerExchangeMax))
}

/** Throws the codec's errors. */
export function decodeAddresses(bytes: Uint8Array): readonly string[] {
  return decode(addressesCodec, bytes, PEERS.responseSizeMaxBytes)
}

/**
 * Addresses from a stranger that this node may dial, by peer: they name their peer, need no resolving (otherwise a
 * stranger would choose the name servers that we ask), and are public unless the operator allows private ones.
 */
export function usableAddresses(
  wire: Pick<Wire, 'readAddress'>,
  addresses: readonly string[],
  arePrivateAllowed: boolean,
): Map<PeerId, string[]> {
  const usable = new Map<PeerId, string[]>()
  for (const address of addresses) {
    const read = wire.readAddress(address)
    if (read?.peer === undefined || read.scope === 'name' || (read.scope === 'private' && !arePrivateAllowed)) continue
    const known = usable.get(read.peer) ?? []
    if (known.length < LIMITS.addressesPerPeerMax) usable.set(read.peer, [...known, address])
  }
  return usable
}
