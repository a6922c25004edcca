// Checks a finality certificate in this browser against the guardians that the page trusts, instead of believing the
// node.
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

/** The part of the genesis that a light client needs: the guardians whose signatures make a block final. */
export type TrustAnchor = ShapeValue<typeof anchor>

/** Throws `tracker/field` with the name of the wrong field. */
export function validateAnchor(json: unknown): TrustAnchor {
  return anchor(json, 'anchor')
}

export interface CheckedFinality {
  /** the checkpoint's */
  readonly hash: Hash
  /** the guardians that committed to it */
  readonly signers: readonly Signer[]
  readonly power: number
  readonly totalPower: number
}

/**
 * Checks that quorums of Prepares and Commits exist for this block. Each justification must build on the previous one;
 * the source of the first is an older checkpoint, which counts as justified. Throws `finality/…` with the reason.
 */
export function checkFinality({ chainId, genesisHash, pool }: TrustAnchor, encoded: Hex, hash: Hash): CheckedFinality {
  const set = createSignerSet(
    pool.map(({ address, blsPublicKey, power }) => ({ address, blsPublicKey: fromHex(blsPublicKey), power })),
  )
  const certificate = decode(finalityCertificateCodec, fromHex(encoded))
  if (certificate.justifications.length === 0)
    throw new CodedError('finality/empty', 'the certificate contains no justification')
  const point = finalizedPoint(certificate)
  if (point.hash !== hash) throw new CodedError('finality/other', `the certificate is for another block, ${point.hash}`)
  const guardians = { domain: { chainId, start: genesisHash }, set }
  const rejection = verifyFinalityCertificate(bls, guardians, certificate, () => true)
  if (rejection !== undefined) throw new CodedError(rejection.code, rejection.message)
  const signers = bitmapIndices(certificate.commit.signers).map(i => set.signers[i]!)
  const power = signers.reduce((sum, signer) => sum + signer.power, 0)
  return { hash, signers, power, totalPower: set.totalPower }
}
