// A node: a disk that lasts, a clock, and one process at a time, which crashes and starts again from the disk.
import type { DurableWrite } from '@tan/consensus'
import { type Random, randomBelow } from '@tan/primitives'
import { hashBlock } from '@tan/protocol'
import { Disk } from './disk.ts'
import { GENESIS_HASH } from './ledger.ts'
import type { NodeMessage } from './network.ts'
import { Process, type ProcessContext, type ProcessOwner } from './process.ts'

/** A crash at a durable write, and how long the node stays down. */
export interface WriteCrash {
  readonly when: 'before' | 'after'
  readonly downMs: number
}

export interface NodeConfig {
  readonly id: number
  /** whose keys it signs with; twins share them */
  readonly identity: number
  readonly context: ProcessContext
  readonly random: Random
  send(from: Node, to: Parameters<ProcessOwner['send']>[0], message: NodeMessage): void
  nodeCount(): number
  /** asked before each write that consensus waits for; `index` counts them over all lives */
  crashAt(node: Node, write: DurableWrite, index: number): WriteCrash | undefined
  onStarted(node: Node): void
}

export class Node implements ProcessOwner {
  readonly id: number
  readonly identity: number
  readonly disk: Disk
  private readonly config: NodeConfig
  private process: Process | undefined
  private writes = 0
  private clockSkewMs = 0
  private downMs = 0

  constructor(config: NodeConfig) {
    this.config = config
    this.id = config.id
    this.identity = config.identity
    this.disk = new Disk(config.context.queue)
  }

  get isUp(): boolean {
    return this.process !== undefined
  }

  /** writes asked for so far */
  get writeCount(): number {
    return this.writes
  }

  get status(): ReturnType<Process['status']> | undefined {
    return this.process?.status()
  }

  start(): void {
    if (this.process !== undefined) return
    const { context } = this.config
    const tip = this.disk.content.chain.at(-1)
    context.watch.onStart(this, this.disk.content.chain.length, tip === undefined ? GENESIS_HASH : hashBlock(tip.block))
    this.process = new Process(context, this)
    this.process.start()
    this.config.onStarted(this)
  }

  /** Stops at once, loses what is not durable, and starts again after a while. */
  crashFor(downMs: number): void {
    if (this.process === undefined) return
    const { queue, journal } = this.config.context
    this.process.stop()
    this.process = undefined
    journal.count('crash')
    const lost = this.disk.crash()
    if (lost > 0) journal.count('lost-writes')
    journal.note(this.id, () => `crashes, and loses ${lost} writes`)
    queue.schedule(downMs, () => this.start())
  }

  receive(from: number, message: NodeMessage): void {
    this.process?.receive(from, message)
  }

  setSkew(skewMs: number): void {
    this.clockSkewMs = skewMs
  }

  // ------------------------------------------------------------------------------------------------ for its process

  skewMs(): number {
    return this.clockSkewMs
  }

  send(to: Parameters<ProcessOwner['send']>[0], message: NodeMessage): void {
    this.config.send(this, to, message)
  }

  anyPeer(): number {
    const other = randomBelow(this.config.random, this.config.nodeCount() - 1)
    return other < this.id ? other : other + 1
  }

  crashAt(write: DurableWrite): 'before' | 'after' | undefined {
    const crash = this.config.crashAt(this, write, this.writes++)
    if (crash === undefined) return undefined
    this.config.context.journal.count(crash.when === 'before' ? 'crash-before-write' : 'crash-after-write')
    this.downMs = crash.downMs
    return crash.when
  }

  crash(): void {
    this.crashFor(this.downMs)
  }
}
