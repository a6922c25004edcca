// For this room's tests: an era of four members with real keys, who are its committee and its pool.
import { bigIntToBytes, bls, keccak256, toHex } from '@tan/primitives'
import type { EraStart } from '../era/committee.ts'
import type { Era } from '../era/era.ts'
import { createSignerSet } from '../signers.ts'

export function createTestEra({ height, epoch }: Pick<EraStart, 'height' | 'epoch'>): {
  readonly era: Era
  readonly secretKeys: readonly Uint8Array[]
} {
  const secretKeys = [1n, 2n, 3n, 4n].map(i => bls.secretKey(keccak256(bigIntToBytes(i, 32))))
  const members = createSignerSet(
    secretKeys.map((secretKey, i) => ({
      address: toHex(bigIntToBytes(BigInt(i + 1), 20)),
      blsPublicKey: bls.publicKey(secretKey),
      power: 1,
    })),
  )
  const hash = toHex(keccak256(bigIntToBytes(BigInt(height), 32)))
  const era: Era = {
    domain: { chainId: 7, start: hash },
    start: { hash, height, epoch },
    committee: members,
    pool: members,
    leaders: [0, 1, 2, 3],
    firstHeight: height + 1,
    lastHeight: undefined,
    handover: undefined,
  }
  return { era, secretKeys }
}
