// The home page: a playing video, its sources, its payments, and the ledger behind them.
import { type ReactNode, useMemo, useState } from 'react'
import './watch.css'
import { formatBytes, formatCount, formatShare, formatTokensExactly, tokenQuantity } from '../format.ts'
import type { Settings } from '../settings/settings.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Amount } from '../ui/amount.tsx'
import { Empty, Figure, Fold, Meter, Panel, Switch } from '../ui/parts.tsx'
import { BufferChart } from './buffer-chart.tsx'
import { PaymentTicker, PeerTable } from './payments.tsx'
import { type Playback, Player } from './player.tsx'
import { openSession, type PoolSummary, type WatchSession } from './session.ts'
import { Strip, StripLegend } from './strip.tsx'
import { SwarmPicture } from './swarm-picture.tsx'
import { offloadOf } from './watch-log.ts'

export function WatchPage(): ReactNode {
  const { settings } = useNet()
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Video from the machines next door, paid by the piece</h1>
        <p className="lede">
          Peers near you send this video in small pieces. Your browser checks each piece and pays for it at once with a
          fraction of a coin. The publisher&rsquo;s own server, the origin, only fills the gaps.
        </p>
      </div>
      {settings.video === undefined ? (
        <Panel>
          <Empty title="No video configured">
            A devnet publishes one automatically. To watch another, enter the address of its manifest in the{' '}
            <a href={hrefOf({ page: 'settings' })}>settings</a>.
          </Empty>
        </Panel>
      ) : (
        <Viewing video={settings.video} />
      )}
      <Ledger />
    </div>
  )
}

function Viewing({ video }: { video: NonNullable<Settings['video']> }): ReactNode {
  const net = useNet()
  const [attempt, setAttempt] = useState(0)
  const session = useMemo(() => openSession(net, video, attempt > 0), [net, video, attempt])
  const view = useStore(session.view)
  const [playback, setPlayback] = useState<Playback>({ positionS: 0, durationS: 0 })
  const offload = offloadOf(view)
  return (
    <>
      <div className="watch-top">
        <section className="panel watch-video">
          <Player
            key={attempt}
            session={session}
            title={video.title}
            onPlayback={setPlayback}
            retry={() => setAttempt(attempt + 1)}
          />
          <div className="watch-strip">
            <h2>Where each second came from</h2>
            <Strip view={view} durationS={playback.durationS} playheadS={playback.positionS} />
            <StripLegend view={view} />
          </div>
        </section>
        <section className="panel watch-swarm">
          <div className="watch-offload">
            <Figure
              isLarge
              label="from peers instead of the origin"
              value={offload === undefined ? '–' : formatShare(offload)}
            />
            <PeersSwitch session={session} />
          </div>
          <Meter
            text={`${formatBytes(view.peerBytes)} from peers, ${formatBytes(view.originBytes)} from the origin`}
            parts={[
              { share: offload ?? 0, colour: 'var(--accent)' },
              { share: offload === undefined ? 0 : 1 - offload, colour: 'var(--origin)' },
            ]}
          />
          <SwarmPicture session={session} view={view} />
          <SwarmHint session={session} />
          <div className="figures watch-figures">
            <Figure
              label="Pieces from peers"
              value={formatCount(view.peers.reduce((sum, peer) => sum + peer.pieces, 0))}
            />
            <Figure
              label="Paid in this visit"
              value={tokenQuantity(view.paidWei, 'TANGam')}
              title={formatTokensExactly(view.paidWei, 'TANGam')}
            />
            <Figure label="Peers now" value={formatCount(view.peers.filter(peer => peer.isConnected).length)} />
          </div>
        </section>
      </div>
      <div className="watch-more">
        <Panel title="Buffer" note="Seconds of video loaded ahead">
          <BufferChart samples={view.buffer} />
        </Panel>
        <Panel title="Payments" note="Off chain, in this visit">
          <PaymentTicker view={view} />
        </Panel>
        <Panel title="Payment pool" note="On chain; includes earlier visits">
          <Pool session={session} />
        </Panel>
      </div>
      <section className="panel">
        <Fold summary="Peer details">
          <PeerTable view={view} />
          <Served session={session} />
        </Fold>
      </section>
    </>
  )
}

function PeersSwitch({ session }: { session: WatchSession }): ReactNode {
  const usesPeers = useStore(session.usesPeers)
  return <Switch label={usesPeers ? 'Peers on' : 'Peers off'} isOn={usesPeers} onChange={session.setPeers} />
}

function SwarmHint({ session }: { session: WatchSession }): ReactNode {
  const usesPeers = useStore(session.usesPeers)
  const state = useStore(session.state)
  if (!usesPeers)
    return (
      <p className="notice is-warn small">
        Peers are off: every byte now comes from the origin, at the publisher&rsquo;s cost. Watch the strip turn grey.
      </p>
    )
  if (state.kind === 'running' && state.hint !== undefined) return <p className="notice small">{state.hint}</p>
  return null
}

function Pool({ session }: { session: WatchSession }): ReactNode {
  const pool = useStore(session.pool)
  if (pool === undefined)
    return (
      <Empty title="No pool yet">
        To pay peers, the player locks some coins in a pool. Until that has settled, the video comes from the origin.
      </Empty>
    )
  return <PoolView pool={pool} />
}

function PoolView({ pool }: { pool: PoolSummary }): ReactNode {
  const spent = pool.depositWei === 0n ? 0 : Number((pool.spentWei * 10_000n) / pool.depositWei) / 10_000
  const figure = (label: string, wei: bigint): ReactNode => (
    <Figure label={label} value={tokenQuantity(wei, 'TANGam')} title={formatTokensExactly(wei, 'TANGam')} />
  )
  return (
    <div className="stack" style={{ gap: 14 }}>
      <Meter
        text={`${formatShare(spent)} of the deposit is spent`}
        parts={[{ share: spent, colour: 'var(--accent)' }]}
      />
      <div className="figures watch-pool">
        {figure('Deposit', pool.depositWei)}
        {figure('Spent', pool.spentWei)}
        {figure('Left', pool.leftWei)}
        {figure('Collateral', pool.collateralWei)}
      </div>
      <a href={hrefOf({ page: 'pool', poolId: pool.poolId })}>View on the chain</a>
    </div>
  )
}

/** A playing page also serves others, and gets paid for it. */
function Served({ session }: { session: WatchSession }): ReactNode {
  const { bytes, earnedWei } = useStore(session.served)
  return (
    <p className="small muted watch-served">
      {bytes === 0 ? (
        'Your browser keeps the pieces that you have seen and passes them on to other viewers. Nobody has asked for one yet.'
      ) : (
        <>
          You passed on {formatBytes(bytes)} to others and earned <Amount wei={earnedWei} currency="TANGam" />.
        </>
      )}
    </p>
  )
}

/** What the ledger does meanwhile, to connect the video with the chain. */
function Ledger(): ReactNode {
  const { feed } = useNet()
  const status = useStore(feed.status)
  return (
    <section className="panel ledger">
      <h2>The ledger underneath</h2>
      <ol className="ledger-steps">
        <li>
          <strong>Viewers pay for pieces off chain.</strong> A payment reveals one hash to the peer: no transaction, no
          wait, no fee.
        </li>
        <li>
          <strong>Peers redeem on chain.</strong> They show the latest payment at any time, and the pool pays the sum.{' '}
          <a href={hrefOf({ page: 'network' })}>See what they earn</a>.
        </li>
        <li>
          <strong>Validators settle blocks, guardians finalize them.</strong>{' '}
          {status === undefined ? (
            'Loading the state of the chain.'
          ) : (
            <>
              Settled up to block {formatCount(status.settled.height)}, final up to block{' '}
              {formatCount(status.finalized.height)}.
            </>
          )}{' '}
          <a href={hrefOf({ page: 'chain' })}>See the chain</a>.
        </li>
      </ol>
    </section>
  )
}
