// What an edge says about itself, and what the table and the map make of it.
import { hexOf, integerFrom, numberFrom, object, optional, type ShapeValue, wei } from '@tan/protocol/tracker/shape'
import type { Polled } from './polled.ts'

const count = integerFrom(0, Number.MAX_SAFE_INTEGER)

const edgeStatus = object({
  address: hexOf(20),
  place: optional(object({ latitude: numberFrom(-90, 90), longitude: numberFrom(-180, 180) })),
  uploadBytesPerSecond: count,
  load: numberFrom(0, 1),
  servedBytes: count,
  servedPieces: count,
  earnedWei: wei(),
  redeemedWei: wei(),
  peers: count,
  cacheBytes: optional(count),
  cacheMaxBytes: optional(count),
})

export type EdgeStatus = ShapeValue<typeof edgeStatus>

/** Throws `tracker/field` with the name of what is wrong. */
export function validateEdgeStatus(json: unknown): EdgeStatus {
  return edgeStatus(json, 'edge')
}

/** Bytes per second between the two newest looks; undefined before there are two, or after a restart. */
export function servedRate({ value, before, atMs }: Polled<EdgeStatus>): number | undefined {
  if (value === undefined || before === undefined || atMs <= before.atMs) return undefined
  const bytes = value.servedBytes - before.value.servedBytes
  return bytes < 0 ? undefined : (bytes * 1000) / (atMs - before.atMs)
}

export interface EdgeTotals {
  readonly online: number
  readonly servedBytes: number
  readonly bytesPerSecond: number
  readonly earnedWei: bigint
  readonly redeemedWei: bigint
}

export function totalsOf(edges: readonly Polled<EdgeStatus>[]): EdgeTotals {
  const known = edges.filter(edge => edge.value !== undefined)
  return {
    online: known.filter(edge => edge.error === undefined).length,
    servedBytes: known.reduce((sum, edge) => sum + edge.value!.servedBytes, 0),
    bytesPerSecond: known.reduce((sum, edge) => sum + (edge.error === undefined ? (servedRate(edge) ?? 0) : 0), 0),
    earnedWei: known.reduce((sum, edge) => sum + edge.value!.earnedWei, 0n),
    redeemedWei: known.reduce((sum, edge) => sum + edge.value!.redeemedWei, 0n),
  }
}

/** Four steps from idle to full, each with a colour of its own; the last is where new peers had better go elsewhere. */
export type LoadStep = 'low' | 'middle' | 'high' | 'full'

export function loadStep(load: number): LoadStep {
  if (load >= 0.9) return 'full'
  if (load >= 0.6) return 'high'
  return load >= 0.3 ? 'middle' : 'low'
}
