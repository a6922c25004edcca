// Shows whether the node answers: a small sign in the header, and a banner while it does not.
import type { ReactNode } from 'react'
import { formatCount, formatDuration } from '../format.ts'
import { useStore } from '../store.ts'
import { useNow } from '../ui/hooks.ts'
import { useNet } from './net.ts'
import { hrefOf } from './route.ts'

export function Connection(): ReactNode {
  const { link, feed } = useNet()
  const state = useStore(link.state)
  const status = useStore(feed.status)
  const text =
    state.kind === 'lost'
      ? 'Offline'
      : state.kind === 'connecting' || status === undefined
        ? 'Connecting'
        : formatCount(status.head.height)
  return (
    <a className={`connection is-${state.kind}`} href={hrefOf({ page: 'chain' })} title="The newest block of the chain">
      <span className="connection-dot" />
      <span className="visually-hidden">{state.kind === 'live' ? 'Connected, newest block ' : 'Connection: '}</span>
      {text}
    </a>
  )
}

/** Only if the loss lasts: a short one is over before anyone could read the banner. */
const SHOW_AFTER_MS = 1500

export function ConnectionBanner(): ReactNode {
  const { link, feed } = useNet()
  const state = useStore(link.state)
  const failure = useStore(feed.failure)
  const now = useNow()
  if (state.kind === 'lost' && now - state.sinceMs >= SHOW_AFTER_MS)
    return (
      <div className="banner is-bad" role="status">
        <span>
          <strong>No connection to the network</strong> for {formatDuration(now - state.sinceMs)}: {state.reason}. The
          data on this page may be old. It reconnects automatically.
        </span>
        <button type="button" className="button is-small" onClick={() => link.retryNow()}>
          Try now
        </button>
      </div>
    )
  if (failure !== undefined && state.kind === 'live')
    return (
      <div className="banner is-bad" role="status">
        <span>
          <strong>The node answers, but not as expected:</strong> {failure.message}. Is it a TAN node of this version?
        </span>
      </div>
    )
  return null
}
