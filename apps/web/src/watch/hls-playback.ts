// hls.js on a video element: loaded when a video is first played, and kept alive over the errors that heal.
import { CodedError, type Reason } from '@tan/primitives'
import type Hls from 'hls.js'

/** a media error that recovers again and again does not recover */
const RECOVERIES_MAX = 3
/** seconds to load ahead: enough for peers to be asked in good time, and little enough not to be wasted by who leaves */
const BUFFER_S = 30

export interface PlaybackOptions {
  /** of the playlist */
  readonly url: string
  readonly startS: number
  /** before anything is loaded; gives what is to be done in the end */
  attach(hls: Hls): () => void
  failed(rejection: Reason): void
  /** takes the element back: at once, even while the player is still being loaded */
  readonly ended: AbortSignal
}

/** Throws `player/unsupported` where the browser cannot play HLS this way. */
export async function playHls(video: HTMLVideoElement, options: PlaybackOptions): Promise<void> {
  const { default: HlsPlayer } = await import('hls.js')
  // By now the element may belong to another player, whom one made here would rob of it when it is ended.
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

/** Seconds of video that are loaded ahead of what is shown. */
export function bufferedAhead({ currentTime, buffered }: Pick<HTMLVideoElement, 'currentTime' | 'buffered'>): number {
  // Ranges that all but touch are one: encoders leave gaps of some milliseconds between segments.
  const gapMax = 0.1
  let end = currentTime
  for (let i = 0; i < buffered.length; i++) if (buffered.start(i) <= end + gapMax) end = Math.max(end, buffered.end(i))
  return end - currentTime
}
