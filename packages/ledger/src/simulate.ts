// Calls that change nothing: what `eth_call` and `eth_estimateGas` answer.
import type { Evm, HaltReason, Log, SimulatedTransaction } from '@tan/evm'
import { type Address, EMPTY_BYTES, type Rejection, type Result, rejected, ZERO_ADDRESS } from '@tan/primitives'
import type { AccessListEntry } from '@tan/protocol'
import type { BlockEnvironment } from './block/environment.ts'
import { reject } from './codes.ts'
import { CALL_GAS_MAX } from './limits.ts'
import type { BlockHost } from './state/block-host.ts'
import { explainRevert } from './system/contracts.ts'
import { intrinsicGas, TRANSACTION_GAS_MAX } from './transaction.ts'

/** As a transaction would be, but from anyone, unsigned and free of fees. */
export interface CallRequest {
  readonly from?: Address
  /** undefined creates a contract */
  readonly to?: Address
  readonly valueWei?: bigint
  readonly data?: Uint8Array
  readonly gasLimit?: number
  readonly accessList?: readonly AccessListEntry[]
}

export interface CallOutcome {
  readonly succeeded: boolean
  /** 'none' where it succeeded or reverted */
  readonly haltReason: HaltReason
  /** what was returned, or the error that it reverted with; of a creation, the code */
  readonly output: Uint8Array
  readonly gasUsed: number
  readonly logs: readonly Log[]
}

/** Where a call is run: the engine, the block, and the state after it. */
export interface CallSite {
  readonly evm: Evm
  readonly environment: BlockEnvironment
  readonly host: BlockHost
}

/** Runs the request on top of a state; rejected where no such transaction could run. */
export function simulateCall(site: CallSite, request: CallRequest): Result<CallOutcome> {
  const result = simulate(site, request, Math.min(request.gasLimit ?? CALL_GAS_MAX, CALL_GAS_MAX))
  if (!result.ok) return result
  const { status, haltReason, returnData, gasUsed, logs } = result.value
  return {
    ok: true,
    value: { succeeded: status === 'success', haltReason, output: returnData, gasUsed: Number(gasUsed), logs },
  }
}

function simulate(
  { evm, environment, host }: CallSite,
  { from: sender = ZERO_ADDRESS, to, valueWei: value = 0n, data = EMPTY_BYTES, accessList }: CallRequest,
  gasLimit: number,
): Result<SimulatedTransaction> {
  const call = { sender, to, value, data, accessList, authorizations: undefined, gasLimit: BigInt(gasLimit) }
  return evm.simulateTransaction(call, environment, host)
}

export type GasEstimate =
  | { readonly ok: true; readonly gas: number }
  /** `output` is the error that it reverts with, whatever gas it has */
  | { readonly ok: false; readonly rejection: Rejection; readonly output: Uint8Array }

/**
 * The least gas limit with which the request succeeds. Transfers and calls of system contracts need what they spend before
 * refunds; bytecode may need more, since it keeps a 64th back from each call (EIP-150), or looks at its gas.
 */
export function estimateGas(site: CallSite, request: CallRequest): GasEstimate {
  const blockGas = Number(site.environment.gasLimit)
  const gasMax = Math.min(request.gasLimit ?? TRANSACTION_GAS_MAX, TRANSACTION_GAS_MAX, blockGas)
  const result = simulate(site, request, gasMax)
  if (!result.ok) return { ...result, output: EMPTY_BYTES }
  const { status, haltReason, returnData, gasSpent } = result.value
  if (status === 'revert')
    return { ...rejected(reject('call/reverted', `it reverts: ${explainRevert(returnData)}`)), output: returnData }
  if (status === 'halt')
    return {
      ...rejected(reject('call/halted', `it halts, with ${gasMax} gas to spend: ${haltReason}`)),
      output: EMPTY_BYTES,
    }

  const { to, data = EMPTY_BYTES, accessList } = request
  const { floor } = intrinsicGas({ to, data, accessList }, site.environment.rules)
  const succeedsWith = (gas: number): boolean => {
    const again = simulate(site, request, gas)
    return again.ok && again.value.status === 'success'
  }
  const spent = Math.max(Number(gasSpent), floor)
  if (spent >= gasMax || succeedsWith(spent)) return { ok: true, gas: spent }
  // what it keeps back in one call, and the stipend that it gave, are mostly all that it needs beyond that
  let tooLittle = spent
  let enough = gasMax
  const likely = Math.ceil((spent * 64) / 63) + CALL_STIPEND
  if (likely < enough) {
    if (succeedsWith(likely)) enough = likely
    else tooLittle = likely
  }
  while (tooLittle + 1 < enough) {
    const middle = (tooLittle + enough) >>> 1
    if (succeedsWith(middle)) enough = middle
    else tooLittle = middle
  }
  return { ok: true, gas: enough }
}

/** What a call with value is given beyond what it is charged. */
const CALL_STIPEND = 2_300
