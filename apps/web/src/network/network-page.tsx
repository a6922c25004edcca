// Who delivers: edges and viewers on a map, figures of each edge, and the tracker's figures.
import { type TrackerStats, validateTrackerStats } from '@tan/protocol/tracker'
import type { ReactNode } from 'react'
import './network.css'
import {
  bytesQuantity,
  counted,
  formatByteRate,
  formatBytes,
  formatCount,
  formatShare,
  formatTokensExactly,
  shortHex,
  tokenQuantity,
} from '../format.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Amount } from '../ui/amount.tsx'
import { useFetched } from '../ui/hooks.ts'
import { Empty, Facts, Failed, Figure, Loading, Panel } from '../ui/parts.tsx'
import { type EdgeStatus, loadStep, servedRate, totalsOf, validateEdgeStatus } from './edge-status.ts'
import { type Polled, usePolled, usePolledAll } from './polled.ts'
import type { MapEdge, MapViewer } from './world-map.tsx'

interface NamedEdge {
  readonly name: string
  readonly polled: Polled<EdgeStatus>
}

export function NetworkPage(): ReactNode {
  const { settings } = useNet()
  const known = settings.edges ?? []
  const statuses = usePolledAll(
    known.map(edge => edge.statusUrl),
    validateEdgeStatus,
  )
  const tracker = usePolled(settings.trackerStatsUrl, validateTrackerStats)
  const edges = known.map(({ name }, i) => ({ name, polled: statuses[i]! }))
  const totals = totalsOf(statuses)
  const isKnown = statuses.some(status => status.value !== undefined)
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Network</h1>
        <p className="lede">
          Anyone can run an edge. Edges store pieces of popular videos near the people who watch, and earn TANGam for
          each piece that they serve.
        </p>
      </div>
      <section className="panel">
        <div className="figures">
          <Figure
            label="Edges online"
            value={known.length === 0 ? formatCount(tracker.value?.edges ?? 0) : `${totals.online} of ${known.length}`}
          />
          <Figure label="Viewers now" value={tracker.value === undefined ? '–' : formatCount(tracker.value.viewers)} />
          <Figure label="Serving now" value={isKnown ? perSecond(totals.bytesPerSecond) : '–'} />
          <Figure label="Served since start" value={isKnown ? bytesQuantity(totals.servedBytes) : '–'} />
          <Figure
            label="Total earned"
            value={isKnown ? tokenQuantity(totals.earnedWei, 'TANGam') : '–'}
            title={formatTokensExactly(totals.earnedWei, 'TANGam')}
          />
        </div>
      </section>
      <Panel title="Locations" note="Positions are rounded to protect privacy" actions={<LoadLegend />}>
        <LoadedMap edges={mapEdges(edges, tracker.value)} viewers={mapViewers(tracker.value)} />
      </Panel>
      <Panel title="Edges">
        <EdgeTable edges={edges} />
      </Panel>
      <Panel title="Tracker" note="Introduces viewers to nearby peers">
        <TrackerFigures url={settings.trackerStatsUrl} tracker={tracker} />
      </Panel>
    </div>
  )
}

/** The map, with its coastlines, loads separately; the figures below do not need it. */
function LoadedMap(places: { edges: readonly MapEdge[]; viewers: readonly MapViewer[] }): ReactNode {
  const { link } = useNet()
  const connection = useStore(link.state).kind
  const part = useFetched(() => import('./world-map.tsx'), 'map', connection)
  if (part.kind === 'loading') return <Loading what="the map" rows={8} />
  if (part.kind === 'failed')
    return <Failed title="The map could not be loaded" error={part.error} retry={part.retry} />
  return <part.value.WorldMap {...places} />
}

function EdgeTable({ edges }: { edges: readonly NamedEdge[] }): ReactNode {
  if (edges.length === 0)
    return (
      <Empty title="No edges configured">
        A devnet configures its edges automatically. The map above also shows edges that only the tracker knows.
      </Empty>
    )
  return (
    <div className="table-wrap">
      <table className="table is-folding">
        <thead>
          <tr>
            <th>Edge</th>
            <th>Load</th>
            <th className="is-number">Capacity</th>
            <th className="is-number">Serving</th>
            <th className="is-number">Served since start</th>
            <th className="is-number">Peers</th>
            <th className="is-number">Earned</th>
            <th className="is-number">Redeemed</th>
          </tr>
        </thead>
        <tbody>
          {edges.map(edge => (
            <EdgeRow key={edge.name} edge={edge} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function EdgeRow({ edge: { name, polled } }: { edge: NamedEdge }): ReactNode {
  const { value, error } = polled
  const rate = servedRate(polled)
  const state =
    error !== undefined ? <span className="tag is-bad">offline</span> : <span className="tag is-good">online</span>
  if (value === undefined)
    return (
      <tr>
        <td className="is-title">
          <span className="row">
            {name} {error === undefined ? <span className="muted">connecting</span> : state}
          </span>
        </td>
        <td colSpan={7} className="muted is-title">
          {error === undefined ? '' : 'This edge does not answer. Is it running?'}
        </td>
      </tr>
    )
  return (
    <tr>
      <td className="is-title">
        <span className="row">
          <a href={hrefOf({ page: 'address', address: value.address })} title={value.address}>
            {name}
          </a>
          {state}
        </span>
      </td>
      <td data-label="Load">
        <span className="load">
          <span className="load-bar">
            <span className={`is-${loadStep(value.load)}`} style={{ width: `${value.load * 100}%` }} />
          </span>
          {formatShare(value.load)}
        </span>
      </td>
      <td className="is-number" data-label="Capacity">
        {formatByteRate(value.uploadBytesPerSecond)}
      </td>
      <td className="is-number" data-label="Serving">
        {rate === undefined || error !== undefined ? '–' : formatByteRate(rate)}
      </td>
      <td className="is-number" data-label="Served since start" title={`${formatCount(value.servedPieces)} pieces`}>
        {formatBytes(value.servedBytes)}
      </td>
      <td className="is-number" data-label="Peers">
        {formatCount(value.peers)}
      </td>
      <td className="is-number" data-label="Earned">
        <Amount wei={value.earnedWei} currency="TANGam" />
      </td>
      <td className="is-number" data-label="Redeemed">
        <Amount wei={value.redeemedWei} currency="TANGam" />
      </td>
    </tr>
  )
}

function TrackerFigures({ url, tracker }: { url: string | undefined; tracker: Polled<TrackerStats> }): ReactNode {
  if (url === undefined)
    return (
      <Empty title="No tracker configured">
        Enter the address of its figures in the <a href={hrefOf({ page: 'settings' })}>settings</a>.
      </Empty>
    )
  const { value, error } = tracker
  if (value === undefined)
    return error === undefined ? (
      <Loading what="the tracker's figures" />
    ) : (
      <Failed title="The tracker does not answer. This page retries automatically" error={error} />
    )
  return (
    <div className="stack">
      {error !== undefined && (
        <p className="notice is-warn small">The tracker does not answer at the moment. These figures are old.</p>
      )}
      <Facts
        rows={{
          Viewers: formatCount(value.viewers),
          Edges: formatCount(value.edges),
          Connections: formatCount(value.sockets),
          'Largest swarms':
            value.resources.length === 0 ? (
              'none yet'
            ) : (
              <ul>
                {value.resources.slice(0, 5).map(({ resourceId, viewers, edges }) => (
                  <li key={resourceId}>
                    <span className="mono" title={resourceId}>
                      {shortHex(resourceId, 6)}
                    </span>
                    : {counted(viewers, 'viewer')}, {counted(edges, 'edge')}
                  </li>
                ))}
              </ul>
            ),
          'Other protocols':
            value.webtorrent.peers === 0
              ? undefined
              : `${counted(value.webtorrent.peers, 'WebTorrent peer')} in ${counted(value.webtorrent.swarms, 'swarm')}`,
        }}
      />
    </div>
  )
}

function LoadLegend(): ReactNode {
  return (
    <ul className="map-legend">
      <li>
        <span className="map-dot is-viewer" /> Viewer
      </li>
      <li>Edge by load:</li>
      {(['low', 'middle', 'high', 'full'] as const).map(step => (
        <li key={step}>
          <span className={`map-dot is-${step}`} /> {LOAD_NAMES[step]}
        </li>
      ))}
    </ul>
  )
}

const LOAD_NAMES = { low: 'below 30%', middle: '30%', high: '60%', full: '90% and more' } as const

/** Configured edges by their own status; the others by the tracker's data. */
function mapEdges(edges: readonly NamedEdge[], tracker: TrackerStats | undefined): readonly MapEdge[] {
  const named = edges.flatMap(({ name, polled: { value, error } }) =>
    value?.place === undefined
      ? []
      : [{ id: value.address, name, ...value.place, load: value.load, isOnline: error === undefined }],
  )
  const isNamed = new Set<string>(named.map(edge => edge.id))
  const others = (tracker?.peers ?? []).flatMap(({ role, peerId, region, load }, i) =>
    role !== 'edge' || region === undefined || (peerId !== undefined && isNamed.has(peerId))
      ? []
      : [
          {
            id: peerId ?? `edge ${i}`,
            name: peerId === undefined ? '' : shortHex(peerId, 3),
            ...region,
            load,
            isOnline: true,
          },
        ],
  )
  return [...named, ...others]
}

function mapViewers(tracker: TrackerStats | undefined): readonly MapViewer[] {
  return (tracker?.peers ?? []).flatMap(({ role, region }) =>
    role === 'viewer' && region !== undefined ? [region] : [],
  )
}

function perSecond(bytesPerSecond: number): { value: string; unit: string } {
  const { value, unit } = bytesQuantity(bytesPerSecond)
  return { value, unit: `${unit}/s` }
}
