// The context that both protocols of a tracker share.
import type { Address, Hash, Hex, Random } from '@tan/primitives'
import type { ConnectionContext } from './connection.ts'
import type { Locate } from './locate.ts'
import type { RttBook } from './network-distance.ts'

/** A claim of a payee, with the voucher behind it. */
export interface ClaimToVerify {
  readonly poolId: Hash
  readonly payee: Address
  readonly claimWei: bigint
  readonly voucher: Hex | undefined
}

/**
 * Whether the pool's signer owes the claim. A tracker without this believes claims, so anyone can fill up another's
 * pool.
 */
export type VerifyClaim = (claim: ClaimToVerify) => boolean | Promise<boolean>

export interface DialectContext extends ConnectionContext {
  readonly random: Random
  readonly rtt: RttBook
  readonly locate: Locate
  readonly intervalMs: number
  readonly iceServers: readonly string[]
  readonly trustReportedPlaces: boolean
  readonly verifyClaim: VerifyClaim | undefined
}
