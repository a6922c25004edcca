// From a transaction's bytes to what the engine takes: decoded once, with everybody who signed it. The part of a block's work
// that needs no state and that threads may share. The rules are the engine's; that the chain is ours is added here.
import {
  limits as evmLimits,
  type FeeCaps,
  effectiveGasPrice as gasPriceOf,
  type IntrinsicGas,
  intrinsicGas as intrinsicGasOf,
  type TransactionInput,
  type TransactionWork,
  validateTransaction as validateForm,
} from '@tan/evm'
import {
  type Address,
  type Hash,
  type Rejection,
  type Result,
  rejected,
  rejectionOf,
  ZERO_ADDRESS,
} from '@tan/primitives'
import {
  type AccessListEntry,
  decodeTransaction,
  hashTransaction,
  recoverAuthority,
  recoverSender,
  type Transaction,
} from '@tan/protocol'
import type { ChainRules } from './block/validate.ts'
import { reject } from './codes.ts'

export interface RecoveredTransaction {
  readonly transaction: Transaction
  readonly sender: Address
  readonly hash: Hash
  /** the envelope of EIP-2718, as it travels */
  readonly encoded: Uint8Array
  /** the same for the engine: one pair of fees whatever the type, and who signed the authorizations */
  readonly input: TransactionInput
}

/**
 * Rejected with what `decodeTransaction` throws, or with `transaction/signature` where no key can have signed. Who recovered
 * it before, for instance another thread, gives the sender, and the authorities of the authorizations if there are any; both
 * are taken on trust.
 */
export function recoverTransaction(
  encoded: Uint8Array,
  sender?: Address,
  authorities?: readonly (Address | undefined)[],
): Result<RecoveredTransaction> {
  let transaction: Transaction
  try {
    transaction = decodeTransaction(encoded)
  } catch (error) {
    return rejected(rejectionOf(error))
  }
  const signer = sender ?? recoverSender(transaction)
  if (signer === undefined)
    return rejected(reject('transaction/signature', 'the signature belongs to no account: sign the transaction again'))
  const input = inputOf(transaction, signer, authorities)
  return { ok: true, value: { transaction, sender: signer, hash: hashTransaction(encoded), encoded, input } }
}

/** Who signed the authorizations, in their order; undefined where nobody did. */
export function authoritiesOf({ input }: RecoveredTransaction): readonly (Address | undefined)[] {
  return input.authorizations?.map(({ authority }) => authority) ?? []
}

const NO_ACCESS: readonly AccessListEntry[] = []

function inputOf(
  transaction: Transaction,
  sender: Address,
  authorities?: readonly (Address | undefined)[],
): TransactionInput {
  const { nonce, gasLimit, to, value, data } = transaction
  const { maxFeePerGas, maxPriorityFeePerGas } = feeCapsOf(transaction)
  const accessList = transaction.type === 'legacy' ? NO_ACCESS : transaction.accessList
  const authorizations =
    transaction.type !== 'eip7702'
      ? undefined
      : transaction.authorizations.map((signed, i) => ({
          chainId: signed.chainId,
          address: signed.address,
          nonce: signed.nonce,
          authority: authorities === undefined ? recoverAuthority(signed) : authorities[i],
        }))
  return { sender, nonce, gasLimit, to, value, data, maxFeePerGas, maxPriorityFeePerGas, accessList, authorizations }
}

// -------------------------------------------------------------------------------------------------- fees and rules

export function feeCapsOf(transaction: Transaction): FeeCaps {
  if (transaction.type === 'legacy' || transaction.type === 'eip2930')
    return { maxFeePerGas: transaction.gasPrice, maxPriorityFeePerGas: transaction.gasPrice }
  return transaction
}

/** What the sender pays for each gas; undefined where its fee is below the base fee. */
export function effectiveGasPrice(transaction: Transaction, baseFeePerGas: bigint): bigint | undefined {
  return gasPriceOf(feeCapsOf(transaction), baseFeePerGas)
}

type Rules = Pick<ChainRules, 'chainId' | 'fork' | 'needsChainId'>

/** Limit of a transaction's gas (EIP-7825). */
export const TRANSACTION_GAS_MAX: number = Number(evmLimits.TRANSACTION_GAS_MAX)

/** What a transaction costs before it runs. */
export function intrinsicGas(work: TransactionWork, { fork }: Pick<ChainRules, 'fork'>): IntrinsicGas {
  return intrinsicGasOf(work, fork)
}

/** The rules that hold in every block of the chain. */
export function validateTransaction(
  { transaction, input }: Pick<RecoveredTransaction, 'transaction' | 'input'>,
  rules: Rules,
): Rejection | undefined {
  return validateChainId(transaction, rules) ?? validateForm(input, rules.fork)
}

/** The same of a transaction whose signature was not looked at yet: no rule of these depends on who signed. */
export function validateUnrecovered(transaction: Transaction, rules: Rules): Rejection | undefined {
  return validateTransaction({ transaction, input: inputOf(transaction, ZERO_ADDRESS, []) }, rules)
}

export function validateChainId({ chainId }: Transaction, rules: Omit<Rules, 'fork'>): Rejection | undefined {
  if (chainId === undefined)
    return rules.needsChainId
      ? reject('transaction/chain-id', `it names no chain (EIP-155): sign it for chain ${rules.chainId}`)
      : undefined
  if (chainId === BigInt(rules.chainId)) return undefined
  return reject('transaction/chain-id', `it is for chain ${chainId}, not for ${rules.chainId}`)
}
