// Who leads a ballot: drawn by power from the instance's root and the ballot, the same for everybody.
import { bytesToBigInt, codec, encodeRlp, keccak256 } from '@tan/primitives'
import type { GuardianPool } from '@tan/protocol'

/** Index in the pool. */
export function ballotLeader({ domain, set }: GuardianPool, ballot: number): number {
  const seed = keccak256(encodeRlp([codec.hash.toRlp(domain.start), codec.uint.toRlp(ballot)]))
  let rest = Number(bytesToBigInt(seed) % BigInt(set.totalPower))
  return set.signers.findIndex(signer => {
    rest -= signer.power
    return rest < 0
  })
}
