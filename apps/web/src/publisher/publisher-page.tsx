// What a publisher gains: how many bytes peers deliver instead of the origin, and their value at a price that you set.
import { validateTrackerStats } from '@tan/protocol/tracker'
import { type ReactNode, useState } from 'react'
import './publisher.css'
import { bytesQuantity, formatBytes, formatCount, formatShare, formatTokensExactly, tokenQuantity } from '../format.ts'
import { totalsOf, validateEdgeStatus } from '../network/edge-status.ts'
import { usePolled, usePolledAll } from '../network/polled.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { HashLink } from '../ui/identity.tsx'
import { Empty, Failed, Figure, Loading, Meter, Panel } from '../ui/parts.tsx'
import { billOf, formatMoney, readPrice, type Savings, savingsOf, validateOriginStats } from './savings.ts'

const PRICE_KEY = 'tan.price'
/** a typical CDN price per gigabyte, as the initial value */
const PRICE_AT_FIRST = '0.04'

export function PublisherPage(): ReactNode {
  const { settings } = useNet()
  const origin = usePolled(settings.originStatsUrl, validateOriginStats)
  const edges = usePolledAll(
    (settings.edges ?? []).map(edge => edge.statusUrl),
    validateEdgeStatus,
  )
  const tracker = usePolled(settings.trackerStatsUrl, validateTrackerStats)
  const totals = totalsOf(edges)
  // A sum without some of them would be wrong.
  const isKnown = tracker.value !== undefined && edges.every(edge => edge.value !== undefined)
  const viewerBytes = (tracker.value?.peers ?? [])
    .filter(peer => peer.role === 'viewer')
    .reduce((sum, peer) => sum + peer.servedBytes, 0)
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Publish</h1>
        <p className="lede">
          A publisher pays for every byte that leaves the origin. Bytes that peers deliver cost less: the viewer or the
          publisher pays them a little for each piece.
        </p>
      </div>
      {settings.originStatsUrl === undefined ? (
        <Panel>
          <Empty title="No origin configured">
            Enter the address of its figures in the <a href={hrefOf({ page: 'settings' })}>settings</a>.
          </Empty>
        </Panel>
      ) : origin.value === undefined ? (
        <Panel>
          {origin.error === undefined ? (
            <Loading what="the origin's figures" rows={5} />
          ) : (
            <Failed title="The origin does not answer. This page retries automatically" error={origin.error} />
          )}
        </Panel>
      ) : (
        <SavingsPanel
          savings={savingsOf(origin.value, isKnown ? totals.servedBytes + viewerBytes : undefined)}
          earnedWei={isKnown ? totals.earnedWei : undefined}
          old={[
            ...(origin.error === undefined ? [] : ['the origin']),
            ...(edges.some(edge => edge.error !== undefined) ? ['an edge'] : []),
            ...(tracker.error === undefined ? [] : ['the tracker']),
          ]}
        />
      )}
      <Panel title="Watched now">
        {tracker.value === undefined ? (
          tracker.error === undefined && settings.trackerStatsUrl !== undefined ? (
            <Loading what="the resources" />
          ) : (
            <Empty title="The tracker does not answer">Only the tracker knows what is being watched.</Empty>
          )
        ) : tracker.value.resources.length === 0 ? (
          <Empty title="Nobody is watching">
            Open <a href={hrefOf({ page: 'watch' })}>the video</a> to see it here.
          </Empty>
        ) : (
          <div className="table-wrap">
            <table className="table">
              <thead>
                <tr>
                  <th>Resource</th>
                  <th className="is-number">Viewers now</th>
                  <th className="is-number">Edges</th>
                </tr>
              </thead>
              <tbody>
                {tracker.value.resources.map(({ resourceId, viewers, edges: count }) => (
                  <tr key={resourceId}>
                    <td>
                      <HashLink hash={resourceId} />
                    </td>
                    <td className="is-number">{formatCount(viewers)}</td>
                    <td className="is-number">{formatCount(count)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
      <Panel title="Publish your own video">
        <p>
          <code className="mono">npx tan publish FILE</code> cuts a video into pieces, signs the list of their hashes,
          and writes both next to your files. Any web server or CDN can be the origin, without changes.
        </p>
      </Panel>
    </div>
  )
}

function SavingsPanel({
  savings,
  earnedWei,
  old,
}: {
  savings: Savings
  earnedWei: bigint | undefined
  /** the sources that do not answer at the moment */
  old: readonly string[]
}): ReactNode {
  const [price, setPrice] = useState(() => localStorage.getItem(PRICE_KEY) ?? PRICE_AT_FIRST)
  const pricePerGb = readPrice(price)
  const { offload, toViewersBytes, toCachesBytes, peerBytes, deliveredBytes } = savings
  const bill = billOf(savings, pricePerGb ?? 0)
  const money = (amount: number | undefined): string =>
    pricePerGb === undefined || amount === undefined ? '–' : formatMoney(amount)
  return (
    <>
      <section className="panel stack">
        <div className="publisher-head">
          <Figure
            isLarge
            label="of what viewers received came from peers, not from the origin"
            value={offload === undefined ? '–' : formatShare(offload)}
            note={`To fill the caches of edges, the origin sent another ${formatBytes(toCachesBytes)}, once for any number of viewers.`}
          />
        </div>
        <Meter
          text={`Viewers received ${peerBytes === undefined ? 'an unknown amount' : formatBytes(peerBytes)} from peers, ${formatBytes(toViewersBytes)} from the origin`}
          parts={[
            { share: offload ?? 0, colour: 'var(--accent)' },
            { share: offload === undefined ? 0 : 1 - offload, colour: 'var(--origin)' },
          ]}
        />
        <div className="figures">
          <Figure label="Viewers received" value={bytesOrDash(deliveredBytes)} />
          <Figure label="Peers sent" value={bytesOrDash(peerBytes)} />
          <Figure label="The origin sent to viewers" value={bytesQuantity(toViewersBytes)} />
          <Figure label="The origin sent to caches" value={bytesQuantity(toCachesBytes)} />
          <Figure
            label="Edges earned"
            value={earnedWei === undefined ? '–' : tokenQuantity(earnedWei, 'TANGam')}
            title={earnedWei === undefined ? 'unknown' : formatTokensExactly(earnedWei, 'TANGam')}
          />
        </div>
        {old.length > 0 && (
          <p className="notice is-warn small">
            At the moment there is no answer from {old.join(', ')}: figures are old, or missing.
          </p>
        )}
      </section>
      <Panel title="Cost">
        <div className="publisher-money">
          <div className="field">
            <label htmlFor="price">Price per GB from your CDN</label>
            <input
              id="price"
              type="text"
              inputMode="decimal"
              autoComplete="off"
              value={price}
              aria-invalid={pricePerGb === undefined}
              aria-describedby="price-note"
              onChange={event => {
                setPrice(event.target.value)
                if (readPrice(event.target.value) !== undefined) localStorage.setItem(PRICE_KEY, event.target.value)
              }}
            />
            <p id="price-note" className={pricePerGb === undefined ? 'field-error' : 'field-note'}>
              {pricePerGb === undefined
                ? 'Enter a number, such as 0.04'
                : 'In any currency; the figures use the same one.'}
            </p>
          </div>
          <div className="figures">
            <Figure label="Origin only" value={money(bill?.alone)} />
            <Figure label="With peers, to viewers" value={money(bill?.viewers)} />
            <Figure label="With peers, filling caches once" value={money(bill?.caches)} />
            <Figure
              label="Saved, before payments to peers"
              value={money(bill?.saved)}
              note={bill !== undefined && bill.saved < 0 ? 'Filled caches pay off as more people watch.' : undefined}
            />
          </div>
        </div>
      </Panel>
    </>
  )
}

function bytesOrDash(bytes: number | undefined) {
  return bytes === undefined ? '–' : bytesQuantity(bytes)
}
