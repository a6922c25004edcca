// hls.js on a video element: loads when a video first plays, and survives recoverable errors.
import { CodedError, type Reason } from '@tan/primitives'
import type Hls from 'hls.js'

/** after so many recoveries, a media error counts as fatal */
const RECOVERIES_MAX = 3
/** seconds to load ahead: enough to ask peers in time, and little waste if the viewer leaves */
const BUFFER_S = 30

export interface PlaybackOptions {
  /** URL of the playlist */
  readonly url: string
  readonly startS: number
  /** called before loading; returns a function to call at the end */
  attach(hls: Hls): () => void
  failed(rejection: Reason): void
  /** releases the element at once, even while the player is still loading */
  readonly ended: AbortSignal
}

/** Throws `player/unsupported` if the browser cannot play HLS this way. */
export async function playHls(video: HTMLVideoElement, options: PlaybackOptions): Promise<void> {
  const { default: HlsPlayer } = await import('hls.js')
  // By now the element may belong to another player, and ending a player created here would take it away.
  if (options.ended.aborted) return
  if (!HlsPlayer.isSupported())
    throw new CodedError('player/unsupported', 'this browser has no Media Source Extensions, which the player needs')
  const hls = new HlsPlayer({
    maxBufferLength: BUFFER_S,
    maxMaxBufferLength: BUFFER_S,
    backBufferLength: 60,
    startPosition: options.startS,
  })
  const detach = options.attach(hls)
  let recoveries = 0
  hls.on(HlsPlayer.Events.ERROR, (_, { fatal, type, details, error }) => {
    if (!fatal) return
    if (type === HlsPlayer.ErrorTypes.MEDIA_ERROR && recoveries++ < RECOVERIES_MAX) hls.recoverMediaError()
    else options.failed({ code: `player/${details}`, message: error.message })
  })
  hls.loadSource(options.url)
  hls.attachMedia(video)
  options.ended.addEventListener('abort', () => {
    detach()
    hls.destroy()
  })
}

/** Seconds of video loaded ahead of the current position. */
export function bufferedAhead({ currentTime, buffered }: Pick<HTMLVideoElement, 'currentTime' | 'buffered'>): number {
  // Ranges that almost touch count as one: encoders leave gaps of some milliseconds between segments.
  const gapMax = 0.1
  let end = currentTime
  for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= end + gapMax) end = Math.max(end, buffered.end(i))
  return end - currentTime
}
