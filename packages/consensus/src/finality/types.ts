// The doors of finality: what goes in, what comes out, what must be durable. As with settlement, a runner carries the
// effects out in the order in which they stand.
import type { AggregateScheme, Hash, Rejection } from '@tan/primitives'
import type {
  FinalityCertificate,
  FinalityEvidence,
  FinalityMessage,
  FinalityShare,
  GuardianPool,
  JustificationChain,
  JustifiedPoint,
  Status,
} from '@tan/protocol'

export interface FinalityConfig {
  readonly scheme: AggregateScheme
  readonly pool: GuardianPool
  /** who this node is in the pool; undefined follows without signing */
  readonly self: { readonly index: number; readonly secretKey: Uint8Array } | undefined
  /** of the instance's root, the era's start block */
  readonly rootHeight: number
  /** T: checkpoints are its multiples, numbered from 1 above the root */
  readonly checkpointInterval: number
  /** settled checkpoints without finality until guardians open a ballot */
  readonly stallCheckpoints: number
  /** of the first ballot; doubles with each */
  readonly ballotTimeoutMs: number
  /** a message's way, at most, when the network is well */
  readonly deltaMs: number
}

/** What must survive a crash before anything that depends on it is sent. */
export interface FinalityRecord {
  /** highest round prepared, and committed */
  readonly prepared: number
  readonly committed: number
  readonly ballot: number
  /** own newest messages, for sending again */
  readonly lastPrepare: FinalityShare | undefined
  readonly lastCommit: FinalityShare | undefined
  readonly lastStatus: Status | undefined
  /** of the highest justified point, back to a finalized one: whoever committed can always show why */
  readonly justifications: JustificationChain | undefined
}

export interface RestoredFinality {
  readonly record: FinalityRecord | undefined
  /** newest certificate that this node holds */
  readonly certificate: FinalityCertificate | undefined
  /** newest point that the settled chain carries a certificate of */
  readonly carried: JustifiedPoint | undefined
  /** settled checkpoints above the certificate's, lowest first */
  readonly checkpoints: readonly Checkpoint[]
}

/** A settled block whose height is a multiple of T. A broken committee may settle several at one height. */
export interface Checkpoint {
  readonly height: number
  readonly hash: Hash
  /** the checkpoint before it on its branch */
  readonly parentHash: Hash
}

export type FinalityTimer = 'resend' | 'ballot' | 'lead'

export type FinalityInput =
  | { readonly type: 'finality-message'; readonly message: FinalityMessage }
  /** after its parent */
  | { readonly type: 'checkpoint-settled'; readonly checkpoint: Checkpoint }
  /** a settled block carries this certificate */
  | { readonly type: 'finality-carried'; readonly certificate: FinalityCertificate }
  | { readonly type: 'finality-timer'; readonly timer: FinalityTimer }

export type FinalityEffect =
  /** durable before any effect that follows it */
  | { readonly type: 'persist-finality'; readonly record: FinalityRecord }
  | { readonly type: 'broadcast-finality'; readonly message: FinalityMessage }
  /** replaces the running timer of the same name */
  | { readonly type: 'finality-timer'; readonly timer: FinalityTimer; readonly delayMs: number }
  | {
      readonly type: 'finalized'
      readonly height: number
      readonly hash: Hash
      readonly certificate: FinalityCertificate
    }
  | { readonly type: 'finality-evidence'; readonly evidence: FinalityEvidence }
  /** as in settlement */
  | { readonly type: 'taken' }
  | { readonly type: 'rejected'; readonly from: undefined; readonly rejection: Rejection }

/** Where finality stands, for status pages: the checkpoint in work, and the power that prepared and committed it. */
export interface FinalityProgress {
  readonly ballot: number
  readonly finalizedHeight: number
  readonly height: number
  readonly preparePower: number
  readonly commitPower: number
  readonly totalPower: number
}
