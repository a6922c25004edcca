import type { ReactNode } from 'react'
export function WatchPage(): ReactNode {
  return <h1 tabIndex={-1}>WatchPage</h1>
}
