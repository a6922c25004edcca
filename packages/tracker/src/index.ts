// Public exports of the tracker.
export type { ClaimToVerify, VerifyClaim } from './dialect-context.ts'
export { DEFAULT_LIMITS, type TrackerLimits } from './limits.ts'
export { type Locate, type LocateFiles, loadLocate, type Whereabouts } from './locate.ts'
export { createRttBook, type RttBook } from './network-distance.ts'
export { createNearestPoints, createSphereIndex, type NearestPoints, type SphereIndex } from './sphere-index.ts'
export { kilometres, type SpherePoint, spherePoint } from './sphere-point.ts'
export { createSwarms, type Introduction, type SwarmPeer, type Swarms } from './swarms.ts'
export { createTracker, type Tracker, type TrackerAddress, type TrackerOptions } from './tracker.ts'
