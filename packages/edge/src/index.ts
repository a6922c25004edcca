export { createEdge, type Edge, type EdgeOptions, type EdgeStatus } from './edge.ts'
export { createGuardedNetwork, type GuardedNetwork, isPublicAddress } from './guarded-network.ts'
export { createNodeWorld, openNodeSession } from './node-world.ts'
export { connectNodeRtc } from './rtc.ts'
