// One payment pool: what it holds and owes, its payments, and its expiry.
import type { Hash } from '@tan/primitives'
import { SYSTEM_ADDRESSES } from '@tan/protocol'
import type { ReactNode } from 'react'
import './chain.css'
import { formatCount, formatDuration, formatShare, formatTokensExactly, shortHex, tokenQuantity } from '../format.ts'
import { getPool, type TanPool } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { useFetched } from '../ui/hooks.ts'
import { AddressLink, Copy, HashLink } from '../ui/identity.tsx'
import { Facts, Failed, Figure, Loading, Meter, Panel } from '../ui/parts.tsx'
import { EventLines, findEvents } from './events.tsx'
import { poolMoney } from './pool-money.ts'

const STATUS_TAGS: Readonly<Record<TanPool['status'], string>> = { open: 'is-good', frozen: 'is-bad', closed: '' }

export function PoolPage({ poolId }: { poolId: Hash }): ReactNode {
  const { link, feed } = useNet()
  const settledHeight = useStore(feed.status)?.settled.height
  const pool = useFetched(() => getPool(link, poolId), `pool ${poolId}`, settledHeight)
  if (pool.kind === 'loading') return <Loading what="the pool" rows={8} />
  if (pool.kind === 'failed')
    return <Failed title="The pool could not be loaded" error={pool.error} retry={pool.retry} />
  if (pool.value === undefined)
    return (
      <div className="stack">
        <h1 tabIndex={-1}>No such pool</h1>
        <p className="lede">
          A new pool appears here when its block has settled. See{' '}
          <a href={hrefOf({ page: 'chain' })}>the newest blocks</a>.
        </p>
      </div>
    )
  return <PoolView pool={pool.value} />
}

function PoolView({ pool }: { pool: TanPool }): ReactNode {
  const { kind } = poolMoney(pool)
  return (
    <div className="stack">
      <div className="page-head">
        <div className="title-row">
          <h1 tabIndex={-1}>Payment pool {shortHex(pool.poolId)}</h1>
          <span className={`tag ${STATUS_TAGS[pool.status]}`}>{pool.status}</span>
          <span className="tag">{kind}</span>
        </div>
        <p className="lede">
          {kind === 'strict'
            ? 'It pays each peer up to the amount reserved for it on chain, so no peer can lose its earnings.'
            : 'It pays any number of peers without further transactions. If it promises more than it holds, the collateral burns.'}
        </p>
      </div>
      <Panel title="Money">
        <PoolFigures pool={pool} />
      </Panel>
      <Panel title="Terms">
        <PoolTerms pool={pool} />
      </Panel>
      <PoolEvents poolId={pool.poolId} />
    </div>
  )
}

export function PoolFigures({ pool }: { pool: TanPool }): ReactNode {
  const { paidWei, reservedWei, leftWei, shares } = poolMoney(pool)
  const figure = (label: string, wei: bigint): ReactNode => (
    <Figure label={label} value={tokenQuantity(wei, 'TANGam')} title={formatTokensExactly(wei, 'TANGam')} />
  )
  return (
    <div className="stack">
      <Meter
        text={`${formatShare(shares.paid)} paid, ${formatShare(shares.reserved)} reserved, ${formatShare(shares.left)} left`}
        parts={[
          { share: shares.paid, colour: 'var(--accent)' },
          { share: shares.reserved, colour: 'var(--accent-line)' },
        ]}
      />
      <div className="figures">
        {figure('Deposit', pool.deposit)}
        {figure('Paid out', paidWei)}
        {reservedWei > 0n && figure('Reserved', reservedWei)}
        {figure('Left', leftWei)}
        {figure('Collateral', pool.collateral)}
      </div>
    </div>
  )
}

function PoolTerms({ pool }: { pool: TanPool }): ReactNode {
  const { feed } = useNet()
  const info = useStore(feed.info)
  const status = useStore(feed.status)
  const blocksLeft = status === undefined ? 0 : pool.expiryHeight - status.head.height
  const left =
    info === undefined || status === undefined
      ? ''
      : blocksLeft > 0
        ? `, in about ${formatDuration(blocksLeft * info.parameters.blockIntervalMs)}`
        : ', expired'
  return (
    <Facts
      rows={{
        Pool: (
          <span className="identity is-whole">
            <HashLink hash={pool.poolId} isWhole />
            <Copy value={pool.poolId} what="the pool's id" />
          </span>
        ),
        Payer: <AddressLink address={pool.payer} />,
        'Signs vouchers': <AddressLink address={pool.signer} />,
        'Signs reservations': <AddressLink address={pool.reserver} />,
        Expires: `at block ${formatCount(pool.expiryHeight)}${left}`,
        'Pays for': (
          <span>
            <HashLink hash={pool.resourceCommitment} />{' '}
            <span className="muted">(hidden: only payees learn which resource it is)</span>
          </span>
        ),
      }}
    />
  )
}

function PoolEvents({ poolId }: { poolId: Hash }): ReactNode {
  const { link, feed } = useNet()
  const height = useStore(feed.status)?.settled.height
  const events = useFetched(
    async () =>
      height === undefined
        ? undefined
        : findEvents(link, height, [{ address: SYSTEM_ADDRESSES.paymentPools, topics: [null, poolId] }]),
    `events ${poolId}`,
    height,
  )
  return (
    <Panel title="Events">
      {(events.kind === 'loading' || (events.kind === 'ready' && events.value === undefined)) && (
        <Loading what="events" />
      )}
      {events.kind === 'failed' && (
        <Failed title="The events could not be loaded" error={events.error} retry={events.retry} />
      )}
      {events.kind === 'ready' && events.value !== undefined && <EventLines events={events.value} without="pool id" />}
    </Panel>
  )
}
