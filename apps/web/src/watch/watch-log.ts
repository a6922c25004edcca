// Adds up playback events for the page: the source of each second of video, bytes per peer, payments, and the buffer.
// It knows no player and no clock: callers pass events and times.
import type { Address } from '@tan/primitives'
import { BUFFER_SAMPLES_MAX, PAYMENTS_KEPT_MAX, SECONDS_KEPT_MAX } from '../limits.ts'

export type Source = 'origin' | Address

export interface PieceEvent {
  readonly from: Source
  readonly bytes: number
  /** the part of the timeline that it holds, if any */
  readonly span: Span | undefined
}

/** Seconds of the video: from, up to and not including. */
export interface Span {
  readonly fromS: number
  readonly toS: number
}

export interface PaymentEvent {
  readonly peer: Address
  readonly wei: bigint
  readonly atMs: number
}

/** The player's current view of a peer. */
export interface PeerReport {
  readonly id: Address
  readonly kind: 'edge' | 'viewer'
  readonly rttMs: number | undefined
}

export interface PeerView extends PeerReport {
  /** received from this peer */
  readonly bytes: number
  readonly pieces: number
  readonly paidWei: bigint
  readonly isConnected: boolean
  /** its position in the order of arrival, which decides its colour */
  readonly index: number
}

/** Consecutive payments to one peer within a second, combined so that a person can read them. */
export interface PaymentView {
  readonly id: number
  readonly peer: Address
  readonly count: number
  readonly wei: bigint
  /** to this peer so far, in this session; the pool may have paid it in earlier ones too */
  readonly totalWei: bigint
  /** time of the first payment */
  readonly atMs: number
}

export interface BufferSample {
  readonly atMs: number
  readonly bufferS: number
}

export interface WatchView {
  /** bytes by source for each second of video; a hole if nothing has arrived */
  readonly seconds: readonly (ReadonlyMap<Source, number> | undefined)[]
  readonly originBytes: number
  readonly peerBytes: number
  readonly peers: readonly PeerView[]
  /** newest first */
  readonly payments: readonly PaymentView[]
  readonly paymentCount: number
  readonly paidWei: bigint
  /** oldest first */
  readonly buffer: readonly BufferSample[]
}

/** Share of the bytes that did not come from the origin; undefined before the first byte. */
export function offloadOf({
  originBytes,
  peerBytes,
}: Pick<WatchView, 'originBytes' | 'peerBytes'>): number | undefined {
  const total = originBytes + peerBytes
  return total === 0 ? undefined : peerBytes / total
}

const PAYMENT_GROUP_MS = 1000

interface PeerEntry {
  report: PeerReport
  bytes: number
  pieces: number
  paidWei: bigint
  isConnected: boolean
  readonly index: number
}

export class WatchLog {
  readonly #seconds: (Map<Source, number> | undefined)[] = []
  readonly #peers = new Map<Address, PeerEntry>()
  #payments: readonly PaymentView[] = []
  #buffer: readonly BufferSample[] = []
  #originBytes = 0
  #peerBytes = 0
  #paymentCount = 0
  #paidWei = 0n

  piece({ from, bytes, span }: PieceEvent): void {
    if (from === 'origin') this.#originBytes += bytes
    else {
      this.#peerBytes += bytes
      const peer = this.#peer(from)
      peer.bytes += bytes
      peer.pieces++
    }
    if (span !== undefined) this.#spread(from, bytes, span)
  }

  payment(event: PaymentEvent): void {
    const { peer, wei, atMs } = event
    const id = this.#paymentCount++
    this.#paidWei += wei
    const entry = this.#peer(peer)
    entry.paidWei += wei
    const totalWei = entry.paidWei
    const open = this.#payments.find(group => group.peer === peer && atMs - group.atMs < PAYMENT_GROUP_MS)
    this.#payments =
      open === undefined
        ? [{ id, peer, count: 1, wei, totalWei, atMs }, ...this.#payments.slice(0, PAYMENTS_KEPT_MAX - 1)]
        : this.#payments.map(group =>
            group === open ? { ...open, count: open.count + 1, wei: open.wei + wei, totalWei } : group,
          )
  }

  /** Takes all connected peers; a peer that is not listed is no longer connected. */
  peers(reports: readonly PeerReport[]): void {
    for (const entry of this.#peers.values()) entry.isConnected = false
    for (const report of reports) {
      const entry = this.#peer(report.id)
      entry.report = report
      entry.isConnected = true
    }
  }

  buffer(sample: BufferSample): void {
    this.#buffer = [...this.#buffer.slice(-(BUFFER_SAMPLES_MAX - 1)), sample]
  }

  view(): WatchView {
    return {
      seconds: this.#seconds.map(sources => sources && new Map(sources)),
      originBytes: this.#originBytes,
      peerBytes: this.#peerBytes,
      peers: [...this.#peers.values()].map(({ report, ...entry }) => ({ ...report, ...entry })),
      payments: this.#payments,
      paymentCount: this.#paymentCount,
      paidWei: this.#paidWei,
      buffer: this.#buffer,
    }
  }

  /** A small piece may hold several seconds, and a large one only part of one: divides its bytes among the seconds. */
  #spread(from: Source, bytes: number, { fromS, toS }: Span): void {
    const end = Math.min(toS, SECONDS_KEPT_MAX)
    for (let second = Math.max(0, Math.floor(fromS)); second < end; second++) {
      const share = (Math.min(toS, second + 1) - Math.max(fromS, second)) / (toS - fromS)
      let sources = this.#seconds[second]
      if (sources === undefined) {
        sources = new Map()
        this.#seconds[second] = sources
      }
      sources.set(from, (sources.get(from) ?? 0) + bytes * share)
    }
  }

  #peer(id: Address): PeerEntry {
    let entry = this.#peers.get(id)
    if (entry === undefined) {
      entry = {
        // A piece can arrive before the first report about its sender.
        report: { id, kind: 'edge', rttMs: undefined },
        bytes: 0,
        pieces: 0,
        paidWei: 0n,
        isConnected: true,
        index: this.#peers.size,
      }
      this.#peers.set(id, entry)
    }
    return entry
  }
}

// -------------------------------------------------------------------------------------------------- the strip

/** One column of the strip: shares by source, largest first, which add up to 1; none if nothing arrived. */
export interface StripColumn {
  readonly fromSecond: number
  readonly toSecond: number
  readonly parts: readonly { readonly source: Source; readonly share: number }[]
}

/** The seconds of a video in at most `columnsMax` columns of equal length. */
export function stripColumns(
  seconds: WatchView['seconds'],
  durationS: number,
  columnsMax: number,
): readonly StripColumn[] {
  const total = Math.max(Math.ceil(durationS), seconds.length)
  if (total === 0 || columnsMax < 1) return []
  const perColumn = Math.ceil(total / columnsMax)
  return Array.from({ length: Math.ceil(total / perColumn) }, (_, i) => {
    const fromSecond = i * perColumn
    const toSecond = Math.min(total, fromSecond + perColumn)
    const bytes = new Map<Source, number>()
    for (let second = fromSecond; second < toSecond; second++)
      for (const [source, count] of seconds[second] ?? []) bytes.set(source, (bytes.get(source) ?? 0) + count)
    const sum = [...bytes.values()].reduce((a, b) => a + b, 0)
    const parts = [...bytes]
      .map(([source, count]) => ({ source, share: count / sum }))
      .sort((a, b) => b.share - a.share)
    return { fromSecond, toSecond, parts }
  })
}

/** Seconds mostly from peers, mostly from the origin, and not loaded yet. */
export function countSeconds(
  seconds: WatchView['seconds'],
  durationS: number,
): { peers: number; origin: number; missing: number } {
  const counts = { peers: 0, origin: 0, missing: 0 }
  for (let second = 0; second < Math.max(Math.ceil(durationS), seconds.length); second++) {
    const sources = seconds[second]
    if (sources === undefined) counts.missing++
    else {
      const origin = sources.get('origin') ?? 0
      const all = [...sources.values()].reduce((a, b) => a + b, 0)
      counts[2 * origin > all ? 'origin' : 'peers']++
    }
  }
  return counts
}
