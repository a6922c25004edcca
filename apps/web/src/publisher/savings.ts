// What peers save a publisher, out of what the origin and the edges count themselves.
import { integerFrom, object, type Shape, type ShapeValue } from '@tan/protocol/tracker/shape'

const count = integerFrom(0, Number.MAX_SAFE_INTEGER)

const client = object({ requests: count, bytes: count })

/** The sums by kind of client: viewers, edges, and whoever else asks. */
const clients: Shape<Readonly<Record<string, ShapeValue<typeof client>>>> = (value, path) => {
  const entries = Object.entries(object({})(value, path) && (value as object)).slice(0, CLIENT_KINDS_MAX)
  return Object.fromEntries(entries.map(([kind, sums]) => [kind, client(sums, `${path}.${kind}`)]))
}
const CLIENT_KINDS_MAX = 64

const originStats = object({ startedMs: count, requests: count, bytes: count, clients })

export type OriginStats = ShapeValue<typeof originStats>

/** Throws `tracker/field` with the name of what is wrong. */
export function validateOriginStats(json: unknown): OriginStats {
  return originStats(json, 'origin')
}

export interface Savings {
  /** left the origin to viewers */
  readonly toViewersBytes: number
  /** left the origin to edges that fill their caches: once for each of them, however many watch */
  readonly toCachesBytes: number
  /** came to viewers from peers; undefined while that is not known */
  readonly peerBytes: number | undefined
  /** came to viewers at all: what the origin alone would have had to send */
  readonly deliveredBytes: number | undefined
  /** part of what came to viewers that peers sent; undefined before anything came */
  readonly offload: number | undefined
}

export function savingsOf(origin: OriginStats, peerBytes: number | undefined): Savings {
  const toCachesBytes = origin.clients.edge?.bytes ?? 0
  const toViewersBytes = origin.bytes - toCachesBytes
  const deliveredBytes = peerBytes === undefined ? undefined : toViewersBytes + peerBytes
  return {
    toViewersBytes,
    toCachesBytes,
    peerBytes,
    deliveredBytes,
    offload: peerBytes === undefined || !deliveredBytes ? undefined : peerBytes / deliveredBytes,
  }
}

export interface Bill {
  /** had the origin sent all of it */
  readonly alone: number
  readonly viewers: number
  readonly caches: number
  /** below 0 until enough have watched what the caches were filled with */
  readonly saved: number
}

/** What leaves the origin costs; what peers are paid is not in it. Undefined while it is not known what they sent. */
export function billOf(savings: Savings, pricePerGb: number): Bill | undefined {
  const { toViewersBytes, toCachesBytes, deliveredBytes } = savings
  if (deliveredBytes === undefined) return undefined
  const cost = (bytes: number): number => (bytes / 1e9) * pricePerGb
  const [alone, viewers, caches] = [cost(deliveredBytes), cost(toViewersBytes), cost(toCachesBytes)]
  return { alone, viewers, caches, saved: alone - viewers - caches }
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
