// What a transaction costs before it runs, and what it offers for each gas (EIP-1559). All of it is burned: the tip orders only.
import type { Address } from '@tan/primitives'
import type { AccessListEntry, Transaction } from '@tan/protocol'
import { FLOOR_GAS_PER_TOKEN, INTRINSIC_GAS, TOKENS_PER_BYTE, wordsOf } from '../gas.ts'

export interface FeeCaps {
  /** TANGam wei a gas */
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
}

export function feeCapsOf(transaction: Transaction): FeeCaps {
  if (transaction.type === 'legacy' || transaction.type === 'eip2930')
    return { maxFeePerGas: transaction.gasPrice, maxPriorityFeePerGas: transaction.gasPrice }
  return transaction
}

/** What the sender pays for each gas: base fee and tip, within its limit; undefined where that is below the base fee. */
export function effectiveGasPrice(transaction: Transaction, baseFeePerGas: bigint): bigint | undefined {
  const { maxFeePerGas, maxPriorityFeePerGas } = feeCapsOf(transaction)
  if (maxFeePerGas < baseFeePerGas) return undefined
  const wanted = baseFeePerGas + maxPriorityFeePerGas
  return wanted < maxFeePerGas ? wanted : maxFeePerGas
}

export interface IntrinsicGas {
  /** charged before anything runs */
  readonly gas: number
  /** the least that is charged in the end (EIP-7623); the gas limit must cover both */
  readonly floor: number
}

interface IntrinsicWork {
  readonly to: Address | undefined
  readonly data: Uint8Array
  readonly accessList: readonly AccessListEntry[]
  /** of EIP-7702 */
  readonly authorizations: number
}

export function intrinsicGas(transaction: Transaction): IntrinsicGas {
  const accessList = transaction.type === 'legacy' ? [] : transaction.accessList
  const authorizations = transaction.type === 'eip7702' ? transaction.authorizations.length : 0
  return intrinsicGasOf({ ...transaction, accessList, authorizations })
}

export function intrinsicGasOf({ to, data, accessList, authorizations }: IntrinsicWork): IntrinsicGas {
  let tokens = 0
  for (let i = 0; i < data.length; i++) tokens += data[i] === 0 ? 1 : TOKENS_PER_BYTE
  const floor = INTRINSIC_GAS.transaction + FLOOR_GAS_PER_TOKEN * tokens
  let gas = INTRINSIC_GAS.transaction + INTRINSIC_GAS.dataToken * tokens + accessListGas(accessList)
  if (to === undefined) gas += INTRINSIC_GAS.create + INTRINSIC_GAS.initCodeWord * wordsOf(data.length)
  return { gas: gas + INTRINSIC_GAS.authorization * authorizations, floor }
}

function accessListGas(accessList: readonly AccessListEntry[]): number {
  let gas = 0
  for (const { slots } of accessList)
    gas += INTRINSIC_GAS.accessListAddress + INTRINSIC_GAS.accessListSlot * slots.length
  return gas
}
