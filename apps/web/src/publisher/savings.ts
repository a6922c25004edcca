// What peers save a publisher, from the counters of the origin and the edges.
import { integerFrom, object, type Shape, type ShapeValue } from '@tan/protocol/tracker/shape'

const count = integerFrom(0, Number.MAX_SAFE_INTEGER)

const client = object({ requests: count, bytes: count })

/** Sums by kind of client: viewers, edges, and others. */
const clients: Shape<Readonly<Record<string, ShapeValue<typeof client>>>> = (value, path) => {
  const entries = Object.entries(object({})(value, path) && (value as object)).slice(0, CLIENT_KINDS_MAX)
  return Object.fromEntries(entries.map(([kind, sums]) => [kind, client(sums, `${path}.${kind}`)]))
}
const CLIENT_KINDS_MAX = 64

const originStats = object({ startedMs: count, requests: count, bytes: count, clients })

export type OriginStats = ShapeValue<typeof originStats>

/** Throws `tracker/field` with the name of the wrong field. */
export function validateOriginStats(json: unknown): OriginStats {
  return originStats(json, 'origin')
}

export interface Savings {
  /** sent by the origin to viewers */
  readonly toViewersBytes: number
  /** sent by the origin to edges that fill their caches: once per edge, for any number of viewers */
  readonly toCachesBytes: number
  /** sent by peers to viewers; undefined while unknown */
  readonly peerBytes: number | undefined
  /** received by viewers in total: what the origin alone would have sent */
  readonly deliveredBytes: number | undefined
  /** share of the viewers' bytes that peers sent; undefined before the first byte */
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
  /** if the origin had sent everything */
  readonly alone: number
  readonly viewers: number
  readonly caches: number
  /** negative until enough viewers have used the caches */
  readonly saved: number
}

/**
 * Only bytes from the origin cost; payments to peers are not included. Undefined while the peers' bytes are unknown.
 */
export function billOf(savings: Savings, pricePerGb: number): Bill | undefined {
  const { toViewersBytes, toCachesBytes, deliveredBytes } = savings
  if (deliveredBytes === undefined) return undefined
  const cost = (bytes: number): number => (bytes / 1e9) * pricePerGb
  const [alone, viewers, caches] = [cost(deliveredBytes), cost(toViewersBytes), cost(toCachesBytes)]
  return { alone, viewers, caches, saved: alone - viewers - caches }
}

/** Parses a price that a person typed; undefined if it is not one. */
export function readPrice(text: string): number | undefined {
  const trimmed = text.trim().replace(',', '.')
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(trimmed)) return undefined
  return Number(trimmed)
}

/** Money in an unnamed currency: cents for large amounts, more digits for small ones. */
export function formatMoney(amount: number): string {
  const size = Math.abs(amount)
  const digits = size >= 1 || size === 0 ? 2 : Math.min(6, 1 - Math.floor(Math.log10(size)))
  return new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: digits }).format(amount)
}
