// A world: nodes, the network between them, clock, checkers, and whoever listens in. What goes wrong in it is decided by
// others (faults/, adversary/); here it only runs.
import type { DurableWrite } from '@tan/consensus'
import { type AggregateScheme, createSeededRandom, type Random } from '@tan/primitives'
import { leaderOf } from '@tan/protocol'
import { ChainWatch } from '../checkers/chain-watch.ts'
import type { ViolationKind } from '../checkers/violation.ts'
import { JOURNAL_LINES } from '../outcome.ts'
import { EventQueue } from './event-queue.ts'
import { createIdentities, type Identities } from './identities.ts'
import { Journal, type JournalLine } from './journal.ts'
import { Network, type NodeMessage, type Weather } from './network.ts'
import { Node, type WriteCrash } from './node.ts'
import type { MachineTiming, ProcessContext, ProtocolTiming } from './process.ts'

export interface WorldConfig {
  readonly seed: number
  readonly scheme: AggregateScheme
  readonly powers: readonly number[]
  readonly validators: number
  /** identities whose keys adversaries may use */
  readonly byzantine: ReadonlySet<number>
  /** whose keys each node signs with */
  readonly nodes: readonly number[]
  readonly leaders: readonly number[]
  readonly timing: ProtocolTiming
  readonly machine: MachineTiming
  readonly weather: Weather
  readonly isEncoded: boolean
  readonly fatal: ReadonlySet<ViolationKind>
  readonly print?: (line: JournalLine) => void
}

/** Sees all that is sent, when it is sent, and each node that starts. */
export interface Listener {
  onSent(from: Node, message: NodeMessage): void
  onStarted?(node: Node): void
}

export class World {
  readonly config: WorldConfig
  readonly queue = new EventQueue()
  readonly identities: Identities
  readonly journal: Journal
  readonly watch: ChainWatch
  readonly network: Network
  readonly nodes: readonly Node[]
  readonly listeners: Listener[] = []
  crashAt: (node: Node, write: DurableWrite, index: number) => WriteCrash | undefined = () => undefined

  constructor(config: WorldConfig) {
    this.config = config
    this.identities = createIdentities(
      config.scheme,
      this.randomFor('keys'),
      config.powers,
      config.validators,
      config.leaders,
    )
    this.journal = new Journal(() => this.queue.nowMs, JOURNAL_LINES, config.print)
    this.watch = new ChainWatch({
      journal: this.journal,
      scheme: config.scheme,
      era: this.identities.era,
      isHonest: identity => !config.byzantine.has(identity),
      identityOf: id => config.nodes[id]!,
      fatal: config.fatal,
    })
    const context: ProcessContext = {
      scheme: config.scheme,
      identities: this.identities,
      timing: config.timing,
      machine: config.machine,
      queue: this.queue,
      random: this.randomFor('machines'),
      journal: this.journal,
      watch: this.watch,
    }
    const random = this.randomFor('peers')
    this.nodes = config.nodes.map(
      (identity, id) =>
        new Node({
          id,
          identity,
          context,
          random,
          send: (from, to, message) => this.send(from, to, message),
          nodeCount: () => config.nodes.length,
          crashAt: (node, write, index) => this.crashAt(node, write, index),
          onStarted: node => {
            for (const listener of this.listeners) listener.onStarted?.(node)
          },
        }),
    )
    this.network = new Network(
      {
        queue: this.queue,
        random: this.randomFor('network'),
        journal: this.journal,
        isEncoded: config.isEncoded,
        deliver: (from, to, message) => this.nodes[to]!.receive(from, message),
      },
      config.weather,
    )
  }

  /** Randomness of one part of the world: what one part draws does not disturb the others. */
  randomFor(part: string): Random {
    let mixed = this.config.seed
    for (const character of part) mixed = Math.imul(mixed, 31) + character.charCodeAt(0)
    return createSeededRandom(mixed)
  }

  leaderOf(epoch: number): number {
    return leaderOf(this.identities.era, epoch)
  }

  isHonest(node: Node): boolean {
    return !this.config.byzantine.has(node.identity)
  }

  get honestNodes(): readonly Node[] {
    return this.nodes.filter(node => this.isHonest(node))
  }

  private send(from: Node, to: Parameters<Node['send']>[0], message: NodeMessage): void {
    this.watch.onSent(from, message)
    for (const listener of this.listeners) listener.onSent(from, message)
    if (typeof to === 'number') return this.network.send(from.id, to, message)
    for (const node of this.nodes)
      if (node !== from && (to === 'all' || node.identity === to.validator))
        this.network.send(from.id, node.id, message)
  }
}
