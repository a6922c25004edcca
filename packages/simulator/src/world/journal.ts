// What happened in a world: faults that took place, by kind, and the last events, in words only when somebody asks.

export const FAULT_KINDS = [
  'loss',
  'duplication',
  'reorder',
  'partition',
  'slow-node',
  'deaf-node',
  'crash',
  'blackout',
  'crash-before-write',
  'crash-after-write',
  'lost-writes',
  'clock-skew',
  'clock-step',
  'silent-node',
  'twins',
  'equivocation',
  'double-vote',
  'bad-proposal',
  'low-epoch-change',
  'withheld',
  'delayed-release',
  'hidden-certificate',
  'guardian-equivocation',
  'bad-ballot',
  'poison-aggregate',
  'conflicting-checkpoints',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export interface JournalLine {
  readonly atMs: number
  readonly who: string
  readonly what: string
}

interface Entry {
  readonly atMs: number
  readonly who: number | string
  readonly what: () => string
}

export class Journal {
  readonly faults = new Map<FaultKind, number>()
  private readonly nowMs: () => number
  private readonly kept: number
  private readonly print: ((line: JournalLine) => void) | undefined
  private readonly entries: Entry[] = []
  private noted = 0

  /** Keeps the last `kept` events; prints each one, if there is a printer. */
  constructor(nowMs: () => number, kept: number, print?: (line: JournalLine) => void) {
    this.nowMs = nowMs
    this.kept = kept
    this.print = print
  }

  count(kind: FaultKind): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1)
  }

  /** `what` is asked for its words later, so it must hold on to nothing that changes. */
  note(who: number | string, what: () => string): void {
    const entry: Entry = { atMs: this.nowMs(), who, what }
    this.entries[this.noted++ % this.kept] = entry
    this.print?.(lineOf(entry))
  }

  /** Oldest first. */
  last(): JournalLine[] {
    const start = this.noted % this.kept
    const ordered =
      this.noted < this.kept ? this.entries : [...this.entries.slice(start), ...this.entries.slice(0, start)]
    return ordered.map(lineOf)
  }
}

function lineOf({ atMs, who, what }: Entry): JournalLine {
  return { atMs, who: typeof who === 'number' ? `node ${who}` : who, what: what() }
}
