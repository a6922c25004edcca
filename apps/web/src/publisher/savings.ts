// What peers save a publisher, out of what the origin and the edges count themselves.
import { integerFrom, object, type Shape, type ShapeValue } from '@tan/protocol/tracker/shape'

const count = integerFrom(0, Number.MAX_SAFE_INTEGER)

const client = object({ requests: count, bytes: count })

/** The sums by kind of client: viewers, edges, and whoever else asks. */
const clients: Shape<Readonly<Record<string, ShapeValue<typeof client>>>> = (value, path) => {
  const entries = Object.entries(object({})(value, path) && (value as object)).slice(0, CLIENT_KINDS_MOST)
  return Object.fromEntries(entries.map(([kind, sums]) => [kind, client(sums, `${path}.${kind}`)]))
}
const CLIENT_KINDS_MOST = 64

const originStats = object({ startedMs: count, requests: count, bytes: count, clients })

export type OriginStats = ShapeValue<typeof originStats>

/** Throws `tracker/field` with the name of what is wrong. */
export function validateOriginStats(json: unknown): OriginStats {
  return originStats(json, 'origin')
}

export interface Savings {
  /** left the origin, to viewers and to edges that fill their caches */
  readonly originBytes: number
  /** came to viewers from peers */
  readonly peerBytes: number
  /** came to viewers at all: what the origin alone would have had to send */
  readonly deliveredBytes: number
  /** 1 - origin / delivered; below 0 while caches are being filled and few have watched. Undefined before anything came */
  readonly offload: number | undefined
}

/** Honest: what edges take from the origin counts against them. */
export function savingsOf(origin: OriginStats, peerBytes: number): Savings {
  const toEdges = origin.clients.edge?.bytes ?? 0
  const deliveredBytes = origin.bytes - toEdges + peerBytes
  return {
    originBytes: origin.bytes,
    peerBytes,
    deliveredBytes,
    offload: deliveredBytes === 0 ? undefined : 1 - origin.bytes / deliveredBytes,
  }
}

export interface Bill {
  readonly alone: number
  readonly now: number
  readonly saved: number
}

export function billOf({ originBytes, deliveredBytes }: Savings, pricePerGb: number): Bill {
  const alone = (deliveredBytes / 1e9) * pricePerGb
  const now = (originBytes / 1e9) * pricePerGb
  return { alone, now, saved: alone - now }
}

/** A price as a person types it; undefined for what is none. */
export function readPrice(text: string): number | undefined {
  const trimmed = text.trim().replace(',', '.')
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(trimmed)) return undefined
  return Number(trimmed)
}

/** Money in an unnamed currency: cents where it is much, and enough digits where it is little. */
export function formatMoney(amount: number): string {
  const size = Math.abs(amount)
  const digits = size >= 1 || size === 0 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(size)))
  return new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: digits }).format(amount)
}
