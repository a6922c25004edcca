import { type AggregateScheme, bls, createSeededRandom, keccak256, randomBytesFrom } from '@tan/primitives'
import { describe, expect, it } from 'vitest'
import { macScheme } from './mac-scheme.ts'

const random = createSeededRandom(5)
const seeds = [1, 2, 3].map(() => randomBytesFrom(random, 32))
const [one, two] = [keccak256(Uint8Array.of(1)), keccak256(Uint8Array.of(2))]

/** What both schemes must answer alike. */
describe.each([macScheme, bls])('the $implementation scheme', (scheme: AggregateScheme) => {
  const secrets = seeds.map(seed => scheme.secretKey(seed))
  const keys = secrets.map(secret => scheme.publicKey(secret))
  const signatures = secrets.map(secret => scheme.sign(one!, secret))
  const together = scheme.aggregate(signatures)

  it('has keys of 48 bytes and signatures of 96', () => {
    expect(keys.every(key => key.length === 48 && scheme.isPublicKey(key))).toBe(true)
    expect([...signatures, together].every(signature => signature.length === 96)).toBe(true)
  })

  it('knows who signed what', () => {
    expect(scheme.verify(one!, keys[0]!, signatures[0]!)).toBe(true)
    expect(scheme.verify(two!, keys[0]!, signatures[0]!)).toBe(false)
    expect(scheme.verify(one!, keys[1]!, signatures[0]!)).toBe(false)
  })

  it('knows who signed together, and merges in any order', () => {
    expect(scheme.verifyAggregate(one!, keys, together)).toBe(true)
    expect(scheme.verifyAggregate(one!, keys.slice(1), together)).toBe(false)
    expect(scheme.verifyAggregate(one!, [], together)).toBe(false)
    expect(scheme.aggregate([signatures[2]!, scheme.aggregate(signatures.slice(0, 2))])).toEqual(together)
  })

  it('verifies groups and batches', () => {
    const other = scheme.sign(two!, secrets[2]!)
    const mixed = scheme.aggregate([signatures[0]!, signatures[1]!, other])
    const groups = [
      { message: one!, publicKeys: keys.slice(0, 2) },
      { message: two!, publicKeys: keys.slice(2) },
    ]
    expect(scheme.verifyGroups(groups, mixed)).toBe(true)
    expect(scheme.verifyGroups(groups.slice(0, 1), mixed)).toBe(false)
    expect(scheme.verifyGroups([], mixed)).toBe(false)
    const batch = signatures.map((signature, i) => ({ message: one!, publicKey: keys[i]!, signature }))
    expect(scheme.verifyBatch(batch)).toBe(true)
    expect(scheme.verifyBatch([...batch, { ...batch[0]!, message: two! }])).toBe(false)
  })

  it('aggregates no malformed signature', () => {
    expect(() => scheme.aggregate([])).toThrow()
    expect(() => scheme.aggregate([new Uint8Array(5)])).toThrow()
  })
})
