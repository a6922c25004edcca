// What this node knows to be justified and final: it verifies and stores justifications, each point's back to an anchor that
// everybody who follows the chain knows, and holds the newest certificate.
import { type AggregateScheme, equalBytes, type Rejection } from '@tan/primitives'
import {
  type AggregateSignature,
  ballotOf,
  type FinalityCertificate,
  finalizedPoint,
  type GuardianPool,
  type Justification,
  type JustificationChain,
  type JustifiedPoint,
  justifiedPoint,
  limits,
  type Prepare,
  rootPoint,
  samePoint,
  verifyFinalityCertificate,
  verifyJustificationChain,
} from '@tan/protocol'
import { JUSTIFICATIONS_MAX } from '../limits.ts'
import { laterPoint, pointKey } from './points.ts'
import type { RestoredFinality } from './types.ts'

export class Justifications {
  private readonly scheme: AggregateScheme
  private readonly pool: GuardianPool
  /** justified points above `anchor`, by round and hash, with what justifies them */
  private readonly known = new Map<string, Justification>()
  /** known to all who follow the chain: the root, or the newest point that the chain carries */
  private anchor: JustifiedPoint
  private finalizedPoint: JustifiedPoint
  private newestCertificate: FinalityCertificate | undefined
  private highestPoint: JustifiedPoint

  constructor(
    { scheme, pool }: { readonly scheme: AggregateScheme; readonly pool: GuardianPool },
    { record, certificate, carried }: Omit<RestoredFinality, 'checkpoints'>,
  ) {
    this.scheme = scheme
    this.pool = pool
    this.anchor = carried ?? rootPoint(pool.domain)
    this.finalizedPoint = this.anchor
    this.highestPoint = this.anchor
    for (const justification of certificate?.justifications ?? []) this.store(justification)
    for (const justification of record?.justifications ?? []) this.store(justification)
    if (certificate !== undefined) this.finalizedPoint = laterPoint(this.anchor, finalizedPoint(certificate))
    this.newestCertificate = certificate
  }

  /** The justified point of the highest round. */
  get highest(): JustifiedPoint {
    return this.highestPoint
  }

  get finalized(): JustifiedPoint {
    return this.finalizedPoint
  }

  /** The newest certificate that this node holds. */
  get certificate(): FinalityCertificate | undefined {
    return this.newestCertificate
  }

  /** The newest ballot in which something was justified: guardians in it need no leader any more. */
  get ballotOfProgress(): number {
    return Math.max(ballotOf(this.highestPoint.round), ballotOf(this.finalizedPoint.round))
  }

  isJustified(point: JustifiedPoint): boolean {
    return samePoint(point, this.anchor) || samePoint(point, this.finalizedPoint) || this.known.has(pointKey(point))
  }

  /** spec F-JUSTIFIED: a quorum has signed one Prepare, as was verified here. False where that justifies nothing new. */
  takeQuorum(prepare: Prepare, aggregate: () => AggregateSignature): boolean {
    const point = { hash: prepare.target, round: prepare.round }
    if (point.round <= this.finalizedPoint.round || this.isJustified(point) || !this.isJustified(prepare.source))
      return false
    this.store({ prepare, ...aggregate() })
    return true
  }

  /** What is new in a chain from outside is verified and stored, all or nothing. */
  takeChain(chain: JustificationChain): 'taken' | 'nothing-new' | Rejection {
    const known = chain.findLastIndex(justification => this.isJustified(justifiedPoint(justification)))
    const news = chain.slice(known + 1)
    if (news.length === 0) return 'nothing-new'
    const wrong = verifyJustificationChain(this.scheme, this.pool, news, point => this.isJustified(point))
    if (wrong !== undefined) return wrong
    for (const justification of news) this.store(justification)
    return 'taken'
  }

  /**
   * spec F-GOSSIP: is a chain, link by link, what was verified here? Parts of it that were known already are not verified again, so that only
   * this says whether it may be passed on as it is: what another puts in their place would be blamed on this node.
   */
  holds(chain: JustificationChain): boolean {
    const last = chain.at(-1)
    if (last === undefined) return false
    const own = this.chainTo(justifiedPoint(last)).slice(-chain.length)
    return own.length === chain.length && own.every((justification, i) => isSame(justification, chain[i]!))
  }

  /** A certificate from outside is verified; what it justifies is stored, and `finalize` is left to the caller. */
  takeCertificate(certificate: FinalityCertificate): 'taken' | 'nothing-new' | Rejection {
    const last = certificate.justifications.at(-1)
    if (last === undefined || last.prepare.round <= this.finalizedPoint.round) return 'nothing-new'
    const wrong = verifyFinalityCertificate(this.scheme, this.pool, certificate, point => this.isJustified(point))
    if (wrong !== undefined) return wrong
    for (const justification of certificate.justifications) this.store(justification)
    return 'taken'
  }

  /** spec F-FINAL: a certificate that was verified, or made here. */
  finalize(certificate: FinalityCertificate): JustifiedPoint {
    const point = finalizedPoint(certificate)
    this.finalizedPoint = point
    this.newestCertificate = certificate
    this.highestPoint = laterPoint(this.highestPoint, point)
    return point
  }

  /** The chain carries this finalized point from now on: what lies below it needs no justification any more. */
  raiseAnchor(point: JustifiedPoint): void {
    if (point.round <= this.anchor.round || point.round > this.finalizedPoint.round) return
    this.anchor = point
    for (const [key, justification] of this.known) if (justification.prepare.round < point.round) this.known.delete(key)
  }

  /** What justifies a point, back to the anchor. */
  chainTo(point: JustifiedPoint): JustificationChain {
    const chain: Justification[] = []
    for (let at = point; !samePoint(at, this.anchor); ) {
      const justification = this.known.get(pointKey(at))
      if (justification === undefined) break
      chain.push(justification)
      at = justification.prepare.source
    }
    return chain.reverse()
  }

  /** The same in parts, each as long as a message may hold; the last part, which may be empty, reaches the point. */
  partsTo(point: JustifiedPoint): { readonly ahead: readonly JustificationChain[]; readonly last: JustificationChain } {
    const chain = this.chainTo(point)
    const ahead: JustificationChain[] = []
    let start = 0
    for (; chain.length - start > limits.FINALITY_SOURCES_MAX; start += limits.FINALITY_SOURCES_MAX)
      ahead.push(chain.slice(start, start + limits.FINALITY_SOURCES_MAX))
    return { ahead, last: chain.slice(start) }
  }

  /** For the record: what lies on the own disk needs no proof, so that the newest part is enough (spec F-DURABLE). */
  durablePart(): JustificationChain | undefined {
    const newest = this.chainTo(this.highestPoint).slice(-limits.FINALITY_SOURCES_MAX)
    return newest.length === 0 ? undefined : newest
  }

  /** spec F-CARRY: the newest certificate with all that justifies it from the point that a branch carries; if it is newer. */
  certificateFrom(carried: JustifiedPoint): FinalityCertificate | undefined {
    const certificate = this.newestCertificate
    if (certificate === undefined || finalizedPoint(certificate).round <= carried.round) return undefined
    const chain = this.chainTo(finalizedPoint(certificate))
    const start = chain.findIndex(({ prepare }) => samePoint(prepare.source, carried))
    const justifications = start < 0 ? [] : chain.slice(start)
    if (justifications.length === 0 || justifications.length > limits.FINALITY_SOURCES_MAX) return undefined
    return { justifications, commit: certificate.commit }
  }

  private store(justification: Justification): void {
    const point = justifiedPoint(justification)
    if (this.known.has(pointKey(point))) return
    if (this.known.size >= JUSTIFICATIONS_MAX) this.known.delete(this.known.keys().next().value!)
    this.known.set(pointKey(point), justification)
    this.highestPoint = laterPoint(this.highestPoint, point)
  }
}

function isSame(a: Justification, b: Justification): boolean {
  return (
    samePoint(justifiedPoint(a), justifiedPoint(b)) &&
    samePoint(a.prepare.source, b.prepare.source) &&
    equalBytes(a.signers, b.signers) &&
    equalBytes(a.signature, b.signature)
  )
}
