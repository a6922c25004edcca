export { createPoolChain, fetchTrustAnchor, type PoolChain, type PreparedPool } from './chain/pool-chain.ts'
export { createPoolVerifier, type VerifyPool } from './chain/pool-verifier.ts'
export {
  createRpc,
  type OutgoingTransaction,
  type PreparedTransaction,
  prepareTransaction,
  type Rpc,
  type SettledTransaction,
  settleTransaction,
} from './chain/rpc.ts'
export { erasOf, parseTrustAnchor, type TrustAnchor } from './chain/trust-anchor.ts'
export { type DataWire, RtcChannel, rtcFailure } from './channel/rtc-channel.ts'
export * as peerLimits from './limits.ts'
export { Peer, type PeerOptions } from './peer.ts'
export type {
  Channel,
  ChannelEvents,
  ConnectRtc,
  DurableStore,
  HttpAnswer,
  HttpGet,
  HttpOptions,
  PieceStore,
  RtcAttempt,
  RtcOptions,
  RtcSignal,
  Sha256,
  Timers,
} from './ports.ts'
export { createMemoryStore } from './session/memory-store.ts'
export { PoolKeeper, type PoolPlan } from './session/pool-keeper.ts'
export { type PoolRecord, Records } from './session/records.ts'
export { type EarningsSummary, Redeemer } from './session/redeemer.ts'
export { createSession, openSession, type Session } from './session/session.ts'
export type { HeldSegment, MemberEvents, MemberOptions, SwarmMember } from './swarm/member.ts'
export { PiecesInMemory } from './swarm/pieces-in-memory.ts'
export type { OpenPool, PayingPlan } from './swarm/purse.ts'
export { isPaid, openResource, type Resource } from './swarm/resource.ts'
export { commonWorld, type PeerWorld, realTimers, secureRandom } from './world.ts'
