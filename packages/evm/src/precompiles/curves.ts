// The two pairing-friendly curves, by the library `mcl`: one instance of it for each, since it holds one curve at a time.
// Elements and points in the precompiles' encodings: big-endian, uncompressed, all zeros for the point at infinity.
import * as bls from 'mcl-wasm'
import * as bn from 'mcl-wasm-bn254'

export type Mcl = typeof bls
export type Fp = InstanceType<Mcl['Fp']>
export type Fp2 = InstanceType<Mcl['Fp2']>
export type Fr = InstanceType<Mcl['Fr']>
export type G1 = InstanceType<Mcl['G1']>
export type G2 = InstanceType<Mcl['G2']>

const TRUE = new Uint8Array(32)
TRUE[31] = 1
const FALSE = new Uint8Array(32)

export interface CurveForm {
  /** bytes of a field element, and how many zeros stand before it */
  readonly fieldBytes: number
  readonly paddingBytes: number
  /** which half of an element of the extension field comes first */
  readonly isImaginaryFirst: boolean
}

/** Readers answer undefined for what is not in the field or not on the curve; whether it is in the subgroup is not checked. */
export class Curve {
  readonly mcl: Mcl
  private readonly form: CurveForm
  private readonly elementBytes: number
  private readonly one: Fp
  private readonly extensionOne: Fp2

  constructor(mcl: Mcl, form: CurveForm) {
    this.mcl = mcl
    this.form = form
    this.elementBytes = form.fieldBytes + form.paddingBytes
    this.one = new mcl.Fp()
    this.one.setInt(1)
    this.extensionOne = new mcl.Fp2()
    this.extensionOne.setInt(1, 0)
    mcl.verifyOrderG1(false) // asked for where it matters
    mcl.verifyOrderG2(false)
  }

  readField(input: Uint8Array, at: number): Fp | undefined {
    const { fieldBytes, paddingBytes } = this.form
    for (let i = at; i < at + paddingBytes; i++) if (input[i] !== 0) return undefined
    const element = new this.mcl.Fp()
    try {
      element.deserialize(input.slice(at + paddingBytes, at + paddingBytes + fieldBytes).reverse())
    } catch {
      return undefined
    }
    return element
  }

  readExtension(input: Uint8Array, at: number): Fp2 | undefined {
    const first = this.readField(input, at)
    const second = this.readField(input, at + this.elementBytes)
    if (first === undefined || second === undefined) return undefined
    const element = new this.mcl.Fp2()
    element.set_a(this.form.isImaginaryFirst ? second : first)
    element.set_b(this.form.isImaginaryFirst ? first : second)
    return element
  }

  readScalar(input: Uint8Array, at: number): Fr {
    const scalar = new this.mcl.Fr()
    scalar.setBigEndianMod(input.slice(at, at + 32))
    return scalar
  }

  readG1(input: Uint8Array, at: number): G1 | undefined {
    const x = this.readField(input, at)
    const y = this.readField(input, at + this.elementBytes)
    if (x === undefined || y === undefined) return undefined
    const point = new this.mcl.G1()
    if (x.isZero() && y.isZero()) return point
    point.setX(x)
    point.setY(y)
    point.setZ(this.one)
    return point.isValid() ? point : undefined
  }

  readG2(input: Uint8Array, at: number): G2 | undefined {
    const x = this.readExtension(input, at)
    const y = this.readExtension(input, at + 2 * this.elementBytes)
    if (x === undefined || y === undefined) return undefined
    const point = new this.mcl.G2()
    if (x.isZero() && y.isZero()) return point
    point.setX(x)
    point.setY(y)
    point.setZ(this.extensionOne)
    return point.isValid() ? point : undefined
  }

  writeG1(point: G1): Uint8Array {
    const out = new Uint8Array(2 * this.elementBytes)
    if (point.isZero()) return out
    point.normalize()
    this.writeField(out, 0, point.getX())
    this.writeField(out, this.elementBytes, point.getY())
    return out
  }

  writeG2(point: G2): Uint8Array {
    const out = new Uint8Array(4 * this.elementBytes)
    if (point.isZero()) return out
    point.normalize()
    this.writeExtension(out, 0, point.getX())
    this.writeExtension(out, 2 * this.elementBytes, point.getY())
    return out
  }

  /** Is the product of the pairings one? As a word. */
  pairingIsOne(pairs: readonly (readonly [G1, G2])[]): Uint8Array {
    const { mcl } = this
    let product: ReturnType<Mcl['millerLoop']> | undefined
    for (const [p, q] of pairs) {
      if (p.isZero() || q.isZero()) continue
      const term = mcl.millerLoop(p, q)
      product = product === undefined ? term : mcl.mul(product, term)
    }
    return product === undefined || mcl.finalExp(product).isOne() ? TRUE : FALSE
  }

  private writeField(out: Uint8Array, at: number, element: Fp): void {
    out.set(element.serialize().reverse(), at + this.form.paddingBytes)
  }

  private writeExtension(out: Uint8Array, at: number, element: Fp2): void {
    const [first, second] = this.form.isImaginaryFirst
      ? [element.get_b(), element.get_a()]
      : [element.get_a(), element.get_b()]
    this.writeField(out, at, first)
    this.writeField(out, at + this.elementBytes, second)
  }
}

await Promise.all([bls.init(bls.BLS12_381), bn.init(bn.BN_SNARK1)])
bls.setMapToMode(bls.IRTF)

export const bls12381: Curve = new Curve(bls, { fieldBytes: 48, paddingBytes: 16, isImaginaryFirst: false })
/** Also called alt_bn128. */
export const bn254: Curve = new Curve(bn as unknown as Mcl, { fieldBytes: 32, paddingBytes: 0, isImaginaryFirst: true })
