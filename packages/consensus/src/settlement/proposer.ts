// What a leader builds on (spec S-PROPOSE): the certificate that justifies its block, and the parent.
import { type CommitCertificate, type ConsensusRecord, highestReported, leaderOf } from '@tan/protocol'
import type { BlockPool } from './block-pool.ts'
import type { Certificates } from './certificates.ts'
import type { EpochClock } from './epoch-clock.ts'
import type { Signer } from './signer.ts'
import type { TreeBlock } from './tree.ts'
import type { SettlementConfig, SettlementEffect } from './types.ts'

export interface ProposerParts {
  readonly config: SettlementConfig
  readonly pool: BlockPool
  readonly certificates: Certificates
  readonly clock: EpochClock
  readonly signer: Signer
}

export class Proposer {
  private readonly parts: ProposerParts
  /** the epoch whose pacing wait is over */
  private dueEpoch: number | undefined
  private buildingEpoch: number | undefined

  constructor(parts: ProposerParts) {
    this.parts = parts
  }

  /** The pacing wait of the present epoch is over. */
  due(): void {
    this.dueEpoch = this.parts.clock.epoch
  }

  built(epoch: number): void {
    if (this.buildingEpoch === epoch) this.buildingEpoch = undefined
  }

  /** spec S-PROPOSE: once an epoch, by its leader, when it holds an executed block that justifies another. */
  build(): Extract<SettlementEffect, { type: 'build' }> | undefined {
    const { config, signer, clock } = this.parts
    const { epoch } = clock
    if (this.dueEpoch !== epoch || this.buildingEpoch === epoch) return undefined
    if (leaderOf(config.era, epoch) !== signer.index || !signer.mayPropose(epoch)) return undefined
    const justified = this.highestExecuted()
    if (justified === undefined) return undefined
    this.buildingEpoch = epoch
    const { block, certificate } = justified
    const { entry } = signer
    const isNext = certificate.epoch === epoch - 1
    const record: ConsensusRecord = {
      epoch,
      reveal: signer.reveal(epoch),
      justify: certificate,
      epochChange: isNext || entry.type === 'certificate' ? undefined : entry.epochChange,
      committeeRoot: undefined,
      poolRoot: undefined,
      finality: undefined,
    }
    return { type: 'build', parentHash: this.bestParent(block, certificate.epoch).hash, record }
  }

  /** J: the highest certificate held whose block is executed; CC(e-1), or at least the highest in EC(e). */
  private highestExecuted(): { block: TreeBlock; certificate: CommitCertificate } | undefined {
    const { pool, certificates, clock, signer } = this.parts
    const { entry } = signer
    const least = entry.type === 'certificate' ? clock.epoch - 1 : highestReported(entry.epochChange)
    let best: { block: TreeBlock; certificate: CommitCertificate } | undefined
    for (const certificate of certificates.all()) {
      const block = pool.get(certificate.blockHash)
      if (block?.execution !== 'valid' || block.epoch !== certificate.epoch) continue
      if (certificate.epoch >= Math.max(least, best?.certificate.epoch ?? least)) best = { block, certificate }
    }
    return best
  }

  /**
   * The highest executed branch on the certified block that leaves a child valid; ties: later tip epoch, then lower hash.
   * Not one from the future: a child would be as late, and nobody would vote for it.
   */
  private bestParent(certified: TreeBlock, justifyEpoch: number): TreeBlock {
    const { config, pool, clock } = this.parts
    let best = certified
    for (const tip of pool.tree.subtree(certified)) {
      if (tip.execution !== 'valid' || tip.epoch >= clock.epoch) continue
      if (tip !== certified && clock.aheadMs(tip.proposal!.block.header) > 0) continue
      if (tip.height - certified.height > config.era.committee.signers.length) continue
      if (tip !== certified && tip.proposal!.block.record.justify.epoch > justifyEpoch) continue
      if (isBetter(tip, best)) best = tip
    }
    return best
  }
}

function isBetter(tip: TreeBlock, best: TreeBlock): boolean {
  if (tip.height !== best.height) return tip.height > best.height
  if (tip.epoch !== best.epoch) return tip.epoch > best.epoch
  return tip.hash < best.hash
}
