// All checkers of one world, fed by its nodes at every step. They share no state with the code that they check.
import type { FinalityEffect, FinalityEvidence, SettlementEffect, SettlementEvidence } from '@tan/consensus'
import type { AggregateScheme, Hash } from '@tan/primitives'
import { type Committee, type SettlementProof, verifySettlementProof } from '@tan/protocol'
import { describe, shortHash } from '../world/describe.ts'
import type { Journal } from '../world/journal.ts'
import type { NodeMessage } from '../world/network.ts'
import { Agreement } from './agreement.ts'
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
  readonly committee: Committee
  readonly leaderOf: (epoch: number) => number
  readonly genesis: Hash
  isHonest(identity: number): boolean
  /** kinds that end the world; the others are noted and let pass */
  readonly fatal: ReadonlySet<ViolationKind>
}

export class Watch {
  readonly agreement: Agreement
  /** of honest nodes: the height that each has settled, and finalized */
  readonly settledHeights = new Map<number, number>()
  readonly finalizedHeights = new Map<number, number>()
  /** honest nodes that stopped themselves, and why */
  readonly faults = new Map<number, string>()
  readonly rejections = new Map<string, number>()
  private readonly config: WatchConfig
  private readonly signatures: Signatures

  constructor(config: WatchConfig) {
    this.config = config
    this.agreement = new Agreement(config.genesis)
    this.signatures = new Signatures(config.leaderOf)
  }

  onStart({ id, identity }: Watched, height: number, hash: Hash): void {
    if (!this.config.isHonest(identity)) return
    this.config.journal.note(id, () => `starts at height ${height}`)
    this.judge(() => this.agreement.onStart(id, height, hash))
  }

  onSent({ id, identity }: Watched, message: NodeMessage): void {
    this.config.journal.note(id, () => describe(message))
    if (!this.config.isHonest(identity)) return
    if (message.type === 'settlement') this.judge(() => this.signatures.onSettlement(identity, message.message))
    else if (message.type === 'finality') this.judge(() => this.signatures.onFinality(identity, message.message))
  }

  onSettled({ id, identity }: Watched, { blocks, proof }: Extract<SettlementEffect, { type: 'settled' }>): void {
    const { height } = blocks.at(-1)!.proposal.block.header
    this.config.journal.note(id, () => `settles up to height ${height}, ${shortHash(blocks.at(-1)!.hash)}`)
    if (!this.config.isHonest(identity)) return
    const isFirst = height > this.agreement.settledHeight
    this.judge(() => {
      for (const { hash, proposal } of blocks) this.agreement.onSettled(id, { hash, ...proposal.block.header })
    })
    this.settledHeights.set(id, height)
    if (isFirst) this.judge(() => this.checkProof(proof, blocks.at(-1)!.hash))
  }

  onFinalized({ id, identity }: Watched, { height, hash }: Extract<FinalityEffect, { type: 'finalized' }>): void {
    this.config.journal.note(id, () => `finalizes height ${height}, ${shortHash(hash)}`)
    if (!this.config.isHonest(identity)) return
    this.judge(() => this.agreement.onFinalized(id, height, hash))
    this.finalizedHeights.set(id, height)
  }

  onEvidence({ id }: Watched, evidence: SettlementEvidence | FinalityEvidence): void {
    const accused = accusedBy(evidence)
    this.config.journal.note(id, () => `has evidence of ${evidence.type} against ${accused}`)
    if (!this.config.isHonest(accused)) return
    this.judge(() => {
      throw new Violation('accusation', `node ${id} accuses honest ${accused} of ${evidence.type}`)
    })
  }

  onRejected({ id }: Watched, { code, from }: { readonly code: string; readonly from: number | undefined }): void {
    this.config.journal.note(id, () => `rejects ${code}${from === undefined ? '' : ` from node ${from}`}`)
    this.rejections.set(code, (this.rejections.get(code) ?? 0) + 1)
  }

  onFault({ id, identity }: Watched, { code, message }: { readonly code: string; readonly message: string }): void {
    this.config.journal.note(id, () => `stops: ${code}: ${message}`)
    if (this.config.isHonest(identity)) this.faults.set(id, code)
  }

  onAssertion({ id, identity }: Watched, error: Error): void {
    this.config.journal.note(id, () => `fails: ${error.stack}`)
    if (!this.config.isHonest(identity)) return
    this.faults.set(id, error.message)
    this.judge(() => {
      throw new Violation('assertion', `node ${id}: ${error.message}`)
    })
  }

  /** A proof must convince a light client, which knows the committee's keys and nothing else. */
  private checkProof(proof: SettlementProof, hash: Hash): void {
    const verified = verifySettlementProof(this.config.scheme, this.config.committee, proof)
    if (!verified.ok) throw new Violation('proof', `a proof of settlement that does not verify: ${verified.message}`)
    if (verified.value !== hash) throw new Violation('proof', `a proof for ${verified.value} instead of ${hash}`)
  }

  private judge(check: () => void): void {
    try {
      check()
    } catch (error) {
      if (!(error instanceof Violation) || this.config.fatal.has(error.kind)) throw error
      this.config.journal.note('checker', () => `${error.kind}, let pass: ${error.message}`)
    }
  }
}

function accusedBy(evidence: SettlementEvidence | FinalityEvidence): number {
  switch (evidence.type) {
    case 'double-proposal':
      return evidence.leader
    case 'double-vote':
      return evidence.first.voter
    case 'vote-and-epoch-change':
      return evidence.vote.voter
    case 'double-prepare':
    case 'hop':
      return evidence.guardian
  }
}
