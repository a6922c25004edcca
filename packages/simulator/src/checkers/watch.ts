// What the checkers of every world have in common: they see all that nodes send and find, judge it, and say what they
// think of it. They share no state with the code that they check.
import type { AggregateScheme, Reason } from '@tan/primitives'
import {
  culpritsOf,
  decodeEvidence,
  type Era,
  type Evidence,
  encodeEvidence,
  leaderOf,
  verifyEvidence,
} from '@tan/protocol'
import { describe } from '../world/describe.ts'
import type { Journal } from '../world/journal.ts'
import type { NodeMessage } from '../world/network.ts'
import { Signatures } from './signatures.ts'
import { Violation, type ViolationKind } from './violation.ts'

/** A node, and whose keys it has. */
export interface Watched {
  readonly id: number
  readonly identity: number
}

export interface WatchConfig {
  readonly journal: Journal
  readonly scheme: AggregateScheme
  readonly era: Era
  isHonest(identity: number): boolean
  /** whose keys a node has, by its id */
  identityOf(id: number): number
  /** kinds that end the world; the others are noted and let pass */
  readonly fatal: ReadonlySet<ViolationKind>
}

/** Rejections that say where the receiver stands, and nothing about the sender. */
const DEPENDS_ON_RECEIVER: ReadonlySet<string> = new Set(['proposal/place', 'proposal/full'])

export class Watch {
  /** honest nodes that stopped themselves, and why */
  readonly faults = new Map<number, string>()
  readonly rejections = new Map<string, number>()
  protected readonly journal: Journal
  protected readonly config: WatchConfig
  private readonly signatures: Signatures

  constructor(config: WatchConfig) {
    this.config = config
    this.journal = config.journal
    this.signatures = new Signatures(epoch => leaderOf(config.era, epoch))
  }

  isHonest({ identity }: Watched): boolean {
    return this.config.isHonest(identity)
  }

  onSent(node: Watched, message: NodeMessage): void {
    const { id, identity } = node
    this.journal.note(id, () => describe(message))
    if (!this.isHonest(node)) return
    if (message.type === 'settlement') this.judge(() => this.signatures.onSettlement(identity, message.message))
    else if (message.type === 'finality') this.judge(() => this.signatures.onFinality(identity, message.message))
  }

  /** Evidence must convince whoever has the era's keys and has seen nothing else, in its encoding, and name no honest member. */
  onEvidence({ id }: Watched, evidence: Evidence): void {
    const { scheme, era } = this.config
    this.journal.note(id, () => `has evidence of ${evidence.type} against ${culpritsOf(evidence).members.join(', ')}`)
    this.judge(() => {
      const bytes = encodeEvidence({ era: era.start.hash, evidence })
      const verified = bytes && verifyEvidence(scheme, era, decodeEvidence(bytes).evidence)
      if (!verified?.ok) {
        const why = verified === undefined ? 'it is too large' : verified.rejection.message
        throw new Violation('accusation', `node ${id} has evidence of ${evidence.type} that proves nothing: ${why}`)
      }
      const honest = verified.value.members.filter(member => this.config.isHonest(member))
      if (honest.length > 0)
        throw new Violation('accusation', `node ${id} accuses honest ${honest.join(', ')} of ${evidence.type}`)
    })
  }

  onRejected(
    node: Watched,
    { rejection: { code }, from }: { readonly rejection: Reason; readonly from: number | undefined },
  ): void {
    const { id } = node
    this.journal.note(id, () => `rejects ${code}${from === undefined ? '' : ` from node ${from}`}`)
    this.rejections.set(code, (this.rejections.get(code) ?? 0) + 1)
    if (from === undefined || DEPENDS_ON_RECEIVER.has(code)) return
    if (!this.isHonest(node) || !this.config.isHonest(this.config.identityOf(from))) return
    this.judge(() => {
      throw new Violation('accusation', `node ${id} rejects what honest node ${from} sent, for ${code}`)
    })
  }

  onFault({ id, identity }: Watched, { code, message }: { readonly code: string; readonly message: string }): void {
    this.journal.note(id, () => `stops: ${code}: ${message}`)
    if (this.config.isHonest(identity)) this.faults.set(id, code)
  }

  onAssertion({ id, identity }: Watched, error: Error): void {
    this.journal.note(id, () => `fails: ${error.stack}`)
    if (!this.config.isHonest(identity)) return
    this.faults.set(id, error.message)
    this.judge(() => {
      throw new Violation('assertion', `node ${id}: ${error.message}`)
    })
  }

  /** Carries out a check; a violation ends the world, if it is of a kind that does. */
  protected judge(check: () => void): void {
    try {
      check()
    } catch (error) {
      if (!(error instanceof Violation) || this.config.fatal.has(error.kind)) throw error
      this.journal.note('checker', () => `${error.kind}, let pass: ${error.message}`)
    }
  }
}
