// The room's door: one engine, and what it can be asked to run.
import type { Address, Result } from '@tan/primitives'
import { createEngine } from './create-engine.ts'
import type { Engine } from './engine.ts'
import type { Host } from './host.ts'
import type { Environment, ExecutionResult, Message } from './message.ts'
import { execute } from './run.ts'
import {
  type AppliedTransaction,
  applyTransaction,
  type SimulatedInput,
  type SimulatedTransaction,
  simulateTransaction,
  type TransactionOptions,
} from './transaction.ts'
import type { TransactionInput } from './transaction-rules.ts'

/**
 * One engine. It keeps what it has seen of the host's state from one transaction to the next, so the host must apply each
 * result's changes before it is asked again, and `forgetAccount` what it changes otherwise. Contract codes are kept from
 * host to host. Not re-entrant: whoever calls any of it from within a host or native contract gets `evm/busy`.
 */
export interface Evm {
  /** Throws what the host throws, `evm/gas`, `evm/input` and `evm/bound`; the transaction is then as if it had not been. */
  execute(message: Message, environment: Environment, host: Host): ExecutionResult
  /** Runs a whole transaction: its rules, fees and refunds too. The same door otherwise. */
  applyTransaction(
    transaction: TransactionInput,
    environment: Environment,
    host: Host,
    options?: TransactionOptions,
  ): AppliedTransaction
  /** What a transaction from anyone, free of fees, would do. Nothing changes. The same door otherwise. */
  simulateTransaction(transaction: SimulatedInput, environment: Environment, host: Host): Result<SimulatedTransaction>
  /** The caller has changed the account or its storage by other means. */
  forgetAccount(address: Address): void
  /** The host's state is another one now, or the changes of the last result will not be applied. */
  forget(): void
}

export function createEvm(): Evm {
  return evmOver(createEngine())
}

export function evmOver(engine: Engine): Evm {
  return {
    execute: (message, environment, host) => execute(engine, message, environment, host),
    applyTransaction: (transaction, environment, host, options) =>
      applyTransaction(engine, transaction, environment, host, options),
    simulateTransaction: (transaction, environment, host) =>
      simulateTransaction(engine, transaction, environment, host),
    forgetAccount: address => engine.forgetAccount(address),
    forget: () => engine.forget(),
  }
}
