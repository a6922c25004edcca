// What a system contract may do to the world. A transaction's journal (journal-call.ts) and, where bytecode calls, the
// engine implement it; who does makes no difference to the contract. It calls nobody, so nobody can re-enter it.
import { type Address, type AggregateScheme, EMPTY_BYTES, type Hash } from '@tan/primitives'
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

/** Everything but `chargeGas` charges for itself, at the prices of gas.ts, and ends the call where the gas does not reach. */
export interface SystemCall {
  readonly environment: CallEnvironment
  readonly caller: Address
  /** TANGam wei that came with the call; the contract has it already */
  readonly valueWei: bigint
  /** no state may change: STATICCALL, or DELEGATECALL and CALLCODE, which would run the contract as another account */
  readonly isStatic: boolean
  chargeGas(gas: number): void
  load(contract: Address, slot: Hash): bigint
  store(contract: Address, slot: Hash, value: bigint): void
  log(contract: Address, topics: readonly Hash[], data: Uint8Array): void
  /** A credit of TANGam, never a call: the receiver's code does not run. The sender must have it. */
  transfer(from: Address, to: Address, amountWei: bigint): void
  /** TANGam leaves the supply. */
  burn(from: Address, amountWei: bigint): void
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
