// A guardian alone: the production Finality machine and Runner, with a disk, and crashes. Checkpoints come from outside, of
// any branch; those that it settled lie on the chain's disk, which a crash does not touch.
import {
  type Checkpoint,
  type DurableWrite,
  decodeFinalityRecord,
  encodeFinalityRecord,
  Finality,
  type FinalityConfig,
  type FinalityInput,
  type FinalityRecord,
  inEra,
  type OutwardEffect,
  Runner,
} from '@tan/consensus'
import { AssertionError } from '@tan/primitives'
import type { FinalityCertificate, FinalityMessage } from '@tan/protocol'
import type { EventQueue, ScheduledEvent } from '../world/event-queue.ts'
import type { Journal } from '../world/journal.ts'
import type { TreeWatch } from './tree-watch.ts'

export interface GuardianPorts {
  readonly queue: EventQueue
  readonly journal: Journal
  readonly watch: TreeWatch
  broadcast(from: Guardian, message: FinalityMessage): void
  writeMs(): number
  /** asked at each durable write: to crash now, when it is durable, or not at all */
  crashAt(): 'before' | 'after' | undefined
  downMs(): number
  onCrash(guardian: Guardian): void
}

export class Guardian {
  readonly id: number
  readonly identity: number
  private readonly config: FinalityConfig
  private readonly ports: GuardianPorts
  /** what is durable */
  private record: FinalityRecord | undefined
  private certificate: FinalityCertificate | undefined
  private readonly settled: Checkpoint[] = []
  private life: { readonly runner: Runner<FinalityInput>; readonly timers: Map<string, ScheduledEvent> } | undefined

  constructor(id: number, config: FinalityConfig, ports: GuardianPorts) {
    this.id = id
    this.identity = id
    this.config = config
    this.ports = ports
  }

  start(): void {
    if (this.life !== undefined) return
    const finalHeight = this.certifiedHeight()
    const era = this.config.pool.domain.start
    const machine = new Finality(this.config, {
      record: this.record === undefined ? undefined : decodeFinalityRecord(encodeFinalityRecord(this.record)),
      certificate: this.certificate,
      carried: undefined,
      checkpoints: this.settled.filter(({ height }) => height > finalHeight),
    })
    const life = {
      timers: new Map<string, ScheduledEvent>(),
      runner: new Runner<FinalityInput>(
        { start: () => inEra(era, machine.start()), step: input => inEra(era, machine.step(input)) },
        {
          nowMs: () => this.ports.queue.nowMs,
          persist: (write, done) => this.persist(write, done),
          perform: effect => this.perform(effect),
        },
      ),
    }
    this.life = life
    this.guarded(() => life.runner.start())
  }

  crash(): void {
    if (this.life === undefined) return
    this.ports.journal.count('crash')
    this.ports.journal.note(this.id, () => 'crashes')
    this.stop()
    this.ports.onCrash(this)
    this.ports.queue.schedule(this.ports.downMs(), () => this.start())
  }

  settle(checkpoint: Checkpoint): void {
    if (this.settled.includes(checkpoint)) return
    this.settled.push(checkpoint)
    this.deliver({ type: 'checkpoint-settled', checkpoint })
  }

  hasSettled(checkpoint: Checkpoint): boolean {
    return this.settled.includes(checkpoint)
  }

  receive(message: FinalityMessage): void {
    this.deliver({ type: 'finality-message', message })
  }

  private deliver(input: FinalityInput): void {
    const { life } = this
    if (life !== undefined) this.guarded(() => life.runner.deliver(input))
  }

  private guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error
      this.stop()
      this.ports.watch.onAssertion(this, error)
    }
  }

  private stop(): void {
    this.life?.runner.stop()
    for (const timer of this.life?.timers.values() ?? []) timer.isCancelled = true
    this.life = undefined
  }

  private persist({ finality }: DurableWrite, done: () => void): void {
    const { life, ports } = this
    const crash = ports.crashAt()
    if (crash !== undefined) ports.journal.count(crash === 'before' ? 'crash-before-write' : 'crash-after-write')
    if (crash !== 'before' && crash !== undefined) this.record = finality
    if (crash !== undefined) return this.crash()
    ports.queue.schedule(ports.writeMs(), () => {
      if (this.life !== life) return
      this.record = finality
      this.guarded(done)
    })
  }

  private perform(effect: OutwardEffect): void {
    const { life, ports } = this
    switch (effect.type) {
      case 'broadcast-finality':
        return ports.broadcast(this, effect.message)
      case 'finality-timer': {
        const { timer, delayMs } = effect
        const running = life!.timers.get(timer)
        if (running !== undefined) running.isCancelled = true
        life!.timers.set(
          timer,
          ports.queue.schedule(delayMs, () => this.deliver({ type: 'finality-timer', timer })),
        )
        return
      }
      case 'finalized':
        this.certificate = effect.certificate
        return ports.watch.onFinalized(this, effect)
      case 'finality-evidence':
        return ports.watch.onEvidence(this, effect.evidence)
      case 'rejected':
        return ports.watch.onRejected(this, effect)
    }
  }

  private certifiedHeight(): number {
    const target = this.certificate?.justifications.at(-1)?.prepare.target
    return this.settled.find(({ hash }) => hash === target)?.height ?? 0
  }
}
