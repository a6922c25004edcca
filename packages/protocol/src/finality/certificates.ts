// Checks of what a guardian pool justified and finalized, by guardians and light clients alike. Pure.
import type { AggregateScheme, Rejection } from '@tan/primitives'
import { reject } from '../codes.ts'
import { type Domain, type SignerSet, verifyQuorum } from '../signers.ts'
import {
  commitDigest,
  type FinalityCertificate,
  type JustificationChain,
  type JustifiedPoint,
  justifiedPoint,
  lastJustification,
  prepareDigest,
  samePoint,
} from './messages.ts'

/** A pool within an instance of finality: all that checking its certificates takes. */
export interface GuardianPool {
  readonly domain: Domain
  readonly set: SignerSet
}

/** The root of the instance is justified at round 0. */
export function rootPoint(domain: Domain): JustifiedPoint {
  return { hash: domain.start, round: 0 }
}

/**
 * spec F-JUSTIFIED.
 * A quorum for each, each one's source the target of the one before, the first's justified for whoever checks
 * (`isJustified`; the root is always), rounds rising.
 */
export function verifyJustificationChain(
  scheme: AggregateScheme,
  { domain, set }: GuardianPool,
  chain: JustificationChain,
  isJustified: (point: JustifiedPoint) => boolean,
): Rejection | undefined {
  const refuse = (message: string): Rejection => reject('finality/justification', message)
  if (chain.length === 0) return refuse('an empty chain of justifications')
  for (let i = 0; i < chain.length; i++) {
    const { prepare } = chain[i]!
    const before = i === 0 ? undefined : justifiedPoint(chain[i - 1]!)
    const isKnown =
      before === undefined
        ? samePoint(prepare.source, rootPoint(domain)) || isJustified(prepare.source)
        : samePoint(prepare.source, before)
    if (!isKnown)
      return i === 0
        ? unknownSource(prepare.source)
        : refuse('a source that is not the target of the previous justification')
    if (prepare.round <= prepare.source.round) return refuse('a round is not above that of its source')
    if (!verifyQuorum(scheme, set, prepareDigest(domain, prepare), chain[i]!))
      return refuse(`no quorum of Prepares at round ${prepare.round}`)
  }
  return undefined
}

/** The sender may know more than this node, so it is not at fault. */
function unknownSource({ round }: JustifiedPoint): Rejection {
  return reject('finality/unknown-source', `the source at round ${round} is not known to be justified`)
}

/** spec F-FINAL. */
export function verifyFinalityCertificate(
  scheme: AggregateScheme,
  pool: GuardianPool,
  { justifications, commit }: FinalityCertificate,
  isJustified: (point: JustifiedPoint) => boolean,
): Rejection | undefined {
  const wrong = verifyJustificationChain(scheme, pool, justifications, isJustified)
  if (wrong !== undefined) return wrong
  const point = justifiedPoint(lastJustification(justifications))
  if (!verifyQuorum(scheme, pool.set, commitDigest(pool.domain, { point }), commit))
    return reject('finality/commit', `no quorum of Commits at round ${point.round}`)
  return undefined
}

/** What a certificate finalizes. */
export function finalizedPoint(certificate: FinalityCertificate): JustifiedPoint {
  return justifiedPoint(lastJustification(certificate.justifications))
}
