// Notices guardians who contradict themselves (G1: two Prepares in one round; G2: a Commit and a Prepare that hops over it).
import { type Commit, type FinalityShare, type FinalityStatement, type Prepare, samePoint } from '@tan/protocol'
import { EPOCHS_OF_SIGNER_MAX } from '../limits.ts'
import type { FinalityEvidence } from './types.ts'

export class Offences {
  /** the first share of each of a guardian's newest statements, of both kinds: later ones must not push older statements out */
  private readonly shares = new Map<number, FinalityShare[]>()

  /** A verified share, and who signed it. */
  note(share: FinalityShare, guardians: readonly number[]): FinalityEvidence[] {
    const found: FinalityEvidence[] = []
    for (const guardian of guardians) {
      const known = this.shares.get(guardian) ?? []
      if (known.some(other => isSame(other.statement, share.statement))) continue
      for (const other of known) {
        const type = contradiction(other, share)
        if (type !== undefined) found.push({ type, guardian, first: other, second: share })
      }
      this.shares.set(guardian, [...known, share].slice(-2 * EPOCHS_OF_SIGNER_MAX))
    }
    return found
  }
}

function contradiction(a: FinalityShare, b: FinalityShare): FinalityEvidence['type'] | undefined {
  const [x, y] = [a.statement, b.statement]
  if (x.type === 'prepare' && y.type === 'prepare')
    return x.prepare.round === y.prepare.round && !isSame(x, y) ? 'double-prepare' : undefined
  if (x.type === 'prepare' && y.type === 'commit') return hops(x.prepare, y.commit) ? 'hop' : undefined
  if (x.type === 'commit' && y.type === 'prepare') return hops(y.prepare, x.commit) ? 'hop' : undefined
  return undefined
}

function hops({ source, round }: Prepare, { point }: Commit): boolean {
  return source.round < point.round && point.round < round
}

function isSame(a: FinalityStatement, b: FinalityStatement): boolean {
  if (a.type === 'commit') return b.type === 'commit' && samePoint(a.commit.point, b.commit.point)
  if (b.type === 'commit') return false
  const [x, y] = [a.prepare, b.prepare]
  return x.round === y.round && x.target === y.target && samePoint(x.source, y.source)
}
