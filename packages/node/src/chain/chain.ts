// The chain as this node has executed it: the settled block, the unsettled ones above it with their states, and the head.
// It answers consensus (execute, build, settle) and whoever reads (RPC). What is settled goes to disk in one batch.
import type { SettlementEffect } from '@tan/consensus'
import {
  type BlockState,
  type ExecutedBlock,
  encodeReceipt,
  type Ledger,
  limits,
  ofTransaction,
  prefetchKeys,
  type Receipt,
  type RecoveredTransaction,
} from '@tan/ledger'
import {
  type Address,
  assert,
  type Clock,
  type Hash,
  keccakHash,
  type Logger,
  type Rejection,
  type Result,
  rejected,
  utf8ToBytes,
} from '@tan/primitives'
import {
  type Block,
  type ConsensusRecord,
  hashBlock,
  hashTransaction,
  type SettlementProof,
  SYSTEM_ADDRESSES,
} from '@tan/protocol'
import type { StateStore } from '@tan/storage'
import type { Mempool } from '../mempool/mempool.ts'
import type { RecoveryPool } from '../recovery/recovery-pool.ts'
import type { ChainStore, SettledEntry } from './chain-store.ts'

/** An executed block above the settled one, or the settled one itself. */
export interface ChainBlock extends ExecutedBlock {
  readonly hash: Hash
  readonly transactions: readonly RecoveredTransaction[]
}

type SettledEffect = Extract<SettlementEffect, { type: 'settled' }>

export interface FinalizedBlock {
  readonly height: number
  readonly hash: Hash
}

/** Called after the change, in order. Must not throw. */
export interface ChainListener {
  onHead?(block: ChainBlock): void
  /** lowest first; on disk */
  onSettled?(blocks: readonly ChainBlock[]): void
  onFinalized?(block: FinalizedBlock): void
}

export interface ChainParts {
  readonly ledger: Ledger
  readonly states: StateStore
  readonly store: ChainStore
  readonly mempool: Mempool
  readonly recovery: RecoveryPool
  readonly clock: Clock
  readonly logger: Logger
}

export class Chain {
  readonly store: ChainStore
  readonly ledger: Ledger
  readonly states: StateStore
  private readonly parts: ChainParts
  private readonly executed = new Map<Hash, ChainBlock>()
  private readonly listeners: ChainListener[] = []
  private headBlock: ChainBlock
  private settledBlock: ChainBlock
  private proofOfSettled: SettlementProof | undefined
  private finalizedBlock: FinalizedBlock
  private pendingFinalized: FinalizedBlock | undefined
  private writing: Promise<void> = Promise.resolve()

  private constructor(parts: ChainParts, settled: ChainBlock, finalized: FinalizedBlock) {
    this.parts = parts
    this.store = parts.store
    this.ledger = parts.ledger
    this.states = parts.states
    this.headBlock = settled
    this.settledBlock = settled
    this.proofOfSettled = parts.store.proof
    this.finalizedBlock = finalized
    this.executed.set(settled.hash, settled)
  }

  static async open(parts: ChainParts, finalized: FinalizedBlock | undefined): Promise<Chain> {
    const { hash } = parts.store.settled
    const proposal = await parts.store.proposal(hash)
    assert(proposal !== undefined, 'the settled block is not on disk')
    const { block } = proposal
    const state = parts.states.settled
    assert(state.root === block.header.stateRoot, 'the state on disk is not that of the settled block')
    const settled: ChainBlock = {
      hash,
      block,
      header: block.header,
      state,
      ancestors: await parts.store.hashesBelow(block.header.height, limits.ANCESTORS_MAX),
      receipts: [],
      transactions: [],
      burnedWei: 0n,
    }
    const chain = new Chain(parts, settled, { height: 0, hash: (await parts.store.hashAt(0))! })
    if (finalized !== undefined) chain.setFinalized(finalized)
    return chain
  }

  listen(listener: ChainListener): void {
    this.listeners.push(listener)
  }

  /** The executed block with the highest certificate: `latest`. */
  get head(): ChainBlock {
    return this.headBlock
  }

  /** `safe` */
  get settled(): ChainBlock {
    return this.settledBlock
  }

  /** That the settled block is settled; undefined at genesis. */
  get settledProof(): SettlementProof | undefined {
    return this.proofOfSettled
  }

  /** `finalized` */
  get finalized(): FinalizedBlock {
    return this.finalizedBlock
  }

  /** An executed block that is not on disk yet, or the settled one. */
  unsettled(hash: Hash): ChainBlock | undefined {
    return this.executed.get(hash)
  }

  /** From just above the settled block up to the head. */
  branch(): ChainBlock[] {
    const path: ChainBlock[] = []
    for (let at = this.headBlock; at !== this.settledBlock; ) {
      path.push(at)
      const parent = this.executed.get(at.header.parentHash)
      if (parent === undefined) break
      at = parent
    }
    return path.reverse()
  }

  /** The next nonce of an account, in the state of the head. */
  async nonceOf(sender: Address): Promise<bigint> {
    const { state } = this.headBlock
    return this.states.run(() => state.account(sender)?.nonce ?? 0n)
  }

  // ------------------------------------------------------------------------------------------------ for consensus

  /** Executes a block whose parent is executed. Undefined where it is valid. */
  async execute(block: Block, hash: Hash): Promise<Rejection | undefined> {
    if (this.executed.has(hash)) return undefined
    const parent = this.executed.get(block.header.parentHash)
    assert(parent !== undefined, `block ${hash} is to be executed before its parent`)
    const recovered = await this.recover(block)
    if (!recovered.ok) return recovered.rejection
    const transactions = recovered.value
    await this.states.prefetch(prefetchKeys(transactions, block.header.beneficiary))
    const result = await this.states.run(() => this.ledger.execute(parent, block, transactions))
    if (!result.ok) return result.rejection
    this.keepExecuted({ ...result.value, hash, transactions })
    return undefined
  }

  /** Makes and executes a block on an executed parent, of what waits in the mempool. */
  async build(parentHash: Hash, record: ConsensusRecord, beneficiary: Address, isOver: () => boolean) {
    const parent = this.executed.get(parentHash)
    assert(parent !== undefined, `a block is to be built on ${parentHash}, which is not executed`)
    const { mempool, clock } = this.parts
    const baseFee = parent.header.baseFeePerGas
    const built = await this.states.run(() => {
      const nonceOf = (sender: Address): bigint => parent.state.account(sender)?.nonce ?? 0n
      return this.ledger.build(parent, {
        candidates: mempool.candidates(baseFee, nonceOf),
        timestampS: Math.floor(clock.nowMs() / 1000),
        beneficiary,
        record,
        limits: { isOver },
      })
    })
    for (const { transaction, rejection } of built.skipped) if (rejection.isFinal) mempool.remove(transaction)
    const hash = hashBlock(built.block)
    this.keepExecuted({ ...built, hash })
    return { block: built.block, hash }
  }

  /** Consensus may have gone on meanwhile: what is too late for the tree is never told to be dropped. */
  private keepExecuted(block: ChainBlock): void {
    if (block.header.height > this.settledBlock.header.height) this.executed.set(block.hash, block)
  }

  setHead(hash: Hash): void {
    const block = this.executed.get(hash)
    if (block === undefined || block === this.headBlock) return
    this.headBlock = block
    for (const listener of this.listeners) listener.onHead?.(block)
  }

  /** Calls follow one another; each resolves when its blocks are on disk. */
  settle(effect: SettledEffect): Promise<void> {
    this.writing = this.writing.then(() => this.writeSettled(effect))
    return this.writing
  }

  private async writeSettled({ blocks, proof, dropped }: SettledEffect): Promise<void> {
    const settled = blocks.map(({ hash }) => this.executed.get(hash)!)
    const last = settled.at(-1)!
    const entries = blocks.map(({ hash, proposal }, i): SettledEntry => {
      const { receipts } = settled[i]!
      return { hash, proposal, receipts: receipts.map(encodeReceipt), poolIds: receipts.flatMap(poolsCreated) }
    })
    await this.states.settle(last.state, this.store.settleOperations(entries, proof))
    this.settledBlock = last
    this.proofOfSettled = proof
    for (const hash of dropped) this.executed.delete(hash)
    // all others that are as low: also built or executed too late to have been in the tree
    for (const { hash, header } of this.executed.values())
      if (header.height <= last.header.height && hash !== last.hash) this.executed.delete(hash)
    for (const { transactions } of settled) this.forgetMined(transactions)
    for (const listener of this.listeners) listener.onSettled?.(settled)
    this.showFinalized()
    if (dropped.length > 0) await this.store.dropUnsettledBelow(last.header.height)
  }

  /** Guardians may finalize what this node has not settled yet: it shows when both hold. */
  setFinalized(block: FinalizedBlock): void {
    if (block.height > (this.pendingFinalized?.height ?? this.finalizedBlock.height)) this.pendingFinalized = block
    this.showFinalized()
  }

  private showFinalized(): void {
    const block = this.pendingFinalized
    if (block === undefined || block.height > this.settledBlock.header.height) return
    this.pendingFinalized = undefined
    this.finalizedBlock = block
    for (const listener of this.listeners) listener.onFinalized?.(block)
  }

  /** Waits for what is being written. */
  async flush(): Promise<void> {
    await this.writing
  }

  private forgetMined(transactions: readonly RecoveredTransaction[]): void {
    const nonces = new Map<Address, bigint>()
    for (const { sender, transaction } of transactions) nonces.set(sender, transaction.nonce + 1n)
    for (const [sender, nonce] of nonces) this.parts.mempool.removeBelow(sender, nonce)
  }

  /** A block's transactions with their senders, from the mempool where they were recovered before. */
  async recover(block: Block): Promise<Result<RecoveredTransaction[]>> {
    const found = block.transactions.map(encoded => this.parts.mempool.get(hashTransaction(encoded)))
    const missing = block.transactions.filter((_, i) => found[i] === undefined)
    const answers = (await this.parts.recovery.recover(missing, { isUrgent: true })).values()
    const value: RecoveredTransaction[] = []
    for (const [i, known] of found.entries()) {
      const answer = known === undefined ? answers.next().value! : { ok: true as const, value: known }
      if (!answer.ok) return rejected(ofTransaction(i, answer.rejection))
      value.push(answer.value)
    }
    return { ok: true, value }
  }

  // ------------------------------------------------------------------------------------------------ for readers

  /** A block by hash: unsettled or on disk. */
  async proposalBlock(hash: Hash): Promise<Block | undefined> {
    return this.executed.get(hash)?.block ?? (await this.store.proposal(hash))?.block
  }

  /** The hash at a height of the chain that ends at the head. */
  async hashAt(height: number): Promise<Hash | undefined> {
    if (height <= this.settledBlock.header.height) return this.store.hashAt(height)
    return this.branch().find(block => block.header.height === height)?.hash
  }

  /** A block and a reader of the state after it. Throws `storage/missing-node` where that state is not kept. */
  async blockState(hash: Hash): Promise<BlockState | undefined> {
    const unsettled = this.executed.get(hash)
    if (unsettled !== undefined) return unsettled
    const block = (await this.store.proposal(hash))?.block
    if (block === undefined) return undefined
    const state = await this.states.at(block.header.stateRoot)
    const ancestors = await this.store.hashesBelow(block.header.height, limits.ANCESTORS_MAX)
    return { header: block.header, state, ancestors }
  }
}

const POOL_CREATED = keccakHash(
  utf8ToBytes('PoolCreated(bytes32,address,bytes32,uint256,uint256,uint64,address,address)'),
)

function poolsCreated({ logs }: Receipt): Hash[] {
  return logs.flatMap(({ address, topics }) =>
    address === SYSTEM_ADDRESSES.paymentPools && topics[0] === POOL_CREATED ? topics.slice(1, 2) : [],
  )
}
