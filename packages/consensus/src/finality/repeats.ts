// What is sent again, since messages get lost: what has not done its work yet, from time to time; and the newest certificate to
// those who still work on what is final.
import { Ballots } from './ballots.ts'
import type { Justifications } from './justifications.ts'
import type { Outbox } from './outbox.ts'
import { roundOfStatement } from './points.ts'
import type { GuardianSigner } from './signer.ts'
import type { Tallies } from './tallies.ts'

/** The parts of finality that hold what may be sent again. */
export interface Repeatable {
  readonly justifications: Justifications
  readonly signer: GuardianSigner
  readonly tallies: Tallies
  readonly ballots: Ballots
  readonly outbox: Outbox
}

export class Repeats {
  private readonly parts: Repeatable
  private readonly intervalMs: number
  private isAnswerDue = true

  constructor(parts: Repeatable, intervalMs: number) {
    this.parts = parts
    this.intervalMs = intervalMs
  }

  /** Sends it now, with all that others have added to it, and again after the interval. */
  sendAll(): void {
    const { justifications, signer, tallies, ballots, outbox } = this.parts
    const { highest, finalized, ballotOfProgress } = justifications
    const { lastPrepare, lastCommit, lastStatus, ballot } = signer
    for (const share of [lastPrepare, lastCommit])
      if (share !== undefined && roundOfStatement(share.statement) > finalized.round)
        outbox.sendShare(tallies.completed(share))
    const isOpen = Ballots.needsLeader({ ballot, ballotOfProgress })
    if (lastStatus !== undefined && isOpen) outbox.sendStatus(lastStatus)
    const { proposal } = ballots
    if (ballots.isLeader(ballot) && proposal !== undefined && isOpen) outbox.sendBallotProposal(proposal)
    if (signer.canSign && highest.round > finalized.round) outbox.sendJustified(highest)
    outbox.armTimer('resend', this.intervalMs)
  }

  /** From now on a laggard may be answered again, and guardians may be heard again who had said too much. */
  beginPeriod(): void {
    this.isAnswerDue = true
    this.parts.ballots.beginPeriod()
  }

  /** Somebody still works on what is final: once in a period, tell all. */
  answerLaggard(): void {
    const { justifications, signer, outbox } = this.parts
    const { certificate, finalized } = justifications
    if (!this.isAnswerDue || certificate === undefined || !signer.canSign) return
    this.isAnswerDue = false
    outbox.sendAhead(finalized)
    outbox.sendCertificate(certificate)
  }
}
