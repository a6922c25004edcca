// Safety rules, each broken by a change of the production source. The checkers must notice every one: a simulator that
// stays green without a rule would be no evidence for it.
import type { Kind } from './seeds.ts'

export interface Mutation {
  readonly name: string
  /** the file, from the root of the workspace */
  readonly file: string
  /** stands in it exactly once */
  readonly original: string
  readonly mutated: string
  /** the worlds that look for it */
  readonly kind: Kind
  /** one of those that must turn red in every test run */
  readonly isRequired: boolean
}

const SETTLEMENT = 'packages/consensus/src/settlement/settlement.ts'
const FINALITY = 'packages/consensus/src/finality/finality.ts'

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'quorum-minus-one',
    file: 'packages/protocol/src/signers.ts',
    original: 'return totalPower > 0 && 3 * power > 2 * totalPower',
    mutated: 'return totalPower > 0 && 3 * (power + 1) > 2 * totalPower',
    kind: 'partitions',
    isRequired: true,
  },
  {
    name: 'vote-before-durable',
    file: SETTLEMENT,
    original: `    this.persistWith(block)
    this.broadcast({ type: 'vote', vote })`,
    mutated: `    this.broadcast({ type: 'vote', vote })
    this.persistWith(block)`,
    kind: 'amnesia',
    isRequired: true,
  },
  {
    name: 'settle-without-consecutive-epochs',
    file: SETTLEMENT,
    original: 'if (record.justify.blockHash !== parent.hash || block.epoch !== parent.epoch + 1) return',
    mutated: 'if (record.justify.blockHash !== parent.hash) return',
    kind: 'camps',
    isRequired: true,
  },
  {
    name: 'vote-without-epoch-change',
    file: SETTLEMENT,
    original: 'if ((epochChange === undefined) !== (justify.epoch === epoch - 1) || justify.epoch >= epoch)',
    mutated: 'if (justify.epoch >= epoch)',
    kind: 'hiding',
    isRequired: true,
  },
  {
    name: 'prepare-without-lock',
    file: FINALITY,
    original: '    if (source.round < this.committed) return\n',
    mutated: '',
    kind: 'captured',
    isRequired: true,
  },
  {
    name: 'commit-without-hop-rule',
    file: FINALITY,
    original: 'point.round < this.prepared || point.round <= this.committed',
    mutated: 'point.round <= this.committed',
    kind: 'captured',
    isRequired: true,
  },
]
