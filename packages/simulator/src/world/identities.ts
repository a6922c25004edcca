// Who takes part in a world: keys, powers, and which of them are Byzantine. Node i has validator i of the committee, if
// there are so many, and guardian i of the pool: addresses rise with the index, so that signer sets keep the order.
import { type AggregateScheme, bigIntToBytes, type Random, randomBytesFrom, toHex } from '@tan/primitives'
import { createSignerSet, type Era } from '@tan/protocol'
import { GENESIS_HASH } from './ledger.ts'

export interface Identities {
  readonly era: Era
  /** by node */
  readonly secretKeys: readonly Uint8Array[]
}

/** `powers` are of all guardians; the first `validators` of them form the committee, and lead in this order. */
export function createIdentities(
  scheme: AggregateScheme,
  random: Random,
  powers: readonly number[],
  validators: number,
  leaders: readonly number[] = powers.slice(0, validators).map((_, i) => i),
): Identities {
  const secretKeys = powers.map(() => scheme.secretKey(randomBytesFrom(random, 32)))
  const signers = powers.map((power, i) => ({
    address: toHex(bigIntToBytes(BigInt(i + 1), 20)),
    blsPublicKey: scheme.publicKey(secretKeys[i]!),
    power,
  }))
  return {
    era: {
      domain: { chainId: 7, start: GENESIS_HASH },
      start: { hash: GENESIS_HASH, height: 0, epoch: 0 },
      committee: createSignerSet(signers.slice(0, validators)),
      pool: createSignerSet(signers),
      leaders,
      firstHeight: 1,
      lastHeight: undefined,
      handover: undefined,
    },
    secretKeys,
  }
}
