// Calls that change nothing: what `eth_call` and `eth_estimateGas` answer for messages that run natively.
import { type Address, EMPTY_BYTES, type Rejection, type Result, rejected, ZERO_ADDRESS } from '@tan/primitives'
import type { AccessListEntry } from '@tan/protocol'
import { reject } from './codes.ts'
import { REFUND_QUOTIENT, TRANSACTION_GAS_MAX } from './gas.ts'
import { CALL_GAS_MAX } from './limits.ts'
import { Journal, type Log, type ParentState } from './state/journal.ts'
import { explainRevert } from './system/contracts.ts'
import { intrinsicGasOf } from './transaction/fees.ts'
import { type BlockEnvironment, runMessage, validateMessage, warmAccounts } from './transaction/message.ts'

/** As a transaction would be, but from anyone, unsigned and free of fees. */
export interface CallRequest {
  readonly from?: Address
  readonly to?: Address
  readonly valueWei?: bigint
  readonly data?: Uint8Array
  readonly gasLimit?: number
  readonly accessList?: readonly AccessListEntry[]
}

export interface CallOutcome {
  readonly succeeded: boolean
  /** what was returned, or the error that it reverted with */
  readonly output: Uint8Array
  readonly gasUsed: number
  /** the least gas limit that this run could have had */
  readonly gasNeeded: number
  readonly logs: readonly Log[]
}

/** Runs the request on top of a state; rejected where no such transaction could run. */
export function simulateCall(
  state: ParentState,
  environment: BlockEnvironment,
  request: CallRequest,
): Result<CallOutcome> {
  const { from: sender = ZERO_ADDRESS, to, valueWei = 0n, data = EMPTY_BYTES, accessList = [] } = request
  const journal = new Journal(state)
  const wrong = validateMessage(journal, to)
  if (wrong !== undefined) return { ok: false, rejection: wrong }
  const balance = journal.balance(sender)
  if (balance < valueWei)
    return rejected(reject('transaction/balance', `${sender} has ${balance} wei, not ${valueWei}`))
  const intrinsic = intrinsicGasOf({ to, data, accessList, authorizations: 0 })
  const gasLimit = Math.min(request.gasLimit ?? CALL_GAS_MAX, CALL_GAS_MAX)
  const needed = Math.max(intrinsic.gas, intrinsic.floor)
  if (gasLimit < needed) return rejected(tooLittleGas(gasLimit, needed))

  journal.beginTransaction()
  warmAccounts(journal, environment, { sender, to, accessList })
  const gas = gasLimit - intrinsic.gas
  const { succeeded, gasLeft, output } = runMessage(journal, environment, { sender, to, valueWei, data, gas })
  const gasSpent = gasLimit - gasLeft
  const refund = Math.min(journal.refund(), Math.floor(gasSpent / REFUND_QUOTIENT))
  const gasUsed = Math.max(gasSpent - refund, intrinsic.floor)
  const gasNeeded = Math.max(gasSpent, intrinsic.floor)
  return { ok: true, value: { succeeded, output, gasUsed, gasNeeded, logs: journal.logs() } }
}

export type GasEstimate =
  | { readonly ok: true; readonly gas: number }
  /** `output` is the error that it reverts with, whatever gas it has */
  | { readonly ok: false; readonly rejection: Rejection; readonly output: Uint8Array }

/** A gas limit with which the request succeeds. What runs natively needs exactly what it spends. */
export function estimateGas(state: ParentState, environment: BlockEnvironment, request: CallRequest): GasEstimate {
  const gasLimit = Math.min(request.gasLimit ?? TRANSACTION_GAS_MAX, TRANSACTION_GAS_MAX, environment.gasLimit)
  const result = simulateCall(state, environment, { ...request, gasLimit })
  if (!result.ok) return { ...result, output: EMPTY_BYTES }
  const { succeeded, output, gasNeeded } = result.value
  if (succeeded) return { ok: true, gas: gasNeeded }
  return { ...rejected(reject('call/reverted', `it reverts: ${explainRevert(output)}`)), output }
}

function tooLittleGas(gasLimit: number, needed: number): Rejection {
  return reject(
    'transaction/gas-intrinsic',
    `a gas limit of ${gasLimit} does not cover the ${needed} that it needs before it runs`,
  )
}
