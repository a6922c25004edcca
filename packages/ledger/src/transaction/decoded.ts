// A transaction between its bytes and its sender: decoded once, when it comes in, and completed by whoever recovers the
// sender, on whatever thread, or has it on disk.
import { type Address, accepted, type Hash, type Result, rejected, rejectionOf } from '@tan/primitives'
import { decodeTransaction, hashTransaction } from '@tan/protocol'
import { reject } from '../codes.ts'
import type { RecoveredTransaction } from './recover.ts'

export type DecodedTransaction = Omit<RecoveredTransaction, 'sender'>

/** `encoded` is the envelope of EIP-2718; its hash is computed where the caller does not have it. */
export function decodeEnvelope(encoded: Uint8Array, hash: Hash = hashTransaction(encoded)): Result<DecodedTransaction> {
  try {
    return accepted({ transaction: decodeTransaction(encoded), hash, encoded })
  } catch (error) {
    return rejected(rejectionOf(error))
  }
}

/** `sender` is what `recoverSender` of the transaction gave, and is taken on trust: undefined where no key can have signed. */
export function withSender(decoded: DecodedTransaction, sender: Address | undefined): Result<RecoveredTransaction> {
  return sender === undefined
    ? rejected(reject('transaction/signature', 'the signature belongs to no account: sign the transaction again'))
    : accepted({ ...decoded, sender })
}
