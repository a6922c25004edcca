// A transaction, from the rules that admit it to what it pays: EIP-1559, 2681, 2930, 3529, 3607, 3651, 3860, 7623, 7702, 7825.
// Its signature has been checked, and whose it is.
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
import { type Engine, isDelegation } from './engine.ts'
import { beginMessage, inTransaction, runMessage } from './evm.ts'
import { isFrom } from './forks.ts'
import type { Host } from './host.ts'
import { GAS_MAX, INIT_CODE_MAX_BYTES, TRANSACTION_GAS_MAX } from './limits.ts'
import type { AccessListItem, Environment, ExecutionResult, Message } from './message.ts'

export interface Authorization {
  /** 0 is valid on every chain */
  readonly chainId: bigint
  /** whose code the authority's account is to run; the zero address ends a delegation */
  readonly address: Address
  readonly nonce: bigint
  /** who signed it; undefined where nobody did */
  readonly authority: Address | undefined
}

export interface TransactionInput {
  readonly sender: Address
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** undefined creates a contract */
  readonly to: Address | undefined
  readonly value: bigint
  readonly data: Uint8Array
  /** wei a gas; with one price for both, that price */
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly accessList?: readonly AccessListItem[]
  /** of a type 4 transaction, which has at least one */
  readonly authorizations?: readonly Authorization[]
}

export interface TransactionOptions {
  /** Who gets what is paid above the base fee; without one it is burned too. */
  readonly tipTo?: Address
}

export interface TransactionResult extends Omit<ExecutionResult, 'gasLeft' | 'refund'> {
  readonly gasUsed: bigint
  /** wei a gas */
  readonly effectiveGasPrice: bigint
}

export type AppliedTransaction = Result<TransactionResult>

const INTRINSIC_GAS = 21_000
const CREATE_GAS = 32_000
const TOKEN_GAS = 4
const FLOOR_TOKEN_GAS = 10
const INIT_WORD_GAS = 2
const ACCESS_ADDRESS_GAS = 2400
const ACCESS_SLOT_GAS = 1900
const AUTHORIZATION_GAS = 25_000
const AUTHORIZATION_REFUND = 12_500
const NONCE_MAX = 2n ** 64n - 1n

/** All rules in their order; the first that is broken is the rejection, and leaves no trace. Throws as `execute` does. */
export function applyTransaction(
  engine: Engine,
  transaction: TransactionInput,
  environment: Environment,
  host: Host,
  { tipTo }: TransactionOptions = {},
): AppliedTransaction {
  const gas = intrinsicGas(transaction, environment)
  const wrong = validateForm(transaction, environment, gas)
  if (wrong !== undefined) return rejected(wrong)
  return inTransaction(engine, environment, host, () => {
    const refused = validateSender(engine, transaction)
    if (refused !== undefined) return rejected(refused)
    return { ok: true, value: run(engine, transaction, environment, gas, tipTo) }
  })
}

export interface IntrinsicGas {
  /** charged before anything runs */
  readonly gas: number
  /** the least that is charged in the end (EIP-7623) */
  readonly floor: number
}

export function intrinsicGas(transaction: TransactionInput, { fork }: Pick<Environment, 'fork'>): IntrinsicGas {
  const { to, data, accessList = [], authorizations = [] } = transaction
  let tokens = 0
  for (let i = 0; i < data.length; i++) tokens += data[i] === 0 ? 1 : 4
  let gas = INTRINSIC_GAS + TOKEN_GAS * tokens
  if (to === undefined) gas += CREATE_GAS + (isFrom(fork, 'shanghai') ? INIT_WORD_GAS * Math.ceil(data.length / 32) : 0)
  for (const { slots } of accessList) gas += ACCESS_ADDRESS_GAS + ACCESS_SLOT_GAS * slots.length
  gas += AUTHORIZATION_GAS * authorizations.length
  return { gas, floor: isFrom(fork, 'prague') ? INTRINSIC_GAS + FLOOR_TOKEN_GAS * tokens : 0 }
}

function validateForm(
  transaction: TransactionInput,
  environment: Environment,
  intrinsic: IntrinsicGas,
): Rejection | undefined {
  const { fork, gasLimit: blockGas, baseFee } = environment
  const { nonce, gasLimit, to, data, maxFeePerGas, maxPriorityFeePerGas, authorizations } = transaction
  if (nonce >= NONCE_MAX) return reject('transaction/nonce-max', `a nonce of ${nonce} is above 2^64 - 2 (EIP-2681)`)
  if (gasLimit > blockGas)
    return reject('transaction/block-gas', `a gas limit of ${gasLimit} where the block has ${blockGas}`)
  if (isFrom(fork, 'osaka') && gasLimit > TRANSACTION_GAS_MAX)
    return reject('transaction/gas-max', `a gas limit of ${gasLimit} is above ${TRANSACTION_GAS_MAX} (EIP-7825)`)
  const needed = BigInt(Math.max(intrinsic.gas, intrinsic.floor))
  if (gasLimit < needed)
    return reject('transaction/gas-intrinsic', `a gas limit of ${gasLimit} does not cover the ${needed} that it needs`)
  if (to === undefined && isFrom(fork, 'shanghai') && data.length > INIT_CODE_MAX_BYTES)
    return reject(
      'transaction/init-code-size',
      `${data.length} bytes of init code are above ${INIT_CODE_MAX_BYTES} (EIP-3860)`,
    )
  if (maxPriorityFeePerGas > maxFeePerGas)
    return reject(
      'transaction/tip-above-fee',
      `a tip of ${maxPriorityFeePerGas} is above the whole fee of ${maxFeePerGas} wei a gas`,
    )
  if (maxFeePerGas < baseFee)
    return reject('transaction/fee-below-base', `a fee of ${maxFeePerGas} is below the base fee of ${baseFee}`)
  if (authorizations !== undefined && !isFrom(fork, 'prague'))
    return reject('transaction/authorizations', `authorizations exist from Prague on (EIP-7702), and this is ${fork}`)
  if (authorizations !== undefined && (authorizations.length === 0 || to === undefined))
    return reject(
      'transaction/authorizations',
      'a type 4 transaction has a target, and at least one authorization (EIP-7702)',
    )
  return undefined
}

function validateSender(engine: Engine, transaction: TransactionInput): Rejection | undefined {
  const { sender, nonce, gasLimit, value, maxFeePerGas } = transaction
  const account = engine.account(sender)
  const expected = engine.nonce(account)
  if (nonce < expected)
    return reject('transaction/nonce-low', `nonce ${nonce} of ${sender} is used; the next is ${expected}`)
  if (nonce > expected)
    return reject('transaction/nonce-high', `nonce ${nonce} of ${sender} is ahead; the next is ${expected}`)
  const code = engine.code(account)
  if (code.length > 0 && !isDelegation(code))
    return reject('transaction/sender-code', `${sender} is a contract (EIP-3607)`)
  const cost = gasLimit * maxFeePerGas + value
  const has = engine.balance(account)
  if (has < cost) return reject('transaction/balance', `${sender} has ${has} of the ${cost} wei that it may cost`)
  // what fits into a balance may still be more than the engine counts
  if (gasLimit > GAS_MAX) return reject('transaction/gas-max', `a gas limit of ${gasLimit} is above ${GAS_MAX}`)
  return undefined
}

function run(
  engine: Engine,
  transaction: TransactionInput,
  environment: Environment,
  intrinsic: IntrinsicGas,
  tipTo: Address | undefined,
): TransactionResult {
  const { sender, nonce, gasLimit, to, value, data, maxFeePerGas, maxPriorityFeePerGas, accessList = [] } = transaction
  const { baseFee, fork } = environment
  const wanted = baseFee + maxPriorityFeePerGas
  const gasPrice = wanted < maxFeePerGas ? wanted : maxFeePerGas
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
  for (const authorization of transaction.authorizations ?? []) authorize(engine, authorization, environment)
  const { gasLeft, refund, ...outcome } = runMessage(engine, message, ends)

  const spent = gasLimit - gasLeft
  const most = spent / (isFrom(fork, 'london') ? 5n : 2n)
  const refunded = spent - (refund < most ? refund : most)
  const gasUsed = refunded > BigInt(intrinsic.floor) ? refunded : BigInt(intrinsic.floor)
  engine.addBalance(account, (gasLimit - gasUsed) * gasPrice)
  if (tipTo !== undefined) engine.addBalance(engine.account(tipTo), gasUsed * (gasPrice - baseFee))
  const logs = engine.readLogs()
  return { ...outcome, gasUsed, effectiveGasPrice: gasPrice, logs, changes: engine.collectChanges() }
}

/** EIP-7702: one that does not fit is passed over. */
function authorize(
  engine: Engine,
  { chainId, address, nonce, authority }: Authorization,
  environment: Environment,
): void {
  if ((chainId !== 0n && chainId !== environment.chainId) || nonce >= NONCE_MAX || authority === undefined) return
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
