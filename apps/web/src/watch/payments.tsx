// Live payments, and what each peer delivered and earned.
import type { ReactNode } from 'react'
import { counted, formatBytes, formatCount, formatTokens, tokenQuantity } from '../format.ts'
import { hrefOf } from '../shell/route.ts'
import { Amount } from '../ui/amount.tsx'
import { Empty } from '../ui/parts.tsx'
import { colourOf, SourceName } from './sources.tsx'
import type { WatchView } from './watch-log.ts'

const SHOWN = 7

export function PaymentTicker({ view }: { view: WatchView }): ReactNode {
  if (view.payments.length === 0)
    return <Empty title="No payments yet">The player pays for each piece as soon as it has checked it.</Empty>
  return (
    <>
      <p className="ticker-sum">
        {counted(view.paymentCount, 'payment')}, <Amount wei={view.paidWei} currency="TANGam" /> in this visit
      </p>
      <ul className="ticker">
        {view.payments.slice(0, SHOWN).map(({ id, peer, wei, totalWei }) => (
          <li key={id}>
            <span className="swatch" style={{ background: colourOf(peer, view.peers) }} />
            <span className="ticker-name">
              <SourceName source={peer} kind={view.peers.find(known => known.id === peer)?.kind ?? 'edge'} />
            </span>
            <span className="muted ticker-total">{tokenQuantity(totalWei, 'TANGam').value} so far</span>
            <span>+{formatTokens(wei, 'TANGam')}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

export function PeerTable({ view }: { view: WatchView }): ReactNode {
  if (view.peers.length === 0)
    return <Empty title="No peers yet">The tracker introduces peers when some are near.</Empty>
  return (
    <div className="table-wrap">
      <table className="table is-folding">
        <thead>
          <tr>
            <th>Peer</th>
            <th>Kind</th>
            <th className="is-number">Round trip</th>
            <th className="is-number">Pieces</th>
            <th className="is-number">Received</th>
            <th className="is-number">Paid in this visit</th>
          </tr>
        </thead>
        <tbody>
          {view.peers.map(peer => (
            <tr key={peer.id}>
              <td className="is-title">
                <a className="legend-item" href={hrefOf({ page: 'address', address: peer.id })}>
                  <span className="swatch" style={{ background: colourOf(peer.id, view.peers) }} />
                  <SourceName source={peer.id} kind={peer.kind} />
                </a>
              </td>
              <td data-label="Kind">{peer.isConnected ? peer.kind : `${peer.kind}, away`}</td>
              <td className="is-number" data-label="Round trip">
                {peer.rttMs === undefined ? '–' : `${Math.round(peer.rttMs)} ms`}
              </td>
              <td className="is-number" data-label="Pieces">
                {formatCount(peer.pieces)}
              </td>
              <td className="is-number" data-label="Received">
                {formatBytes(peer.bytes)}
              </td>
              <td className="is-number" data-label="Paid in this visit">
                <Amount wei={peer.paidWei} currency="TANGam" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
