// Runs the transactions of a block, and compares what its header claims with what came out.
import { equalBytes, type Hash, type Reason, type Rejection, type Result, rejected } from '@tan/primitives'
import type { BlockHeader } from '@tan/protocol'
import { orderedListRoot, type StateWrites } from '@tan/storage'
import { reject } from '../codes.ts'
import { Journal, type ParentState } from '../state/journal.ts'
import { executeTransaction, type TransactionResult } from '../transaction/execute.ts'
import type { BlockEnvironment } from '../transaction/message.ts'
import type { RecoveredTransaction } from '../transaction/recover.ts'
import { bloomOf, encodeReceipt, mergeBlooms, type Receipt } from './receipts.ts'
import type { ChainRules } from './validate.ts'

/** What came out of a block's transactions. */
export interface BlockResult {
  readonly writes: StateWrites
  readonly receipts: readonly Receipt[]
  readonly gasUsed: number
  /** TANGam that left the supply */
  readonly burnedWei: bigint
}

/**
 * The body of a block that `validateBlock` has passed, and what the header claims of its outcome, all but the state root,
 * which the caller compares once it has applied the writes. `transactions` are the block's own, recovered.
 */
export function processBody(
  rules: ChainRules,
  header: BlockHeader,
  parentState: ParentState,
  transactions: readonly RecoveredTransaction[],
): Result<BlockResult> {
  const execution = new BlockExecution(environmentOf(rules, header), parentState)
  for (const [i, transaction] of transactions.entries()) {
    const result = execution.add(transaction)
    if (!result.ok) return rejected(ofTransaction(i, result.rejection))
  }
  const result = execution.finish()
  if (header.gasUsed !== result.gasUsed)
    return rejected(reject('block/gas-used', `the header claims ${header.gasUsed} gas; it took ${result.gasUsed}`))
  const { receiptsRoot, logsBloom } = commitmentsOf(result.receipts)
  if (header.receiptsRoot !== receiptsRoot)
    return rejected(reject('block/receipts-root', `the header claims ${header.receiptsRoot}; it is ${receiptsRoot}`))
  if (!equalBytes(header.logsBloom, logsBloom))
    return rejected(reject('block/bloom', "the header's bloom filter is not that of the logs"))
  return { ok: true, value: result }
}

/** Transactions one after another on top of a parent's state. A rejected one leaves no trace. */
export class BlockExecution {
  readonly #environment: BlockEnvironment
  readonly #journal: Journal
  readonly #receipts: Receipt[] = []
  #gasUsed = 0

  constructor(environment: BlockEnvironment, parentState: ParentState) {
    this.#environment = environment
    this.#journal = new Journal(parentState)
  }

  get gasAvailable(): number {
    return this.#environment.gasLimit - this.#gasUsed
  }

  add(recovered: RecoveredTransaction): Result<TransactionResult> {
    const result = executeTransaction(this.#journal, this.#environment, recovered, this.gasAvailable)
    if (!result.ok) return result
    const { succeeded, gasUsed, logs } = result.value
    this.#gasUsed += gasUsed
    this.#receipts.push({
      type: recovered.transaction.type,
      succeeded,
      cumulativeGasUsed: this.#gasUsed,
      logsBloom: bloomOf(logs),
      logs,
    })
    return result
  }

  finish(): BlockResult {
    return {
      writes: this.#journal.writes(),
      receipts: this.#receipts,
      gasUsed: this.#gasUsed,
      burnedWei: this.#journal.burnedWei(),
    }
  }
}

export function environmentOf({ chainId, parameters, bls }: ChainRules, header: EnvironmentFields): BlockEnvironment {
  const { height, timestampS, beneficiary, baseFeePerGas, gasLimit, mix } = header
  return { chainId, parameters, bls, height, timestampS, beneficiary, baseFeePerGas, gasLimit, mix }
}

type EnvironmentFields = Pick<
  BlockHeader,
  'height' | 'timestampS' | 'beneficiary' | 'baseFeePerGas' | 'gasLimit' | 'mix'
>

/** What a header says of its receipts. */
export function commitmentsOf(receipts: readonly Receipt[]): { receiptsRoot: Hash; logsBloom: Uint8Array } {
  return {
    receiptsRoot: orderedListRoot(receipts.map(encodeReceipt)),
    logsBloom: mergeBlooms(receipts.map(receipt => receipt.logsBloom)),
  }
}

/** A block that holds a transaction which is not valid where it stands is against the rules, whatever the transaction's own fault. */
export function ofTransaction(index: number, { code, message }: Reason): Rejection {
  return reject('block/transaction', `transaction ${index} of the block: ${code}: ${message}`)
}
