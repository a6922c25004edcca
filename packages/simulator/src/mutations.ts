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

const CERTIFICATES = 'packages/protocol/src/consensus/certificates.ts'
const SETTLEMENT = 'packages/consensus/src/settlement'
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
    file: `${SETTLEMENT}/outbox.ts`,
    original: `    this.persist(record, proposals)
    this.broadcast(...ahead, message)`,
    mutated: `    for (const early of [...ahead, message]) this.emit({ type: 'broadcast-settlement', message: early })
    this.persist(record, proposals)`,
    kind: 'amnesia',
    isRequired: true,
  },
  {
    name: 'settle-without-consecutive-epochs',
    file: `${SETTLEMENT}/settling.ts`,
    original: 'if (record.justify.blockHash !== parent.hash || block.epoch !== parent.epoch + 1) return',
    mutated: 'if (record.justify.blockHash !== parent.hash) return',
    kind: 'camps',
    isRequired: true,
  },
  {
    name: 'vote-without-epoch-change',
    file: CERTIFICATES,
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
  {
    name: 'vote-forgotten-at-restart',
    file: `${SETTLEMENT}/signer.ts`,
    original: 'this.lastVote = safety?.lastVote',
    mutated: 'this.lastVote = undefined',
    kind: 'amnesia',
    isRequired: false,
  },
  {
    name: 'epoch-change-forgotten-at-restart',
    file: `${SETTLEMENT}/signer.ts`,
    original: 'this.lastEpochChange = safety?.lastEpochChange',
    mutated: 'this.lastEpochChange = undefined',
    kind: 'camps',
    isRequired: false,
  },
  {
    name: 'certificate-not-raised-by-what-is-seen',
    file: `${SETTLEMENT}/certificates.ts`,
    original: 'if (certificate.epoch > this.highest.epoch) this.highest = certificate',
    mutated: '',
    kind: 'camps',
    isRequired: false,
  },
  {
    name: 'blocks-not-durable-before-a-vote',
    file: `${SETTLEMENT}/block-pool.ts`,
    original: '    return missing.map(({ hash, proposal }) => ({ hash, proposal: proposal! }))',
    mutated: '    return []',
    kind: 'crashes',
    isRequired: false,
  },
  {
    name: 'own-messages-not-counted-after-restart',
    file: `${SETTLEMENT}/settlement.ts`,
    original: 'if (epochChange !== undefined) this.epochs.addEpochChange(epochChange.epochChange)',
    mutated: '',
    kind: 'crashes',
    isRequired: false,
  },
  {
    name: 'nothing-sent-again',
    file: `${SETTLEMENT}/settlement.ts`,
    original: `        this.resend()
        this.fetchMissing()`,
    mutated: '        this.fetchMissing()',
    kind: 'weather',
    isRequired: false,
  },
  {
    name: 'nothing-fetched-again',
    file: `${SETTLEMENT}/settlement.ts`,
    original: `        this.resend()
        this.fetchMissing()`,
    mutated: '        this.resend()',
    kind: 'weather',
    isRequired: false,
  },
  {
    name: 'third-proposal-never-taken',
    file: `${SETTLEMENT}/settlement.ts`,
    original: 'if (isNoted || this.isNeeded(record.epoch, hash))',
    mutated: 'if (isNoted)',
    kind: 'puppets',
    isRequired: false,
  },
  {
    name: 'parent-from-the-future',
    file: `${SETTLEMENT}/proposer.ts`,
    original: `      if (tip !== certified && clock.aheadMs(tip.proposal!.block.header) > 0) continue
`,
    mutated: '',
    kind: 'weather',
    isRequired: false,
  },
  {
    name: 'epoch-change-below-its-reports',
    file: CERTIFICATES,
    original: 'justify.epoch < highestReported(epochChange)',
    mutated: 'false',
    kind: 'hiding',
    isRequired: false,
  },
  {
    name: 'vote-after-giving-up',
    file: `${SETTLEMENT}/signer.ts`,
    original: 'return this.config.self !== undefined && isBelow(this.lastVote, epoch) && !this.hasGivenUp(epoch)',
    mutated: 'return this.config.self !== undefined && isBelow(this.lastVote, epoch)',
    kind: 'camps',
    isRequired: false,
  },
  {
    name: 'share-before-durable',
    file: FINALITY,
    original: `    this.persist()
    this.broadcast({ type: 'share', share })`,
    mutated: `    this.broadcast({ type: 'share', share })
    this.persist()`,
    kind: 'captured',
    isRequired: false,
  },
  {
    name: 'prepared-forgotten-at-restart',
    file: FINALITY,
    original: 'this.prepared = record?.prepared ?? 0',
    mutated: 'this.prepared = 0',
    kind: 'captured',
    isRequired: false,
  },
  {
    name: 'ballot-timer-once',
    file: FINALITY,
    original: `      else this.armBallotTimer()
`,
    mutated: '',
    kind: 'hiding',
    isRequired: false,
  },
]
