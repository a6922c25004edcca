// Notices guardians who contradict themselves (G1: two Prepares in one round; G2: a Commit and a Prepare that hops over it).
import type { FinalityShare } from '@tan/protocol'
import { EPOCHS_OF_SIGNER_MOST } from '../limits.ts'
import type { FinalityEvidence } from './types.ts'

export class Offences {
  /** newest shares of each guardian, of both kinds */
  private readonly shares = new Map<number, FinalityShare[]>()

  /** A verified share, and who signed it. */
  note(share: FinalityShare, guardians: readonly number[]): FinalityEvidence[] {
    const found: FinalityEvidence[] = []
    for (const guardian of guardians) {
      const known = this.shares.get(guardian) ?? []
      for (const other of known) {
        const type = contradiction(other, share)
        if (type !== undefined) found.push({ type, guardian, first: other, second: share })
      }
      this.shares.set(guardian, [...known, share].slice(-2 * EPOCHS_OF_SIGNER_MOST))
    }
    return found
  }
}

function contradiction(a: FinalityShare, b: FinalityShare): FinalityEvidence['type'] | undefined {
  if (a.statement.type === 'prepare' && b.statement.type === 'prepare') {
    const [x, y] = [a.statement.prepare, b.statement.prepare]
    const isSame = x.target === y.target && x.source.hash === y.source.hash && x.source.round === y.source.round
    return x.round === y.round && !isSame ? 'double-prepare' : undefined
  }
  if (a.statement.type === b.statement.type) return undefined
  const prepare =
    a.statement.type === 'prepare'
      ? a.statement.prepare
      : b.statement.type === 'prepare'
        ? b.statement.prepare
        : undefined
  const commit =
    a.statement.type === 'commit' ? a.statement.commit : b.statement.type === 'commit' ? b.statement.commit : undefined
  if (prepare === undefined || commit === undefined) return undefined
  return prepare.source.round < commit.point.round && commit.point.round < prepare.round ? 'hop' : undefined
}
