// Runs one message as a transaction of its own: enters the block, begins, runs, and says what came of it. Rules and fees of
// whole transactions are in transaction.ts.
import { type Address, CodedError } from '@tan/primitives'
import type { Engine } from './engine.ts'
import { isFrom } from './forks.ts'
import { ACCESS_ADDRESS_GAS, ACCESS_SLOT_GAS } from './gas.ts'
import type { Host } from './host.ts'
import { GAS_MAX, INPUT_MAX_BYTES, TRANSACTION_GAS_MAX } from './limits.ts'
import {
  type AccessListItem,
  type Environment,
  type ExecutionResult,
  HALT_REASONS,
  type HaltReason,
  type Message,
  type Status,
} from './message.ts'

export function execute(engine: Engine, message: Message, environment: Environment, host: Host): ExecutionResult {
  const gas = Number(message.gas) + accessListGas(message.accessList ?? [])
  const body = () => {
    const outcome = runMessage(engine, message, beginMessage(engine, message, environment))
    const logs = engine.readLogs()
    const changes = engine.collectChanges()
    return { ...outcome, logs, changes, burned: engine.burned() }
  }
  return inTransaction(engine, environment, host, body, gas)
}

/** What the list would cost in a transaction: nobody has paid for it here, but it takes as much room. */
function accessListGas(list: readonly AccessListItem[]): number {
  return list.reduce((gas, { slots }) => gas + ACCESS_ADDRESS_GAS + ACCESS_SLOT_GAS * slots.length, 0)
}

/** The most that a transaction of the block can have. */
function transactionGasMax({ fork, gasLimit }: Environment): number {
  return Number(isFrom(fork, 'osaka') && gasLimit > TRANSACTION_GAS_MAX ? TRANSACTION_GAS_MAX : gasLimit)
}

/** Whatever `body` throws, the engine's state is as before. It has at most `gas`. */
export function inTransaction<T>(
  engine: Engine,
  environment: Environment,
  host: Host,
  body: () => T,
  gas: number = transactionGasMax(environment),
): T {
  engine.assertIdle()
  engine.isRunning = true
  try {
    engine.enter(environment, host)
    engine.begin(gas)
    return orRollBack(engine, body)
  } finally {
    engine.isRunning = false
  }
}

function orRollBack<T>(engine: Engine, body: () => T): T {
  try {
    return body()
  } catch (error) {
    engine.run.rollBack()
    throw error
  }
}

/** The two ends of a message; the target is 0 for a creation. */
export interface Ends {
  readonly caller: number
  readonly target: number
}

/** The access list at the start (EIP-2929, 2930, 3651), and what the transaction's instructions read. */
export function beginMessage(engine: Engine, message: Message, environment: Environment): Ends {
  const { run } = engine
  const caller = engine.account(message.caller)
  const target = message.to === undefined ? 0 : engine.account(message.to)
  run.warmAccount(caller)
  if (target !== 0) run.warmAccount(target)
  if (isFrom(environment.fork, 'shanghai')) run.warmAccount(engine.coinbase())
  for (const { address, slots } of message.accessList ?? []) {
    const account = engine.account(address)
    run.warmAccount(account)
    for (const key of slots) engine.warmSlot(account, key)
  }
  const origin = message.origin === undefined ? caller : engine.account(message.origin)
  engine.writeTransaction(origin, message.gasPrice, message.blobHashes ?? [])
  return { caller, target }
}

export interface Outcome {
  readonly status: Status
  readonly haltReason: HaltReason
  readonly gasLeft: bigint
  readonly refund: bigint
  readonly returnData: Uint8Array
  readonly created: Address | undefined
}

/** In the order of the codes of assembly/frames.ts. */
export const STATUSES: readonly Status[] = ['success', 'revert', 'halt']

/** Runs the message in the current transaction. */
export function runMessage(engine: Engine, message: Message, { caller, target }: Ends): Outcome {
  const { run, memory, at } = engine
  if (!(message.gas >= 0n && message.gas <= GAS_MAX))
    throw new CodedError('evm/gas', `gas is 0 to 2^63 - 1, not ${message.gas}`)
  if (message.input.length > INPUT_MAX_BYTES)
    throw new CodedError('evm/input', `an input of ${message.input.length} bytes is above ${INPUT_MAX_BYTES}`)
  engine.writeInput(message.input)
  memory.writeWord(at.SCRATCH, message.value)
  if (target === 0) run.create(caller, message.input.length, message.gas)
  else run.call(caller, target, message.isStatic === true ? 1 : 0, message.input.length, message.gas)
  const status = STATUSES[run.status()]!
  const returnData = engine.returned()
  return {
    status,
    haltReason: status === 'halt' ? HALT_REASONS[run.haltReason()]! : 'none',
    gasLeft: run.gasLeft(),
    refund: run.refund(),
    returnData: message.to === undefined && status === 'success' ? returnData.subarray(0, 0) : returnData,
    created: message.to === undefined && status === 'success' ? memory.readAddress(run.createdAddress()) : undefined,
  }
}
