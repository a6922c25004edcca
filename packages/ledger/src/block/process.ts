// Runs the transactions of a block in the engine (spec L-TRANSITION), and compares what its header claims with what
// came out (spec L-BODY). All fees are burned (spec L-BURN).
import type { Evm, TransactionResult } from '@tan/evm'
import { equalBytes, type Hash, type Reason, type Rejection, type Result, rejected } from '@tan/primitives'
import type { BlockHeader } from '@tan/protocol'
import { orderedListRoot, type StateWrites } from '@tan/storage'
import { reject } from '../codes.ts'
import { BlockHost, type ParentState } from '../state/block-host.ts'
import { type RecoveredTransaction, validateChainId } from '../transaction.ts'
import type { BlockEnvironment } from './environment.ts'
import { bloomOf, encodeReceipt, mergeBlooms, type Receipt } from './receipts.ts'

/** What came out of a block's transactions. */
export interface BlockResult {
  readonly writes: StateWrites
  readonly receipts: readonly Receipt[]
  readonly gasUsed: number
  /** TANGam that left the supply (spec L-BURN) */
  readonly burnedWei: bigint
}

/**
 * The body of a block that `validateBlock` has passed, and what the header claims of its outcome, all but the state root,
 * which the caller compares once it has applied the writes. `transactions` are the block's own, recovered.
 */
export function processBody(
  execution: BlockExecution,
  header: BlockHeader,
  transactions: readonly RecoveredTransaction[],
): Result<BlockResult> {
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
  readonly #evm: Evm
  readonly #environment: BlockEnvironment
  readonly #host: BlockHost
  readonly #receipts: Receipt[] = []
  #gasUsed = 0
  #burnedWei = 0n

  constructor(evm: Evm, environment: BlockEnvironment, parent: ParentState, ancestors: readonly Hash[]) {
    this.#evm = evm
    this.#environment = environment
    this.#host = new BlockHost(parent, { height: environment.height, ancestors })
  }

  get gasAvailable(): number {
    return Number(this.#environment.gasLimit) - this.#gasUsed
  }

  add({ transaction, input }: RecoveredTransaction): Result<TransactionResult> {
    const { rules, coinbase } = this.#environment
    const wrong = validateChainId(transaction, rules)
    if (wrong !== undefined) return rejected(wrong)
    const result = this.#evm.applyTransaction(input, this.#environment, this.#host, {
      tipTo: rules.burnsTips ? undefined : coinbase,
      gasAvailable: BigInt(this.gasAvailable),
    })
    if (!result.ok) return result
    const { status, gasUsed, logs, changes, burned } = result.value
    this.#host.apply(changes)
    this.#gasUsed += Number(gasUsed)
    this.#burnedWei += burned
    this.#receipts.push({
      type: transaction.type,
      succeeded: status === 'success',
      cumulativeGasUsed: this.#gasUsed,
      logsBloom: bloomOf(logs),
      logs,
    })
    return result
  }

  finish(): BlockResult {
    const writes = this.#host.writes()
    return { writes, receipts: this.#receipts, gasUsed: this.#gasUsed, burnedWei: this.#burnedWei }
  }
}

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
