// TCP multiaddrs: whether they can be dialled, their peer, and their scope.

import { peerIdFromString } from '@libp2p/peer-id'
import { isPrivate } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { LIMITS } from '../../limits.ts'
import type { Link, WireAddress } from '../wire.ts'

const HOST_KINDS = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6'])

/** `/ip4|ip6|dns|dns4|dns6/HOST/tcp/PORT`, and `/p2p/PEER` if it names its peer; undefined for everything else. */
export function readTcpAddress(address: string): WireAddress | undefined {
  if (address.length > LIMITS.addressSizeMaxBytes) return undefined
  try {
    const parsed = multiaddr(address)
    const [host, port, peer, ...rest] = parsed.getComponents()
    const isTcp =
      HOST_KINDS.has(host?.name ?? '') && port?.name === 'tcp' && (peer === undefined || peer.name === 'p2p')
    if (!isTcp || rest.length > 0 || host?.value === undefined) return undefined
    const id = peer === undefined ? undefined : peerIdFromString(peer.value ?? '').toString()
    return { peer: id, host: host.value, scope: scopeOf(parsed) }
  } catch {
    // the library's ways to say that the text is no multiaddr, or names no peer
    return undefined
  }
}

export function linkOf(remote: Multiaddr, direction: Link['direction']): Link {
  return { direction, host: remote.getComponents()[0]?.value ?? '', scope: scopeOf(remote) }
}

function scopeOf(address: Multiaddr): WireAddress['scope'] {
  if (address.getComponents()[0]?.name.startsWith('dns')) return 'name'
  return isPrivate(address) ? 'private' : 'public'
}
