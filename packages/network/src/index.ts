export { NETWORK_KEY_BYTES, peerIdOfKey } from './identity.ts'
export type { TransportOptions } from './peer/peer-transport.ts'
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
export {
  createLibp2pTransport,
  createMemoryNetwork,
  type Libp2pTransportOptions,
  type MemoryNetwork,
  type MemoryTransportOptions,
} from './transports.ts'
