export {
  decryptAccountKey,
  decryptBlsKey,
  encryptAccountKey,
  encryptBlsKey,
  type KeystoreCost,
} from './keys/keystore.ts'
export * as nodeLimits from './limits.ts'
export { expectedGenesis, initChain, Node, type NodeOptions } from './node.ts'
export type { TanStatus } from './rpc/tan.ts'
export { createLogger, type LogLevel, PrometheusMetrics } from './telemetry.ts'
