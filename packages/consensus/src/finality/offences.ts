// Notices guardians who contradict themselves (spec F-EVIDENCE; G1: two Prepares in one round; G2: a Commit and a Prepare that hops over it).
import { type Commit, type FinalityShare, type FinalityStatement, type Prepare, samePoint } from '@tan/protocol'
import { EPOCHS_OF_SIGNER_MAX, EVIDENCE_OF_GUARDIAN_MAX, STATEMENTS_OF_ROUND_MAX } from '../limits.ts'
import { roundOfStatement } from './points.ts'
import type { FinalityEvidence } from './types.ts'

export class Offences {
  /** the first share of each of a guardian's newest statements, of both kinds: later ones must not push older statements out */
  private readonly shares = new Map<number, FinalityShare[]>()
  /** what was reported of each guardian, by kind and round: each is reported once, however many statements prove it */
  private readonly reported = new Map<number, Set<string>>()

  /** A verified share, and who signed it. */
  note(share: FinalityShare, guardians: readonly number[]): FinalityEvidence[] {
    const found: FinalityEvidence[] = []
    for (const guardian of guardians) {
      const known = this.shares.get(guardian) ?? []
      if (known.some(other => isSame(other.statement, share.statement))) continue
      for (const other of known) {
        const offence = offenceIn(other.statement, share.statement)
        if (offence !== undefined && this.isNew(guardian, `${offence.type}/${offence.round}`))
          found.push({ type: offence.type, guardian, first: other, second: share })
      }
      this.shares.set(guardian, [...known, share].slice(-2 * EPOCHS_OF_SIGNER_MAX))
    }
    return found
  }

  /** Has each of them signed others already in this round, enough to prove what it is? Then nobody needs this one. */
  areProved(statement: FinalityStatement, guardians: readonly number[]): boolean {
    return guardians.every(guardian => {
      const rivals = (this.shares.get(guardian) ?? []).filter(share => areRivals(share.statement, statement))
      return rivals.length >= STATEMENTS_OF_ROUND_MAX
    })
  }

  private isNew(guardian: number, offence: string): boolean {
    const reported = this.reported.get(guardian) ?? new Set()
    if (reported.has(offence) || reported.size >= EVIDENCE_OF_GUARDIAN_MAX) return false
    this.reported.set(guardian, reported.add(offence))
    return true
  }
}

/** The round of two Prepares, or of the Commit that is hopped over. */
function offenceIn(
  x: FinalityStatement,
  y: FinalityStatement,
): { readonly type: FinalityEvidence['type']; readonly round: number } | undefined {
  if (x.type === 'prepare' && y.type === 'prepare')
    return areRivals(x, y) ? { type: 'double-prepare', round: x.prepare.round } : undefined
  if (x.type === 'prepare' && y.type === 'commit') return hopIn(x.prepare, y.commit)
  if (x.type === 'commit' && y.type === 'prepare') return hopIn(y.prepare, x.commit)
  return undefined
}

function hopIn({ source, round }: Prepare, { point }: Commit): ReturnType<typeof offenceIn> {
  return source.round < point.round && point.round < round ? { type: 'hop', round: point.round } : undefined
}

/** Two statements of one kind in one round that differ. */
function areRivals(a: FinalityStatement, b: FinalityStatement): boolean {
  return a.type === b.type && roundOfStatement(a) === roundOfStatement(b) && !isSame(a, b)
}

function isSame(a: FinalityStatement, b: FinalityStatement): boolean {
  if (a.type === 'commit') return b.type === 'commit' && samePoint(a.commit.point, b.commit.point)
  if (b.type === 'commit') return false
  const [x, y] = [a.prepare, b.prepare]
  return x.round === y.round && x.target === y.target && samePoint(x.source, y.source)
}
