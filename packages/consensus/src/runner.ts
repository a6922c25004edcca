// Carries a machine's effects out, strictly in order: what must be durable is durable before anything behind it happens.
// The node and the simulator give it their own ports; the order is the same code in both.

import type { Hash, Rejection } from '@tan/primitives'
import type { FinalityRecord } from './finality/types.ts'
import type { ReplicaEffect, ReplicaInput } from './replica.ts'
import type { HashedProposal, SafetyRecord } from './settlement/types.ts'

/** One atomic durable write about an era. What is not given stays as it is. */
export interface DurableWrite {
  /** hash of its start */
  readonly era: Hash
  readonly safety?: SafetyRecord
  readonly proposals?: readonly HashedProposal[]
  readonly finality?: FinalityRecord
}

export type OutwardEffect = Exclude<ReplicaEffect, { type: 'persist-settlement' | 'persist-finality' | 'taken' }>

/** A replica, or one of an era's two machines alone. */
export interface Machine<Input> {
  start(nowMs: number): ReplicaEffect[]
  step(input: Input, nowMs: number): ReplicaEffect[]
}

export interface RunnerPorts {
  nowMs(): number
  /** Calls `done` when the write would survive a crash. A write that fails never calls it: the node stops instead. */
  persist(write: DurableWrite, done: () => void): void
  /** Must not call back into the runner before it returns but through `deliver`. A fault is the last effect performed. */
  perform(effect: OutwardEffect): void
}

/**
 * What became of a message. `nothing-new`: nobody needs it, and it need not have been verified, so that it must not be
 * passed on as if this node stood for it.
 */
export type Outcome = 'taken' | 'nothing-new' | Rejection
export type OutcomeHandler = (outcome: Outcome) => void

export class Runner<Input = ReplicaInput> {
  private readonly machine: Machine<Input>
  private readonly ports: RunnerPorts
  private readonly inputs: { readonly input: Input; readonly onOutcome: OutcomeHandler | undefined }[] = []
  private effects: ReplicaEffect[] = []
  /** also before the start: an input that comes earlier waits, or what it makes durable would be sent before it is */
  private isBusy = true
  private isStopped = false

  constructor(machine: Machine<Input>, ports: RunnerPorts) {
    this.machine = machine
    this.ports = ports
  }

  /** Once. */
  start(): void {
    this.effects = this.machine.start(this.ports.nowMs())
    this.run()
  }

  /** `onOutcome` learns what became of what came from outside, so that gossip is passed on, or its sender penalised. */
  deliver(input: Input, onOutcome?: OutcomeHandler): void {
    this.inputs.push({ input, onOutcome })
    if (!this.isBusy) this.run()
  }

  stop(): void {
    this.isStopped = true
  }

  private run(): void {
    this.isBusy = true
    while (!this.isStopped) {
      const effect = this.effects.shift()
      if (effect === undefined) {
        const next = this.inputs.shift()
        if (next === undefined) break
        this.effects = this.machine.step(next.input, this.ports.nowMs())
        next.onOutcome?.(outcomeOf(this.effects))
      } else if (effect.type === 'taken') {
        // told already
      } else if (effect.type === 'persist-settlement') {
        const { era, safety, proposals } = effect
        return this.ports.persist({ era, safety, proposals }, () => this.run())
      } else if (effect.type === 'persist-finality') {
        return this.ports.persist({ era: effect.era, finality: effect.record }, () => this.run())
      } else {
        this.ports.perform(effect)
        if (effect.type === 'fault') this.isStopped = true
      }
    }
    this.isBusy = false
  }
}

/** The first word counts: what follows is about messages that waited for this one. */
function outcomeOf(effects: readonly ReplicaEffect[]): Outcome {
  for (const effect of effects) {
    if (effect.type === 'taken') return 'taken'
    if (effect.type === 'rejected') return effect.rejection
  }
  return 'nothing-new'
}
