// The certificate that a WebRTC description names: what the handshake of the swarm signs (spec D-HANDSHAKE). The connection itself refuses
// any other certificate than the described one.
import { fromHex, isHex } from '@tan/primitives'

/** SHA-256, 32 bytes. Undefined where there is none, or more than one that differ. */
export function fingerprintOf(sdp: string | undefined): Uint8Array | undefined {
  const found = new Set<string>()
  for (const [, digits] of (sdp ?? '').matchAll(/^a=fingerprint:sha-256 ([0-9a-f:]+)\s*$/gim))
    found.add(digits!.replaceAll(':', '').toLowerCase())
  const [only] = found
  return found.size === 1 && isHex(`0x${only}`, 32) ? fromHex(`0x${only}`) : undefined
}
