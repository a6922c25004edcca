// For this room's tests: the settlement machine of one validator (or follower), on a ledger that says at once what it thinks
// of a block. What it does is told in short words, so that a test can state effects and their order in a line each.
import type { Hash, Reason } from '@tan/primitives'
import type { SettlementMessage } from '@tan/protocol'
import { Settlement } from '../settlement/settlement.ts'
import type { RestoredSettlement, SettlementConfig, SettlementEffect, SettlementInput } from '../settlement/types.ts'
import { GENESIS, START_MS, type TestProposal } from './chain.ts'

export const FRESH: RestoredSettlement = {
  settled: { hash: GENESIS.hash, height: 0, epoch: 0 },
  safety: undefined,
  proposals: [],
}

export class TestValidator {
  readonly settlement: Settlement
  nowMs = START_MS
  /** blocks whose execution has not ended yet */
  readonly slow = new Set<Hash>()
  /** blocks that the ledger refuses */
  readonly refused = new Set<Hash>()
  readonly began: SettlementEffect[]

  constructor(config: SettlementConfig, restored: RestoredSettlement = FRESH, refused: readonly Hash[] = []) {
    for (const hash of refused) this.refused.add(hash)
    this.settlement = new Settlement(config, restored)
    this.began = this.executed(this.settlement.start(this.nowMs))
  }

  get epoch(): number {
    return this.settlement.status().epoch
  }

  step(input: SettlementInput): SettlementEffect[] {
    return this.executed(this.settlement.step(input, this.nowMs))
  }

  receive(message: SettlementMessage, from?: number): SettlementEffect[] {
    return this.step({ type: 'settlement-message', message, from })
  }

  propose(...blocks: readonly TestProposal[]): SettlementEffect[] {
    return blocks.flatMap(({ proposal }) => this.receive({ type: 'proposal', proposal }))
  }

  timer(timer: 'epoch' | 'propose' | 'vote' | 'resend', epoch = this.epoch): SettlementEffect[] {
    return this.step({ type: 'settlement-timer', timer, epoch })
  }

  /** The ledger's answers come as inputs of their own, after all effects of the step that asked. */
  private executed(effects: readonly SettlementEffect[]): SettlementEffect[] {
    const out = [...effects]
    for (const effect of effects) {
      if (effect.type !== 'execute' || this.slow.has(effect.blockHash)) continue
      const rejection = this.refused.has(effect.blockHash) ? 'the ledger refuses it' : undefined
      out.push(...this.step({ type: 'executed', blockHash: effect.blockHash, rejection }))
    }
    return out
  }
}

/** What counts in most tests: not timers, executions and heads. */
export function told(effects: readonly SettlementEffect[]): string[] {
  const isQuiet = ({ type }: SettlementEffect): boolean =>
    ['settlement-timer', 'execute', 'head', 'taken'].includes(type)
  return effects.filter(effect => !isQuiet(effect)).map(tell)
}

/** The votes among the effects, by epoch: those that go out. */
export function votesIn(effects: readonly SettlementEffect[]): number[] {
  return effects.flatMap(effect =>
    effect.type === 'broadcast-settlement' && effect.message.type === 'vote' ? [effect.message.vote.epoch] : [],
  )
}

export function rejectionsIn(effects: readonly { readonly type: string; readonly rejection?: Reason }[]): string[] {
  return effects.flatMap(({ rejection }) => (rejection === undefined ? [] : [rejection.code]))
}

/** What a runner would tell of a message: the first word of these effects. */
export function outcomeIn(effects: readonly { readonly type: string; readonly rejection?: Reason }[]): string {
  const word = effects.find(({ type }) => type === 'taken' || type === 'rejected')
  return word?.rejection?.code ?? word?.type ?? 'nothing-new'
}

export function tell(effect: SettlementEffect): string {
  switch (effect.type) {
    case 'persist-settlement':
      return `persist ${[tellSafety(effect), ...effect.proposals.map(({ proposal }) => `block ${proposal.block.header.height}`)].join(', ')}`
    case 'broadcast-settlement':
      return `send ${tellMessage(effect.message)}`
    case 'send-settlement':
      return `send to ${effect.to} ${tellMessage(effect.message)}`
    case 'settlement-timer':
      return `timer ${effect.timer} ${effect.delayMs}`
    case 'execute':
      return `execute ${effect.block.header.height}`
    case 'build':
      return `build on ${effect.parentHash} justified at ${effect.record.justify.epoch}`
    case 'fetch':
      return `fetch ${effect.blockHash}`
    case 'settled':
      return `settled ${effect.blocks.map(({ proposal }) => proposal.block.header.height).join(' ')}`
    case 'head':
      return `head ${effect.blockHash}`
    case 'settlement-evidence':
      return `evidence ${effect.evidence.type}`
    case 'taken':
      return 'taken'
    case 'rejected':
      return `rejected ${effect.rejection.code}`
    case 'fault':
      return `fault ${effect.code}`
  }
}

function tellSafety({ safety }: Extract<SettlementEffect, { type: 'persist-settlement' }>): string {
  const { lastProposal, lastVote, lastEpochChange, highCertificate } = safety
  const parts = [
    lastProposal && `proposal ${lastProposal.epoch}`,
    lastVote && `vote ${lastVote.epoch}`,
    lastEpochChange && `change ${lastEpochChange.epochChange.epoch}`,
    `high ${highCertificate.epoch}`,
  ]
  return parts.filter(part => part !== undefined).join(' ')
}

function tellMessage(message: SettlementMessage): string {
  switch (message.type) {
    case 'proposal':
      return `proposal ${message.proposal.block.record.epoch}`
    case 'vote':
      return `vote ${message.vote.epoch}`
    case 'epoch-change':
      return `change ${message.epochChange.epoch} on ${message.epochChange.certificateEpoch}`
    case 'certificate':
      return `certificate ${message.certificate.epoch}`
    case 'epoch-change-certificate':
      return `changes ${message.epochChange.epoch}`
  }
}
