// Checks a finality certificate in this browser, against the guardians that the page trusts, instead of taking the node's
// word for it.
import { bls, CodedError, decode, fromHex, type Hash, type Hex } from '@tan/primitives'
import {
  bitmapIndices,
  createSignerSet,
  finalityCertificateCodec,
  finalizedPoint,
  type Signer,
  verifyFinalityCertificate,
} from '@tan/protocol'
import { hexOf, integerFrom, list, object, type ShapeValue } from '@tan/protocol/tracker/shape'
import { GUARDIANS_SHOWN_MAX } from '../limits.ts'

const count = integerFrom(0, Number.MAX_SAFE_INTEGER)

const anchor = object({
  chainId: count,
  genesisHash: hexOf(32),
  pool: list(object({ address: hexOf(20), blsPublicKey: hexOf(48), power: count }), GUARDIANS_SHOWN_MAX),
})

/** What a light client holds of the genesis: the guardians whose signatures make a block final. */
export type TrustAnchor = ShapeValue<typeof anchor>

/** Throws `tracker/field` with the name of what is wrong. */
export function validateAnchor(json: unknown): TrustAnchor {
  return anchor(json, 'anchor')
}

export interface CheckedFinality {
  /** the checkpoint's */
  readonly hash: Hash
  /** who committed to it */
  readonly signers: readonly Signer[]
  readonly power: number
  readonly totalPower: number
}

/**
 * Are there quorums of Prepares and Commits for this block? Each justification must stand on the one before it; the first
 * one's source is an older checkpoint, which is taken as justified. Throws `finality/…` with what is wrong.
 */
export function checkFinality({ chainId, genesisHash, pool }: TrustAnchor, encoded: Hex, hash: Hash): CheckedFinality {
  const set = createSignerSet(
    pool.map(({ address, blsPublicKey, power }) => ({ address, blsPublicKey: fromHex(blsPublicKey), power })),
  )
  const certificate = decode(finalityCertificateCodec, fromHex(encoded))
  if (certificate.justifications.length === 0)
    throw new CodedError('finality/empty', 'the certificate justifies nothing')
  const point = finalizedPoint(certificate)
  if (point.hash !== hash) throw new CodedError('finality/other', `the certificate is for another block, ${point.hash}`)
  const guardians = { domain: { chainId, start: genesisHash }, set }
  const rejection = verifyFinalityCertificate(bls, guardians, certificate, () => true)
  if (rejection !== undefined) throw new CodedError(rejection.code, rejection.message)
  const signers = bitmapIndices(certificate.commit.signers).map(i => set.signers[i]!)
  const power = signers.reduce((sum, signer) => sum + signer.power, 0)
  return { hash, signers, power, totalPower: set.totalPower }
}
