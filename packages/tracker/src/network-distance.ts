// How far apart two peers are for the network: expected round-trip time. Geography gives the seed, and what peers measure
// between two networks corrects it. Reports count once for each reporter (a machine, by its address), and the median of
// them decides: a liar with many peers moves little.
import { RTT_PAIRS_MAX, RTT_REPORTERS_MAX, RTT_REPORTERS_MIN } from './limits.ts'
import { createRecent } from './recent.ts'

/** Light in glass covers 200 km a millisecond; there and back, and cables take one and a half times the straight way. */
const KM_PER_RTT_MS = 66
/** the last mile of both */
const ACCESS_MS = 6
/** Two networks often meet in another city. */
const OTHER_NETWORK_MS = 8
/** where one of the positions is not known */
const UNKNOWN_DISTANCE_MS = 60

/** 0: the network is not known. */
export type Asn = number

export function seedRttMs(distanceKm: number | undefined, sameNetwork: boolean): number {
  const wayMs = distanceKm === undefined ? UNKNOWN_DISTANCE_MS : distanceKm / KM_PER_RTT_MS
  return ACCESS_MS + wayMs + (sameNetwork ? 0 : OTHER_NETWORK_MS)
}

export interface RttBook {
  /** `beyondSeedMs`: what was measured, less `seedRttMs` of the two peers. */
  report(reporter: string, one: Asn, other: Asn, beyondSeedMs: number): void
  /** By the other network: what to add to the seed. */
  corrections(asn: Asn): (other: Asn) => number
  readonly pairs: number
}

interface Pair {
  readonly one: Asn
  readonly other: Asn
  readonly byReporter: Map<string, number>
  correctionMs: number
}

/** spec T-RTT. */
export function createRttBook(): RttBook {
  const rows = new Map<Asn, Map<Asn, Pair>>()
  const pairs = createRecent<Pair, Pair>(RTT_PAIRS_MAX, ({ one, other }) => {
    removeFrom(rows, one, other)
    removeFrom(rows, other, one)
  })

  function pairOf(one: Asn, other: Asn): Pair {
    let pair = rows.get(one)?.get(other)
    if (pair === undefined) {
      pair = { one, other, byReporter: new Map(), correctionMs: 0 }
      addTo(rows, one, other, pair)
      addTo(rows, other, one, pair)
    }
    pairs.set(pair, pair)
    return pair
  }

  return {
    report(reporter, one, other, beyondSeedMs) {
      if (one === 0 || other === 0) return
      const pair = pairOf(one, other)
      pair.byReporter.delete(reporter)
      for (const oldest of pair.byReporter.keys()) {
        if (pair.byReporter.size < RTT_REPORTERS_MAX) break
        pair.byReporter.delete(oldest)
      }
      pair.byReporter.set(reporter, beyondSeedMs)
      pair.correctionMs = pair.byReporter.size < RTT_REPORTERS_MIN ? 0 : median([...pair.byReporter.values()])
    },
    corrections(asn) {
      const row = rows.get(asn)
      return other => row?.get(other)?.correctionMs ?? 0
    },
    get pairs() {
      return pairs.size
    },
  }
}

function addTo(rows: Map<Asn, Map<Asn, Pair>>, one: Asn, other: Asn, pair: Pair): void {
  const row = rows.get(one)
  if (row === undefined) rows.set(one, new Map([[other, pair]]))
  else row.set(other, pair)
}

function removeFrom(rows: Map<Asn, Map<Asn, Pair>>, one: Asn, other: Asn): void {
  const row = rows.get(one)
  row?.delete(other)
  if (row?.size === 0) rows.delete(one)
}

/** The lower one of the two in the middle: it is a value that somebody reported. */
function median(values: number[]): number {
  values.sort((a, b) => a - b)
  return values[(values.length - 1) >> 1]!
}
