// 0x0a: the KZG commitment of a blob has a value at a point (EIP-4844). Input: versioned hash, z, y, commitment, proof.
import { bytesToBigInt, concatBytes, fromHex, sha256 } from '@tan/primitives'
import { bls12381 as curve, type G1, type G2 } from './curves.ts'
import type { Precompile } from './precompile.ts'

const INPUT_SIZE = 192
const VERSION = 1
const FIELD_ELEMENTS_PER_BLOB = 4096
/** Order of the scalar field. */
const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n

/** The bit in the first byte that says that the point is at infinity, and what the byte then is. */
const INFINITY_FLAG = 0x40
const INFINITY = 0xc0

/** The second power of the trusted setup's secret in G2, compressed, from the public ceremony of 2023. */
const SETUP = fromHex(
  '0xb5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2',
)
const G1_GENERATOR = fromHex(
  '0x97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
)
const G2_GENERATOR = fromHex(
  '0x93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8',
)

const OUTPUT = concatBytes(wordOf(BigInt(FIELD_ELEMENTS_PER_BLOB)), wordOf(ORDER))

export const pointEvaluation: Precompile = {
  gas: () => 50_000,
  run(input) {
    if (input.length !== INPUT_SIZE) return undefined
    const commitmentBytes = input.slice(96, 144)
    const hash = sha256(commitmentBytes)
    if (input[0] !== VERSION || hash.subarray(1).some((byte, i) => byte !== input[i + 1])) return undefined
    if (bytesToBigInt(input.slice(32, 64)) >= ORDER || bytesToBigInt(input.slice(64, 96)) >= ORDER) return undefined
    const commitment = uncompressG1(commitmentBytes)
    const proof = uncompressG1(input.slice(144, 192))
    if (commitment === undefined || proof === undefined) return undefined
    const z = curve.readScalar(input, 32)
    const y = curve.readScalar(input, 64)
    // e(commitment - y, 1) = e(proof, secret - z), with all that is multiplied in the cheaper group
    const { mcl } = curve
    const left = mcl.add(commitment, mcl.mulVec([proof, g1], [z, mcl.neg(y)]))
    return isProductOne(left, proof) ? OUTPUT : undefined
  },
}

/** Is e(left, -1) * e(proof, secret) one? */
function isProductOne(left: G1, proof: G1): boolean {
  const { mcl } = curve
  // e of infinity is 1, and of other points it never is; what was worked out beforehand does not know that
  if (left.isZero() || proof.isZero()) return left.isZero() && proof.isZero()
  return mcl.finalExp(mcl.precomputedMillerLoop2(left, minusOne, proof, setup)).isOne()
}

/** A point of the subgroup, in the compressed form that Ethereum's consensus layer uses. */
function uncompressG1(bytes: Uint8Array): G1 | undefined {
  return uncompress(new curve.mcl.G1(), bytes)
}

function uncompress<P extends G1 | G2>(point: P, bytes: Uint8Array): P | undefined {
  // the library takes any bytes after infinity's flag for it, and only zeros are
  if ((bytes[0]! & INFINITY_FLAG) !== 0 && (bytes[0] !== INFINITY || bytes.subarray(1).some(byte => byte !== 0)))
    return undefined
  curve.mcl.setETHserialization(true)
  try {
    point.deserialize(bytes)
    return point.isValidOrder() ? point : undefined
  } catch {
    return undefined
  } finally {
    curve.mcl.setETHserialization(false)
  }
}

const g1 = uncompressG1(G1_GENERATOR)!
/** Two points that never change, with what a pairing needs of them. */
const minusOne = new curve.mcl.PrecomputedG2(curve.mcl.neg(uncompress(new curve.mcl.G2(), G2_GENERATOR)!))
const setup = new curve.mcl.PrecomputedG2(uncompress(new curve.mcl.G2(), SETUP)!)

function wordOf(value: bigint): Uint8Array {
  return fromHex(`0x${value.toString(16).padStart(64, '0')}`)
}
