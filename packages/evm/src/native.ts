// The door for contracts in native code (precompiles are simpler: precompiles/). A native contract answers calls to its
// address, from a transaction or from bytecode alike; it reads and writes ordinary slots of its own account, and what it
// writes is rolled back with the frame, as bytecode's writes are.
import type { Address, Hash } from '@tan/primitives'
import type { Environment } from './message.ts'

export interface NativeCall {
  /** the contract's own address: also in a DELEGATECALL or CALLCODE, which cannot write */
  readonly address: Address
  readonly caller: Address
  /** what came with the call, and is on the contract's balance already; 0n in a DELEGATECALL or CALLCODE */
  readonly value: bigint
  /** Shares memory with the engine: copy what outlives the call. As long as the caller likes: charge for reading it. */
  readonly input: Uint8Array
  /** Writes of any kind halt: a static call, or one that borrows the code (DELEGATECALL, CALLCODE). */
  readonly isReadOnly: boolean
  readonly environment: Environment
  /** what is left */
  readonly gas: number

  /** Charges for work; halts the call if there is too little. The methods below charge by themselves, as instructions do. */
  charge(gas: number): void
  /** SLOAD */
  load(key: Hash): bigint
  /** SSTORE, with its refunds */
  store(key: Hash, value: bigint): void
  /** LOG, at most 4 topics */
  log(topics: readonly Hash[], data: Uint8Array): void
  /** BALANCE */
  balance(address: Address): bigint
  /**
   * Moves from the contract's own balance, without running the recipient's code. Costs what a CALL with value does, less its
   * stipend. False if the balance is too low.
   */
  send(to: Address, amount: bigint): boolean
  /** Changes what an account has out of nothing, or into nothing: for money that is minted or burned. The same cost. */
  mint(to: Address, amount: bigint): void
  burn(amount: bigint): boolean
}

export interface NativeResult {
  /** true takes back all that the call did */
  readonly isRevert: boolean
  readonly output: Uint8Array
}

/** Must not throw but for bugs, and for what the host throws (state that is missing), which it must let through. */
export type NativeContract = (call: NativeCall) => NativeResult
