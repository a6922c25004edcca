// What the engine asks of whoever runs it, and only on a miss that is paid for: state, block hashes, and native contracts.
import type { Address, Hash } from '@tan/primitives'
import type { NativeContract } from './native.ts'

export interface HostAccount {
  readonly nonce: bigint
  readonly balance: bigint
  readonly codeHash: Hash
  /** Has it slots other than 0? Such an account cannot be created anew (EIP-7610). */
  readonly hasStorage: boolean
}

/**
 * Synchronous. Each may throw: the run unwinds, the transaction is taken back, and the error reaches the caller, who
 * may fetch what was missing and run the transaction again. None may call the engine.
 */
export interface Host {
  account(address: Address): HostAccount | undefined
  /** 0n for a slot that is not there */
  slot(address: Address, key: Hash): bigint
  code(hash: Hash): Uint8Array
  /** one of the last 256 blocks */
  blockHash(number: bigint): Hash
  /** The contract in native code at the address. The answer never changes. */
  native?(address: Address): NativeContract | undefined
}
