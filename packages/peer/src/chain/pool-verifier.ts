// Checks a peer's pool as a light client does (spec D-PROOF): certificates of the committee over a settled header, and trie proofs from
// that header's state root down to the pool's slots and our own.
import { type ProvenPool, unproven } from '@tan/payments'
import {
  type Address,
  accepted,
  bls,
  type Hash,
  type Rejection,
  type Result,
  reasonOf,
  rejected,
} from '@tan/primitives'
import {
  hashHeader,
  type PoolProof,
  poolSlots,
  poolTargetSlot,
  SYSTEM_ADDRESSES,
  unpackPool,
  unpackTarget,
  verifySettlementProof,
} from '@tan/protocol'
import { verifyAccountProof, verifyStorageProof } from '@tan/storage/proofs'
import { reject } from '../codes.ts'
import { PROOFS_KNOWN_MAX } from '../limits.ts'
import { erasOf, type TrustAnchor } from './trust-anchor.ts'

export type VerifyPool = (proof: PoolProof, target: Address) => Result<ProvenPool>

export function createPoolVerifier(anchor: TrustAnchor): VerifyPool {
  const eras = erasOf(anchor)
  /** settled by a proof that was checked: many payers show the same block */
  const settled = new Set<Hash>()

  function checkSettled({ header, settlement }: PoolProof): Rejection | undefined {
    const hash = hashHeader(header)
    if (settled.has(hash)) return undefined
    const era = eras.at(header.height)
    if (era === undefined)
      return reject('payment/era', `the era of height ${header.height} is not known: the trust anchor is old`)
    const verified = verifySettlementProof(bls, era, settlement)
    if (!verified.ok) return unproven(verified.rejection.message)
    if (verified.value !== hash) return unproven('the proof settles another block')
    settled.add(hash)
    if (settled.size > PROOFS_KNOWN_MAX) settled.delete(settled.values().next().value!)
    return undefined
  }

  return (proof, target) => {
    const { poolId, header, accountProof, slotProofs } = proof
    const refuse = (message: string) => rejected(unproven(message))
    const wrong = checkSettled(proof)
    if (wrong !== undefined) return rejected(wrong)
    try {
      const account = verifyAccountProof(header.stateRoot, SYSTEM_ADDRESSES.paymentPools, accountProof)
      if (account === undefined) return refuse('the chain has no payment pools')
      const slots = [...poolSlots(poolId), poolTargetSlot(poolId, target)]
      if (slotProofs.length !== slots.length) return refuse(`${slotProofs.length} proofs for ${slots.length} slots`)
      const words = slots.map((slot, i) => verifyStorageProof(account.storageRoot, slot, slotProofs[i]!))
      const pool = unpackPool(words.slice(0, -1))
      if (pool === undefined) return refuse(`there is no pool ${poolId} in block ${header.height}`)
      return accepted({ poolId, pool, target: unpackTarget(words.at(-1)!), height: header.height })
    } catch (error) {
      return refuse(reasonOf(error).message)
    }
  }
}
