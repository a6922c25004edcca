// The precompiles beside the library's own, on inputs that are right, nearly right and wrong; and what the library cannot do.
import { Common, Hardfork, Mainnet } from '@ethereumjs/common'
import { createEVM, type EVM } from '@ethereumjs/evm'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { bn254 } from '@noble/curves/bn254.js'
import { p256 } from '@noble/curves/nist.js'
import {
  type Address,
  bigIntToBytes,
  concatBytes,
  createSeededRandom,
  EMPTY_BYTES,
  fromHex,
  keccak256,
  type Random,
  randomBelow,
  randomBytesFrom,
  secp256k1,
  sha256,
  toHex,
} from '@tan/primitives'
import { beforeAll, expect, test } from 'vitest'
import { createEvm, type Evm } from '../evm.ts'
import { environmentOf } from '../testing/differential.ts'
import { World } from '../testing/world.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const osaka = environmentOf('osaka')
const prague = environmentOf('prague')
const word = (value: bigint | number) => bigIntToBytes(BigInt(value), 32)
const addressOf = (place: number): Address => `0x${place.toString(16).padStart(40, '0')}`

let theirs: Record<'prague' | 'osaka', EVM>
let ours: Evm
const world = new World()
beforeAll(async () => {
  const make = async (hardfork: Hardfork) =>
    (await createEVM({ common: new Common({ chain: { ...Mainnet }, hardfork }) })) as EVM
  theirs = { prague: await make(Hardfork.Prague), osaka: await make(Hardfork.Osaka) }
  ours = createEvm()
  world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
})

const GAS = 3_000_000n

async function expectSame(place: number, input: Uint8Array, fork: 'prague' | 'osaka' = 'osaka'): Promise<boolean> {
  const message = { caller: SENDER, to: addressOf(place), value: 0n, input, gas: GAS, gasPrice: 1n }
  const result = ours.execute(message, fork === 'osaka' ? osaka : prague, world)
  const precompile = theirs[fork].getPrecompile(addressOf(place))!
  const expected = await precompile({ data: input, gasLimit: GAS, common: theirs[fork].common, _EVM: theirs[fork] })
  const isGood = expected.exceptionError === undefined
  expect([result.status, toHex(result.returnData), GAS - result.gasLeft]).toEqual([
    isGood ? 'success' : 'halt',
    isGood ? toHex(expected.returnValue) : '0x',
    isGood ? expected.executionGasUsed : GAS,
  ])
  return isGood
}

/** The inputs, and each with something wrong: a bit, its length, all zeros. */
async function expectSameAround(place: number, inputs: readonly Uint8Array[], random: Random): Promise<void> {
  let good = 0
  for (const input of inputs) {
    const flipped = input.slice()
    if (flipped.length > 0) flipped[randomBelow(random, flipped.length)]! ^= 1 << randomBelow(random, 8)
    const wrong = [
      flipped,
      input.subarray(0, input.length - 1),
      concatBytes(input, Uint8Array.of(1)),
      new Uint8Array(input.length),
    ]
    for (const one of [input, ...wrong]) if (await expectSame(place, one)) good++
  }
  expect(good).toBeGreaterThan(0)
}

const field = (value: bigint) => bigIntToBytes(value, 64)
const scalarFrom = (random: Random) => BigInt(toHex(randomBytesFrom(random, 31))) + 1n

function g1(scalar: bigint): Uint8Array {
  const { x, y } = bls12_381.G1.Point.BASE.multiply(scalar).toAffine()
  return concatBytes(field(x), field(y))
}

function g2(scalar: bigint): Uint8Array {
  const { x, y } = bls12_381.G2.Point.BASE.multiply(scalar).toAffine()
  return concatBytes(field(x.c0), field(x.c1), field(y.c0), field(y.c1))
}

function bnG1(scalar: bigint): Uint8Array {
  const { x, y } = bn254.G1.Point.BASE.multiply(scalar).toAffine()
  return concatBytes(word(x), word(y))
}

function bnG2(scalar: bigint): Uint8Array {
  const { x, y } = bn254.G2.Point.BASE.multiply(scalar).toAffine()
  return concatBytes(word(x.c1), word(x.c0), word(y.c1), word(y.c0))
}

test('ecrecover', async () => {
  const random = createSeededRandom(1)
  const inputs = Array.from({ length: 4 }, () => {
    const digest = randomBytesFrom(random, 32)
    const { compact, recovery } = secp256k1.sign(digest, sha256(digest))
    return concatBytes(digest, word(27 + recovery), compact)
  })
  await expectSameAround(1, inputs, random)
  const highS = inputs[0]!.slice()
  highS.set(
    word(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n - BigInt(toHex(highS.slice(96)))),
    96,
  )
  await expectSame(1, highS)
})

test('hashes and identity', async () => {
  const random = createSeededRandom(2)
  for (const size of [0, 1, 31, 32, 33, 64, 1000])
    for (const place of [2, 3, 4]) await expectSame(place, randomBytesFrom(random, size))
})

test('modexp', async () => {
  const random = createSeededRandom(3)
  for (let i = 0; i < 120; i++) {
    const size = () => randomBelow(random, [4, 33, 70][randomBelow(random, 3)]!)
    const [base, exponent, modulus] = [size(), size(), size()]
    const body = randomBytesFrom(random, randomBelow(random, base + exponent + modulus + 10))
    if (randomBelow(random, 4) === 0) body.fill(0, 0, randomBelow(random, body.length + 1))
    const input = concatBytes(word(base), word(exponent), word(modulus), body)
    await expectSame(5, input, 'osaka')
    await expectSame(5, input, 'prague')
  }
  for (const sizes of [
    [1025, 1, 1],
    [1, 1025, 1],
    [1, 1, 1025],
    [2 ** 40, 0, 0],
    [0, 2 ** 40, 0],
  ])
    await expectSame(5, concatBytes(...sizes.map(word)))
})

test('bn254', async () => {
  const random = createSeededRandom(4)
  const sums = Array.from({ length: 3 }, () => concatBytes(bnG1(scalarFrom(random)), bnG1(scalarFrom(random))))
  await expectSameAround(6, sums, random)
  await expectSameAround(
    7,
    Array.from({ length: 3 }, () => concatBytes(bnG1(scalarFrom(random)), randomBytesFrom(random, 32))),
    random,
  )
  const a = scalarFrom(random)
  // e(a, b) * e(-ab, 1) is one
  const product = (a * 7n) % bn254.fields.Fr.ORDER
  const balanced = concatBytes(bnG1(a), bnG2(7n), bnG1(bn254.fields.Fr.ORDER - product), bnG2(1n))
  await expectSameAround(8, [EMPTY_BYTES, balanced, concatBytes(bnG1(a), bnG2(a))], random)
})

test('blake2f', async () => {
  const random = createSeededRandom(5)
  for (const rounds of [0, 1, 9, 10, 11, 12, 100])
    for (const last of [0, 1, 2]) {
      const input = randomBytesFrom(random, 213)
      input.set(bigIntToBytes(BigInt(rounds), 4))
      input[212] = last
      await expectSame(9, input)
    }
  await expectSame(9, new Uint8Array(212))
})

test('bls12-381', async () => {
  const random = createSeededRandom(6)
  const [a, b] = [scalarFrom(random), scalarFrom(random)]
  await expectSameAround(0x0b, [concatBytes(g1(a), g1(b)), concatBytes(g1(a), g1(a))], random)
  await expectSameAround(
    0x0c,
    [concatBytes(g1(a), randomBytesFrom(random, 32), g1(b), randomBytesFrom(random, 32))],
    random,
  )
  await expectSameAround(0x0d, [concatBytes(g2(a), g2(b))], random)
  await expectSameAround(0x0e, [concatBytes(g2(a), randomBytesFrom(random, 32), g2(b), word(0))], random)
  const order = bls12_381.fields.Fr.ORDER
  const balanced = concatBytes(g1(a), g2(b), g1(order - ((a * b) % order)), g2(1n))
  await expectSameAround(0x0f, [balanced, concatBytes(g1(a), g2(b))], random)
  await expectSameAround(0x10, [field(a), field(0n)], random)
  await expectSameAround(0x11, [concatBytes(field(a), field(b))], random)
})

test('points outside the subgroup are refused where it matters, and only there', async () => {
  // x = 4 is on the curve, and not in the subgroup
  const { Fp } = bls12_381.fields
  const outside = concatBytes(field(4n), field(Fp.sqrt(Fp.add(Fp.pow(4n, 3n), 4n))))
  expect(await expectSame(0x0b, concatBytes(outside, g1(1n)))).toBe(true)
  expect(await expectSame(0x0c, concatBytes(outside, word(1)))).toBe(false)
  expect(await expectSame(0x0f, concatBytes(outside, g2(1n)))).toBe(false)
})

test('p256', async () => {
  const random = createSeededRandom(7)
  const inputs = Array.from({ length: 3 }, () => {
    const digest = randomBytesFrom(random, 32)
    const secret = sha256(digest)
    const signature = p256.sign(digest, secret, { prehash: false, lowS: false })
    return concatBytes(digest, signature, p256.getPublicKey(secret, false).subarray(1))
  })
  await expectSameAround(0x100, inputs, random)
})

test('the point evaluation knows what the ceremony made, and every other claim is refused', () => {
  // the ceremony's first power in G1 commits to p(x) = x, whose value at z is z and whose quotient is 1
  const commitment = fromHex(
    '0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81',
  )
  const generator = fromHex(
    '0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
  )
  const hash = sha256(commitment)
  hash[0] = 1
  const run = (y: bigint, z: bigint, versionedHash = hash, proof = generator) => {
    const input = concatBytes(versionedHash, word(z), word(y), commitment, proof)
    const result = ours.execute(
      { caller: SENDER, to: addressOf(0x0a), value: 0n, input, gas: GAS, gasPrice: 1n },
      osaka,
      world,
    )
    return result.status === 'success' ? [toHex(result.returnData), GAS - result.gasLeft] : result.status
  }
  const order = bls12_381.fields.Fr.ORDER
  const output = [toHex(concatBytes(word(4096), word(order))), 50_000n]
  expect(run(5n, 5n)).toEqual(output)
  expect(run(order - 1n, order - 1n)).toEqual(output)
  expect(run(6n, 5n)).toBe('halt')
  expect(run(order, order)).toBe('halt')
  expect(run(5n, 5n, keccak256(commitment))).toBe('halt')
  expect(run(5n, 5n, hash, commitment)).toBe('halt')
  expect(run(5n, 5n, hash, new Uint8Array(48))).toBe('halt')
})

test('the point evaluation takes infinity in one form only, as commitment and as proof', () => {
  const infinity = new Uint8Array(48)
  infinity[0] = 0xc0
  // commits to p(x) = 0, whose quotients are 0 too
  const run = (commitment: Uint8Array, proof: Uint8Array) => {
    const hash = sha256(commitment)
    hash[0] = 1
    const input = concatBytes(hash, word(5), word(0), commitment, proof)
    return ours.execute({ caller: SENDER, to: addressOf(0x0a), value: 0n, input, gas: GAS, gasPrice: 1n }, osaka, world)
      .status
  }
  expect(run(infinity, infinity)).toBe('success')
  const generator = bls12_381.G1.Point.BASE.toBytes(true)
  expect([run(infinity, generator), run(generator, infinity)]).toEqual(['halt', 'halt'])
  const changed = (place: number, byte: number) => infinity.map((before, i) => (i === place ? byte : before))
  const wrong = [
    changed(47, 1),
    changed(1, 0x80),
    changed(24, 255),
    ...[0x40, 0x60, 0xe0, 0xc1, 0x80, 0].map(b => changed(0, b)),
  ]
  for (const point of wrong) {
    expect([toHex(point), run(point, infinity)]).toEqual([toHex(point), 'halt'])
    expect([toHex(point), run(infinity, point)]).toEqual([toHex(point), 'halt'])
  }
})

test('the point evaluation of any straight line', () => {
  const random = createSeededRandom(8)
  const { G1 } = bls12_381
  const order = bls12_381.fields.Fr.ORDER
  const secret = G1.Point.fromBytes(
    fromHex('0xad3eb50121139aa34db1d545093ac9374ab7bca2c0f3bf28e27c8dcd8fc7cb42d25926fc0c97b336e9f0fb35e5a04c81'),
  )
  const run = (slope: bigint, start: bigint, z: bigint, y: bigint) => {
    const commitment = secret.multiplyUnsafe(slope).add(G1.Point.BASE.multiplyUnsafe(start)).toBytes(true)
    const proof = G1.Point.BASE.multiplyUnsafe(slope).toBytes(true)
    const hash = sha256(commitment)
    hash[0] = 1
    const input = concatBytes(hash, word(z), word(y), commitment, proof)
    return ours.execute({ caller: SENDER, to: addressOf(0x0a), value: 0n, input, gas: GAS, gasPrice: 1n }, osaka, world)
      .status
  }
  const some = () => scalarFrom(random)
  const lines = [
    [some(), some(), some()],
    [some(), some(), 0n],
    [some(), 0n, some()],
    [order - 1n, order - 1n, order - 1n],
    [0n, some(), some()],
    [0n, 0n, some()],
  ] as const
  for (const [slope, start, z] of lines) {
    const y = (slope * z + start) % order
    expect([slope, run(slope, start, z, y)]).toEqual([slope, 'success'])
    expect([slope, run(slope, start, z, (y + 1n) % order)]).toEqual([slope, 'halt'])
  }
})
