// The doors of settlement: what goes in, what comes out, what must be durable. The machine knows no disk, socket, clock
// or ledger; a runner carries its effects out, strictly in the order in which they stand.
import type { AggregateScheme, Hash, Rejection } from '@tan/primitives'
import type {
  Block,
  CommitCertificate,
  ConsensusRecord,
  EpochChange,
  EpochChangeCertificate,
  Era,
  EraStart,
  Proposal,
  SettlementEvidence,
  SettlementMessage,
  SettlementProof,
  Vote,
} from '@tan/protocol'

export interface SettlementConfig {
  readonly scheme: AggregateScheme
  readonly era: Era
  /** who this node is in the committee; undefined follows without signing */
  readonly self: { readonly index: number; readonly secretKey: Uint8Array } | undefined
  /** between proposals, when all goes well */
  readonly blockIntervalMs: number
  /** first epoch timer, without pacing */
  readonly timeoutBaseMs: number
  /** how far ahead of this node's clock a block's timestamp may be to be voted for */
  readonly clockDriftMaxMs: number
}

/** A settled block: where the tree of unsettled ones begins. */
export type SettledBlock = EraStart

/** A block as its leader signed it, with its hash, which is computed once. */
export interface HashedProposal {
  readonly hash: Hash
  readonly proposal: Proposal
}

/** How an epoch was opened: by the certificate of the epoch before, or by a quorum that gave it up. */
export type Entry =
  | { readonly type: 'certificate'; readonly certificate: CommitCertificate }
  | {
      readonly type: 'epoch-change'
      readonly epochChange: EpochChangeCertificate
      readonly certificate: CommitCertificate
    }

/** An EpochChange counts only together with the certificate that it names: both are kept, and sent. */
export interface EpochChangeReport {
  readonly epochChange: EpochChange
  readonly certificate: CommitCertificate
}

/** What must survive a crash before anything that depends on it is sent. Epochs in it never fall. */
export interface SafetyRecord {
  readonly lastProposal: { readonly epoch: number; readonly blockHash: Hash } | undefined
  readonly lastVote: Vote | undefined
  readonly lastEpochChange: EpochChangeReport | undefined
  readonly highCertificate: CommitCertificate
  readonly entry: Entry
}

/** What a node finds on its disk when it starts. */
export interface RestoredSettlement {
  readonly settled: SettledBlock
  readonly safety: SafetyRecord | undefined
  /** durable blocks above the settled one, parents first */
  readonly proposals: readonly Proposal[]
}

export type SettlementTimer = 'epoch' | 'propose' | 'vote' | 'resend'

export type SettlementInput =
  /** index of the sender in the committee where it is known, for answers to laggards */
  | { readonly type: 'settlement-message'; readonly message: SettlementMessage; readonly from: number | undefined }
  /** the ledger's answer to `execute`; `rejection` where the block is invalid */
  | { readonly type: 'executed'; readonly blockHash: Hash; readonly rejection: string | undefined }
  /** the ledger's answer to `build`: the block is executed too */
  | { readonly type: 'built'; readonly epoch: number; readonly block: Block; readonly blockHash: Hash }
  | { readonly type: 'settlement-timer'; readonly timer: SettlementTimer; readonly epoch: number }
  /** guardians finalized this settled block */
  | { readonly type: 'block-finalized'; readonly hash: Hash; readonly height: number }

export type SettlementEffect =
  /** durable, in one atomic write, before any effect that follows it */
  | {
      readonly type: 'persist-settlement'
      readonly safety: SafetyRecord
      readonly proposals: readonly HashedProposal[]
    }
  | { readonly type: 'broadcast-settlement'; readonly message: SettlementMessage }
  | { readonly type: 'send-settlement'; readonly to: number; readonly message: SettlementMessage }
  /** replaces the running timer of the same name */
  | {
      readonly type: 'settlement-timer'
      readonly timer: SettlementTimer
      readonly epoch: number
      readonly delayMs: number
    }
  /** its parent is executed */
  | { readonly type: 'execute'; readonly block: Block; readonly blockHash: Hash }
  /** the record lacks only the finality certificate, which the runner may add */
  | { readonly type: 'build'; readonly parentHash: Hash; readonly record: ConsensusRecord }
  /** get this block, and what is missing below it, from peers */
  | { readonly type: 'fetch'; readonly blockHash: Hash; readonly from: number | undefined }
  /** executed blocks, lowest first, all settled by the proof for the last of them; `dropped` lost */
  | {
      readonly type: 'settled'
      readonly blocks: readonly (HashedProposal & { readonly certificate: CommitCertificate | undefined })[]
      readonly proof: SettlementProof
      readonly dropped: readonly Hash[]
    }
  /** the executed block of the highest certificate changed */
  | { readonly type: 'head'; readonly blockHash: Hash }
  | { readonly type: 'settlement-evidence'; readonly evidence: SettlementEvidence }
  /** a message was verified and is new: gossip passes it on. Without this or `rejected` it was of no use, and may be anything */
  | { readonly type: 'taken' }
  /** something from outside was not accepted */
  | { readonly type: 'rejected'; readonly from: number | undefined; readonly rejection: Rejection }
  /** a quorum certified what this node's ledger refuses, or finalized what conflicts: the node must stop */
  | { readonly type: 'fault'; readonly code: string; readonly message: string }
