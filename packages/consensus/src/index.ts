export { type InEra, inEra } from './era/in-era.ts'
export { Finality } from './finality/finality.ts'
export { ballotLeader } from './finality/leader.ts'
export { decodeFinalityRecord, encodeFinalityRecord } from './finality/record.ts'
export type {
  Checkpoint,
  FinalityConfig,
  FinalityEffect,
  FinalityInput,
  FinalityProgress,
  FinalityRecord,
  FinalityTimer,
  RestoredFinality,
} from './finality/types.ts'
export * as consensusLimits from './limits.ts'
export {
  type ConsensusReader,
  Replica,
  type ReplicaConfig,
  type ReplicaEffect,
  type ReplicaInput,
  type RestoredReplica,
} from './replica.ts'
export {
  type DurableWrite,
  type Machine,
  type Outcome,
  type OutcomeHandler,
  type OutwardEffect,
  Runner,
  type RunnerPorts,
} from './runner.ts'
export { decodeSafetyRecord, encodeSafetyRecord } from './settlement/safety.ts'
export { Settlement, type SettlementStatus } from './settlement/settlement.ts'
export type {
  Entry,
  HashedProposal,
  RestoredSettlement,
  SafetyRecord,
  SettledBlock,
  SettlementConfig,
  SettlementEffect,
  SettlementInput,
  SettlementTimer,
} from './settlement/types.ts'
