// Links between nodes: how long each message takes, which get lost or come twice, and what faults do to them. Messages are
// passed by reference; in some worlds they go through their wire encoding instead, as between real processes.
import { type Codec, decode, encode, type Hash, type Random, randomBelow } from '@tan/primitives'
import {
  type FinalityEnvelope,
  finalityEnvelopeCodec,
  type Proposal,
  type SettlementEnvelope,
  settlementEnvelopeCodec,
} from '@tan/protocol'
import type { EventQueue } from './event-queue.ts'
import type { Journal } from './journal.ts'

export type NodeMessage =
  | ({ readonly type: 'settlement' } & SettlementEnvelope)
  | ({ readonly type: 'finality' } & FinalityEnvelope)
  /** "send me this block, and what lies between it and my settled height" */
  | { readonly type: 'get-blocks'; readonly blockHash: Hash; readonly aboveHeight: number }
  | { readonly type: 'blocks'; readonly proposals: readonly Proposal[] }

/** What the links do when nothing else goes wrong. */
export interface Weather {
  readonly latencyMinMs: number
  /** mean of what comes on top, exponentially distributed */
  readonly latencyMeanMs: number
  readonly lossPercent: number
  readonly duplicatePercent: number
  /** of messages that come late by up to `spikeMs`, and so behind later ones */
  readonly spikePercent: number
  readonly spikeMs: number
}

export const FAIR_WEATHER: Omit<Weather, 'latencyMinMs' | 'latencyMeanMs'> = {
  lossPercent: 0,
  duplicatePercent: 0,
  spikePercent: 0,
  spikeMs: 0,
}

/** A fault of links. Answers by how many milliseconds a message is late because of it, or that it is lost. */
export interface LinkFault {
  judge(from: number, to: number, message: NodeMessage): number | 'lost'
}

export interface NetworkConfig {
  readonly queue: EventQueue
  readonly random: Random
  readonly journal: Journal
  readonly isEncoded: boolean
  deliver(from: number, to: number, message: NodeMessage): void
}

export class Network {
  readonly faults = new Set<LinkFault>()
  private readonly config: NetworkConfig
  private weather: Weather

  constructor(config: NetworkConfig, weather: Weather) {
    this.config = config
    this.weather = weather
  }

  setWeather(weather: Weather): void {
    this.weather = weather
  }

  send(from: number, to: number, message: NodeMessage): void {
    const { random, journal } = this.config
    let lateMs = this.judge(from, to, message)
    if (lateMs === 'lost') return
    const { lossPercent, duplicatePercent, spikePercent, spikeMs } = this.weather
    if (chance(random, lossPercent)) return journal.count('loss')
    if (chance(random, duplicatePercent)) {
      journal.count('duplication')
      this.carry(from, to, message, lateMs + this.latencyMs())
    }
    if (chance(random, spikePercent)) {
      journal.count('reorder')
      lateMs += randomBelow(random, spikeMs)
    }
    this.carry(from, to, message, lateMs + this.latencyMs())
  }

  /** What the faults of links do to a message. */
  judge(from: number, to: number, message: NodeMessage): number | 'lost' {
    let lateMs = 0
    for (const fault of this.faults) {
      const verdict = fault.judge(from, to, message)
      if (verdict === 'lost') return 'lost'
      lateMs += verdict
    }
    return lateMs
  }

  /** Delivers after exactly this time, whatever the weather. */
  carry(from: number, to: number, message: NodeMessage, delayMs: number): void {
    const { queue, isEncoded, deliver } = this.config
    const travelling = isEncoded ? throughWire(message) : message
    queue.schedule(delayMs, () => deliver(from, to, travelling))
  }

  private latencyMs(): number {
    const { latencyMinMs, latencyMeanMs } = this.weather
    const uniform = (this.config.random.uint32() + 1) / 2 ** 32
    return latencyMinMs - latencyMeanMs * Math.log(uniform)
  }
}

function throughWire(message: NodeMessage): NodeMessage {
  if (message.type === 'settlement') return { type: 'settlement', ...roundTrip(settlementEnvelopeCodec, message) }
  if (message.type === 'finality') return { type: 'finality', ...roundTrip(finalityEnvelopeCodec, message) }
  return message
}

function roundTrip<T>(codec: Codec<T>, value: T): T {
  return decode(codec, encode(codec, value))
}

function chance(random: Random, percent: number): boolean {
  return percent > 0 && randomBelow(random, 10_000) < percent * 100
}
