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
export * as viewerLimits from './limits.ts'
export { type HeadlessOptions, type HeadlessReport, playHeadless } from './player/headless.ts'
export { fetchManifest, originFolders } from './player/manifest.ts'
export type { PeerView, PoolReport, ViewerStats } from './player/statistics.ts'
export { createViewer, type Viewer, type ViewerEvent, type ViewerOptions } from './player/viewer.ts'
export { commonWorld, getByFetch, secureRandom, type ViewerWorld } from './player/world.ts'
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
export { PoolKeeper, type PoolPlan } from './session/pool-keeper.ts'
export { type PoolRecord, Records } from './session/records.ts'
export { type EarningsSummary, Redeemer } from './session/redeemer.ts'
export { createSession, openSession, type Session } from './session/session.ts'
export { Meetings } from './swarm/meetings.ts'
export { Origin } from './swarm/origin.ts'
export { PiecesInMemory } from './swarm/pieces-in-memory.ts'
export { RtcChannel } from './swarm/rtc-channel.ts'
export { type RunnerEvents, type RunnerOptions, SwarmRunner } from './swarm/runner.ts'
export { type SwarmMember, Trackers } from './swarm/trackers.ts'
