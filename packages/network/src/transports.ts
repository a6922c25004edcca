// The transports that this room gives: peers over libp2p, and peers within one process.
import { PeerTransport, type TransportOptions } from './peer/peer-transport.ts'
import type { Transport } from './transport.ts'
import { createLibp2pWire, type Libp2pWireOptions } from './wire/libp2p/libp2p.ts'
import { MemoryWires } from './wire/memory/memory.ts'

export interface Libp2pTransportOptions extends TransportOptions, Libp2pWireOptions {}

/** Throws `network/key`, and `network/address` for an address that cannot be used. */
export async function createLibp2pTransport(options: Libp2pTransportOptions): Promise<Transport> {
  return new PeerTransport(await createLibp2pWire(options), options)
}

export interface MemoryTransportOptions extends TransportOptions {
  /** 32 bytes: an Ed25519 seed */
  readonly key: Uint8Array
  /** What others dial, as `/memory/<name>`. Only one running transport of a network has it. */
  readonly name: string
}

export interface MemoryNetwork {
  createTransport(options: MemoryTransportOptions): Promise<Transport>
}

export function createMemoryNetwork(): MemoryNetwork {
  const wires = new MemoryWires()
  return {
    async createTransport(options) {
      return new PeerTransport(await wires.create(options.key, options.name, options.clock), options)
    },
  }
}
