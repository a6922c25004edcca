// Notices guardians who contradict themselves (spec F-EVIDENCE; G1: two Prepares in one round; G2: a Commit and a Prepare that hops over it).
import {
  contradictionOf,
  type FinalityEvidence,
  type FinalityShare,
  type FinalityStatement,
  isSameStatement,
} from '@tan/protocol'
import { EPOCHS_OF_SIGNER_MAX, EVIDENCE_OF_GUARDIAN_MAX, STATEMENTS_OF_ROUND_MAX } from '../limits.ts'
import { roundOfStatement } from './points.ts'

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
      if (known.some(other => isSameStatement(other.statement, share.statement))) continue
      for (const other of known) {
        const type = contradictionOf(other.statement, share.statement)
        if (type !== undefined && this.isNew(guardian, `${type}/${offenceRound(other.statement, share.statement)}`))
          found.push({ type, guardian, first: other, second: share })
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
function offenceRound(x: FinalityStatement, y: FinalityStatement): number {
  return roundOfStatement(y.type === 'commit' ? y : x)
}

/** Two statements of one kind in one round that differ. */
function areRivals(a: FinalityStatement, b: FinalityStatement): boolean {
  return a.type === b.type && roundOfStatement(a) === roundOfStatement(b) && !isSameStatement(a, b)
}
