// Checks that all finalized checkpoints of a tree lie on one branch.
import type { Hash } from '@tan/primitives'
import { Violation } from './violation.ts'

export class TreeAgreement {
  private readonly finalized = new Set<Hash>()
  private readonly parentOf: (hash: Hash) => Hash | undefined

  /** `parentOf` knows the whole tree; the root has no parent. */
  constructor(parentOf: (hash: Hash) => Hash | undefined) {
    this.parentOf = parentOf
  }

  onFinalized(node: number, hash: Hash): void {
    if (this.finalized.has(hash)) return
    for (const other of this.finalized)
      if (!this.descends(hash, other) && !this.descends(other, hash))
        throw new Violation('conflict', `node ${node} finalized ${hash}, which conflicts with ${other}`)
    this.finalized.add(hash)
  }

  private descends(hash: Hash, ancestor: Hash): boolean {
    for (let at: Hash | undefined = hash; at !== undefined; at = this.parentOf(at)) if (at === ancestor) return true
    return false
  }
}
