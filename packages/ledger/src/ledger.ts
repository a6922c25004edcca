// The ledger of one chain: blocks onto states. It keeps nothing itself: states are the store's, headers and bodies the node's.
import type { Evm } from '@tan/evm'
import {
  type Address,
  type AggregateScheme,
  assert,
  CodedError,
  type Hash,
  type Result,
  bls as realBls,
  rejected,
} from '@tan/primitives'
import {
  type Block,
  type BlockHeader,
  type ConsensusRecord,
  type Genesis,
  hashHeader,
  hashRecord,
  validateGenesis,
} from '@tan/protocol'
import { EMPTY_ROOT, orderedListRoot, type State, type StateStore } from '@tan/storage'
import { nextBaseFee } from './block/base-fee.ts'
import { type BodyLimits, type Candidates, fillBlock, type Skipped } from './block/build.ts'
import { type EnvironmentFields, environmentOf } from './block/environment.ts'
import { BlockExecution, commitmentsOf, ofTransaction, processBody } from './block/process.ts'
import type { Receipt } from './block/receipts.ts'
import { type ChainRules, TAN_RULES, validateBlock } from './block/validate.ts'
import { reject } from './codes.ts'
import { sharedEngine } from './engine.ts'
import { genesisBlock, genesisWrites } from './genesis/block.ts'
import { ANCESTORS_MAX } from './limits.ts'
import {
  type CallOutcome,
  type CallRequest,
  type CallSite,
  estimateGas,
  type GasEstimate,
  simulateCall,
} from './simulate.ts'
import { BlockHost } from './state/block-host.ts'
import { type RecoveredTransaction, recoverTransaction } from './transaction.ts'

/** A block by its header, and the state after it: what its children build on. */
export interface BlockState {
  readonly header: BlockHeader
  readonly state: State
  /** Hashes of the blocks before it, newest last: all, or the last 256. BLOCKHASH answers from them. */
  readonly ancestors: readonly Hash[]
}

/** Those of a child. */
export function ancestorsBelow({ header, ancestors }: Pick<BlockState, 'header' | 'ancestors'>): readonly Hash[] {
  return [...ancestors.slice(1 - ANCESTORS_MAX), hashHeader(header)]
}

export interface ExecutedBlock extends BlockState {
  readonly block: Block
  readonly receipts: readonly Receipt[]
  /** TANGam wei */
  readonly burnedWei: bigint
}

export interface BuiltBlock extends ExecutedBlock {
  readonly transactions: readonly RecoveredTransaction[]
  readonly skipped: readonly Skipped[]
}

export interface BuildRequest {
  /** best first; see `Candidates` */
  readonly candidates: Candidates
  /** the builder raises it to the parent's where that is later */
  readonly timestampS: number
  readonly beneficiary: Address
  readonly record: ConsensusRecord
  readonly limits?: Partial<BodyLimits>
}

export interface LedgerOptions {
  readonly genesis: Genesis
  readonly store: StateStore
  /** another scheme than BLS12-381 is for simulations alone */
  readonly bls?: AggregateScheme
  /** other rules than TAN's are for Ethereum's public vectors alone */
  readonly rules?: Partial<typeof TAN_RULES>
}

/**
 * All methods are synchronous over states whose engine answers at once; over others they throw MissingStateError, and
 * `StateStore.run` fetches and repeats. Nothing that they are given changes, and nothing goes to disk.
 */
export class Ledger {
  readonly rules: ChainRules
  readonly #genesis: Genesis
  readonly #store: StateStore
  readonly #evm: Evm = sharedEngine()

  constructor({ genesis, store, bls = realBls, rules }: LedgerOptions) {
    this.rules = { chainId: genesis.chainId, parameters: genesis.parameters, bls, ...TAN_RULES, ...rules }
    this.#genesis = genesis
    this.#store = store
  }

  /**
   * The chain's first block, over a store without any state; settle it to begin. Throws `genesis/invalid`,
   * `genesis/balance`, `genesis/guardian` and, where the store holds a chain already, `genesis/not-empty`.
   */
  createGenesis(): ExecutedBlock {
    const empty = this.#store.settled
    if (empty.root !== EMPTY_ROOT)
      throw new CodedError('genesis/not-empty', `the store holds a state already, with the root ${empty.root}`)
    validateGenesis(this.#genesis)
    const state = this.#store.apply(empty, genesisWrites(this.#genesis, this.rules))
    const block = genesisBlock(this.#genesis, state.root)
    return { header: block.header, state, ancestors: [], block, receipts: [], burnedWei: 0n }
  }

  /** `transactions`, if given, are the block's own, recovered before, by the mempool or by other threads. */
  execute(parent: BlockState, block: Block, transactions?: readonly RecoveredTransaction[]): Result<ExecutedBlock> {
    const { header } = block
    const wrong = validateBlock(this.rules, parent.header, block)
    if (wrong !== undefined) return { ok: false, rejection: wrong }
    const recovered = transactions === undefined ? recoverAll(block) : { ok: true as const, value: transactions }
    if (!recovered.ok) return recovered
    assert(recovered.value.length === block.transactions.length, 'the recovered transactions are of another block')
    const ancestors = ancestorsBelow(parent)
    const execution = this.#executionOf(header, parent, ancestors)
    const result = processBody(execution, header, recovered.value)
    if (!result.ok) return result
    const { writes, receipts, burnedWei } = result.value
    const state = this.#store.apply(parent.state, writes)
    if (state.root !== header.stateRoot)
      return rejected(reject('block/state-root', `the header claims ${header.stateRoot}; it came to ${state.root}`))
    return { ok: true, value: { header, state, ancestors, block, receipts, burnedWei } }
  }

  build(parent: BlockState, { candidates, timestampS, beneficiary, record, limits }: BuildRequest): BuiltBlock {
    const { parameters } = this.rules
    const draft = {
      parentHash: hashHeader(parent.header),
      beneficiary,
      height: parent.header.height + 1,
      gasLimit: parameters.blockGasLimit,
      timestampS: Math.max(timestampS, parent.header.timestampS),
      recordHash: hashRecord(record),
      mix: this.rules.nextMix(parent.header.mix, record.reveal),
      baseFeePerGas: nextBaseFee(parent.header, parameters),
    }
    const ancestors = ancestorsBelow(parent)
    const execution = this.#executionOf(draft, parent, ancestors)
    const sizeMaxBytes = Math.min(limits?.sizeMaxBytes ?? parameters.blockBodyMaxBytes, parameters.blockBodyMaxBytes)
    const { included, skipped } = fillBlock(execution, candidates, { ...limits, sizeMaxBytes })
    const { writes, receipts, gasUsed, burnedWei } = execution.finish()
    const state = this.#store.apply(parent.state, writes)
    const transactions = included.map(transaction => transaction.encoded)
    const header: BlockHeader = {
      ...draft,
      stateRoot: state.root,
      transactionsRoot: orderedListRoot(transactions),
      ...commitmentsOf(receipts),
      gasUsed,
    }
    const block: Block = { header, record, transactions }
    return { header, state, ancestors, block, receipts, burnedWei, transactions: included, skipped }
  }

  /** What a message would do on top of a block, in its own environment. */
  call(at: BlockState, request: CallRequest): Result<CallOutcome> {
    return simulateCall(this.#callSite(at), request)
  }

  estimateGas(at: BlockState, request: CallRequest): GasEstimate {
    return estimateGas(this.#callSite(at), request)
  }

  #executionOf(header: EnvironmentFields, { state }: BlockState, ancestors: readonly Hash[]): BlockExecution {
    return new BlockExecution(this.#evm, environmentOf(this.rules, header), state, ancestors)
  }

  #callSite({ header, state, ancestors }: BlockState): CallSite {
    const host = new BlockHost(state, { height: header.height, ancestors })
    return { evm: this.#evm, environment: environmentOf(this.rules, header), host }
  }
}

function recoverAll({ transactions }: Block): Result<RecoveredTransaction[]> {
  const recovered: RecoveredTransaction[] = []
  for (const [i, encoded] of transactions.entries()) {
    const result = recoverTransaction(encoded)
    if (!result.ok) return rejected(ofTransaction(i, result.rejection))
    recovered.push(result.value)
  }
  return { ok: true, value: recovered }
}
