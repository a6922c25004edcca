// From bytes to a transaction with its sender: the independent part of a block's work, which threads may share.
import { type Address, CodedError, type Hash } from '@tan/primitives'
import { decodeTransaction, hashTransaction, recoverSender, type Transaction } from '@tan/protocol'

export interface RecoveredTransaction {
  readonly transaction: Transaction
  readonly sender: Address
  readonly hash: Hash
  /** the envelope of EIP-2718, as it travels */
  readonly encoded: Uint8Array
}

/**
 * Throws what `decodeTransaction` throws, and `transaction/signature` where no key can have signed. `sender` is given by
 * who recovered it before, for instance another thread, and is taken on trust.
 */
export function recoverTransaction(encoded: Uint8Array, sender?: Address): RecoveredTransaction {
  const transaction = decodeTransaction(encoded)
  const signer = sender ?? recoverSender(transaction)
  if (signer === undefined)
    throw new CodedError('transaction/signature', 'the signature belongs to no account: sign the transaction again')
  return { transaction, sender: signer, hash: hashTransaction(encoded), encoded }
}
