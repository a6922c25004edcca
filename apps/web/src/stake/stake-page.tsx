import type { ReactNode } from 'react'
export function StakePage(): ReactNode {
  return <h1 tabIndex={-1}>StakePage</h1>
}
