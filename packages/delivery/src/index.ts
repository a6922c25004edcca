export type { SwarmCode } from './codes.ts'
export {
  type Catalog,
  type CatalogRendition,
  type CatalogSegment,
  createCatalog,
  type SegmentId,
  segmentId,
} from './content/catalog.ts'
export { type Playhead, playbackDemand } from './content/demand.ts'
export type { PieceRange, Wanted } from './content/wanted.ts'
export type { EffectOf, LinkId, SwarmEffect, SwarmInput } from './effects.ts'
export * as swarmLimits from './limits.ts'
export type { Identity } from './link/handshake.ts'
export { unrequested } from './link/link.ts'
export { type PeerReport, type ServingTerms, Swarm, type SwarmOptions } from './swarm.ts'
