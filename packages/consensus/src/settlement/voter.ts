// Votes: those of others are counted until a quorum makes a certificate of them, and an own one is given where the rules allow it.
import { assert } from '@tan/primitives'
import type { CommitCertificate, Vote } from '@tan/protocol'
import { checkVote } from './admission.ts'
import type { BlockPool } from './block-pool.ts'
import type { Certificates } from './certificates.ts'
import type { Collector } from './collector.ts'
import type { EpochClock } from './epoch-clock.ts'
import type { Outbox } from './outbox.ts'
import type { Settling } from './settling.ts'
import type { Signer } from './signer.ts'
import type { TreeBlock } from './tree.ts'
import type { SettlementConfig } from './types.ts'
import type { Unjustified } from './unjustified.ts'

interface VoterParts {
  readonly config: SettlementConfig
  readonly out: Outbox
  readonly signer: Signer
  readonly pool: BlockPool
  readonly certificates: Certificates
  readonly clock: EpochClock
  readonly collector: Collector
  readonly settling: Settling
  readonly unjustified: Unjustified
  /** a quorum agrees */
  readonly onCertificate: (certificate: CommitCertificate) => void
}

export class Voter {
  private readonly parts: VoterParts

  constructor(parts: VoterParts) {
    this.parts = parts
  }

  onVote(vote: Vote, from: number | undefined): void {
    const { config, pool, certificates, collector, out } = this.parts
    if (vote.epoch <= pool.settled.epoch || certificates.at(vote.epoch)?.blockHash === vote.blockHash) return
    const known = collector.voteOf(vote.voter, vote.epoch)
    if (known?.blockHash === vote.blockHash && known.justifyEpoch === vote.justifyEpoch) return
    const wrong = checkVote(config, vote)
    if (wrong !== undefined) return out.reject(from, wrong)
    out.taken()
    this.accuse(vote)
    this.add(vote)
  }

  /** Of votes that are verified, those for a block that nothing justifies are an offence. */
  accuse(...votes: readonly Vote[]): void {
    const { unjustified, out } = this.parts
    for (const vote of votes) {
      const evidence = unjustified.evidenceAgainst(vote)
      if (evidence !== undefined) out.emit({ type: 'settlement-evidence', evidence })
    }
  }

  /** A vote that is verified, or an own one. */
  add(vote: Vote): void {
    const { collector, out, onCertificate } = this.parts
    const evidence = collector.addVote(vote)
    if (evidence !== undefined) return out.emit({ type: 'settlement-evidence', evidence })
    const certificate = collector.certificateFor(vote)
    if (certificate !== undefined) onCertificate(certificate)
  }

  /** spec S-VOTE: for the first valid block of the present epoch that descends from what is finalized, and is not too early. */
  tryVote(): void {
    const { config, signer, pool, certificates, clock, settling } = this.parts
    const { epoch } = clock
    if (!signer.mayVote(epoch)) return
    let waitMs = Number.POSITIVE_INFINITY
    for (const { blockHash } of pool.notedIn(epoch)) {
      const block = pool.get(blockHash)
      if (block?.execution !== 'valid' || !settling.descendsFromFinalized(block)) continue
      const aheadMs = clock.aheadMs(block.proposal!.block.header)
      if (aheadMs <= 0) return this.vote(block)
      waitMs = Math.min(waitMs, aheadMs)
    }
    // by then this epoch is given up
    const endMs = clock.timeoutMs(certificates.high.epoch, pool.settled.epoch) + config.blockIntervalMs
    if (waitMs <= endMs) clock.arm('vote', waitMs)
  }

  private vote(block: TreeBlock): void {
    const { signer, pool, certificates, clock, out } = this.parts
    const { epoch, hash: blockHash } = block
    assert(epoch === clock.epoch, `a vote for epoch ${epoch} in epoch ${clock.epoch}`)
    const isExecuted = pool.tree.branch(block).every(({ execution }) => execution === 'valid')
    assert(isExecuted, `a vote for ${blockHash}, which is not executed down to the settled block`)
    const { justify } = block.proposal!.block.record
    const signed = signer.vote({ epoch, blockHash, justifyEpoch: justify.epoch }, certificates.high)
    out.send(signed, pool.takeUnwritten(block))
    this.add(signed.message.vote)
  }
}
