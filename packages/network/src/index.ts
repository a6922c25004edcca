export { NETWORK_KEY_BYTES, peerIdOfKey } from './identity.ts'
export { createLibp2pTransport, type Libp2pTransportOptions } from './libp2p.ts'
export { createMemoryNetwork, type MemoryNetwork, type MemoryTransportOptions } from './memory.ts'
export type { TransportOptions } from './peer-transport.ts'
export {
  declareProtocol,
  type GossipProtocol,
  type MessageProtocol,
  type Protocol,
  type RequestProtocol,
} from './protocols.ts'
export { TokenBucket } from './token-bucket.ts'
export type {
  MessageHandler,
  PeerEvent,
  PeerId,
  PeerInfo,
  RequestHandler,
  RequestOptions,
  Transport,
  Verdict,
} from './transport.ts'
