// Notices guardians who contradict themselves (G1: two Prepares in one round; G2: a Commit and a Prepare that hops over it).
import { contradictionOf, type FinalityEvidence, type FinalityShare, isSameStatement } from '@tan/protocol'
import { EPOCHS_OF_SIGNER_MAX } from '../limits.ts'

export class Offences {
  /** the first share of each of a guardian's newest statements, of both kinds: later ones must not push older statements out */
  private readonly shares = new Map<number, FinalityShare[]>()

  /** A verified share, and who signed it. */
  note(share: FinalityShare, guardians: readonly number[]): FinalityEvidence[] {
    const found: FinalityEvidence[] = []
    for (const guardian of guardians) {
      const known = this.shares.get(guardian) ?? []
      if (known.some(other => isSameStatement(other.statement, share.statement))) continue
      for (const other of known) {
        const type = contradictionOf(other.statement, share.statement)
        if (type !== undefined) found.push({ type, guardian, first: other, second: share })
      }
      this.shares.set(guardian, [...known, share].slice(-2 * EPOCHS_OF_SIGNER_MAX))
    }
    return found
  }
}
