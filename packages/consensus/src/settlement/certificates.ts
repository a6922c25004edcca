// The commit certificates that a node holds: at most one for each epoch above the settled one, and the highest ever seen.
import { assert, equalBytes } from '@tan/primitives'
import type { CommitCertificate } from '@tan/protocol'

export class Certificates {
  private readonly byEpoch = new Map<number, CommitCertificate>()
  private highest: CommitCertificate

  constructor(high: CommitCertificate, settledEpoch: number) {
    this.highest = high
    if (high.epoch > settledEpoch) this.byEpoch.set(high.epoch, high)
  }

  /** highCC of the spec. */
  get high(): CommitCertificate {
    return this.highest
  }

  at(epoch: number): CommitCertificate | undefined {
    return this.byEpoch.get(epoch)
  }

  /** The highest, and all others. */
  *all(): Iterable<CommitCertificate> {
    yield this.highest
    yield* this.byEpoch.values()
  }

  /** spec S-CERTIFICATE: any valid CC seen raises highCC. */
  raise(certificate: CommitCertificate): void {
    if (certificate.epoch > this.highest.epoch) this.highest = certificate
  }

  /** For an epoch of which none is held. */
  keep(certificate: CommitCertificate): void {
    assert(!this.byEpoch.has(certificate.epoch), `a second certificate in epoch ${certificate.epoch} is kept`)
    this.byEpoch.set(certificate.epoch, certificate)
  }

  /** One that a restored block carries: it was verified before it became durable. */
  restore(certificate: CommitCertificate): void {
    this.byEpoch.set(certificate.epoch, certificate)
  }

  /** Is one held that says the same? Its signers may be others. */
  saysTheSame({ epoch, blockHash, justifyEpoch }: CommitCertificate): boolean {
    const held = this.byEpoch.get(epoch)
    return held !== undefined && held.blockHash === blockHash && held.justifyEpoch === justifyEpoch
  }

  /** Is it the very one that is held, so that it is verified? Others see all of its bytes: another must be right by itself. */
  isHeld(certificate: CommitCertificate): boolean {
    const held = this.byEpoch.get(certificate.epoch)
    return (
      held !== undefined &&
      this.saysTheSame(certificate) &&
      equalBytes(held.signers, certificate.signers) &&
      equalBytes(held.signature, certificate.signature)
    )
  }

  forgetTo(epoch: number): void {
    for (const held of this.byEpoch.keys()) if (held <= epoch) this.byEpoch.delete(held)
  }
}
