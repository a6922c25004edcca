// Fills a new block from candidates until its gas, its bytes or its time are used up.
import { intrinsicGas } from '@tan/evm'
import { EMPTY_BYTES, type Rejection, rejected, ZERO_ADDRESS } from '@tan/primitives'
import { limits } from '@tan/protocol'
import { reject } from '../codes.ts'
import { MISFITS_MAX } from '../limits.ts'
import type { RecoveredTransaction } from '../transaction.ts'
import type { BlockExecution } from './process.ts'

/** Best first, an account's own in the order of their nonces. Asked for one at a time, after the one before is done. */
export type Candidates = Iterable<RecoveredTransaction>

export interface BodyLimits {
  readonly sizeMaxBytes: number
  /** asked before each candidate: has the builder run out of time? */
  isOver?(): boolean
}

export interface Skipped {
  readonly transaction: RecoveredTransaction
  readonly rejection: Rejection
}

/** The candidates that went in, in order, and those that did not, with the reason. */
export function fillBlock(
  execution: BlockExecution,
  candidates: Candidates,
  { sizeMaxBytes, isOver }: BodyLimits,
): { readonly included: readonly RecoveredTransaction[]; readonly skipped: readonly Skipped[] } {
  const included: RecoveredTransaction[] = []
  const skipped: Skipped[] = []
  let sizeBytes = 0
  let misfits = 0
  for (const transaction of candidates) {
    const result =
      sizeBytes + transaction.encoded.length > sizeMaxBytes
        ? rejected(bodyFull(transaction, sizeMaxBytes - sizeBytes))
        : execution.add(transaction)
    if (result.ok) {
      included.push(transaction)
      sizeBytes += transaction.encoded.length
      misfits = 0
    } else {
      const isMisfit =
        sizeBytes + transaction.encoded.length > sizeMaxBytes ||
        transaction.input.gasLimit > BigInt(execution.gasAvailable)
      skipped.push({ transaction, rejection: result.rejection })
      // smaller ones may still fit, but not for ever
      if (isMisfit && ++misfits >= MISFITS_MAX) break
    }
    if (execution.gasAvailable < TRANSACTION_GAS_MIN || included.length >= limits.BLOCK_TRANSACTIONS_MAX) break
    if (isOver?.()) break
  }
  return { included, skipped }
}

/** No transaction fits into less. */
const TRANSACTION_GAS_MIN = intrinsicGas({ to: ZERO_ADDRESS, data: EMPTY_BYTES }, 'osaka').gas

function bodyFull({ encoded }: RecoveredTransaction, leftBytes: number): Rejection {
  return reject('transaction/block-size', `${encoded.length} bytes where the block has ${leftBytes} left`)
}
