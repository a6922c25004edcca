// One node's consensus: settlement and finality side by side. Settled checkpoints go to the guardians' machine; what they
// finalize goes back, and newly made blocks carry the newest finality certificate. Still pure: inputs in, effects out.
import type { Hash, Rejection } from '@tan/primitives'
import {
  type Block,
  type ConsensusRecord,
  checkpointIndexOf,
  finalizedPoint,
  type JustifiedPoint,
  rootPoint,
  samePoint,
  verifyFinalityCertificate,
} from '@tan/protocol'
import { reject } from './codes.ts'
import { Finality } from './finality/finality.ts'
import type { Checkpoint, FinalityConfig, FinalityEffect, FinalityInput, RestoredFinality } from './finality/types.ts'
import { CHECKPOINTS_MAX } from './limits.ts'
import { Settlement } from './settlement/settlement.ts'
import type { RestoredSettlement, SettlementConfig, SettlementEffect, SettlementInput } from './settlement/types.ts'

export interface ReplicaConfig {
  readonly settlement: SettlementConfig
  readonly finality: FinalityConfig
}

export interface RestoredReplica {
  readonly settlement: RestoredSettlement
  readonly finality: RestoredFinality
  /** settled checkpoints from the newest carried one (or the root) up, lowest first, at least one */
  readonly settledCheckpoints: readonly Checkpoint[]
}

export type ReplicaInput =
  | Exclude<SettlementInput, { type: 'block-finalized' }>
  | Extract<FinalityInput, { type: 'finality-message' | 'finality-timer' }>
export type ReplicaEffect = SettlementEffect | FinalityEffect

export class Replica {
  readonly settlement: Settlement
  readonly finality: Finality
  private readonly config: ReplicaConfig
  /** this node's own, by height, from the newest carried one up */
  private readonly settledCheckpoints = new Map<number, Checkpoint>()
  private lastCheckpoint: Checkpoint
  private carried: JustifiedPoint
  private isStopped = false

  constructor(config: ReplicaConfig, restored: RestoredReplica) {
    this.config = config
    this.settlement = new Settlement(config.settlement, restored.settlement)
    this.finality = new Finality(config.finality, restored.finality)
    this.carried = restored.finality.carried ?? rootPoint(config.finality.pool.domain)
    for (const checkpoint of restored.settledCheckpoints) this.settledCheckpoints.set(checkpoint.height, checkpoint)
    this.lastCheckpoint = restored.settledCheckpoints.at(-1)!
  }

  start(nowMs: number): ReplicaEffect[] {
    return [...this.follow(this.settlement.start(nowMs), nowMs), ...this.follow(this.finality.start(), nowMs)]
  }

  step(input: ReplicaInput, nowMs: number): ReplicaEffect[] {
    if (this.isStopped) return []
    const effects =
      input.type === 'finality-message' || input.type === 'finality-timer'
        ? this.finality.step(input)
        : this.settlement.step(input, nowMs)
    return this.follow(effects, nowMs)
  }

  /** Carries out what one machine's effects mean for the other. Order is kept: effects that follow stay behind. */
  private follow(effects: readonly ReplicaEffect[], nowMs: number): ReplicaEffect[] {
    // the tree already stands on what these effects settle: whoever asks what a branch carries must know that too
    for (const effect of effects)
      if (effect.type === 'settled')
        for (const { hash, proposal } of effect.blocks) this.noteSettled(hash, proposal.block)
    const out: ReplicaEffect[] = []
    for (const effect of effects) {
      if (effect.type === 'execute') {
        const wrong = this.checkCarriedFinality(effect.block)
        if (wrong === undefined) out.push(effect)
        else {
          const rejection = `${wrong.code}: ${wrong.message}`
          const input = { type: 'executed', blockHash: effect.blockHash, rejection } as const
          out.push(...this.follow(this.settlement.step(input, nowMs), nowMs))
        }
        continue
      }
      if (effect.type === 'build') {
        const finality = this.finality.certificateFrom(this.carriedAt(effect.parentHash))
        const isAncestor = finality !== undefined && this.isAncestor(effect.parentHash, finalizedPoint(finality))
        out.push(isAncestor ? { ...effect, record: { ...effect.record, finality } } : effect)
        continue
      }
      out.push(effect)
      if (effect.type === 'settled')
        for (const { proposal } of effect.blocks) out.push(...this.onSettled(proposal.block, nowMs))
      else if (effect.type === 'finalized') out.push(...this.onFinalized(effect.height, effect.hash, nowMs))
      else if (effect.type === 'fault') this.isStopped = true
    }
    return out
  }

  private noteSettled(hash: Hash, { header, record }: Block): void {
    if (record.finality !== undefined) this.carried = finalizedPoint(record.finality)
    if (header.height % this.config.finality.checkpointInterval !== 0) return
    this.lastCheckpoint = { height: header.height, hash, parentHash: this.lastCheckpoint.hash }
    this.settledCheckpoints.set(header.height, this.lastCheckpoint)
  }

  private onSettled({ header, record }: Block, nowMs: number): ReplicaEffect[] {
    const out: ReplicaEffect[] = []
    if (record.finality !== undefined)
      out.push(...this.follow(this.finality.step({ type: 'finality-carried', certificate: record.finality }), nowMs))
    const checkpoint = this.settledCheckpoints.get(header.height)
    if (checkpoint !== undefined)
      out.push(...this.follow(this.finality.step({ type: 'checkpoint-settled', checkpoint }), nowMs))
    for (const height of this.settledCheckpoints.keys())
      if (height < this.heightOf(this.carried) || this.settledCheckpoints.size > CHECKPOINTS_MAX)
        this.settledCheckpoints.delete(height)
    return out
  }

  private onFinalized(height: number, hash: Hash, nowMs: number): ReplicaEffect[] {
    const own = this.settledCheckpoints.get(height)
    if (own !== undefined && own.hash !== hash) {
      this.isStopped = true
      const message = `guardians finalized ${hash} at height ${height}, where this node settled ${own.hash}`
      return [{ type: 'fault', code: 'finality/conflict', message }]
    }
    return this.follow(this.settlement.step({ type: 'block-finalized', hash, height }, nowMs), nowMs)
  }

  /** spec F-CARRY: a certificate in a block verifies from the newest one carried below it, and finalizes an ancestor. */
  private checkCarriedFinality({ header, record }: Block): Rejection | undefined {
    const certificate = record.finality
    if (certificate === undefined) return undefined
    const carried = this.carriedAt(header.parentHash)
    const { scheme, pool } = this.config.finality
    const wrong = verifyFinalityCertificate(scheme, pool, certificate, point => samePoint(point, carried))
    if (wrong !== undefined) return wrong
    const point = finalizedPoint(certificate)
    if (point.round > carried.round && this.isAncestor(header.parentHash, point)) return undefined
    return reject('finality/carried', 'a finality certificate that is not new, or not for an ancestor')
  }

  /** The newest finalized point that a branch carries, from the settled chain up to this block. */
  private carriedAt(hash: Hash): JustifiedPoint {
    const carrying = this.settlement.recordsTo(hash).filter((record: ConsensusRecord) => record.finality !== undefined)
    const newest = carrying.at(-1)?.finality
    return newest === undefined ? this.carried : finalizedPoint(newest)
  }

  private isAncestor(hash: Hash, point: JustifiedPoint): boolean {
    const height = this.heightOf(point)
    const ancestor = this.settlement.ancestorHash(hash, height) ?? this.settledCheckpoints.get(height)?.hash
    return ancestor === point.hash
  }

  private heightOf({ round }: JustifiedPoint): number {
    return checkpointIndexOf(round) * this.config.finality.checkpointInterval
  }
}
