// Runs a replica against the real world: network, disk, timers and the executed chain. Nothing is decided here; effects
// are carried out in the order in which the runner gives them.
import {
  type ConsensusReader,
  type DurableWrite,
  type OutwardEffect,
  Replica,
  type ReplicaConfig,
  type RestoredReplica,
  Runner,
} from '@tan/consensus'
import { type PeerId, TokenBucket, type Transport, type Verdict } from '@tan/network'
import {
  type Address,
  type Clock,
  CodedError,
  encode,
  type Hash,
  keccakHash,
  type Logger,
  type Metrics,
  reasonOf,
} from '@tan/primitives'
import { type Eras, finalityEnvelopeCodec, type SettlementEnvelope, settlementEnvelopeCodec } from '@tan/protocol'
import type { Chain } from './chain/chain.ts'
import { reject } from './codes.ts'
import { SEEN_MESSAGES_MAX, STRANGER_MESSAGES_BURST, STRANGER_MESSAGES_PER_SECOND } from './limits.ts'
import { BlockSource } from './sync/block-source.ts'
import { checkBody } from './wire/body.ts'
import { decodeFromPeer } from './wire/decode.ts'
import { Inbox } from './wire/inbox.ts'
import { type Hello, helloCodec, proveValidator, type ValidatorProof, verifyValidator } from './wire/messages.ts'
import { BLOCKS_TOPIC, FINALITY_TOPIC, HELLO_PROTOCOL, SETTLEMENT_PROTOCOL } from './wire/protocols.ts'

export interface ConsensusServiceOptions {
  readonly eras: Eras
  readonly config: ReplicaConfig
  readonly restored: RestoredReplica
  /** of the blocks that this node proposes */
  readonly beneficiary: Address
  readonly chain: Chain
  readonly transport: Transport
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** how long the builder may take for one block */
  readonly buildTimeMaxMs: number
  /** the node cannot go on: it stops without a further vote */
  readonly onFault: (error: CodedError) => void
}

const HELLO_INTERVAL_MS = 1_000
/** blocks that a peer's head may be ahead before they are asked for: gossip brings the next one by itself */
const BEHIND_BLOCKS = 2

/** the longest that a timer takes, 24 days: a longer one would fire at once, and again and again */
const TIMER_MAX_MS = 2 ** 31 - 1

export class ConsensusService {
  private readonly replica: Replica
  private readonly options: ConsensusServiceOptions
  private readonly runner: Runner
  private readonly blocks: BlockSource
  private readonly timers = new Map<string, NodeJS.Timeout>()
  private readonly inbox = new Inbox()
  private readonly seen = new Set<Hash>()
  /** peers that proved which validator of which era they are */
  private readonly validators = new Map<PeerId, Pick<ValidatorProof, 'era' | 'index'>>()
  /** what all other connected peers may still send of settlement: the proof of a validator may be slower than its votes */
  private readonly strangers = new Map<PeerId, TokenBucket>()
  private ownProof: ValidatorProof | undefined
  /** the highest head that a validator told of */
  private validatorHeight = 0
  private startHeight = 0
  private helloTimer: NodeJS.Timeout | undefined
  private isStopped = false

  constructor(options: ConsensusServiceOptions) {
    this.options = options
    const { config, restored, eras, chain, transport, clock, logger, metrics } = options
    this.replica = new Replica(config, restored)
    this.runner = new Runner(this.replica, {
      nowMs: () => clock.nowMs(),
      persist: (write, done) => this.persist(write, done),
      perform: effect => this.perform(effect),
    })
    this.blocks = new BlockSource({
      transport,
      chain,
      eras,
      consensus: this.replica,
      runner: this.runner,
      clock,
      logger,
      metrics,
      isValidator: peer => this.validators.has(peer),
    })
    transport.onMessage(SETTLEMENT_PROTOCOL, (peer, bytes) => {
      if (!this.isHeard(peer)) return 'ignore'
      this.noteSeen(bytes)
      return this.onSettlement(bytes, peer)
    })
    transport.onGossip(BLOCKS_TOPIC, (_peer, bytes) => (this.noteSeen(bytes) ? this.onBlock(bytes) : 'ignore'))
    transport.onGossip(FINALITY_TOPIC, (_peer, bytes) => this.onFinality(bytes))
    transport.onMessage(HELLO_PROTOCOL, (peer, bytes) => this.onHello(peer, bytes))
    transport.onPeer(event => {
      const { id } = event.peer
      if (event.type === 'connected') {
        const rate = { burst: STRANGER_MESSAGES_BURST, perSecond: STRANGER_MESSAGES_PER_SECOND }
        this.strangers.set(id, new TokenBucket(clock, rate))
        this.sendHello(id)
      } else {
        this.validators.delete(id)
        this.strangers.delete(id)
        this.blocks.forget(id)
      }
    })
  }

  /** What RPC and others may ask of consensus. */
  get reader(): ConsensusReader {
    return this.replica
  }

  /** How far this node is behind the validators; undefined where it is not. */
  syncing(): { startingBlock: number; currentBlock: number; highestBlock: number } | undefined {
    const currentBlock = this.options.chain.head.header.height
    if (this.validatorHeight <= currentBlock + BEHIND_BLOCKS) return undefined
    return { startingBlock: this.startHeight, currentBlock, highestBlock: this.validatorHeight }
  }

  start(): void {
    this.startHeight = this.options.chain.head.header.height
    this.runner.start()
    const tick = (): void => {
      for (const { id } of this.options.transport.peers()) this.sendHello(id)
      this.helloTimer = setTimeout(tick, HELLO_INTERVAL_MS)
    }
    this.helloTimer = setTimeout(tick, HELLO_INTERVAL_MS)
  }

  stop(): void {
    this.isStopped = true
    this.runner.stop()
    clearTimeout(this.helloTimer)
    for (const timer of this.timers.values()) clearTimeout(timer)
  }

  // ------------------------------------------------------------------------------------------------ what comes in

  /** Only validators have something to say here. A stranger's messages could be valid ones of others, over and over. */
  private isHeard(peer: PeerId): boolean {
    if (this.validators.has(peer) || this.strangers.get(peer)?.take()) return true
    this.options.metrics.count('tan_consensus_stranger_messages_dropped_total')
    return false
  }

  /** Gossip carries proposals and nothing else of settlement. */
  private async onBlock(bytes: Uint8Array): Promise<Verdict> {
    const decoded = decodeFromPeer(settlementEnvelopeCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const { type } = decoded.value.message
    if (type !== 'proposal') return reject('settlement/topic', `a ${type} where blocks are gossiped`)
    return this.take(decoded.value, bytes.length, undefined)
  }

  private async onSettlement(bytes: Uint8Array, peer: PeerId): Promise<Verdict> {
    const decoded = decodeFromPeer(settlementEnvelopeCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const validator = this.validators.get(peer)
    const from = validator?.era === decoded.value.era ? validator.index : undefined
    return this.take(decoded.value, bytes.length, from)
  }

  private async take(envelope: SettlementEnvelope, sizeBytes: number, from: number | undefined): Promise<Verdict> {
    const { era, message } = envelope
    if (message.type === 'proposal') {
      const { block } = message.proposal
      // what is settled is looked at no more, and need not be hashed
      const isNew = block.header.height > this.replica.settlementStatus().settledHeight
      const wrong = isNew ? checkBody(block) : undefined
      if (wrong !== undefined) return wrong
    }
    return this.inbox.take(sizeBytes, onOutcome =>
      this.runner.deliver({ type: 'settlement-message', era, message, from }, onOutcome),
    )
  }

  private async onFinality(bytes: Uint8Array): Promise<Verdict> {
    const decoded = decodeFromPeer(finalityEnvelopeCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const { era, message } = decoded.value
    return this.inbox.take(bytes.length, onOutcome =>
      this.runner.deliver({ type: 'finality-message', era, message }, onOutcome),
    )
  }

  /** The same proposal comes from its leader and by gossip: the second copy is not even decoded. False for that one. */
  private noteSeen(bytes: Uint8Array): boolean {
    const id = keccakHash(bytes)
    if (this.seen.has(id)) return false
    if (this.seen.size >= SEEN_MESSAGES_MAX) this.seen.delete(this.seen.keys().next().value!)
    this.seen.add(id)
    return true
  }

  private async onHello(peer: PeerId, bytes: Uint8Array): Promise<Verdict> {
    const decoded = decodeFromPeer(helloCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const hello = decoded.value
    const { validator } = hello
    // of an era that is not known here it proves nothing yet, and no harm is meant
    if (validator !== undefined && this.options.eras.of(validator.era) !== undefined) {
      const known = this.validators.get(peer)
      const isNew = known?.era !== validator.era || known.index !== validator.index
      if (isNew && !verifyValidator(this.options.config.settlement.scheme, this.options.eras, validator, peer))
        return reject('hello/validator', 'the peer does not hold the validator key that it claims')
      if (isNew) this.validators.set(peer, { era: validator.era, index: validator.index })
    }
    if (this.validators.has(peer)) this.validatorHeight = Math.max(this.validatorHeight, hello.headHeight)
    if (hello.headHeight >= this.replica.settlementStatus().headHeight + BEHIND_BLOCKS)
      this.blocks.announce(peer, { hash: hello.headHash, height: hello.headHeight })
    return 'accept'
  }

  private sendHello(peer: PeerId): void {
    const { chain, transport, config } = this.options
    const { scheme, era, self } = config.settlement
    if (self !== undefined) this.ownProof ??= proveValidator(scheme, era, self, transport.self)
    const { head, settled } = chain
    const hello: Hello = {
      settledHeight: settled.header.height,
      headHeight: head.header.height,
      headHash: head.hash,
      validator: this.ownProof,
    }
    transport.send(peer, HELLO_PROTOCOL, encode(helloCodec, hello))
  }

  // ------------------------------------------------------------------------------------------------ what goes out

  private persist(write: DurableWrite, done: () => void): void {
    this.options.chain.store.persist(write).then(
      () => {
        if (!this.isStopped) done()
      },
      cause => this.fail(new CodedError('node/disk', 'a vote could not be made durable', { cause })),
    )
  }

  private perform(effect: OutwardEffect): void {
    const { chain, transport, logger, metrics, onFault } = this.options
    const { era } = effect
    switch (effect.type) {
      case 'broadcast-settlement':
        return this.broadcast({ era, message: effect.message })
      case 'send-settlement':
        return this.sendToValidator(era, effect.to, encode(settlementEnvelopeCodec, { era, message: effect.message }))
      case 'broadcast-finality':
        return transport.broadcast(FINALITY_TOPIC, encode(finalityEnvelopeCodec, { era, message: effect.message }))
      case 'settlement-timer': {
        const { timer, epoch } = effect
        return this.arm(`settlement ${timer} ${era}`, effect.delayMs, () =>
          this.runner.deliver({ type: 'settlement-timer', era, timer, epoch }),
        )
      }
      case 'finality-timer': {
        const { timer } = effect
        return this.arm(`finality ${timer} ${era}`, effect.delayMs, () =>
          this.runner.deliver({ type: 'finality-timer', era, timer }),
        )
      }
      case 'execute': {
        const { blockHash } = effect
        return this.answer(chain.execute(effect.block, blockHash), rejection => {
          if (rejection !== undefined)
            logger.warn('a block is invalid', { hash: blockHash, code: rejection.code, reason: rejection.message })
          const why = rejection && `${rejection.code}: ${rejection.message}`
          this.runner.deliver({ type: 'executed', era, blockHash, rejection: why })
        })
      }
      case 'build': {
        const { epoch } = effect.record
        const deadlineMs = this.options.clock.nowMs() + this.options.buildTimeMaxMs
        const isOver = (): boolean => this.options.clock.nowMs() > deadlineMs
        const built = chain.build(effect.parentHash, effect.record, this.options.beneficiary, isOver)
        return this.answer(built, ({ block, hash }) =>
          this.runner.deliver({ type: 'built', era, epoch, block, blockHash: hash }),
        )
      }
      case 'fetch': {
        const peer = [...this.validators].find(([, known]) => known.era === era && known.index === effect.from)?.[0]
        return this.blocks.fetch(effect.blockHash, peer)
      }
      case 'settled':
        return this.answer(chain.settle(effect), () =>
          metrics.gauge('tan_chain_settled_height', chain.settled.header.height),
        )
      case 'head':
        return chain.setHead(effect.blockHash)
      case 'finalized':
        chain.setFinalized({ height: effect.height, hash: effect.hash })
        metrics.gauge('tan_chain_finalized_height', effect.height)
        return this.answer(chain.store.persistCertificate(effect.height, effect.certificate), () => {})
      case 'settlement-evidence':
      case 'finality-evidence':
        metrics.count('tan_consensus_evidence_total', 1, { type: effect.evidence.type })
        return logger.warn('a signer contradicted itself', { type: effect.evidence.type })
      case 'rejected':
        metrics.count('tan_consensus_rejected_total', 1, { code: effect.rejection.code })
        return logger.debug('a message was not accepted', {
          code: effect.rejection.code,
          reason: effect.rejection.message,
        })
      case 'fault':
        return onFault(new CodedError(effect.code, effect.message))
    }
  }

  /** A new proposal goes to everybody by gossip, which carries the same bytes once; all else, and it again, to validators. */
  private broadcast(envelope: SettlementEnvelope): void {
    const bytes = encode(settlementEnvelopeCodec, envelope)
    const isNew = this.noteSeen(bytes)
    if (envelope.message.type === 'proposal' && isNew) this.options.transport.broadcast(BLOCKS_TOPIC, bytes)
    else for (const peer of this.validators.keys()) this.options.transport.send(peer, SETTLEMENT_PROTOCOL, bytes)
  }

  private sendToValidator(era: Hash, index: number, bytes: Uint8Array): void {
    for (const [peer, known] of this.validators)
      if (known.era === era && known.index === index) this.options.transport.send(peer, SETTLEMENT_PROTOCOL, bytes)
  }

  private arm(name: string, delayMs: number, act: () => void): void {
    clearTimeout(this.timers.get(name))
    this.timers.set(name, setTimeout(act, Math.min(delayMs, TIMER_MAX_MS)))
  }

  private answer<T>(work: Promise<T>, then: (value: T) => void): void {
    work.then(
      value => {
        if (!this.isStopped) then(value)
      },
      cause => {
        if (!this.isStopped) this.fail(cause)
      },
    )
  }

  private fail(cause: unknown): void {
    if (this.isStopped) return
    const { code, message } = reasonOf(cause)
    this.options.onFault(cause instanceof CodedError ? cause : new CodedError(code, message, { cause }))
  }
}
