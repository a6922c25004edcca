// How certain a block is, in the words and colours that the whole app uses for it.
import type { ReactNode } from 'react'
import type { Certainty } from '../rpc/tan.ts'

export const CERTAINTIES: readonly Certainty[] = ['head', 'settled', 'finalized']

export const CERTAINTY_NAMES: Readonly<Record<Certainty, string>> = {
  head: 'Head',
  settled: 'Settled',
  finalized: 'Finalized',
}

export const CERTAINTY_MEANINGS: Readonly<Record<Certainty, string>> = {
  head: 'Proposed and voted on. It may still be replaced by another block.',
  settled: 'Agreed by more than two thirds of the validators. Services act on it.',
  finalized: 'Confirmed by more than two thirds of all guardians. Nothing takes it back.',
}

export function CertaintyTag({ certainty }: { certainty: Certainty }): ReactNode {
  return (
    <span className={`tag is-${certainty}`} title={CERTAINTY_MEANINGS[certainty]}>
      {CERTAINTY_NAMES[certainty]}
    </span>
  )
}
