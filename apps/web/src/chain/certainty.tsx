// How certain a block is: words and colours for the whole app.
import type { ReactNode } from 'react'
import type { Certainty } from '../rpc/tan.ts'

export const CERTAINTIES: readonly Certainty[] = ['head', 'settled', 'finalized']

export const CERTAINTY_NAMES: Readonly<Record<Certainty, string>> = {
  head: 'Head',
  settled: 'Settled',
  finalized: 'Finalized',
}

export const CERTAINTY_MEANINGS: Readonly<Record<Certainty, string>> = {
  head: 'Proposed and voted on. Another block may still replace it.',
  settled: 'Agreed by more than two thirds of the validators. Services can rely on it.',
  finalized: 'Confirmed by more than two thirds of all guardians. It cannot be reverted.',
}

export function CertaintyTag({ certainty }: { certainty: Certainty }): ReactNode {
  return (
    <span className={`tag is-${certainty}`} title={CERTAINTY_MEANINGS[certainty]}>
      {CERTAINTY_NAMES[certainty]}
    </span>
  )
}
