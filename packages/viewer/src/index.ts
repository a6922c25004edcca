export * as viewerLimits from './limits.ts'
export { type HeadlessOptions, type HeadlessReport, playHeadless } from './player/headless.ts'
export type { PeerView, PoolReport, ViewerStats } from './player/statistics.ts'
export { createViewer, type Viewer, type ViewerEvent, type ViewerOptions } from './player/viewer.ts'
