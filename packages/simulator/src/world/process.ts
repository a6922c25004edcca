// One life of a node, from start to crash: the production Replica and Runner on a simulated clock, disk, ledger and
// network. What it knows and did not write is lost with it.
import { type DurableWrite, type OutwardEffect, Replica, type ReplicaInput, Runner } from '@tan/consensus'
import { type AggregateScheme, AssertionError, type Hash, type Random, randomBelow } from '@tan/primitives'
import { type Block, type BlockHeader, hashBlock, type Proposal, poolOf, type SettlementEnvelope } from '@tan/protocol'
import type { ChainWatch } from '../checkers/chain-watch.ts'
import type { Disk, DiskContent } from './disk.ts'
import type { EventQueue, ScheduledEvent } from './event-queue.ts'
import type { Identities } from './identities.ts'
import type { Journal } from './journal.ts'
import { buildBlock, GENESIS_HASH, GENESIS_HEADER, refusalOf, WORLD_START_MS } from './ledger.ts'
import type { NodeMessage } from './network.ts'
import { restoreReplica } from './restore.ts'

/** Proposals in one answer to `get-blocks`, lowest first. */
const FETCHED_BLOCKS_MAX = 32

/** Parameters of the chain and the machines: the same for all nodes of a world. */
export interface ProtocolTiming {
  readonly blockIntervalMs: number
  readonly timeoutBaseMs: number
  readonly clockDriftMaxMs: number
  readonly checkpointInterval: number
  readonly stallCheckpoints: number
  readonly ballotTimeoutMs: number
  readonly deltaMs: number
}

/** How fast a node's own parts are. */
export interface MachineTiming {
  readonly writeMaxMs: number
  readonly executeMaxMs: number
}

export interface ProcessContext {
  readonly scheme: AggregateScheme
  readonly identities: Identities
  readonly timing: ProtocolTiming
  readonly machine: MachineTiming
  readonly queue: EventQueue
  readonly random: Random
  readonly journal: Journal
  readonly watch: ChainWatch
}

export interface ProcessOwner {
  readonly id: number
  /** whose keys it signs with */
  readonly identity: number
  readonly disk: Disk
  /** of its clock, against virtual time */
  skewMs(): number
  send(to: number | 'all' | { readonly validator: number }, message: NodeMessage): void
  /** another node's id, for a question to somebody */
  anyPeer(): number
  /** Asked before each write that consensus waits for: to crash now, when it is durable, or not at all. */
  crashAt(write: DurableWrite): 'before' | 'after' | undefined
  crash(): void
}

export class Process {
  private readonly context: ProcessContext
  private readonly owner: ProcessOwner
  private readonly replica: Replica
  private readonly runner: Runner
  private readonly timers = new Map<string, ScheduledEvent>()
  /** of executed blocks */
  private readonly headers = new Map<Hash, BlockHeader>([[GENESIS_HASH, GENESIS_HEADER]])
  private readonly blocks = new Map<Hash, Proposal>()
  /** of blocks that came in, by the block itself: an executed one is served with its leader's signature */
  private readonly received = new WeakMap<Block, Proposal>()
  private built: { readonly block: Block; readonly hash: Hash } | undefined
  private settledHeight: number
  private isStopped = false

  constructor(context: ProcessContext, owner: ProcessOwner) {
    this.context = context
    this.owner = owner
    const { scheme, identities, timing } = context
    const { era } = identities
    const { identity, disk } = owner
    const self = { index: identity, secretKey: identities.secretKeys[identity]! }
    const isValidator = identity < era.committee.signers.length
    this.replica = new Replica(
      {
        settlement: {
          scheme,
          era,
          self: isValidator ? self : undefined,
          blockIntervalMs: timing.blockIntervalMs,
          timeoutBaseMs: timing.timeoutBaseMs,
          clockDriftMaxMs: timing.clockDriftMaxMs,
        },
        finality: {
          scheme,
          pool: poolOf(era),
          rootHeight: era.start.height,
          self,
          checkpointInterval: timing.checkpointInterval,
          stallCheckpoints: timing.stallCheckpoints,
          ballotTimeoutMs: timing.ballotTimeoutMs,
          deltaMs: timing.deltaMs,
        },
      },
      restoreReplica(disk.content, timing.checkpointInterval),
    )
    for (const proposal of [...disk.content.chain, ...disk.content.proposals])
      this.blocks.set(hashBlock(proposal.block), proposal)
    for (const { block } of disk.content.chain) this.headers.set(hashBlock(block), block.header)
    this.settledHeight = disk.content.chain.length
    this.runner = new Runner(this.replica, {
      nowMs: () => this.nowMs(),
      persist: (write, done) => this.persist(write, done),
      perform: effect => this.perform(effect),
    })
  }

  start(): void {
    this.guarded(() => this.runner.start())
  }

  stop(): void {
    this.isStopped = true
    this.runner.stop()
    for (const timer of this.timers.values()) timer.isCancelled = true
  }

  /** For adversaries that read what a node knows, and for status in a trace. */
  status(): { epoch: number; settledHeight: number; finalizedHeight: number } {
    const { epoch, settledHeight } = this.replica.settlementStatus()
    return { epoch, settledHeight, finalizedHeight: this.replica.finalityProgress().finalizedHeight }
  }

  receive(from: number, message: NodeMessage): void {
    switch (message.type) {
      case 'settlement':
        return this.take(message, from)
      case 'finality':
        return this.deliver({ type: 'finality-message', era: message.era, message: message.message })
      case 'get-blocks':
        return this.answer(from, message.blockHash, message.aboveHeight)
      case 'blocks':
        for (const proposal of message.proposals)
          this.take({ era: this.context.identities.era.start.hash, message: { type: 'proposal', proposal } }, from)
    }
  }

  private take({ era, message }: SettlementEnvelope, from: number): void {
    if (message.type === 'proposal') this.received.set(message.proposal.block, message.proposal)
    this.deliver({ type: 'settlement-message', era, message, from })
  }

  private deliver(input: ReplicaInput): void {
    if (!this.isStopped) this.guarded(() => this.runner.deliver(input))
  }

  /** A failed assertion stops the node, and is a finding of its own. */
  private guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (!(error instanceof AssertionError)) throw error
      this.stop()
      this.context.watch.onAssertion(this.owner, error)
    }
  }

  private nowMs(): number {
    return WORLD_START_MS + this.context.queue.nowMs + this.owner.skewMs()
  }

  private within(mostMs: number): number {
    return 1 + randomBelow(this.context.random, mostMs)
  }

  // ------------------------------------------------------------------------------------------------ the runner's ports

  private persist(write: DurableWrite, done: () => void): void {
    const { owner } = this
    const crash = owner.crashAt(write)
    if (crash === 'before') return owner.crash()
    const apply = (content: DiskContent): void => applyWrite(content, write)
    if (crash === undefined)
      return owner.disk.write(this.within(this.context.machine.writeMaxMs), apply, this.whileUp(done))
    owner.disk.write(0, apply)
    owner.disk.flush()
    owner.crash()
  }

  /** Runs an act of this life later, if this life still lasts. */
  private whileUp(act: () => void): () => void {
    return () => {
      if (!this.isStopped) this.guarded(act)
    }
  }

  private perform(effect: OutwardEffect): void {
    const { owner, context } = this
    const { era } = effect
    switch (effect.type) {
      case 'broadcast-settlement':
        if (effect.message.type === 'proposal') this.keepBuilt(effect.message.proposal)
        return owner.send('all', { type: 'settlement', era, message: effect.message })
      case 'send-settlement':
        return owner.send({ validator: effect.to }, { type: 'settlement', era, message: effect.message })
      case 'broadcast-finality':
        return owner.send('all', { type: 'finality', era, message: effect.message })
      case 'settlement-timer': {
        const { type, timer, epoch, delayMs } = effect
        return this.arm(`settlement/${timer}/${era}`, delayMs, { type, era, timer, epoch })
      }
      case 'finality-timer':
        return this.arm(`finality/${effect.timer}/${era}`, effect.delayMs, {
          type: effect.type,
          era,
          timer: effect.timer,
        })
      case 'execute':
        return this.later(context.machine.executeMaxMs, () => this.execute(effect))
      case 'build':
        return this.later(context.machine.executeMaxMs, () => {
          const leader = context.identities.era.committee.signers[owner.identity]!
          const { parentHash, record } = effect
          const body = Uint8Array.of(owner.id)
          const block = buildBlock(this.headers.get(parentHash)!, parentHash, record, leader, this.nowMs(), body)
          const hash = hashBlock(block)
          this.headers.set(hash, block.header)
          this.built = { block, hash }
          this.deliver({ type: 'built', era, epoch: effect.record.epoch, block, blockHash: hash })
        })
      case 'fetch': {
        const { blockHash, from } = effect
        const to = from === undefined || from === owner.id ? owner.anyPeer() : from
        return owner.send(to, { type: 'get-blocks', blockHash, aboveHeight: this.settledHeight })
      }
      case 'settled': {
        const proposals = effect.blocks.map(({ proposal }) => proposal)
        this.settledHeight = proposals.at(-1)!.block.header.height
        context.watch.onSettled(owner, effect)
        return owner.disk.write(10 * this.within(context.machine.writeMaxMs), content => {
          content.chain.push(...proposals)
          for (const proposal of content.proposals)
            if (proposal.block.header.height <= content.chain.length) content.proposals.delete(proposal)
        })
      }
      case 'finalized': {
        const { certificate } = effect
        context.watch.onFinalized(owner, effect)
        return owner.disk.write(10 * this.within(context.machine.writeMaxMs), content => {
          content.finalityCertificate = certificate
        })
      }
      case 'settlement-evidence':
      case 'finality-evidence':
        return context.watch.onEvidence(owner, effect.evidence)
      case 'rejected':
        return context.watch.onRejected(owner, effect)
      case 'fault':
        context.watch.onFault(owner, effect)
        return this.stop()
      case 'head':
        return
    }
  }

  private arm(name: string, delayMs: number, input: ReplicaInput): void {
    const running = this.timers.get(name)
    if (running !== undefined) running.isCancelled = true
    this.timers.set(
      name,
      this.context.queue.schedule(delayMs, () => this.deliver(input)),
    )
  }

  private later(mostMs: number, act: () => void): void {
    this.context.queue.schedule(this.within(mostMs), this.whileUp(act))
  }

  private execute({ era, block, blockHash }: Extract<OutwardEffect, { type: 'execute' }>): void {
    const refusal = refusalOf(this.headers.get(block.header.parentHash)!, block)
    const proposal = this.received.get(block)
    if (refusal === undefined) this.headers.set(blockHash, block.header)
    if (refusal === undefined && proposal !== undefined) this.blocks.set(blockHash, proposal)
    this.deliver({ type: 'executed', era, blockHash, rejection: refusal })
  }

  // ------------------------------------------------------------------------------------------------ blocks for others

  /** An own block, when its signature is made. */
  private keepBuilt(proposal: Proposal): void {
    if (this.built?.block === proposal.block) this.blocks.set(this.built.hash, proposal)
  }

  /** What is known of the branch that ends in the block, above a height; its lowest part where that is too much. */
  private answer(to: number, blockHash: Hash, aboveHeight: number): void {
    const branch: Proposal[] = []
    for (let at = this.blocks.get(blockHash); at !== undefined && at.block.header.height > aboveHeight; ) {
      branch.push(at)
      at = this.blocks.get(at.block.header.parentHash)
    }
    if (branch.length === 0) return
    this.owner.send(to, { type: 'blocks', proposals: branch.reverse().slice(0, FETCHED_BLOCKS_MAX) })
  }
}

function applyWrite(content: DiskContent, { safety, proposals, finality }: DurableWrite): void {
  if (safety !== undefined) content.safety = safety
  if (finality !== undefined) content.finality = finality
  for (const { proposal } of proposals ?? []) content.proposals.add(proposal)
}
