// Fills a new block from candidates until its gas, its bytes or its time are used up.
import { type Rejection, rejected } from '@tan/primitives'
import { limits } from '@tan/protocol'
import { reject } from '../codes.ts'
import { MISFITS_MAX } from '../limits.ts'
import type { RecoveredTransaction } from '../transaction/recover.ts'
import { TRANSACTION_GAS_MIN } from '../transaction/validate.ts'
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
      skipped.push({ transaction, rejection: result.rejection })
      // smaller ones may still fit, but not for ever
      if (isMisfit(result.rejection) && ++misfits >= MISFITS_MAX) break
    }
    if (execution.gasAvailable < TRANSACTION_GAS_MIN || included.length >= limits.BLOCK_TRANSACTIONS_MAX) break
    if (isOver?.()) break
  }
  return { included, skipped }
}

/** Was the candidate right in itself, and only too large for what was left of the block? */
export function isMisfit({ code }: Rejection): boolean {
  return code === 'transaction/block-gas' || code === 'transaction/block-size'
}

function bodyFull({ encoded }: RecoveredTransaction, leftBytes: number): Rejection {
  return reject('transaction/block-size', `${encoded.length} bytes where the block has ${leftBytes} left`)
}
