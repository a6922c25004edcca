// For this room's tests: what every encoding must do, and random parts of records.
import { CodedError, type Hash, toHex } from '@tan/primitives'
import type { CommitCertificate } from '@tan/protocol'
import fc from 'fast-check'
import { expect } from 'vitest'

export const bytesOf = (sizeBytes: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes })
export const hashes: fc.Arbitrary<Hash> = bytesOf(32).map(toHex)
export const uints: fc.Arbitrary<number> = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat())
export const signatures: fc.Arbitrary<Uint8Array> = bytesOf(96)
export const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

export const certificates: fc.Arbitrary<CommitCertificate> = fc.record({
  epoch: uints,
  blockHash: hashes,
  justifyEpoch: uints,
  signers: fc.uint8Array({ maxLength: 16 }),
  signature: fc.oneof(signatures, fc.constant(new Uint8Array())),
})

/** Cut short, made longer, or with one bit flipped: each at every place that `at` may pick. */
const damages: readonly ((bytes: Uint8Array, at: number) => Uint8Array)[] = [
  (bytes, at) => bytes.slice(0, at % bytes.length),
  (bytes, at) => Uint8Array.from([...bytes, at & 255]),
  (bytes, at) => bytes.map((byte, i) => (i === (at >> 3) % bytes.length ? byte ^ (1 << (at & 7)) : byte)),
  (bytes, at) => bytes.filter((_, i) => i !== at % bytes.length),
]

export interface Encoding<T> {
  readonly encode: (value: T) => Uint8Array
  readonly decode: (bytes: Uint8Array) => T
}

/** Values come back; what is damaged is refused with a code, or was the one encoding of something else. */
export function checkEncoding<T>({ encode, decode }: Encoding<T>, values: fc.Arbitrary<T>, runs: number): void {
  fc.assert(
    fc.property(values, fc.nat(), (value, at) => {
      const bytes = encode(value)
      expect(decode(bytes)).toEqual(value)
      for (const damage of damages) {
        const damaged = damage(bytes, at)
        const decoded = attempt(() => decode(damaged))
        if (decoded.ok) expect(toHex(encode(decoded.value))).toBe(toHex(damaged))
        else expect(decoded.error).toBeInstanceOf(CodedError)
      }
      // whatever is cut or longer is never anything
      expect(attempt(() => decode(bytes.slice(0, at % bytes.length))).ok).toBe(false)
      expect(attempt(() => decode(Uint8Array.from([...bytes, 0]))).ok).toBe(false)
    }),
    { numRuns: runs },
  )
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown }

function attempt<T>(act: () => T): Attempt<T> {
  try {
    return { ok: true, value: act() }
  } catch (error) {
    return { ok: false, error }
  }
}
