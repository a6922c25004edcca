// The participants of a world: keys, powers, and which of them are Byzantine. Node i has validator i of the committee,
// if there are that many, and guardian i of the pool: addresses increase with the index, so that signer sets keep the
// order.
import { type AggregateScheme, bigIntToBytes, type Random, randomBytesFrom, toHex } from '@tan/primitives'
import { type Committee, createSignerSet, type Domain, type GuardianPool } from '@tan/protocol'
import { GENESIS_HASH } from './ledger.ts'

export interface Identities {
  readonly committee: Committee
  readonly pool: GuardianPool
  /** by node */
  readonly secretKeys: readonly Uint8Array[]
}

export const WORLD_DOMAIN: Domain = { chainId: 7, start: GENESIS_HASH }

/** `powers` are of all guardians; the first `validators` of them form the committee. */
export function createIdentities(
  scheme: AggregateScheme,
  random: Random,
  powers: readonly number[],
  validators: number,
): Identities {
  const secretKeys = powers.map(() => scheme.secretKey(randomBytesFrom(random, 32)))
  const signers = powers.map((power, i) => ({
    address: toHex(bigIntToBytes(BigInt(i + 1), 20)),
    blsPublicKey: scheme.publicKey(secretKeys[i]!),
    power,
  }))
  return {
    committee: { domain: WORLD_DOMAIN, set: createSignerSet(signers.slice(0, validators)) },
    pool: { domain: WORLD_DOMAIN, set: createSignerSet(signers) },
    secretKeys,
  }
}
