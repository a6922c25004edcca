// 0x0b to 0x11: the curve BLS12-381 (EIP-2537). A field element is 64 bytes, the first 16 of them zeros.
import { type Curve, bls12381 as curve, type G1, type G2 } from './curves.ts'
import type { Precompile } from './precompile.ts'

const G1_SIZE = 128
const G2_SIZE = 256
const SCALAR_SIZE = 32
const FIELD_SIZE = 64

const G1_MULTIPLY_GAS = 12_000
const G2_MULTIPLY_GAS = 22_500

/** Per mille, for sums of 1, 2, ... and of this many products or more (EIP-2537). */
// biome-ignore format: a table
const G1_DISCOUNTS = [
  1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677, 673, 669, 665, 661, 658, 654, 651,
  648, 645, 642, 640, 637, 635, 632, 630, 627, 625, 623, 621, 619, 617, 615, 613, 611, 609, 608, 606, 604, 603, 601,
  599, 598, 596, 595, 593, 592, 591, 589, 588, 586, 585, 584, 582, 581, 580, 579, 577, 576, 575, 574, 573, 572, 570,
  569, 568, 567, 566, 565, 564, 563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547,
  547, 546, 545, 544, 543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531, 530, 529, 528,
  528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519,
]
// biome-ignore format: a table
const G2_DISCOUNTS = [
  1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717, 711, 704, 699, 693, 688, 683,
  679, 674, 670, 666, 663, 659, 655, 652, 649, 646, 643, 640, 637, 634, 632, 629, 627, 624, 622, 620, 618, 615, 613,
  611, 609, 607, 606, 604, 602, 600, 598, 597, 595, 593, 592, 590, 589, 587, 586, 584, 583, 582, 580, 579, 578, 576,
  575, 574, 573, 571, 570, 569, 568, 567, 566, 565, 563, 562, 561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552,
  551, 550, 549, 548, 547, 546, 545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535, 534, 533,
  532, 532, 531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524,
]

function multiplyGas(count: number, one: number, discounts: readonly number[]): number {
  return count === 0 ? 0 : Math.floor((count * one * discounts[Math.min(count, discounts.length) - 1]!) / 1000)
}

const addG1: Precompile = {
  gas: () => 375,
  run(input) {
    if (input.length !== 2 * G1_SIZE) return undefined
    const a = curve.readG1(input, 0)
    const b = curve.readG1(input, G1_SIZE)
    return a === undefined || b === undefined ? undefined : curve.writeG1(curve.mcl.add(a, b))
  },
}

const addG2: Precompile = {
  gas: () => 600,
  run(input) {
    if (input.length !== 2 * G2_SIZE) return undefined
    const a = curve.readG2(input, 0)
    const b = curve.readG2(input, G2_SIZE)
    return a === undefined || b === undefined ? undefined : curve.writeG2(curve.mcl.add(a, b))
  },
}

const sumG1: Precompile = {
  gas: input => multiplyGas(Math.floor(input.length / (G1_SIZE + SCALAR_SIZE)), G1_MULTIPLY_GAS, G1_DISCOUNTS),
  run(input) {
    const terms = readTerms<G1>(input, G1_SIZE, at => curve.readG1(input, at))
    return terms && curve.writeG1(curve.mcl.mulVec(terms.points, terms.scalars))
  },
}

const sumG2: Precompile = {
  gas: input => multiplyGas(Math.floor(input.length / (G2_SIZE + SCALAR_SIZE)), G2_MULTIPLY_GAS, G2_DISCOUNTS),
  run(input) {
    const terms = readTerms<G2>(input, G2_SIZE, at => curve.readG2(input, at))
    return terms && curve.writeG2(curve.mcl.mulVec(terms.points, terms.scalars))
  },
}

/** Points of the subgroup, each followed by a scalar; undefined where any is wrong or there are none. */
function readTerms<P extends G1 | G2>(input: Uint8Array, pointSize: number, readPoint: (at: number) => P | undefined) {
  const size = pointSize + SCALAR_SIZE
  if (input.length === 0 || input.length % size !== 0) return undefined
  const points: P[] = []
  const scalars: ReturnType<Curve['readScalar']>[] = []
  for (let at = 0; at < input.length; at += size) {
    const point = readPoint(at)
    if (point === undefined || !point.isValidOrder()) return undefined
    points.push(point)
    scalars.push(curve.readScalar(input, at + pointSize))
  }
  return { points, scalars }
}

const pairing: Precompile = {
  gas: input => 37_700 + 32_600 * Math.floor(input.length / (G1_SIZE + G2_SIZE)),
  run(input) {
    const size = G1_SIZE + G2_SIZE
    if (input.length === 0 || input.length % size !== 0) return undefined
    const pairs: [G1, G2][] = []
    for (let at = 0; at < input.length; at += size) {
      const p = curve.readG1(input, at)
      const q = curve.readG2(input, at + G1_SIZE)
      if (p === undefined || q === undefined || !p.isValidOrder() || !q.isValidOrder()) return undefined
      pairs.push([p, q])
    }
    return curve.pairingIsOne(pairs)
  },
}

const mapToG1: Precompile = {
  gas: () => 5500,
  run(input) {
    const element = input.length === FIELD_SIZE ? curve.readField(input, 0) : undefined
    return element && curve.writeG1(element.mapToG1())
  },
}

const mapToG2: Precompile = {
  gas: () => 23_800,
  run(input) {
    const element = input.length === 2 * FIELD_SIZE ? curve.readExtension(input, 0) : undefined
    return element && curve.writeG2(element.mapToG2())
  },
}

/** In the order of their addresses. */
export const bls12381: readonly Precompile[] = [addG1, sumG1, addG2, sumG2, pairing, mapToG1, mapToG2]
