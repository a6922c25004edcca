// The video. It starts automatically and muted, as browsers require; a person turns the sound on.
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useStore } from '../store.ts'
import { Icon } from '../ui/icons.tsx'
import { Failed } from '../ui/parts.tsx'
import type { WatchSession } from './session.ts'

export interface Playback {
  readonly positionS: number
  readonly durationS: number
}

export function Player({
  session,
  title,
  onPlayback,
  retry,
}: {
  session: WatchSession
  title: string
  onPlayback: (playback: Playback) => void
  retry: () => void
}): ReactNode {
  const video = useRef<HTMLVideoElement>(null)
  const [isMuted, setMuted] = useState(true)
  const [isWaiting, setWaiting] = useState(true)
  const report = (): void => {
    const { currentTime = 0, duration = 0 } = video.current ?? {}
    onPlayback({ positionS: currentTime, durationS: Number.isFinite(duration) ? duration : 0 })
  }

  useEffect(() => {
    if (video.current !== null) return session.attach(video.current)
  }, [session])

  return (
    <div className="player">
      <video
        ref={video}
        aria-label={title}
        controls
        autoPlay
        muted
        playsInline
        onTimeUpdate={report}
        onDurationChange={report}
        onSeeked={report}
        onVolumeChange={() => setMuted(video.current?.muted === true)}
        onWaiting={() => setWaiting(true)}
        onPlaying={() => setWaiting(false)}
        onCanPlay={() => setWaiting(false)}
      />
      {isWaiting && <span className="player-wait">Loading</span>}
      {isMuted && !isWaiting && (
        <button
          type="button"
          className="player-sound"
          onClick={() => {
            if (video.current !== null) video.current.muted = false
          }}
        >
          <Icon name="sound" /> Turn sound on
        </button>
      )}
      <PlayerFailure session={session} retry={retry} />
    </div>
  )
}

function PlayerFailure({ session, retry }: { session: WatchSession; retry: () => void }): ReactNode {
  const state = useStore(session.state)
  if (state.kind !== 'failed') return null
  return (
    <div className="player-failure">
      <Failed title="The video cannot be played" error={state.rejection} retry={retry} />
    </div>
  )
}
