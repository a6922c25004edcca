// The clock of epochs: which one it is, when its timers fire, and what the real clock says about blocks.
import { assert } from '@tan/primitives'
import type { BlockHeader } from '@tan/protocol'
import { BACKOFF_DOUBLINGS_MAX } from '../limits.ts'
import type { Outbox } from './outbox.ts'
import type { Entry, SettlementConfig, SettlementTimer } from './types.ts'

type ClockConfig = Pick<SettlementConfig, 'era' | 'blockIntervalMs' | 'timeoutBaseMs' | 'clockDriftMaxMs'>

export class EpochClock {
  private readonly config: ClockConfig
  private readonly out: Outbox
  private present: number
  private readingMs = 0
  /** of the block of the newest epoch seen: pacing counts from it */
  private newestSeen = { epoch: Number.NEGATIVE_INFINITY, atMs: Number.NEGATIVE_INFINITY }

  constructor(config: ClockConfig, out: Outbox, epoch: number) {
    this.config = config
    this.out = out
    this.present = epoch
  }

  get epoch(): number {
    return this.present
  }

  /** The real clock's reading in this step. */
  get nowMs(): number {
    return this.readingMs
  }

  tick(nowMs: number): void {
    this.readingMs = nowMs
  }

  /** spec S-ENTER: it never falls. */
  enter(epoch: number): void {
    assert(epoch > this.present, `epoch ${epoch} after ${this.present}`)
    this.present = epoch
  }

  /** A block of this epoch was seen; the first one counts, or an own one. */
  saw(epoch: number, isOwn = false): void {
    if (epoch > this.newestSeen.epoch || isOwn) this.newestSeen = { epoch, atMs: this.readingMs }
  }

  /** How long a leader still waits, so that blocks come an interval apart when all goes well. */
  pacingMs(entry: Entry): number {
    const { blockIntervalMs } = this.config
    if (entry.type !== 'certificate' || this.newestSeen.epoch !== this.present - 1) return 0
    return clamp(this.newestSeen.atMs + blockIntervalMs - this.readingMs, 0, blockIntervalMs)
  }

  /** spec S-TIMER: base * 2^min(6, (e-1-highCC.epoch) + floor((e-1-settled.epoch) / committeeSize)). */
  timeoutMs(highEpoch: number, settledEpoch: number): number {
    const sinceCertificate = Math.max(0, this.present - 1 - highEpoch)
    const sinceSettled = Math.floor((this.present - 1 - settledEpoch) / this.config.era.committee.signers.length)
    return this.config.timeoutBaseMs * 2 ** Math.min(BACKOFF_DOUBLINGS_MAX, sinceCertificate + sinceSettled)
  }

  /** spec L-CLOCK: how long a block's timestamp is still beyond the acceptable clock drift; not positive where it is acceptable. */
  aheadMs({ timestampS }: Pick<BlockHeader, 'timestampS'>): number {
    return timestampS * 1000 - this.readingMs - this.config.clockDriftMaxMs
  }

  arm(timer: SettlementTimer, delayMs: number): void {
    this.out.emit({ type: 'settlement-timer', timer, epoch: this.present, delayMs })
  }

  armResend(): void {
    this.arm('resend', this.config.timeoutBaseMs)
  }
}

/** Differences of the clock's readings are clamped where they are used: a clock may be set. */
function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
