// One transaction on top of a journal: checked, paid for, run, and charged for what it used. A rejection leaves no trace.
import { type Address, assert, type Result } from '@tan/primitives'
import { REFUND_QUOTIENT } from '../gas.ts'
import type { Journal, Log } from '../state/journal.ts'
import { effectiveGasPrice, intrinsicGas } from './fees.ts'
import { type BlockEnvironment, runMessage, validateMessage, warmAccounts } from './message.ts'
import type { RecoveredTransaction } from './recover.ts'
import { validateBlockGas, validateSender, validateWithGas } from './validate.ts'

export interface TransactionResult {
  readonly succeeded: boolean
  readonly gasUsed: number
  /** TANGam wei, all of it burned */
  readonly effectiveGasPrice: bigint
  readonly output: Uint8Array
  readonly logs: readonly Log[]
  /** of a created contract */
  readonly created: Address | undefined
}

/** All rules in their order; the first that is broken is the rejection. `gasAvailable` is what the block has left. */
export function executeTransaction(
  journal: Journal,
  environment: BlockEnvironment,
  recovered: RecoveredTransaction,
  gasAvailable: number,
): Result<TransactionResult> {
  const { transaction, sender } = recovered
  const intrinsic = intrinsicGas(transaction)
  const wrong =
    validateWithGas(transaction, intrinsic, environment.chainId) ??
    validateBlockGas(transaction, gasAvailable) ??
    validateSender(recovered, journal, environment.baseFeePerGas) ??
    validateMessage(journal, transaction.to)
  if (wrong !== undefined) return { ok: false, rejection: wrong }

  const price = effectiveGasPrice(transaction, environment.baseFeePerGas)
  assert(price !== undefined, 'a fee below the base fee passed validation')
  const gasLimit = Number(transaction.gasLimit)
  journal.beginTransaction()
  const { to, value, data } = transaction
  const accessList = transaction.type === 'legacy' ? [] : transaction.accessList
  warmAccounts(journal, environment, { sender, to, accessList })
  // the whole limit is out of reach while it runs
  journal.debit(sender, transaction.gasLimit * price)
  journal.setNonce(sender, transaction.nonce + 1n)

  const result = runMessage(journal, environment, { sender, to, valueWei: value, data, gas: gasLimit - intrinsic.gas })

  const gasSpent = gasLimit - result.gasLeft
  const refund = Math.min(journal.refund(), Math.floor(gasSpent / REFUND_QUOTIENT))
  const gasUsed = Math.max(gasSpent - refund, intrinsic.floor)
  journal.credit(sender, transaction.gasLimit * price)
  journal.burn(sender, BigInt(gasUsed) * price)
  const { succeeded, output } = result
  const logs = journal.logs()
  return { ok: true, value: { succeeded, gasUsed, effectiveGasPrice: price, output, logs, created: undefined } }
}
