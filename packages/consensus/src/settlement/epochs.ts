// How epochs are opened and left: certificates are taken in and open the next one, a quorum that gives one up opens the one
// after it, and whoever lags is told how the others came to where they are.
import {
  type CommitCertificate,
  type EpochChange,
  type EpochChangeCertificate,
  highestReported,
  leaderOf,
  type SettlementMessage,
  verifyCommitCertificate,
  verifyEpochChangeCertificate,
} from '@tan/protocol'
import { reject } from '../codes.ts'
import { checkEpochChangeForm, checkEpochChangeSignature } from './admission.ts'
import type { BlockPool } from './block-pool.ts'
import type { Certificates } from './certificates.ts'
import type { Collector } from './collector.ts'
import type { EpochClock } from './epoch-clock.ts'
import type { Outbox } from './outbox.ts'
import type { Settling } from './settling.ts'
import { entryMessage, epochOpenedBy, type Signer } from './signer.ts'
import type { Entry, SettlementConfig } from './types.ts'

interface EpochsParts {
  readonly config: SettlementConfig
  readonly out: Outbox
  readonly signer: Signer
  readonly pool: BlockPool
  readonly certificates: Certificates
  readonly clock: EpochClock
  readonly collector: Collector
  readonly settling: Settling
  /** a new epoch has begun: there may be something to vote for */
  readonly onEntered: () => void
}

export class Epochs {
  private readonly parts: EpochsParts
  /** when each laggard was answered last */
  private readonly answeredAtMs = new Map<number, number>()

  constructor(parts: EpochsParts) {
    this.parts = parts
  }

  // ------------------------------------------------------------------------------------------------ certificates

  /** spec S-GOSSIP: of a settled epoch, or one that says the same as what is held: nothing new, whoever signed it, and not worth verifying. */
  onCertificate(certificate: CommitCertificate, from: number | undefined): void {
    const { pool, clock, certificates, out } = this.parts
    const isOld = certificate.epoch <= pool.settled.epoch && certificate.epoch < clock.epoch
    if (isOld || certificates.saysTheSame(certificate)) return
    if (this.takeCertificate(certificate, from)) out.taken()
  }

  /** Verifies and takes in a certificate from outside; false where it is not valid. */
  private takeCertificate(certificate: CommitCertificate, from: number | undefined): boolean {
    const { config, certificates, out } = this.parts
    if (certificates.isHeld(certificate)) return true
    const wrong = verifyCommitCertificate(config.scheme, config.era, certificate)
    if (wrong !== undefined) out.reject(from, wrong)
    else this.addCertificate(certificate)
    return wrong === undefined
  }

  /** spec S-CERTIFICATE: any valid CC seen raises highCC, and opens the next epoch. */
  addCertificate(certificate: CommitCertificate): void {
    const { pool, certificates, out } = this.parts
    // also for a settled block: after a crash the settled chain may be newer than the safety record
    certificates.raise(certificate)
    if (certificate.epoch > pool.settled.epoch && !certificates.saysTheSame(certificate)) this.keep(certificate)
    if (!out.hasFault) this.enter({ type: 'certificate', certificate })
  }

  /** spec S-CERTIFICATE: two different ones in one epoch prove the committee broken. */
  private keep(certificate: CommitCertificate): void {
    const { pool, certificates, settling, out } = this.parts
    const { epoch, blockHash } = certificate
    if (certificates.at(epoch) !== undefined)
      return out.fault(
        'settlement/two-certificates',
        `two different certificates at epoch ${epoch}: the committee is broken`,
      )
    certificates.keep(certificate)
    const block = pool.get(blockHash)
    if (block !== undefined) settling.onCertified(block, certificate)
    else if (!pool.knows(blockHash)) out.emit({ type: 'fetch', blockHash, from: undefined })
  }

  // ------------------------------------------------------------------------------------------------ epoch changes

  onEpochChange(change: EpochChange, certificate: CommitCertificate, from: number | undefined): void {
    const { config, clock, collector, out } = this.parts
    if (change.epoch <= clock.epoch) return this.answerLaggard(change.sender)
    const malformed = checkEpochChangeForm(config, change, certificate)
    if (malformed !== undefined) return out.reject(from, malformed)
    if (collector.epochChangeOf(change.sender, change.epoch) !== undefined) return
    const wrong = checkEpochChangeSignature(config, change)
    if (wrong !== undefined) return out.reject(from, wrong)
    if (!this.takeCertificate(certificate, from)) return
    out.taken()
    this.addEpochChange(change)
  }

  addEpochChange(change: EpochChange): void {
    const { clock, collector, certificates, out } = this.parts
    const evidence = collector.addEpochChange(change)
    if (evidence !== undefined) return out.emit({ type: 'settlement-evidence', evidence })
    if (change.epoch > clock.epoch) {
      const epochChange = collector.epochChangeCertificateFor(change.epoch)
      if (epochChange !== undefined) this.enter({ type: 'epoch-change', epochChange, certificate: certificates.high })
    }
    if (collector.isGivenUp(clock.epoch)) this.giveUp()
  }

  onEpochChangeCertificate(
    epochChange: EpochChangeCertificate,
    certificate: CommitCertificate,
    from: number | undefined,
  ): void {
    const { config, clock, out } = this.parts
    if (epochChange.epoch <= clock.epoch) return
    // before anything is verified, or an old certificate could be sent with it again and again at no cost
    if (certificate.epoch < highestReported(epochChange))
      return out.reject(from, reject('epoch-change/certificate', 'without a certificate of its highest epoch'))
    if (!this.takeCertificate(certificate, from) || epochChange.epoch <= clock.epoch) return
    const wrong = verifyEpochChangeCertificate(config.scheme, config.era, epochChange)
    if (wrong !== undefined) return out.reject(from, wrong)
    out.taken()
    this.enter({ type: 'epoch-change', epochChange, certificate })
  }

  /** spec S-TIMEOUT: write, then send EpochChange(e+1, highCC). */
  giveUp(): void {
    const { clock, signer, certificates, out } = this.parts
    if (!signer.mayGiveUp(clock.epoch)) return
    const signed = signer.giveUp(clock.epoch, certificates.high)
    out.send(signed, [])
    this.addEpochChange(signed.message.epochChange)
  }

  // ------------------------------------------------------------------------------------------------ epochs

  /** spec S-ENTER: on CC(e-1) or EC(e); pass it on; e never falls. */
  enter(entry: Entry): void {
    const { config, clock, signer, collector, out, onEntered } = this.parts
    const epoch = epochOpenedBy(entry)
    if (epoch <= clock.epoch) return
    clock.enter(epoch)
    signer.enter(entry)
    if (config.self !== undefined) out.broadcast(entryMessage(entry))
    this.armTimers(clock.pacingMs(entry))
    onEntered()
    if (collector.isGivenUp(clock.epoch)) this.giveUp()
  }

  armTimers(pacingMs: number): void {
    const { config, clock, signer, certificates, pool } = this.parts
    clock.armResend()
    if (config.self === undefined) return
    clock.arm('epoch', clock.timeoutMs(certificates.high.epoch, pool.settled.epoch) + pacingMs)
    if (leaderOf(config.era, clock.epoch) === signer.index) clock.arm('propose', pacingMs)
  }

  /** The certificate that opened the present epoch, for laggards; none where that is the first. */
  entryMessages(): SettlementMessage[] {
    const { config, clock, signer } = this.parts
    return clock.epoch > config.era.start.epoch + 1 ? [entryMessage(signer.entry)] : []
  }

  /** spec S-TIMEOUT: a validator that is behind learns how the others came further, now and then. */
  private answerLaggard(sender: number): void {
    const { config, clock, out } = this.parts
    const { self, timeoutBaseMs, era } = config
    if (self === undefined || sender === self.index || era.committee.signers[sender] === undefined) return
    const sinceMs = Math.abs(clock.nowMs - (this.answeredAtMs.get(sender) ?? Number.NEGATIVE_INFINITY))
    const [message] = this.entryMessages()
    if (message === undefined || sinceMs < timeoutBaseMs / 2) return
    this.answeredAtMs.set(sender, clock.nowMs)
    out.emit({ type: 'send-settlement', to: sender, message })
  }
}
