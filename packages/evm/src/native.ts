// The door for contracts in native code (precompiles are simpler: precompiles/). A native contract answers calls to its
// address, from a transaction or from bytecode alike; it reads and writes ordinary slots of its own account, and what it
// writes is rolled back with the frame, as bytecode's writes are.
import type { Address, Hash } from '@tan/primitives'
import type { Environment } from './message.ts'

/** Everything but `chargeGas` charges for itself, and every charge ends the call where the gas does not reach. */
export interface NativeCall {
  /** the contract's own address: also in a DELEGATECALL or CALLCODE, which cannot write */
  readonly address: Address
  readonly caller: Address
  /** what came with the call, and is on the contract's balance already; 0n in a DELEGATECALL or CALLCODE */
  readonly valueWei: bigint
  /** Shares memory with the engine: copy what outlives the call. As long as the caller likes: charge for reading it. */
  readonly input: Uint8Array
  /** no state may change: a static call, or one that borrows the code (DELEGATECALL, CALLCODE); a write halts */
  readonly isStatic: boolean
  readonly environment: Environment
  readonly gasLeft: number

  chargeGas(gas: number): void
  /** As SLOAD, of any native contract. */
  load(contract: Address, slot: Hash): bigint
  /** As SSTORE with its refunds, but with no least gas that must be left. */
  store(contract: Address, slot: Hash, value: bigint): void
  /** As LOG, with at most 4 topics. */
  log(contract: Address, topics: readonly Hash[], data: Uint8Array): void
  balance(address: Address): bigint
  /** A credit, never a call: the receiver's code does not run. The sender must have it. Costs a CALL with value less its stipend. */
  transfer(from: Address, to: Address, amountWei: bigint): void
  /** The amount leaves the supply. The account must have it. */
  burn(from: Address, amountWei: bigint): void
}

export interface NativeResult {
  /** true takes back all that the call did */
  readonly isRevert: boolean
  readonly output: Uint8Array
}

/** Must not throw but for bugs, and for what the host throws (state that is missing), which it must let through. */
export type NativeContract = (call: NativeCall) => NativeResult
