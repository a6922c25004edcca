import { type Address, bls, encode, type Hash, type Hex, toHex } from '@tan/primitives'
import {
  type AggregateSignature,
  commitDigest,
  createBitmap,
  createSignerSet,
  finalityCertificateCodec,
  type Prepare,
  prepareDigest,
} from '@tan/protocol'
import { expect, test } from 'vitest'
import { checkFinality, validateAnchor } from './finality-check.ts'

const genesisHash: Hash = `0x${'9e'.repeat(32)}`
const target: Hash = `0x${'c1'.repeat(32)}`
const domain = { chainId: 7, start: genesisHash }

const keys = [1, 2, 3, 4].map(i => bls.secretKey(new Uint8Array(32).fill(i)))
const set = createSignerSet(
  keys.map((key, i) => ({
    address: `0x0${i}${'00'.repeat(19)}` as Address,
    blsPublicKey: bls.publicKey(key),
    power: 100,
  })),
)
const anchor = validateAnchor({
  chainId: 7,
  genesisHash,
  pool: set.signers.map(({ address, blsPublicKey, power }) => ({ address, blsPublicKey: toHex(blsPublicKey), power })),
})

function signed(digest: Uint8Array, who: readonly number[]): AggregateSignature {
  return {
    signers: createBitmap(who, set.signers.length),
    signature: bls.aggregate(who.map(i => bls.sign(digest, keys[i]!))),
  }
}

function certificate(preparers: readonly number[], committers: readonly number[]): Hex {
  const prepare: Prepare = { source: { hash: genesisHash, round: 0 }, target, round: 1 }
  const justification = { prepare, ...signed(prepareDigest(domain, prepare), preparers) }
  const commit = signed(commitDigest(domain, { point: { hash: target, round: 1 } }), committers)
  return toHex(encode(finalityCertificateCodec, { justifications: [justification], commit }))
}

// spec F-JUSTIFIED, F-FINAL
test('a certificate of three of four guardians is right, and names them', () => {
  const { signers, power, totalPower } = checkFinality(anchor, certificate([0, 1, 2], [1, 2, 3]), target)
  expect(signers.map(signer => signer.address)).toEqual(set.signers.slice(1).map(signer => signer.address))
  expect([power, totalPower]).toEqual([300, 400])
})

test('one of two of four is not, on either side', () => {
  expect(() => checkFinality(anchor, certificate([0, 1], [1, 2, 3]), target)).toThrow('no quorum of Prepares')
  expect(() => checkFinality(anchor, certificate([0, 1, 2], [2, 3]), target)).toThrow('no quorum of Commits')
})

test('nor is one for another block, of another chain, or damaged', () => {
  const right = certificate([0, 1, 2], [0, 1, 2])
  expect(() => checkFinality(anchor, right, genesisHash)).toThrow('for another block')
  expect(() => checkFinality({ ...anchor, chainId: 8 }, right, target)).toThrow('no quorum')
  expect(() => checkFinality({ ...anchor, pool: anchor.pool.slice(1) }, right, target)).toThrow()
  expect(() => checkFinality(anchor, '0xc0', target)).toThrow()
  const last = right.at(-1) === '0' ? '1' : '0'
  expect(() => checkFinality(anchor, `${right.slice(0, -1)}${last}` as Hex, target)).toThrow('no quorum of Commits')
})
