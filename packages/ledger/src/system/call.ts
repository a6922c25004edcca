// A call of a system contract: what its code may do to the world, each step charged by the work that it makes. The code
// runs natively; who calls, a transaction or bytecode, makes no difference to it. It calls nobody, so nobody can re-enter it.
import { type Address, type AggregateScheme, assert, CodedError, EMPTY_BYTES, type Hash } from '@tan/primitives'
import type { ChainParameters } from '@tan/protocol'
import {
  type AbiError,
  type AbiEvent,
  type EventInputs,
  type EventValues,
  encodeError,
  encodeEvent,
} from '../abi/members.ts'
import type { AbiTypes, ValuesOf } from '../abi/types.ts'
import { ACCESS_GAS, CALL_WORD_GAS, CREDIT_GAS, logGas, slotChangeGas, wordsOf } from '../gas.ts'
import type { Journal } from '../state/journal.ts'

/** What a host of system contracts offers: a transaction's journal, or the bytecode engine's. */
export type SystemState = Pick<
  Journal,
  | 'slot'
  | 'originalSlot'
  | 'setSlot'
  | 'touchSlot'
  | 'touch'
  | 'isEmpty'
  | 'credit'
  | 'debit'
  | 'burn'
  | 'log'
  | 'addRefund'
  | 'checkpoint'
  | 'rollback'
>

/** Of the block that the call is part of. */
export interface CallEnvironment {
  readonly chainId: number
  readonly parameters: ChainParameters
  readonly height: number
  readonly timestampS: number
  readonly baseFeePerGas: bigint
  /** checks proofs of possession */
  readonly bls: AggregateScheme
}

export interface SystemRequest {
  readonly caller: Address
  /** TANGam wei that the host has moved to the contract already */
  readonly valueWei: bigint
  readonly data: Uint8Array
  readonly gas: number
  /** may it change state? Not by STATICCALL, nor by DELEGATECALL and CALLCODE, which would run it as another account */
  readonly isStatic: boolean
}

export interface CallResult {
  readonly succeeded: boolean
  readonly gasLeft: number
  /** what was returned, or the error that it reverted with */
  readonly output: Uint8Array
}

/** The call ends without effect, with an error for the caller. Control flow, not an Error: a stack trace would cost more than the call. */
class Revert {
  readonly output: Uint8Array

  constructor(output: Uint8Array) {
    this.output = output
  }
}

const OUT_OF_GAS = Symbol('out of gas')

/** Ends the call with one of the contract's errors. */
export function revert<T extends AbiTypes>(error: AbiError<T>, ...values: ValuesOf<T>): never {
  throw new Revert(encodeError(error, values as ValuesOf<T>))
}

/** Ends the call without a word, as Solidity does where no function fits. */
export function revertEmpty(): never {
  throw new Revert(EMPTY_BYTES)
}

export class SystemCall {
  readonly environment: CallEnvironment
  readonly caller: Address
  readonly valueWei: bigint
  readonly isStatic: boolean
  readonly #state: SystemState
  #gasLeft: number

  constructor(state: SystemState, environment: CallEnvironment, request: SystemRequest) {
    this.environment = environment
    this.caller = request.caller
    this.valueWei = request.valueWei
    this.isStatic = request.isStatic
    this.#state = state
    this.#gasLeft = request.gas
  }

  get gasLeft(): number {
    return this.#gasLeft
  }

  chargeGas(gas: number): void {
    if (gas > this.#gasLeft) throw OUT_OF_GAS
    this.#gasLeft -= gas
  }

  load(contract: Address, slot: Hash): bigint {
    this.chargeGas(this.#state.touchSlot(contract, slot) ? ACCESS_GAS.coldSlot : ACCESS_GAS.warm)
    return this.#state.slot(contract, slot)
  }

  store(contract: Address, slot: Hash, next: bigint): void {
    assert(!this.isStatic, 'a view stores')
    if (this.#state.touchSlot(contract, slot)) this.chargeGas(ACCESS_GAS.coldSlot)
    const current = this.#state.slot(contract, slot)
    const { gas, refund } = slotChangeGas({ original: this.#state.originalSlot(contract, slot), current, next })
    this.chargeGas(gas)
    if (refund !== 0) this.#state.addRefund(refund)
    if (next !== current) this.#state.setSlot(contract, slot, next)
  }

  emit<T extends EventInputs>(contract: Address, event: AbiEvent<T>, ...values: EventValues<T>): void {
    assert(!this.isStatic, 'a view logs')
    const { topics, data } = encodeEvent(event, values as EventValues<T>)
    this.chargeGas(logGas(topics, data))
    this.#state.log({ address: contract, topics, data })
  }

  /** A credit of TANGam, never a call: the receiver's code does not run. */
  transfer(from: Address, to: Address, amountWei: bigint): void {
    assert(!this.isStatic, 'a view moves TANGam')
    this.chargeGas((this.#state.touch(to) ? ACCESS_GAS.coldAccount : ACCESS_GAS.warm) + CREDIT_GAS.value)
    if (amountWei === 0n) return
    if (this.#state.isEmpty(to)) this.chargeGas(CREDIT_GAS.newAccount)
    this.#state.debit(from, amountWei)
    this.#state.credit(to, amountWei)
  }

  burn(from: Address, amountWei: bigint): void {
    assert(!this.isStatic, 'a view burns TANGam')
    this.#state.burn(from, amountWei)
  }
}

/** Runs a contract's code; whatever it changed is undone unless it succeeds. The value that came with it is the host's to undo. */
export function runSystemCall(
  state: SystemState,
  environment: CallEnvironment,
  request: SystemRequest,
  code: (call: SystemCall, data: Uint8Array) => Uint8Array,
): CallResult {
  const checkpoint = state.checkpoint()
  const call = new SystemCall(state, environment, request)
  try {
    call.chargeGas(CALL_WORD_GAS * wordsOf(request.data.length))
    const output = code(call, request.data)
    call.chargeGas(CALL_WORD_GAS * wordsOf(output.length))
    return { succeeded: true, gasLeft: call.gasLeft, output }
  } catch (error) {
    state.rollback(checkpoint)
    if (error instanceof Revert) return { succeeded: false, gasLeft: call.gasLeft, output: error.output }
    if (error === OUT_OF_GAS) return { succeeded: false, gasLeft: 0, output: EMPTY_BYTES }
    if (error instanceof CodedError && error.code === 'abi/invalid')
      return { succeeded: false, gasLeft: call.gasLeft, output: EMPTY_BYTES }
    throw error
  }
}
