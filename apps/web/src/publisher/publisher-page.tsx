import type { ReactNode } from 'react'
export function PublisherPage(): ReactNode {
  return <h1 tabIndex={-1}>PublisherPage</h1>
}
