// What is run, in which block, and what comes of it.
import type { Address, Hash } from '@tan/primitives'
import type { Fork } from './forks.ts'

/** The block that a message runs in. Told apart by identity: make one object for each block and do not change it. */
export interface Environment {
  readonly fork: Fork
  readonly chainId: bigint
  readonly number: bigint
  /** seconds */
  readonly timestamp: bigint
  readonly coinbase: Address
  readonly gasLimit: bigint
  readonly baseFee: bigint
  /** before Paris the difficulty */
  readonly prevRandao: Hash
  readonly blobBaseFee: bigint
}

export interface AccessListItem {
  readonly address: Address
  readonly slots: readonly Hash[]
}

export interface Message {
  readonly caller: Address
  /** undefined creates a contract with the input as its init code */
  readonly to: Address | undefined
  readonly value: bigint
  readonly input: Uint8Array
  /** below 2^63 */
  readonly gas: bigint
  readonly gasPrice: bigint
  /** the caller, unless said */
  readonly origin?: Address
  readonly isStatic?: boolean
  /** warm from the start, beside caller, target, coinbase and precompiles */
  readonly accessList?: readonly AccessListItem[]
  readonly blobHashes?: readonly Hash[]
}

export interface Log {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

export interface AccountChange {
  readonly address: Address
  readonly nonce: bigint
  readonly balance: bigint
  readonly codeHash: Hash
  /** the code, where it is another than before */
  readonly code: Uint8Array | undefined
}

export interface SlotChange {
  readonly address: Address
  readonly key: Hash
  /** 0n deletes it */
  readonly value: bigint
}

/** What is different after the transaction. Apply `deleted` first. */
export interface StateChanges {
  /** these accounts are gone, and all of their storage */
  readonly deleted: readonly Address[]
  readonly accounts: readonly AccountChange[]
  readonly slots: readonly SlotChange[]
}

export type Status = 'success' | 'revert' | 'halt'

/** Why a run halted: all of its gas is gone. */
export type HaltReason = (typeof HALT_REASONS)[number]

/** In the order of the codes of assembly/frames.ts. */
export const HALT_REASONS = [
  'none',
  'out of gas',
  'stack underflow or overflow',
  'invalid opcode',
  'invalid jump',
  'write in a static call',
  'return data out of bounds',
  'balance too low',
  'address in use',
  'code too large',
  'invalid code',
  'native contract halted',
  'call too deep',
  'last nonce',
] as const

export interface ExecutionResult {
  readonly status: Status
  readonly haltReason: HaltReason
  readonly gasLeft: bigint
  /** the refund counter, before any cap */
  readonly refund: bigint
  /** what RETURN or REVERT gave; of a creation, nothing on success */
  readonly returnData: Uint8Array
  /** of a creation that succeeded */
  readonly created: Address | undefined
  readonly logs: readonly Log[]
  readonly changes: StateChanges
  /** wei that left the supply: burned by native contracts, or destroyed with an account */
  readonly burned: bigint
}
