// What a step of settlement answers with, in the order in which it is carried out. No message that was signed here gets past
// it before the record that remembers the message.
import { assert, type Rejection } from '@tan/primitives'
import type { SettlementMessage } from '@tan/protocol'
import type { HashedProposal, SafetyRecord, SettlementEffect } from './types.ts'

/** What was signed, and the record that must be durable before it is sent: the one is never to be had without the other. */
export interface Signed<M extends SettlementMessage = SettlementMessage> {
  readonly message: M
  readonly record: SafetyRecord
}

export class Outbox {
  private effects: SettlementEffect[] = []
  /** what the disk holds once all effects up to here are carried out */
  private durable: SafetyRecord | undefined
  private isStopped = false

  constructor(durable: SafetyRecord | undefined) {
    this.durable = durable
  }

  /** Nothing that follows could be trusted: the machine does nothing more. */
  get hasFault(): boolean {
    return this.isStopped
  }

  /** All effects since the last call. */
  take(): SettlementEffect[] {
    const { effects } = this
    this.effects = []
    return effects
  }

  emit(effect: SettlementEffect): void {
    this.effects.push(effect)
  }

  /** spec S-DURABLE: first the record, with the blocks that it rests on, then what others need to have, then the message. */
  send(
    { message, record }: Signed,
    proposals: readonly HashedProposal[],
    ahead: readonly SettlementMessage[] = [],
  ): void {
    this.persist(record, proposals)
    this.broadcast(...ahead, message)
  }

  private persist(safety: SafetyRecord, proposals: readonly HashedProposal[]): void {
    this.durable = safety
    this.emit({ type: 'persist-settlement', safety, proposals })
  }

  /** What is durable already, or was not signed here. */
  broadcast(...messages: readonly SettlementMessage[]): void {
    for (const message of messages) {
      if (message.type === 'vote')
        assert(message.vote === this.durable?.lastVote, `a vote in epoch ${message.vote.epoch} that is not durable`)
      if (message.type === 'epoch-change')
        assert(
          message.epochChange === this.durable?.lastEpochChange?.epochChange,
          `an epoch change to ${message.epochChange.epoch} that is not durable`,
        )
      this.emit({ type: 'broadcast-settlement', message })
    }
  }

  reject(from: number | undefined, rejection: Rejection): void {
    this.emit({ type: 'rejected', from, rejection })
  }

  taken(): void {
    this.emit({ type: 'taken' })
  }

  fault(code: string, message: string): void {
    this.isStopped = true
    this.emit({ type: 'fault', code, message })
  }
}
