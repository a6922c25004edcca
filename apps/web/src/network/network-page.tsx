import type { ReactNode } from 'react'
export function NetworkPage(): ReactNode {
  return <h1 tabIndex={-1}>NetworkPage</h1>
}
