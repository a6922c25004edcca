// How `tan watch` handles a resource that does not arrive: it gives each reason once, and ends after a while.
import type { Timers } from '@tan/peer'
import { type Clock, CodedError } from '@tan/primitives'
import type { Viewer } from '@tan/viewer'

/** how long the viewer may wait for a segment without receiving one piece */
const PATIENCE_MS = 30_000
const LOOK_MS = 500

/** The same viewer, but `read` fails with `watch/stuck` if no piece arrives for `patienceMs`. */
export function patient(viewer: Viewer, clock: Clock, timers: Timers, patienceMs = PATIENCE_MS): Viewer {
  let lastPieceMs = 0
  viewer.on(event => {
    if (event.type === 'piece') lastPieceMs = clock.nowMs()
  })
  // `playHeadless` uses only these.
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
                `no data for ${patienceMs / 1000} s: neither peers nor the origin deliver segment ${segment}`,
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

/** distinct lines that are counted */
const LINES_MAX = 1_000

/** Prints a repeated line once, and at the end how often it occurred. */
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
