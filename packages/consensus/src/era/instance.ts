// Consensus of one era: settlement and finality side by side. Settled checkpoints go to the guardians' machine; what they
// finalize goes back, and newly made blocks carry the newest finality certificate. Still pure: inputs in, effects out.
import { assert, type Hash, type Rejection } from '@tan/primitives'
import {
  type Block,
  checkpointHeight,
  checkpointIndexOf,
  type Era,
  finalizedPoint,
  type JustifiedPoint,
  poolOf,
  rootPoint,
  samePoint,
  verifyFinalityCertificate,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import { Finality } from '../finality/finality.ts'
import type { Checkpoint, FinalityConfig, FinalityEffect, FinalityInput, RestoredFinality } from '../finality/types.ts'
import { CHECKPOINTS_MAX } from '../limits.ts'
import { Settlement } from '../settlement/settlement.ts'
import type { RestoredSettlement, SettlementConfig, SettlementEffect, SettlementInput } from '../settlement/types.ts'

export interface EraConfig {
  readonly settlement: SettlementConfig
  readonly finality: FinalityConfig
}

export interface RestoredEra {
  readonly settlement: RestoredSettlement
  readonly finality: RestoredFinality
  /** settled checkpoints from the newest carried one (or the era's start) up, lowest first, at least one */
  readonly settledCheckpoints: readonly Checkpoint[]
}

export type EraInput =
  | Exclude<SettlementInput, { type: 'block-finalized' }>
  | Extract<FinalityInput, { type: 'finality-message' | 'finality-timer' }>
export type EraEffect = SettlementEffect | FinalityEffect

type Machine = 'settlement' | 'finality'
type Step =
  | { readonly machine: 'settlement'; readonly input: SettlementInput }
  | { readonly machine: 'finality'; readonly input: FinalityInput }

export class EraInstance {
  readonly era: Era
  readonly settlement: Settlement
  readonly finality: Finality
  private readonly config: EraConfig
  /** this node's own, by height, from the newest carried one up */
  private readonly settledCheckpoints = new Map<number, Checkpoint>()
  private lastCheckpoint: Checkpoint
  private carried: JustifiedPoint

  /** what both machines still have to be told */
  private readonly steps: Step[] = []
  /** what they said, and what has not gone out yet */
  private pending: { readonly machine: Machine; readonly effect: EraEffect }[] = []
  private out: EraEffect[] = []
  private isStopped = false

  constructor(config: EraConfig, restored: RestoredEra) {
    this.config = config
    this.era = config.settlement.era
    assert(config.finality.pool.domain.start === this.era.start.hash, 'finality and settlement of different eras')
    this.settlement = new Settlement(config.settlement, restored.settlement)
    this.finality = new Finality(config.finality, restored.finality)
    this.carried = restored.finality.carried ?? rootPoint(this.era.domain)
    for (const checkpoint of restored.settledCheckpoints) this.settledCheckpoints.set(checkpoint.height, checkpoint)
    this.lastCheckpoint = restored.settledCheckpoints.at(-1)!
  }

  start(nowMs: number): EraEffect[] {
    this.said('settlement', this.settlement.start(nowMs))
    const effects = this.drain(nowMs)
    this.said('finality', this.finality.start())
    return [...effects, ...this.drain(nowMs)]
  }

  step(input: EraInput, nowMs: number): EraEffect[] {
    if (this.isStopped) return []
    if (input.type === 'finality-message' || input.type === 'finality-timer')
      this.steps.push({ machine: 'finality', input })
    else this.steps.push({ machine: 'settlement', input })
    return this.drain(nowMs)
  }

  // ------------------------------------------------------------------------------------------------ one after the other

  /**
   * Lets all that one machine says out in its order, and tells the other what it must know. No machine is told anything while
   * something that it said before is not out: what is durable would otherwise be overtaken by what is older.
   */
  private drain(nowMs: number): EraEffect[] {
    while (!this.isStopped) {
      const next = this.steps.findIndex(({ machine }) => this.pending.every(said => said.machine !== machine))
      if (next >= 0) this.take(this.steps.splice(next, 1)[0]!, nowMs)
      else {
        const said = this.pending.shift()
        if (said === undefined) break
        this.follow(said.effect)
      }
    }
    this.forgetCheckpoints()
    const { out } = this
    this.out = []
    return out
  }

  private take(step: Step, nowMs: number): void {
    if (step.machine === 'finality') this.said('finality', this.finality.step(step.input))
    else this.said('settlement', this.settlement.step(step.input, nowMs))
  }

  /** Goes out before what the other machine said before it, which is about other things. */
  private said(machine: Machine, effects: readonly EraEffect[]): void {
    // the tree already stands on what these effects settle: whoever asks what a branch carries must know that too
    for (const effect of effects)
      if (effect.type === 'settled')
        for (const { hash, proposal } of effect.blocks) this.noteSettled(hash, proposal.block)
    this.pending = [...effects.map(effect => ({ machine, effect })), ...this.pending]
  }

  private follow(effect: EraEffect): void {
    switch (effect.type) {
      case 'execute': {
        const wrong = this.checkCarriedFinality(effect.block)
        if (wrong === undefined) this.out.push(effect)
        else {
          const rejection = `${wrong.code}: ${wrong.message}`
          const input = { type: 'executed', blockHash: effect.blockHash, rejection } as const
          this.steps.push({ machine: 'settlement', input })
        }
        return
      }
      case 'build': {
        const finality = this.finality.certificateFrom(this.carriedAt(effect.parentHash))
        const isAncestor = finality !== undefined && this.isAncestor(effect.parentHash, finalizedPoint(finality))
        this.out.push(isAncestor ? { ...effect, record: { ...effect.record, finality } } : effect)
        return
      }
      case 'settled':
        this.out.push(effect)
        for (const { proposal } of effect.blocks) this.onSettled(proposal.block)
        return
      case 'finalized':
        this.out.push(effect)
        return this.onFinalized(effect.height, effect.hash)
      case 'fault':
        this.isStopped = true
    }
    this.out.push(effect)
  }

  // ------------------------------------------------------------------------------------------------ settled and final

  private noteSettled(hash: Hash, { header, record }: Block): void {
    if (record.finality !== undefined) this.carried = finalizedPoint(record.finality)
    if (header.height % this.config.finality.checkpointInterval !== 0) return
    this.lastCheckpoint = { height: header.height, hash, parentHash: this.lastCheckpoint.hash }
    this.settledCheckpoints.set(header.height, this.lastCheckpoint)
  }

  private onSettled({ header, record }: Block): void {
    const { finality: certificate } = record
    if (certificate !== undefined)
      this.steps.push({ machine: 'finality', input: { type: 'finality-carried', certificate } })
    const checkpoint = this.settledCheckpoints.get(header.height)
    // below what the chain carries by now there is nothing left to prepare
    if (checkpoint !== undefined && checkpoint.height >= this.heightOf(this.carried))
      this.steps.push({ machine: 'finality', input: { type: 'checkpoint-settled', checkpoint } })
  }

  private onFinalized(height: number, hash: Hash): void {
    const own = this.settledCheckpoints.get(height)
    if (own === undefined || own.hash === hash) {
      this.steps.push({ machine: 'settlement', input: { type: 'block-finalized', hash, height } })
      return
    }
    this.isStopped = true
    const message = `guardians finalized ${hash} at height ${height}, where this node settled ${own.hash}`
    this.out.push({ type: 'fault', code: 'finality/conflict', message })
  }

  /** Below what the chain carries nothing is asked for any more. */
  private forgetCheckpoints(): void {
    for (const height of this.settledCheckpoints.keys())
      if (height < this.heightOf(this.carried) || this.settledCheckpoints.size > CHECKPOINTS_MAX)
        this.settledCheckpoints.delete(height)
  }

  // ------------------------------------------------------------------------------------------------ certificates in blocks

  /** spec F-CARRY: a certificate in a block verifies from the newest one carried below it, and finalizes an ancestor. */
  private checkCarriedFinality({ header, record }: Block): Rejection | undefined {
    const certificate = record.finality
    if (certificate === undefined) return undefined
    const carried = this.carriedAt(header.parentHash)
    const { scheme } = this.config.finality
    const wrong = verifyFinalityCertificate(scheme, poolOf(this.era), certificate, point => samePoint(point, carried))
    if (wrong !== undefined) return wrong
    const point = finalizedPoint(certificate)
    if (point.round > carried.round && this.isAncestor(header.parentHash, point)) return undefined
    return reject('finality/carried', 'a finality certificate that is not new, or not for an ancestor')
  }

  /** The newest finalized point that a branch carries, from the settled chain up to this block. */
  private carriedAt(hash: Hash): JustifiedPoint {
    const newest = this.settlement.recordsTo(hash).findLast(({ finality }) => finality !== undefined)?.finality
    return newest === undefined ? this.carried : finalizedPoint(newest)
  }

  private isAncestor(hash: Hash, point: JustifiedPoint): boolean {
    const height = this.heightOf(point)
    const ancestor = this.settlement.ancestorHash(hash, height) ?? this.settledCheckpoints.get(height)?.hash
    return ancestor === point.hash
  }

  private heightOf({ round }: JustifiedPoint): number {
    return checkpointHeight(this.era.start, this.config.finality.checkpointInterval, checkpointIndexOf(round))
  }
}
