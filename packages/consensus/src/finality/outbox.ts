// All that leaves finality, in order: every effect is emitted here, and nothing that this node signed before the record that
// holds it (spec F-DURABLE).
import { assert, type Rejection } from '@tan/primitives'
import type {
  BallotProposal,
  FinalityCertificate,
  FinalityMessage,
  FinalityShare,
  JustificationChain,
  JustifiedPoint,
  Status,
} from '@tan/protocol'
import type { Justifications } from './justifications.ts'
import { assertFollows, type GuardianSigner, isWritten, type Signed } from './signer.ts'
import type { FinalityEffect, FinalityRecord, FinalityTimer } from './types.ts'

export class Outbox {
  private readonly justifications: Pick<Justifications, 'partsTo'>
  private readonly selfIndex: number | undefined
  /** the newest record that was given out to be written: what is in it may be sent behind it */
  private written: FinalityRecord
  private effects: FinalityEffect[] = []

  /** What the signer knows at the start is durable already. */
  constructor(justifications: Pick<Justifications, 'partsTo'>, signer: Pick<GuardianSigner, 'record' | 'index'>) {
    this.justifications = justifications
    this.selfIndex = signer.index
    this.written = signer.record
  }

  /** The effects of what `act` does. */
  collect(act: () => void): FinalityEffect[] {
    this.effects = []
    act()
    return this.effects
  }

  emit(effect: FinalityEffect): void {
    this.effects.push(effect)
  }

  taken(): void {
    this.emit({ type: 'taken' })
  }

  reject(rejection: Rejection): void {
    this.emit({ type: 'rejected', from: undefined, rejection })
  }

  /** Of the ballot that the record is in. */
  armTimer(timer: FinalityTimer, delayMs: number): void {
    this.emit({ type: 'finality-timer', timer, ballot: this.written.ballot, delayMs })
  }

  // ------------------------------------------------------------------------------------------------ what was signed now

  sendSignedShare({ message: share, record }: Signed<FinalityShare>): void {
    this.persist(record)
    this.broadcast({ type: 'share', share })
  }

  sendSignedStatus({ message: status, record }: Signed<Status>): void {
    this.persist(record)
    this.sendStatus(status)
  }

  /** Every effect behind this one waits until the record is durable. */
  private persist(record: FinalityRecord): void {
    assertFollows(record, this.written)
    this.written = record
    this.emit({ type: 'persist-finality', record })
  }

  // ------------------------------------------------------------------------------------------------ what may be sent again

  sendShare(share: FinalityShare): void {
    this.broadcast({ type: 'share', share })
  }

  sendStatus(status: Status): void {
    this.broadcast({ type: 'status', status, justifications: this.lastPartOrNone(status.justified) })
  }

  sendBallotProposal(proposal: BallotProposal): void {
    this.broadcast({ type: 'ballot', proposal, justifications: this.lastPartOrNone(proposal.prepare.source) })
  }

  sendJustified(point: JustifiedPoint): void {
    const justifications = this.sendAhead(point)
    if (justifications.length > 0) this.broadcast({ type: 'justified', justifications })
  }

  sendCertificate(certificate: FinalityCertificate): void {
    this.broadcast({ type: 'finalized', certificate })
  }

  /** What justifies a point, to attach to a message; where it is too long for that, all but its last part goes ahead. */
  sendAhead(point: JustifiedPoint): JustificationChain {
    const { ahead, last } = this.justifications.partsTo(point)
    for (const justifications of ahead) this.broadcast({ type: 'justified', justifications })
    return last
  }

  private lastPartOrNone(point: JustifiedPoint): JustificationChain | undefined {
    const last = this.sendAhead(point)
    return last.length === 0 ? undefined : last
  }

  private broadcast(message: FinalityMessage): void {
    assert(isWritten(this.written, this.selfIndex, message), `a ${message.type} is sent before it is durable`)
    this.emit({ type: 'broadcast-finality', message })
  }
}
