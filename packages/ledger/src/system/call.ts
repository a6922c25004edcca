// What a system contract may do to the world: what the engine lets native code do, in a block whose rules it knows. It calls
// nobody, so nobody can re-enter it (spec L-REENTRY).
import type { NativeCall } from '@tan/evm'
import { type Address, EMPTY_BYTES } from '@tan/primitives'
import {
  type AbiError,
  type AbiEvent,
  type EventInputs,
  type EventValues,
  encodeError,
  encodeEvent,
} from '../abi/members.ts'
import type { AbiTypes, ValuesOf } from '../abi/types.ts'
import type { BlockEnvironment } from '../block/environment.ts'

/** Credits and burns are of TANGam, in wei. */
export interface SystemCall extends NativeCall {
  /** what the ledger gave the engine for the block */
  readonly environment: BlockEnvironment
}

export function emit<const T extends EventInputs>(
  call: SystemCall,
  contract: Address,
  event: AbiEvent<T>,
  ...values: EventValues<T>
): void {
  const { topics, data } = encodeEvent(event, values)
  call.log(contract, topics, data)
}

/**
 * The call ends without effect, with this output. Control flow between a contract and its host, not an Error: a stack
 * trace would cost more than the call.
 */
export class Revert {
  readonly output: Uint8Array

  constructor(output: Uint8Array) {
    this.output = output
  }
}

/** Ends the call with one of the contract's errors. */
export function revert<const T extends AbiTypes>(error: AbiError<T>, ...values: ValuesOf<T>): never {
  throw new Revert(encodeError(error, values))
}

/** Ends the call without a word, as Solidity does where no function fits. */
export function revertEmpty(): never {
  throw new Revert(EMPTY_BYTES)
}
