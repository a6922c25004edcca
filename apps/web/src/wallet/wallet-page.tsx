import type { ReactNode } from 'react'
export function WalletPage(): ReactNode {
  return <h1 tabIndex={-1}>WalletPage</h1>
}
