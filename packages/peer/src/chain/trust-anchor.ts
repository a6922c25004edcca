// What a light client starts from: the committee of a chain that it trusts, and nothing else.
import { bls, CodedError, fromHex } from '@tan/primitives'
import { createEras, createSignerSet, type EraCommittee, type Eras, limits } from '@tan/protocol'
import { hexOf, integerFrom, list, object, type ShapeValue } from '@tan/protocol/tracker/shape'

/** As `tan_anchor` of a trusted node gives it, and as configurations carry it: JSON. */
export type TrustAnchor = ShapeValue<typeof anchorShape>

const anchorShape = object({
  chainId: integerFrom(1, Number.MAX_SAFE_INTEGER),
  genesisHash: hexOf(32),
  committee: list(
    object({ address: hexOf(20), blsPublicKey: hexOf(48), power: integerFrom(0, Number.MAX_SAFE_INTEGER) }),
    limits.COMMITTEE_MAX,
  ),
})

/** Throws `anchor/invalid`. */
export function parseTrustAnchor(value: unknown): TrustAnchor {
  let anchor: TrustAnchor
  try {
    anchor = anchorShape(value, 'anchor')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CodedError('anchor/invalid', `not a trust anchor: ${why}`, { cause })
  }
  const addresses = new Set(anchor.committee.map(member => member.address))
  if (anchor.committee.length === 0 || addresses.size < anchor.committee.length)
    throw new CodedError('anchor/invalid', 'the committee of a trust anchor is empty, or names somebody twice')
  if (!anchor.committee.every(({ blsPublicKey }) => bls.isPublicKey(fromHex(blsPublicKey))))
    throw new CodedError('anchor/invalid', 'the committee of a trust anchor has a key that is none')
  return anchor
}

/** The eras whose certificates can be checked with it. */
export function erasOf({ chainId, genesisHash, committee }: TrustAnchor): Eras<EraCommittee> {
  return createEras<EraCommittee>([
    {
      domain: { chainId, start: genesisHash },
      start: { hash: genesisHash, height: 0, epoch: 0 },
      committee: createSignerSet(
        committee.map(({ address, blsPublicKey, power }) => ({ address, blsPublicKey: fromHex(blsPublicKey), power })),
      ),
    },
  ])
}
