// Navigation between pages: at the top of a wide screen, at the bottom of a narrow one.
import type { ReactNode } from 'react'
import { Icon, type IconName } from '../ui/icons.tsx'
import { hrefOf, type Route } from './route.ts'

type Page = 'watch' | 'network' | 'chain' | 'stake' | 'publisher' | 'wallet'

const PAGES: readonly { readonly page: Page; readonly name: string }[] = [
  { page: 'watch', name: 'Watch' },
  { page: 'network', name: 'Network' },
  { page: 'chain', name: 'Chain' },
  { page: 'stake', name: 'Stake' },
  { page: 'publisher', name: 'Publish' },
  { page: 'wallet', name: 'Wallet' },
]

/** Pages of single blocks, transactions and so on belong to Chain. */
function sectionOf(route: Route): string {
  return ['block', 'transaction', 'address', 'pool'].includes(route.page) ? 'chain' : route.page
}

export function Header({ route, connection }: { route: Route; connection: ReactNode }): ReactNode {
  const section = sectionOf(route)
  return (
    <header className="header">
      <a className="brand" href={hrefOf({ page: 'watch' })} aria-label="TAN, to the video">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 6.5 25 16 9 25.5Z" />
          <circle cx="9" cy="6.5" r="4" />
          <circle cx="9" cy="25.5" r="4" />
          <circle cx="25" cy="16" r="4" />
        </svg>
        TAN
      </a>
      <nav className="nav" aria-label="Pages">
        {PAGES.map(({ page, name }) => (
          <a key={page} href={hrefOf({ page })} aria-current={section === page ? 'page' : undefined}>
            <Icon name={page satisfies IconName} />
            <span>{name}</span>
          </a>
        ))}
      </nav>
      <div className="header-end">
        {connection}
        <a className="header-settings" href={hrefOf({ page: 'settings' })} title="Settings" aria-label="Settings">
          <Icon name="settings" />
        </a>
      </div>
    </header>
  )
}

export function Footer(): ReactNode {
  return (
    <footer className="footer">
      <p>
        TAN: viewers and edge machines deliver video to each other, and a ledger pays them for every piece. This page
        loads nothing from other hosts and keeps your settings in this browser only.
      </p>
    </footer>
  )
}
