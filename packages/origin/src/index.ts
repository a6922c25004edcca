export type { AccessEntry, OriginStats } from './access-log.ts'
export { DEFAULT_QUALITIES, makeHls, type Quality, TOOLS_ON_PATH, type Tools } from './ffmpeg.ts'
export { manifestName, type Published, type PublishOptions, publish } from './publish.ts'
export { createOriginServer, type OriginServer, type OriginServerOptions } from './server.ts'
