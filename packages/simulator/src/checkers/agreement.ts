// Checks that all honest nodes agree: one settled chain, of which each node has a prefix, and finality that lies on it.
import type { Hash } from '@tan/primitives'
import { Violation } from './violation.ts'

/** A settled block as a node reports it. */
export interface ReportedBlock {
  readonly hash: Hash
  readonly parentHash: Hash
  readonly height: number
}

export class Agreement {
  private readonly settled: Hash[]
  private readonly finalized = new Map<number, Hash>()
  /** by node: the height up to which it has settled */
  private readonly heights = new Map<number, number>()

  constructor(genesis: Hash) {
    this.settled = [genesis]
  }

  /** The height of the longest settled chain. */
  get settledHeight(): number {
    return this.settled.length - 1
  }

  settledHash(height: number): Hash | undefined {
    return this.settled[height]
  }

  /** A node started, with this much on its disk. */
  onStart(node: number, height: number, hash: Hash): void {
    if (this.settled[height] !== hash)
      throw new Violation(
        'conflict',
        `node ${node} starts from ${hash} at height ${height}, not from ${this.settled[height]}`,
      )
    this.heights.set(node, height)
  }

  onSettled(node: number, { hash, parentHash, height }: ReportedBlock): void {
    const previous = this.heights.get(node) ?? 0
    if (height !== previous + 1 || this.settled[previous] !== parentHash)
      throw new Violation(
        'conflict',
        `node ${node} settled ${hash} at height ${height} on ${parentHash}, after ${previous}`,
      )
    const known = this.settled[height]
    if (known !== undefined && known !== hash)
      throw new Violation(
        'conflict',
        `node ${node} settled ${hash} at height ${height}, where another settled ${known}`,
      )
    const final = this.finalized.get(height)
    if (final !== undefined && final !== hash)
      throw new Violation('conflict', `node ${node} settled ${hash} at height ${height}, where ${final} is final`)
    this.settled[height] = hash
    this.heights.set(node, height)
  }

  onFinalized(node: number, height: number, hash: Hash): void {
    const known = this.finalized.get(height)
    if (known !== undefined && known !== hash)
      throw new Violation(
        'conflict',
        `node ${node} finalized ${hash} at height ${height}, where another finalized ${known}`,
      )
    const settled = this.settled[height]
    if (settled !== undefined && settled !== hash)
      throw new Violation('conflict', `node ${node} finalized ${hash} at height ${height}, where ${settled} is settled`)
    this.finalized.set(height, hash)
  }
}
