// Who a viewer is: a session key, made where it is used and worth no more than what it was funded with, and the records
// that belong to it.
import {
  type Address,
  addressOfSecretKey,
  type RecoverableSignature,
  secp256k1,
  secureRandomBytes,
  signDigest,
} from '@tan/primitives'
import { type SignedVoucher, signVoucher, type Voucher } from '@tan/protocol'
import type { DurableStore } from '../ports.ts'
import { Records } from './records.ts'

export interface Session {
  readonly address: Address
  readonly secretKey: Uint8Array
  readonly records: Records
  sign(digest: Uint8Array): RecoverableSignature
  signVoucher(chainId: number, voucher: Voucher): SignedVoucher
  /** Gives it free for other tabs or processes. */
  close(): Promise<void>
}

/** The session in a store that nobody else writes to meanwhile; a new one where there is none. */
export async function openSession(store: DurableStore, close: () => Promise<void> = async () => {}): Promise<Session> {
  const known = await store.get(KEY)
  if (known !== undefined) return createSession(known, store, close)
  const secretKey = freshKey()
  await store.put([KEY, secretKey])
  return createSession(secretKey, store, close)
}

/** With a key that is kept elsewhere: an edge's payee key. */
export function createSession(
  secretKey: Uint8Array,
  store: DurableStore,
  close: () => Promise<void> = async () => {},
): Session {
  return {
    address: addressOfSecretKey(secretKey),
    secretKey,
    records: new Records(store),
    sign: digest => signDigest(digest, secretKey),
    signVoucher: (chainId, voucher) => signVoucher(chainId, voucher, secretKey),
    close,
  }
}

const KEY = 'session-key'

function freshKey(): Uint8Array {
  for (;;) {
    const secretKey = secureRandomBytes(32)
    if (secp256k1.publicKey(secretKey) !== undefined) return secretKey
  }
}
