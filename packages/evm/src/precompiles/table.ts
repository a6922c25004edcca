// Which precompile stands at which address from which fork on.
import type { Address } from '@tan/primitives'
import { type Fork, isFrom } from '../forks.ts'
import { blake2f } from './blake2f.ts'
import { bls12381 } from './bls12-381.ts'
import { bn254Add, bn254Multiply, bn254Pairing } from './bn254.ts'
import { ecrecover } from './ecrecover.ts'
import { identity, ripemd, sha } from './hashes.ts'
import { modexp } from './modexp.ts'
import { p256Verify } from './p256.ts'
import { pointEvaluation } from './point-evaluation.ts'
import type { Precompile } from './precompile.ts'

const TABLE = new Map<Address, { readonly since: Fork; readonly precompile: Precompile }>()
const add = (place: number, since: Fork, precompile: Precompile) =>
  TABLE.set(`0x${place.toString(16).padStart(40, '0')}`, { since, precompile })

add(0x01, 'berlin', ecrecover)
add(0x02, 'berlin', sha)
add(0x03, 'berlin', ripemd)
add(0x04, 'berlin', identity)
add(0x05, 'berlin', modexp)
add(0x06, 'berlin', bn254Add)
add(0x07, 'berlin', bn254Multiply)
add(0x08, 'berlin', bn254Pairing)
add(0x09, 'berlin', blake2f)
add(0x0a, 'cancun', pointEvaluation)
for (const [i, precompile] of bls12381.entries()) add(0x0b + i, 'prague', precompile)
add(0x100, 'osaka', p256Verify)

/** of all of them, so that most addresses are told apart without looking any up */
const PREFIX = `0x${'0'.repeat(36)}`

export function precompileAt(fork: Fork, address: Address): Precompile | undefined {
  if (!address.startsWith(PREFIX)) return undefined
  const entry = TABLE.get(address)
  return entry !== undefined && isFrom(fork, entry.since) ? entry.precompile : undefined
}

export function isPrecompile(fork: Fork, address: Address): boolean {
  return precompileAt(fork, address) !== undefined
}
