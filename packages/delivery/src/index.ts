export {
  type Catalog,
  type CatalogRendition,
  type CatalogSegment,
  createCatalog,
  type SegmentId,
  segmentId,
} from './catalog.ts'
export { type Playhead, playbackDemand } from './demand.ts'
export type { EffectOf, LinkId, Outcome, SwarmEffect, SwarmInput } from './effects.ts'
export type { Identity } from './handshake.ts'
export * as swarmLimits from './limits.ts'
export type { Claim, EarningRecord, PayeeOptions, ProvenPool } from './payee.ts'
export type { PayerRecord, PayingPool, PromiseRecord } from './payer.ts'
export type { PieceRange, Wanted } from './scheduler.ts'
export { type PeerReport, Swarm, type SwarmOptions } from './swarm.ts'
