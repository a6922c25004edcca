// May a transaction run, and what does it offer and cost? The rules of EIP-1559, 2681, 2930, 3607, 3860, 7623, 7702 and
// 7825, once for blocks, mempools and RPC. Its signature has been checked, and whose it is.
import type { Address, Rejection } from '@tan/primitives'
import { reject } from './codes.ts'
import { type Fork, isFrom } from './forks.ts'
import {
  ACCESS_ADDRESS_GAS,
  ACCESS_SLOT_GAS,
  AUTHORIZATION_GAS,
  CREATE_GAS,
  FLOOR_TOKEN_GAS,
  INIT_WORD_GAS,
  TOKEN_GAS,
  TOKENS_PER_BYTE,
  TRANSACTION_GAS,
} from './gas.ts'
import { GAS_MAX, INIT_CODE_MAX_BYTES, NONCE_MAX, TRANSACTION_GAS_MAX } from './limits.ts'
import type { AccessListItem } from './message.ts'

export interface Authorization {
  /** 0 is valid on every chain */
  readonly chainId: bigint
  /** whose code the authority's account is to run; the zero address ends a delegation */
  readonly address: Address
  readonly nonce: bigint
  /** who signed it; undefined where nobody did: it is passed over */
  readonly authority: Address | undefined
}

/** Wei per gas; with one price for both, that price. */
export interface FeeCaps {
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

/** What a transaction costs before it runs follows from this. */
export interface TransactionWork {
  /** undefined creates a contract */
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly accessList?: readonly AccessListItem[] | undefined
  /** of a type 4 transaction, which has at least one */
  readonly authorizations?: readonly Authorization[] | undefined
}

export interface TransactionInput extends TransactionWork, FeeCaps {
  readonly sender: Address
  readonly nonce: bigint
  readonly gasLimit: bigint
  readonly value: bigint
}

// -------------------------------------------------------------------------------------------------- fees

/** What the sender pays for each gas: base fee and tip, within its limit; undefined where that is below the base fee. */
export function effectiveGasPrice(
  { maxFeePerGas, maxPriorityFeePerGas }: FeeCaps,
  baseFeePerGas: bigint,
): bigint | undefined {
  if (maxFeePerGas < baseFeePerGas) return undefined
  const wanted = baseFeePerGas + maxPriorityFeePerGas
  return wanted < maxFeePerGas ? wanted : maxFeePerGas
}

/** The most that a transaction can take from its sender: its value, and its whole gas at the highest fee that it allows. */
export function costOf({
  gasLimit,
  maxFeePerGas,
  value,
}: Pick<TransactionInput, 'gasLimit' | 'maxFeePerGas' | 'value'>): bigint {
  return gasLimit * maxFeePerGas + value
}

export interface IntrinsicGas {
  /** charged before anything runs */
  readonly gas: number
  /** the least that is charged in the end (EIP-7623); the gas limit must cover both */
  readonly floor: number
}

export function intrinsicGas({ to, data, accessList, authorizations }: TransactionWork, fork: Fork): IntrinsicGas {
  let tokens = 0
  for (let i = 0; i < data.length; i++) tokens += data[i] === 0 ? 1 : TOKENS_PER_BYTE
  let gas = TRANSACTION_GAS + TOKEN_GAS * tokens
  if (to === undefined) gas += CREATE_GAS + (isFrom(fork, 'shanghai') ? INIT_WORD_GAS * Math.ceil(data.length / 32) : 0)
  if (accessList !== undefined)
    for (const { slots } of accessList) gas += ACCESS_ADDRESS_GAS + ACCESS_SLOT_GAS * slots.length
  if (authorizations !== undefined) gas += AUTHORIZATION_GAS * authorizations.length
  return { gas, floor: isFrom(fork, 'prague') ? TRANSACTION_GAS + FLOOR_TOKEN_GAS * tokens : 0 }
}

/** The least gas limit that covers both. */
export function gasNeeded({ gas, floor }: IntrinsicGas): number {
  return gas > floor ? gas : floor
}

// -------------------------------------------------------------------------------------------------- rules

/** The rules that need neither a block nor the state: they hold wherever the fork does. */
export function validateTransaction(
  transaction: Omit<TransactionInput, 'sender'>,
  fork: Fork,
  intrinsic: IntrinsicGas = intrinsicGas(transaction, fork),
): Rejection | undefined {
  const { nonce, gasLimit, to, data, maxFeePerGas, maxPriorityFeePerGas, authorizations } = transaction
  if (nonce > NONCE_MAX) return reject('transaction/nonce-max', `a nonce of ${nonce} is above 2^64 - 2 (EIP-2681)`)
  if (maxPriorityFeePerGas > maxFeePerGas)
    return reject(
      'transaction/tip-above-fee',
      `the tip of ${maxPriorityFeePerGas} is above the whole fee of ${maxFeePerGas} wei per gas`,
    )
  if (isFrom(fork, 'osaka') && gasLimit > TRANSACTION_GAS_MAX)
    return reject('transaction/gas-max', `a gas limit of ${gasLimit} is above ${TRANSACTION_GAS_MAX} (EIP-7825)`)
  if (gasLimit > GAS_MAX) return reject('transaction/gas-max', `a gas limit of ${gasLimit} is above ${GAS_MAX}`)
  if (gasLimit < gasNeeded(intrinsic)) return tooLittleGas(gasLimit, intrinsic)
  const tooLong = validateInitCode({ to, data }, fork)
  if (tooLong !== undefined) return tooLong
  if (authorizations !== undefined && !isFrom(fork, 'prague'))
    return reject('transaction/authorizations', `authorizations exist from Prague on (EIP-7702), and this is ${fork}`)
  if (authorizations !== undefined && (authorizations.length === 0 || to === undefined))
    return reject(
      'transaction/authorizations',
      'a type 4 transaction has a target, and at least one authorization (EIP-7702)',
    )
  return undefined
}

/** What is left of a block must hold the transaction's whole gas limit. */
export function validateBlockGas(gasLimit: bigint, gasAvailable: bigint): Rejection | undefined {
  if (gasLimit <= gasAvailable) return undefined
  return reject('transaction/block-gas', `a gas limit of ${gasLimit} where the block has ${gasAvailable} left`)
}

/** What the rules read of the sender's account. */
export interface SenderAccount {
  readonly nonce: bigint
  readonly balance: bigint
  readonly code: Uint8Array
}

/** The rules that depend on the sender's account and on the base fee. */
export function validateSender(
  transaction: TransactionInput,
  account: SenderAccount,
  baseFeePerGas: bigint,
): Rejection | undefined {
  const { sender, nonce, maxFeePerGas } = transaction
  if (maxFeePerGas < baseFeePerGas)
    return reject(
      'transaction/fee-below-base',
      `a fee of ${maxFeePerGas} wei per gas is below the base fee, ${baseFeePerGas}`,
    )
  if (nonce < account.nonce)
    return reject('transaction/nonce-low', `nonce ${nonce} of ${sender} is used; the next is ${account.nonce}`)
  if (nonce > account.nonce)
    return reject('transaction/nonce-high', `nonce ${nonce} of ${sender} is ahead; the next is ${account.nonce}`)
  const cost = costOf(transaction)
  if (account.balance < cost)
    return reject(
      'transaction/balance',
      `${sender} has ${account.balance} wei; value and gas limit of the transaction need ${cost}`,
    )
  if (account.code.length > 0 && !isDelegation(account.code))
    return reject('transaction/sender-code', `${sender} is a contract and cannot sign (EIP-3607)`)
  return undefined
}

export function validateInitCode(
  { to, data }: Pick<TransactionWork, 'to' | 'data'>,
  fork: Fork,
): Rejection | undefined {
  if (to !== undefined || !isFrom(fork, 'shanghai') || data.length <= INIT_CODE_MAX_BYTES) return undefined
  return reject(
    'transaction/init-code-size',
    `${data.length} bytes of init code are above ${INIT_CODE_MAX_BYTES} (EIP-3860)`,
  )
}

export function tooLittleGas(gasLimit: bigint, intrinsic: IntrinsicGas): Rejection {
  return reject(
    'transaction/gas-intrinsic',
    `a gas limit of ${gasLimit} does not cover the ${gasNeeded(intrinsic)} that it needs before it runs`,
  )
}

/** Does an account with this code run another's (EIP-7702)? */
export function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 1 && code[2] === 0
}
