// How much of a peer's gossip of transactions is looked at: a signature costs far more to check than to make up.
import { GOSSIP_IN_WORK_MAX, USELESS_TRANSACTIONS_MAX, USELESS_TRANSACTIONS_PER_SECOND } from '../limits.ts'

/** What one peer may cost: messages in work, and transactions that were of no use. Beyond it, its gossip is not looked at. */
export class Allowance {
  private inWork = 0
  private left = USELESS_TRANSACTIONS_MAX
  private atMs: number

  constructor(nowMs: number) {
    this.atMs = nowMs
  }

  /** False where it is used up. Each `true` is followed by an `end`. */
  begin(nowMs: number): boolean {
    const gained = ((nowMs - this.atMs) * USELESS_TRANSACTIONS_PER_SECOND) / 1_000
    this.left = Math.min(USELESS_TRANSACTIONS_MAX, this.left + gained)
    this.atMs = nowMs
    if (this.left <= 0 || this.inWork >= GOSSIP_IN_WORK_MAX) return false
    this.inWork++
    return true
  }

  spend(useless: number): void {
    this.left -= useless
  }

  end(): void {
    this.inWork--
  }
}
