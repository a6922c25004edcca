// The frame around every page: network, page, and state of the connection.
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { loadSettings, type SettingsResult } from '../settings/settings.ts'
import { Loading } from '../ui/parts.tsx'
import { Boundary } from './boundary.tsx'
import { Connection, ConnectionBanner } from './connection.tsx'
import { Footer, Header } from './header.tsx'
import { NetContext, useOpenedNet } from './net.ts'
import { parseRoute, type Route, titleOf } from './route.ts'

/** Each page loads separately, when it is first shown or when the browser is idle. */
const LOADERS = {
  watch: async () => ({ default: (await import('../watch/watch-page.tsx')).WatchPage }),
  network: async () => ({ default: (await import('../network/network-page.tsx')).NetworkPage }),
  chain: async () => ({ default: (await import('../chain/chain-page.tsx')).ChainPage }),
  block: async () => ({ default: (await import('../chain/block-page.tsx')).BlockPage }),
  transaction: async () => ({ default: (await import('../chain/transaction-page.tsx')).TransactionPage }),
  address: async () => ({ default: (await import('../chain/address-page.tsx')).AddressPage }),
  pool: async () => ({ default: (await import('../chain/pool-page.tsx')).PoolPage }),
  stake: async () => ({ default: (await import('../stake/stake-page.tsx')).StakePage }),
  publisher: async () => ({ default: (await import('../publisher/publisher-page.tsx')).PublisherPage }),
  wallet: async () => ({ default: (await import('../wallet/wallet-page.tsx')).WalletPage }),
  settings: async () => ({ default: (await import('../settings/settings-page.tsx')).SettingsPage }),
}

const WatchPage = lazy(LOADERS.watch)
const NetworkPage = lazy(LOADERS.network)
const ChainPage = lazy(LOADERS.chain)
const BlockPage = lazy(LOADERS.block)
const TransactionPage = lazy(LOADERS.transaction)
const AddressPage = lazy(LOADERS.address)
const PoolPage = lazy(LOADERS.pool)
const StakePage = lazy(LOADERS.stake)
const PublisherPage = lazy(LOADERS.publisher)
const WalletPage = lazy(LOADERS.wallet)
const SettingsPage = lazy(LOADERS.settings)

/** Loads the other pages after the first, so that they open at once, even if the app's host is down. */
const PRELOAD_AFTER_MS = 3000

function preloadPages(): () => void {
  const timer = setTimeout(() => {
    for (const load of Object.values(LOADERS)) load().catch(() => {})
  }, PRELOAD_AFTER_MS)
  return () => clearTimeout(timer)
}

export function App(): ReactNode {
  const [result, setResult] = useState<SettingsResult | undefined>(undefined)
  useEffect(() => {
    loadSettings(location.href, localStorage).then(setResult)
  }, [])
  useEffect(preloadPages, [])
  if (result === undefined) return null
  if (result.kind === 'ready') return <NetworkApp result={result} />
  return (
    <Frame route={{ page: 'settings' }} connection={null}>
      <SettingsPage result={result} />
    </Frame>
  )
}

function NetworkApp({ result }: { result: SettingsResult & { kind: 'ready' } }): ReactNode {
  const net = useOpenedNet(result.settings)
  const route = useRoute()
  if (net === undefined) return null
  return (
    <NetContext value={net}>
      <Frame route={route} connection={<Connection />} banner={<ConnectionBanner />}>
        <Page route={route} result={result} />
      </Frame>
    </NetContext>
  )
}

function Page({ route, result }: { route: Route; result: SettingsResult & { kind: 'ready' } }): ReactNode {
  switch (route.page) {
    case 'watch':
      return <WatchPage />
    case 'network':
      return <NetworkPage />
    case 'chain':
      return <ChainPage />
    case 'block':
      return <BlockPage id={route.id} />
    case 'transaction':
      return <TransactionPage hash={route.hash} />
    case 'address':
      return <AddressPage address={route.address} />
    case 'pool':
      return <PoolPage poolId={route.poolId} />
    case 'stake':
      return <StakePage />
    case 'publisher':
      return <PublisherPage />
    case 'wallet':
      return <WalletPage />
    case 'settings':
      return <SettingsPage result={result} />
    case 'unknown':
      return (
        <div className="stack">
          <h1 tabIndex={-1}>No such page</h1>
          <p className="lede">
            There is no page at <span className="mono">{route.path}</span>. Go back to <a href="#/">the video</a>, or
            search on the <a href="#/chain">Chain</a> page.
          </p>
        </div>
      )
  }
}

function Frame({
  route,
  connection,
  banner,
  children,
}: {
  route: Route
  connection: ReactNode
  banner?: ReactNode
  children: ReactNode
}): ReactNode {
  const main = useRef<HTMLElement>(null)
  const key = JSON.stringify(route)
  const shown = useRef(key)
  useEffect(() => {
    document.title = titleOf(route)
  })
  useEffect(() => {
    // A new page starts at the top, and a screen reader continues at its heading.
    if (shown.current === key) return
    shown.current = key
    scrollTo(0, 0)
    main.current?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }, [key])
  return (
    <>
      <button type="button" className="button is-primary skip" onClick={() => main.current?.focus()}>
        Skip to content
      </button>
      <Header route={route} connection={connection} />
      {banner}
      <main id="main" ref={main} tabIndex={-1}>
        <Boundary key={key}>
          <Suspense fallback={<Loading what="the page" rows={6} />}>{children}</Suspense>
        </Boundary>
      </main>
      <Footer />
    </>
  )
}

function useRoute(): Route {
  const hash = useSyncExternalStore(subscribeToHash, () => location.hash)
  return parseRoute(hash)
}

function subscribeToHash(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}
