// What a transaction does and pays, from its fees before it runs to its refunds after (EIP-1559, 2200, 3529, 3651, 7623,
// 7702). What admits it stands in transaction-rules.ts.
import {
  type Address,
  concatBytes,
  fromHex,
  type Rejection,
  type Result,
  rejected,
  ZERO_ADDRESS,
} from '@tan/primitives'
import { reject } from './codes.ts'
import type { Engine } from './engine.ts'
import { isFrom } from './forks.ts'
import { AUTHORIZATION_REFUND } from './gas.ts'
import type { Host } from './host.ts'
import { NONCE_MAX } from './limits.ts'
import type { AccessListItem, Environment, ExecutionResult, Message } from './message.ts'
import { beginMessage, inTransaction, type Outcome, runMessage } from './run.ts'
import {
  type Authorization,
  gasNeeded,
  type IntrinsicGas,
  intrinsicGas,
  isDelegation,
  type TransactionInput,
  tooLittleGas,
  validateBlockGas,
  validateInitCode,
  validateSender,
  validateTransaction,
} from './transaction-rules.ts'

export interface TransactionOptions {
  /** Who gets what is paid above the base fee; without one it is burned too. */
  readonly tipTo?: Address | undefined
  /** what the block has left, if not all of its limit */
  readonly gasAvailable?: bigint
}

export interface TransactionResult extends Omit<ExecutionResult, 'gasLeft' | 'refund'> {
  readonly gasUsed: bigint
  /** wei per gas */
  readonly effectiveGasPrice: bigint
  /** the same as of an execution, and of the fees what nobody got */
  readonly burned: bigint
}

export type AppliedTransaction = Result<TransactionResult>

const NO_ACCESS: readonly AccessListItem[] = []

/** All rules in their order; the first that is broken is the rejection, and leaves no trace. Throws as `execute` does. */
export function applyTransaction(
  engine: Engine,
  transaction: TransactionInput,
  environment: Environment,
  host: Host,
  { tipTo, gasAvailable = environment.gasLimit }: TransactionOptions = {},
): AppliedTransaction {
  const intrinsic = intrinsicGas(transaction, environment.fork)
  const wrong =
    validateTransaction(transaction, environment.fork, intrinsic) ??
    validateBlockGas(transaction.gasLimit, gasAvailable)
  if (wrong !== undefined) return rejected(wrong)
  return inTransaction(engine, environment, host, () => {
    const refused = refuseSender(engine, transaction, environment)
    if (refused !== undefined) return rejected(refused)
    return { ok: true, value: apply(engine, transaction, environment, intrinsic, tipTo) }
  })
}

function refuseSender(engine: Engine, transaction: TransactionInput, { baseFee }: Environment): Rejection | undefined {
  const account = engine.account(transaction.sender)
  const code = engine.code(account)
  return validateSender(transaction, { nonce: engine.nonce(account), balance: engine.balance(account), code }, baseFee)
}

function apply(
  engine: Engine,
  transaction: TransactionInput,
  environment: Environment,
  intrinsic: IntrinsicGas,
  tipTo: Address | undefined,
): TransactionResult {
  const { baseFee } = environment
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction
  const wanted = baseFee + maxPriorityFeePerGas
  const gasPrice = wanted < maxFeePerGas ? wanted : maxFeePerGas
  const { account, gasUsed, outcome } = run(engine, transaction, environment, intrinsic, gasPrice)
  engine.addBalance(account, (gasLimit - gasUsed) * gasPrice)
  if (tipTo !== undefined) engine.addBalance(engine.account(tipTo), gasUsed * (gasPrice - baseFee))
  const logs = engine.readLogs()
  const changes = engine.collectChanges()
  return {
    status: outcome.status,
    haltReason: outcome.haltReason,
    returnData: outcome.returnData,
    created: outcome.created,
    gasUsed,
    effectiveGasPrice: gasPrice,
    logs,
    changes,
    burned: engine.burned() + gasUsed * (tipTo === undefined ? gasPrice : baseFee),
  }
}

/** A transaction from anyone, unsigned and free of fees. */
export interface SimulatedInput extends Omit<TransactionInput, 'nonce' | 'maxFeePerGas' | 'maxPriorityFeePerGas'> {}

export interface SimulatedTransaction extends Pick<ExecutionResult, 'status' | 'haltReason' | 'returnData' | 'logs'> {
  readonly gasUsed: bigint
  /** before refunds; with less than this it would not have come so far */
  readonly gasSpent: bigint
}

/** What the transaction would do. It leaves no trace, and no changes; the host may be asked again at once. */
export function simulateTransaction(
  engine: Engine,
  transaction: SimulatedInput,
  environment: Environment,
  host: Host,
): Result<SimulatedTransaction> {
  const { sender, gasLimit, value } = transaction
  const intrinsic = intrinsicGas(transaction, environment.fork)
  if (gasLimit < gasNeeded(intrinsic)) return rejected(tooLittleGas(gasLimit, intrinsic))
  const tooLong = validateInitCode(transaction, environment.fork)
  if (tooLong !== undefined) return rejected(tooLong)
  const body = (): Result<SimulatedTransaction> => {
    const account = engine.account(sender)
    const balance = engine.balance(account)
    if (balance < value) return rejected(reject('transaction/balance', `${sender} has ${balance} wei, not ${value}`))
    const free = { ...transaction, nonce: engine.nonce(account), maxFeePerGas: 0n, maxPriorityFeePerGas: 0n }
    const { gasUsed, gasSpent, outcome } = run(engine, free, environment, intrinsic, 0n)
    const { status, haltReason, returnData } = outcome
    const logs = engine.readLogs()
    engine.run.rollBack()
    return { ok: true, value: { status, haltReason, returnData, logs, gasUsed, gasSpent } }
  }
  return inTransaction(engine, environment, host, body, Number(gasLimit))
}

interface Ran {
  /** the sender's */
  readonly account: number
  readonly gasUsed: bigint
  readonly gasSpent: bigint
  readonly outcome: Outcome
}

/** Takes the whole gas limit's price, runs, and counts; what was not used is the caller's to give back. */
function run(
  engine: Engine,
  transaction: TransactionInput,
  environment: Environment,
  intrinsic: IntrinsicGas,
  gasPrice: bigint,
): Ran {
  const { sender, nonce, gasLimit, to, value, data, accessList = NO_ACCESS, authorizations } = transaction
  const message: Message = {
    caller: sender,
    to,
    value,
    input: data,
    gas: gasLimit - BigInt(intrinsic.gas),
    gasPrice,
    accessList,
  }
  const ends = beginMessage(engine, message, environment)
  const account = ends.caller
  engine.subtractBalance(account, gasLimit * gasPrice)
  if (to !== undefined) engine.run.setNonce(account, nonce + 1n) // a creation does it itself
  if (authorizations !== undefined)
    for (const authorization of authorizations) authorize(engine, authorization, environment)
  const outcome = runMessage(engine, message, ends)

  const gasSpent = gasLimit - outcome.gasLeft
  const refundMax = gasSpent / (isFrom(environment.fork, 'london') ? 5n : 2n)
  const refunded = gasSpent - (outcome.refund < refundMax ? outcome.refund : refundMax)
  const floor = BigInt(intrinsic.floor)
  return { account, gasSpent, gasUsed: refunded > floor ? refunded : floor, outcome }
}

/** EIP-7702: one that does not fit is passed over. */
function authorize(
  engine: Engine,
  { chainId, address, nonce, authority }: Authorization,
  environment: Environment,
): void {
  if ((chainId !== 0n && chainId !== environment.chainId) || nonce > NONCE_MAX || authority === undefined) return
  const account = engine.account(authority)
  engine.run.warmAccount(account)
  const code = engine.code(account)
  if ((code.length > 0 && !isDelegation(code)) || engine.nonce(account) !== nonce) return
  if (engine.run.isEmptyAccount(account) === 0) engine.run.addRefund(BigInt(AUTHORIZATION_REFUND))
  engine.setCode(
    account,
    address === ZERO_ADDRESS ? new Uint8Array(0) : concatBytes(fromHex('0xef0100'), fromHex(address)),
  )
  engine.run.setNonce(account, nonce + 1n)
}
