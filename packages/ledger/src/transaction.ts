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
  accepted,
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

/** Decoded once, when it comes in. */
export interface DecodedTransaction {
  readonly transaction: Transaction
  readonly hash: Hash
  /** the envelope of EIP-2718, as it travels */
  readonly encoded: Uint8Array
}

/** As readers see it. */
export interface SentTransaction extends DecodedTransaction {
  readonly sender: Address
}

export interface RecoveredTransaction extends SentTransaction {
  /** the same for the engine: one pair of fees whatever the type, and who signed the authorizations */
  readonly input: TransactionInput
}

/** Who signed a transaction and its authorizations, in their order; undefined where no key can have signed. */
export interface Signers {
  readonly sender: Address | undefined
  readonly authorities: readonly (Address | undefined)[]
}

/** Rejected with what `decodeTransaction` throws. The hash is computed unless the caller has it. */
export function decodeEnvelope(encoded: Uint8Array, hash: Hash = hashTransaction(encoded)): Result<DecodedTransaction> {
  try {
    return accepted({ transaction: decodeTransaction(encoded), hash, encoded })
  } catch (error) {
    return rejected(rejectionOf(error))
  }
}

/** The costly part, which any thread may do. */
export function recoverSigners(transaction: Transaction): Signers {
  const authorities = transaction.type === 'eip7702' ? transaction.authorizations.map(recoverAuthority) : []
  return { sender: recoverSender(transaction), authorities }
}

/** The signers are taken on trust. Rejected with `transaction/signature` where no key can have signed. */
export function withSigners(
  decoded: DecodedTransaction,
  { sender, authorities }: Signers,
): Result<RecoveredTransaction> {
  if (sender === undefined)
    return rejected(reject('transaction/signature', 'the signature belongs to no account: sign the transaction again'))
  const { transaction, hash, encoded } = decoded
  return accepted({ transaction, hash, encoded, sender, input: inputOf(transaction, sender, authorities) })
}

/** All of it at once, on this thread. `signers` are those that another has recovered before. */
export function recoverTransaction(encoded: Uint8Array, signers?: Signers): Result<RecoveredTransaction> {
  const decoded = decodeEnvelope(encoded)
  return decoded.ok ? withSigners(decoded.value, signers ?? recoverSigners(decoded.value.transaction)) : decoded
}

const NO_ACCESS: readonly AccessListEntry[] = []

function inputOf(
  transaction: Transaction,
  sender: Address,
  authorities: readonly (Address | undefined)[],
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
          authority: authorities[i],
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

/** The rules that hold in every block of the chain. None depends on who signed. */
export function validateTransaction(transaction: Transaction, rules: Rules): Rejection | undefined {
  return validateChainId(transaction, rules) ?? validateForm(inputOf(transaction, ZERO_ADDRESS, []), rules.fork)
}

export function validateChainId({ chainId }: Transaction, rules: Omit<Rules, 'fork'>): Rejection | undefined {
  if (chainId === undefined)
    return rules.needsChainId
      ? reject('transaction/chain-id', `it names no chain (EIP-155): sign it for chain ${rules.chainId}`)
      : undefined
  if (chainId === BigInt(rules.chainId)) return undefined
  return reject('transaction/chain-id', `it is for chain ${chainId}, not for ${rules.chainId}`)
}
