// One node's consensus: an instance for each live era, and nothing that knows which era is the right one. Each input says which
// era it is about, and so does each effect (spec S-ERA). What belongs to an era that does not live here is refused before any
// key is used.
import type { Hash } from '@tan/primitives'
import type { Era, Proposal } from '@tan/protocol'
import { reject } from './codes.ts'
import { type InEra, inEra } from './era/in-era.ts'
import { type EraConfig, type EraEffect, type EraInput, EraInstance, type RestoredEra } from './era/instance.ts'
import { LiveEras } from './era/live-eras.ts'
import type { FinalityProgress } from './finality/types.ts'
import type { SettlementStatus } from './settlement/settlement.ts'

export type ReplicaConfig = EraConfig
export type RestoredReplica = RestoredEra
export type ReplicaInput = InEra<EraInput>
export type ReplicaEffect = InEra<EraEffect>

/** What others may ask of a node's consensus, for pages, sync and RPC: answers, and no machines. */
export interface ConsensusReader {
  /** the newest era that lives here */
  readonly era: Era
  /** of the newest era */
  settlementStatus(): SettlementStatus
  finalityProgress(): FinalityProgress
  /** A block above the settled one, of any live era, as it came. */
  proposal(hash: Hash): Proposal | undefined
}

export class Replica implements ConsensusReader {
  private readonly live: LiveEras<EraInstance>
  private isStopped = false

  constructor(config: ReplicaConfig, restored: RestoredReplica) {
    this.live = new LiveEras(new EraInstance(config, restored))
  }

  get era(): Era {
    return this.live.newest.era
  }

  settlementStatus(): SettlementStatus {
    return this.live.newest.settlement.status()
  }

  finalityProgress(): FinalityProgress {
    return this.live.newest.finality.progress()
  }

  proposal(hash: Hash): Proposal | undefined {
    for (const { settlement } of this.live) {
      const proposal = settlement.proposal(hash)
      if (proposal !== undefined) return proposal
    }
    return undefined
  }

  start(nowMs: number): ReplicaEffect[] {
    return [...this.live].flatMap(instance => this.told(instance, instance.start(nowMs)))
  }

  step(input: ReplicaInput, nowMs: number): ReplicaEffect[] {
    if (this.isStopped) return []
    const instance = this.live.of(input.era)
    if (instance !== undefined) return this.told(instance, instance.step(input, nowMs))
    // a timer, or the ledger's answer, of an era that has ended is nobody's fault and of no use
    if (input.type !== 'settlement-message' && input.type !== 'finality-message') return []
    const from = input.type === 'settlement-message' ? input.from : undefined
    const rejection = reject('era/unknown', `no era that starts at ${input.era} lives here`)
    return [{ type: 'rejected', era: input.era, from, rejection }]
  }

  /** A fault ends all: the eras stand on one another. */
  private told({ era }: EraInstance, effects: readonly EraEffect[]): ReplicaEffect[] {
    if (effects.some(({ type }) => type === 'fault')) this.isStopped = true
    return inEra(era.start.hash, effects)
  }
}
