// How long ago something happened, kept up to date; hovering shows the time.
import type { ReactNode } from 'react'
import { formatAgo } from '../format.ts'
import { useNow } from './hooks.ts'

export function Ago({ timestampS }: { timestampS: number }): ReactNode {
  const now = useNow()
  const date = new Date(timestampS * 1000)
  return (
    <time dateTime={date.toISOString()} title={formatTime(date)}>
      {formatAgo(now - timestampS * 1000)}
    </time>
  )
}

export function formatTime(date: Date): string {
  return date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
}
