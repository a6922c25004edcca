// What a player will need, and by when: the segments from where it plays to the end of the window.

import { APPEND_MS, DEMAND_MAX, WINDOW_MS } from '../limits.ts'
import type { Catalog } from './catalog.ts'
import type { Wanted } from './wanted.ts'

/** Where a player stands. */
export interface Playhead {
  readonly rendition: number
  /** the first segment that it does not have yet */
  readonly segment: number
  /** on the timeline of the rendition */
  readonly positionMs: number
  /** timeline per time; 0 while it is paused or waits */
  readonly rate: number
  /** at this time it stood there */
  readonly atMs: number
}

/** Segments of the window with their deadlines. One that lies at or before the playhead is needed at once. */
export function playbackDemand(catalog: Catalog, playhead: Playhead, nowMs: number): Wanted[] {
  const { rendition, segment, rate, atMs } = playhead
  const segments = catalog.renditions[rendition]?.segments ?? []
  const positionMs = playhead.positionMs + (nowMs - atMs) * rate
  // A player that stands still may go on at any moment: its deadlines wait with it.
  const speed = rate > 0 ? rate : 1
  const wanted: Wanted[] = []
  for (let i = segment; i < segments.length && wanted.length < DEMAND_MAX; i++) {
    const { startMs, durationMs } = segments[i]!
    if (durationMs === 0 && i > segment) continue
    if (i > segment && startMs - positionMs > WINDOW_MS * speed) break
    const deadlineMs = nowMs + Math.max(0, (startMs - positionMs) / speed - APPEND_MS)
    wanted.push({ rendition, segment: i, deadlineMs })
  }
  return wanted
}
