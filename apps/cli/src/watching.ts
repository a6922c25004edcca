// What `tan watch` does about a resource that does not come: it says why once, and ends after a while.

import type { Timers } from '@tan/peer'
import { type Clock, CodedError } from '@tan/primitives'
import type { Viewer } from '@tan/viewer'

/** without one piece, while a segment is waited for */
const PATIENCE_MS = 30_000
const LOOK_MS = 500

/** The viewer, but what it reads fails with `watch/stuck` when no piece comes for so long. */
export function patient(viewer: Viewer, clock: Clock, timers: Timers, patienceMs = PATIENCE_MS): Viewer {
  let lastPieceMs = 0
  viewer.on(event => {
    if (event.type === 'piece') lastPieceMs = clock.nowMs()
  })
  // a player without a picture takes these of it, and no more
  return {
    catalog: viewer.catalog,
    setPlayhead: playhead => viewer.setPlayhead(playhead),
    read: async (rendition, segment, signal) => {
      const startedMs = clock.nowMs()
      let stop = (): void => {}
      const stuck = new Promise<never>((_, reject) => {
        const look = (): void => {
          if (clock.nowMs() - Math.max(startedMs, lastPieceMs) < patienceMs) stop = timers.after(LOOK_MS, look)
          else
            reject(
              new CodedError(
                'watch/stuck',
                `nothing has come for ${patienceMs / 1000} s: neither peers nor the origin have segment ${segment}`,
              ),
            )
        }
        look()
      })
      try {
        return await Promise.race([viewer.read(rendition, segment, signal), stuck])
      } finally {
        stop()
      }
    },
  } as Viewer
}

/** lines that are told apart */
const LINES_MAX = 1_000

/** Says a line that comes again and again once, and in the end how often it came. */
export function repeatedOnce(say: (line: string) => void): { tell(line: string): void; end(): void } {
  const counts = new Map<string, number>()
  return {
    tell(line) {
      const count = counts.get(line) ?? 0
      if (count === 0) say(line)
      if (count > 0 || counts.size < LINES_MAX) counts.set(line, count + 1)
    },
    end() {
      for (const [line, count] of counts) if (count > 1) say(`${line} (${count} times)`)
      counts.clear()
    },
  }
}
