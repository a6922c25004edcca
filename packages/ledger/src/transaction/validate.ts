// May a transaction run? Each rule has one code. What needs no state is checked apart, so that a mempool refuses most
// of what is wrong without one.
import type { Address, Hash, Rejection } from '@tan/primitives'
import type { Transaction } from '@tan/protocol'
import { EMPTY_CODE_HASH } from '@tan/storage'
import { reject } from '../codes.ts'
import { INTRINSIC_GAS, TRANSACTION_GAS_MAX } from '../gas.ts'
import { INIT_CODE_MAX_BYTES, NONCE_MAX } from '../limits.ts'
import { feeCapsOf, type IntrinsicGas, intrinsicGas } from './fees.ts'
import type { RecoveredTransaction } from './recover.ts'

/** The rules that hold in every block of the chain. */
export function validateTransaction(transaction: Transaction, chainId: number): Rejection | undefined {
  return validateWithGas(transaction, intrinsicGas(transaction), chainId)
}

export function validateWithGas(
  transaction: Transaction,
  intrinsic: IntrinsicGas,
  chainId: number,
): Rejection | undefined {
  const { nonce, gasLimit, to, data } = transaction
  if (transaction.chainId === undefined)
    return reject('transaction/chain-id', `it names no chain (EIP-155): sign it for chain ${chainId}`)
  if (transaction.chainId !== BigInt(chainId))
    return reject('transaction/chain-id', `it is for chain ${transaction.chainId}, not for ${chainId}`)
  if (transaction.type === 'eip7702')
    return reject('transaction/type', 'transactions that delegate accounts to code (type 4) are not accepted yet')
  if (nonce > NONCE_MAX) return reject('transaction/nonce-max', `a nonce of ${nonce} is above 2^64 - 2 (EIP-2681)`)
  const { maxFeePerGas, maxPriorityFeePerGas } = feeCapsOf(transaction)
  if (maxPriorityFeePerGas > maxFeePerGas)
    return reject(
      'transaction/tip-above-fee',
      `the tip of ${maxPriorityFeePerGas} is above the whole fee of ${maxFeePerGas} wei a gas`,
    )
  if (gasLimit > BigInt(TRANSACTION_GAS_MAX))
    return reject('transaction/gas-max', `a gas limit of ${gasLimit} is above ${TRANSACTION_GAS_MAX} (EIP-7825)`)
  const needed = Math.max(intrinsic.gas, intrinsic.floor)
  if (gasLimit < BigInt(needed))
    return reject(
      'transaction/gas-intrinsic',
      `a gas limit of ${gasLimit} does not cover the ${needed} that it needs before it runs`,
    )
  if (to === undefined && data.length > INIT_CODE_MAX_BYTES)
    return reject(
      'transaction/init-code-size',
      `${data.length} bytes of init code are above ${INIT_CODE_MAX_BYTES} (EIP-3860)`,
    )
  return undefined
}

/** What the rules below read of the state: a journal, or a mempool's view of the newest block. */
export interface SenderState {
  nonce(address: Address): bigint
  balance(address: Address): bigint
  codeHash(address: Address): Hash
  code(address: Address): Uint8Array
}

/** The rules that depend on the sender's account and on the base fee. */
export function validateSender(
  { transaction, sender }: RecoveredTransaction,
  state: SenderState,
  baseFeePerGas: bigint,
): Rejection | undefined {
  const { maxFeePerGas } = feeCapsOf(transaction)
  if (maxFeePerGas < baseFeePerGas)
    return reject(
      'transaction/fee-below-base',
      `a fee of ${maxFeePerGas} wei a gas is below the base fee, ${baseFeePerGas}`,
    )
  const nonce = state.nonce(sender)
  if (transaction.nonce < nonce)
    return reject('transaction/nonce-low', `nonce ${transaction.nonce} of ${sender} is used; the next is ${nonce}`)
  if (transaction.nonce > nonce)
    return reject('transaction/nonce-high', `nonce ${transaction.nonce} of ${sender} is ahead; the next is ${nonce}`)
  const balance = state.balance(sender)
  const needed = transaction.gasLimit * maxFeePerGas + transaction.value
  if (balance < needed)
    return reject('transaction/balance', `${sender} has ${balance} wei of TANGam; value and gas limit need ${needed}`)
  const codeHash = state.codeHash(sender)
  if (codeHash !== EMPTY_CODE_HASH && !isDelegation(state.code(sender)))
    return reject('transaction/sender-code', `${sender} is a contract and cannot sign (EIP-3607)`)
  return undefined
}

/** An account that runs another's code and can still sign (EIP-7702). */
function isDelegation(code: Uint8Array): boolean {
  return code.length === 23 && code[0] === 0xef && code[1] === 0x01 && code[2] === 0x00
}

/** What is left of a block must hold the transaction's whole gas limit. */
export function validateBlockGas(transaction: Transaction, gasAvailable: number): Rejection | undefined {
  if (transaction.gasLimit <= BigInt(gasAvailable)) return undefined
  return reject(
    'transaction/block-gas',
    `a gas limit of ${transaction.gasLimit} where the block has ${gasAvailable} left`,
  )
}

/** No transaction fits into less. */
export const TRANSACTION_GAS_MIN: number = INTRINSIC_GAS.transaction
