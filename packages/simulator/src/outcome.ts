// What comes of a simulated world, as data.
import type { ViolationKind } from './checkers/violation.ts'
import type { FaultKind, JournalLine } from './world/journal.ts'

export interface Outcome {
  readonly seed: number
  /** of its world: a recipe, or `captured` */
  readonly kind: string
  readonly violation:
    | { readonly kind: ViolationKind; readonly message: string; readonly lines: readonly JournalLine[] }
    | undefined
  readonly settledHeight: number
  readonly finalizedHeight: number
  /** durable writes that consensus waited for, by node */
  readonly writes: readonly number[]
  readonly virtualMs: number
  readonly events: number
  readonly faults: ReadonlyMap<FaultKind, number>
  /** what nodes did not accept from each other, by code */
  readonly rejections: ReadonlyMap<string, number>
}

export interface SimulationOptions {
  /** which violations end the world; all, unless said otherwise */
  readonly fatal?: ReadonlySet<ViolationKind>
  /** is given each event as it happens */
  readonly print?: (line: JournalLine) => void
}

/** Events that a violation shows. */
export const JOURNAL_LINES = 120
