// From certificates to settled blocks (spec S-SETTLE): which block is the head, which are settled, and what proves the
// committee broken.
import type { Hash } from '@tan/primitives'
import type { CommitCertificate, SettlementProof } from '@tan/protocol'
import { reject } from '../codes.ts'
import type { BlockPool } from './block-pool.ts'
import type { Certificates } from './certificates.ts'
import type { Outbox } from './outbox.ts'
import type { TreeBlock } from './tree.ts'

export class Settling {
  private readonly pool: BlockPool
  private readonly certificates: Certificates
  private readonly out: Outbox
  private headBlock: TreeBlock
  private finalized: { readonly hash: Hash; readonly height: number } | undefined
  /** proved settled, but not yet executed here */
  private pending: { readonly block: TreeBlock; readonly proof: SettlementProof } | undefined

  constructor(pool: BlockPool, certificates: Certificates, out: Outbox) {
    this.pool = pool
    this.certificates = certificates
    this.out = out
    this.headBlock = pool.settled
  }

  get head(): TreeBlock {
    return this.headBlock
  }

  /** Guardians finalized this block: what is settled or voted for from now on must descend from it. */
  finalize(hash: Hash, height: number): void {
    this.finalized = { hash, height }
  }

  descendsFromFinalized(block: TreeBlock): boolean {
    const { finalized, pool } = this
    if (finalized === undefined || finalized.height <= pool.settled.height) return true
    return pool.tree.ancestorAt(block, finalized.height)?.hash === finalized.hash
  }

  onCertified(block: TreeBlock, certificate: CommitCertificate): void {
    block.certificate = certificate
    if (block.execution === 'invalid')
      return this.out.fault(
        'settlement/invalid-certified',
        `a quorum certified block ${block.hash}, which this ledger refuses`,
      )
    this.trySettle(block)
    this.updateHead()
  }

  /** The ledger accepts the block. */
  onValid(block: TreeBlock): void {
    if (block.certificate !== undefined) this.trySettle(block)
    this.flush()
    this.updateHead()
  }

  /** The ledger refuses the block, and with it all that stands on it. */
  onInvalid(block: TreeBlock, why: string): void {
    for (const lost of this.pool.tree.subtree(block)) {
      lost.execution = 'invalid'
      if (lost.certificate !== undefined || this.pending?.block === lost)
        return this.out.fault(
          'settlement/invalid-certified',
          `a quorum certified block ${lost.hash}, which this ledger refuses: ${why}`,
        )
    }
    this.out.reject(undefined, reject('proposal/invalid', `block ${block.hash}: ${why}`))
  }

  /** spec S-SETTLE: CC(A), CC(B), parent(B) = A, B.justify = CC(A), B.epoch = A.epoch + 1 settle A and its ancestors. */
  private trySettle(block: TreeBlock): void {
    if (block.certificate === undefined || block.proposal === undefined) return
    const { header, record } = block.proposal.block
    const parent = this.pool.tree.parentOf(block)
    if (record.justify.blockHash !== parent.hash || block.epoch !== parent.epoch + 1) return
    if (parent.height <= (this.pending?.block ?? this.pool.settled).height) return
    this.pending = { block: parent, proof: { header, record, certificate: block.certificate } }
    this.flush()
  }

  private flush(): void {
    if (this.pending === undefined || this.pending.block.execution !== 'valid') return
    const { block, proof } = this.pending
    const { pool, finalized } = this
    this.pending = undefined
    if (finalized !== undefined && block.height >= finalized.height && !this.descendsFromFinalized(block))
      return this.out.fault('finality/conflict', `settled block ${block.hash} conflicts with what guardians finalized`)
    if (!pool.tree.descendsFrom(this.headBlock, block)) this.setHead(block)
    const { settled, dropped } = pool.settle(block)
    this.certificates.forgetTo(block.epoch)
    this.out.emit({
      type: 'settled',
      blocks: settled.map(({ hash, proposal, certificate }) => ({ hash, proposal: proposal!, certificate })),
      proof,
      dropped: dropped.map(lost => lost.hash),
    })
  }

  private updateHead(): void {
    const block = this.pool.get(this.certificates.high.blockHash)
    if (block !== undefined && block.execution === 'valid' && block !== this.headBlock) this.setHead(block)
  }

  private setHead(block: TreeBlock): void {
    this.headBlock = block
    this.out.emit({ type: 'head', blockHash: block.hash })
  }
}
