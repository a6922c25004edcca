// Carries a machine's effects out, strictly in order: what must be durable is durable before anything behind it happens.
// The node and the simulator give it their own ports; the order is the same code in both.

import type { Rejection } from '@tan/primitives'
import type { Proposal } from '@tan/protocol'
import type { FinalityRecord } from './finality/types.ts'
import type { ReplicaEffect, ReplicaInput } from './replica.ts'
import type { SafetyRecord } from './settlement/types.ts'

/** One atomic durable write. Keys that are not given stay as they are. */
export interface DurableWrite {
  readonly safety?: SafetyRecord
  readonly proposals?: readonly Proposal[]
  readonly finality?: FinalityRecord
}

export type OutwardEffect = Exclude<ReplicaEffect, { type: 'persist-settlement' | 'persist-finality' }>

/** A replica, or one of its two machines alone. */
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

export type TakenHandler = (rejection: Rejection | undefined) => void

export class Runner<Input = ReplicaInput> {
  private readonly machine: Machine<Input>
  private readonly ports: RunnerPorts
  private readonly inputs: { readonly input: Input; readonly onTaken: TakenHandler | undefined }[] = []
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

  /** `onTaken` learns whether what came from outside was accepted, so that gossip is passed on, or its sender penalised. */
  deliver(input: Input, onTaken?: TakenHandler): void {
    this.inputs.push({ input, onTaken })
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
        next.onTaken?.(this.effects.find(({ type }) => type === 'rejected') as Rejection | undefined)
      } else if (effect.type === 'persist-settlement') {
        return this.ports.persist({ safety: effect.safety, proposals: effect.proposals }, () => this.run())
      } else if (effect.type === 'persist-finality') {
        return this.ports.persist({ finality: effect.record }, () => this.run())
      } else {
        this.ports.perform(effect)
        if (effect.type === 'fault') this.isStopped = true
      }
    }
    this.isBusy = false
  }
}
