// A system contract (spec L-CALL) as a table of functions by selector, so that dispatch, views, payability and prefetching are said once.
import type { NativeResult } from '@tan/evm'
import { type Address, assert, CodedError, EMPTY_BYTES, type Hash } from '@tan/primitives'
import {
  type AbiError,
  type AbiEvent,
  type EventInputs,
  encodeReturned,
  type Returned,
  SELECTOR_BYTES,
  selectorOf,
} from '../abi/members.ts'
import { type AbiTypes, decodeValues, type ValuesOf } from '../abi/types.ts'
import { Revert, revertEmpty, type SystemCall } from './call.ts'
import { CALL_WORD_GAS, wordsOf } from './gas.ts'

/** A slot of some system contract. */
export interface TouchedSlot {
  readonly contract: Address
  readonly slot: Hash
}

/** What a call will read, as far as its bytes say, so that a block can be prefetched. */
export interface Touched {
  readonly slots?: readonly TouchedSlot[]
  /** whose TANGam changes */
  readonly accounts?: readonly Address[]
}

export type Mutability = 'view' | 'nonpayable' | 'payable'

export interface SystemFunction {
  readonly name: string
  readonly inputs: AbiTypes
  readonly outputs: AbiTypes
  readonly mutability: Mutability
  readonly selector: string
  run(call: SystemCall, data: Uint8Array): Uint8Array
  touched(caller: Address, data: Uint8Array): Touched
}

export interface SystemContract {
  readonly address: Address
  readonly functions: ReadonlyMap<number, SystemFunction>
  readonly events: readonly AbiEvent<EventInputs>[]
  readonly errors: readonly AbiError<AbiTypes>[]
}

export function systemFunction<const I extends AbiTypes, const O extends AbiTypes>(definition: {
  readonly name: string
  readonly inputs: I
  readonly outputs: O
  readonly mutability: Mutability
  run(call: SystemCall, ...values: ValuesOf<I>): Returned<O>
  touched?(caller: Address, ...values: ValuesOf<I>): Touched
}): SystemFunction {
  const { name, inputs, outputs, mutability } = definition
  return {
    name,
    inputs,
    outputs,
    mutability,
    selector: selectorOf(name, inputs),
    run(call, data) {
      if (mutability !== 'view' && call.isStatic) revertEmpty()
      if (mutability !== 'payable' && call.valueWei !== 0n) revertEmpty()
      return encodeReturned(outputs, definition.run(call, ...decodeValues(inputs, data)))
    },
    touched: (caller, data) => definition.touched?.(caller, ...decodeValues(inputs, data)) ?? {},
  }
}

export function systemContract(
  address: Address,
  functions: readonly SystemFunction[],
  events: readonly AbiEvent<EventInputs>[],
  errors: readonly AbiError<AbiTypes>[],
): SystemContract {
  const table = new Map(functions.map(definition => [Number(definition.selector), definition]))
  assert(table.size === functions.length, `two functions of ${address} have one selector`)
  return { address, functions: table, events, errors }
}

/** Runs the function that the call data names. The engine undoes what it did where it reverts. */
export function answerCall(contract: SystemContract, call: SystemCall): NativeResult {
  return answer(() => {
    call.chargeGas(CALL_WORD_GAS * wordsOf(call.input.length))
    // a copy: the engine's memory may move while the contract works
    const data = call.input.slice()
    const output = contract.functions.get(selectorIn(data))?.run(call, data.subarray(SELECTOR_BYTES)) ?? revertEmpty()
    call.chargeGas(CALL_WORD_GAS * wordsOf(output.length))
    return output
  })
}

/** What the engine and the host throw, where gas or state is missing, passes through. */
export function answer(run: () => Uint8Array): NativeResult {
  try {
    return { isRevert: false, output: run() }
  } catch (error) {
    if (error instanceof Revert) return { isRevert: true, output: error.output }
    if (isUndecodable(error)) return { isRevert: true, output: EMPTY_BYTES }
    throw error
  }
}

/** What a call with this data would touch; nothing where it will revert anyway. */
export function touchedBy(contract: SystemContract, caller: Address, data: Uint8Array): Touched {
  try {
    return contract.functions.get(selectorIn(data))?.touched(caller, data.subarray(SELECTOR_BYTES)) ?? {}
  } catch (error) {
    if (isUndecodable(error)) return {}
    throw error
  }
}

function isUndecodable(error: unknown): boolean {
  return error instanceof CodedError && error.code === 'abi/invalid'
}

/** -1 where there is none. */
function selectorIn(data: Uint8Array): number {
  if (data.length < SELECTOR_BYTES) return -1
  return ((data[0]! << 24) | (data[1]! << 16) | (data[2]! << 8) | data[3]!) >>> 0
}
