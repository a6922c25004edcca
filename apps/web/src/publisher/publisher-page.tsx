// What a publisher gets: how many bytes peers took off the origin, and what that is worth at a price that one sets.
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
/** what a gigabyte from a CDN costs a middling customer, to begin with */
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
  // a sum that leaves some of them out would be wrong
  const isKnown = tracker.value !== undefined && edges.every(edge => edge.value !== undefined)
  const viewerBytes = (tracker.value?.peers ?? [])
    .filter(peer => peer.role === 'viewer')
    .reduce((sum, peer) => sum + peer.servedBytes, 0)
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Publish</h1>
        <p className="lede">
          A publisher pays for every byte that leaves the origin. Whatever peers deliver in its place costs less: they
          are paid a little for each piece, by the viewer or by the publisher.
        </p>
      </div>
      {settings.originStatsUrl === undefined ? (
        <Panel>
          <Empty title="No origin is set">
            Put the address of its figures into the <a href={hrefOf({ page: 'settings' })}>settings</a>.
          </Empty>
        </Panel>
      ) : origin.value === undefined ? (
        <Panel>
          {origin.error === undefined ? (
            <Loading what="the origin's figures" rows={5} />
          ) : (
            <Failed title="The origin does not answer. This page asks again by itself" error={origin.error} />
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
      <Panel title="What is being watched">
        {tracker.value === undefined ? (
          tracker.error === undefined && settings.trackerStatsUrl !== undefined ? (
            <Loading what="the resources" />
          ) : (
            <Empty title="The tracker does not answer">Without it nobody knows who watches what.</Empty>
          )
        ) : tracker.value.resources.length === 0 ? (
          <Empty title="Nothing at the moment">
            Open <a href={hrefOf({ page: 'watch' })}>the video</a>, and it is.
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
      <Panel title="Publish your own">
        <p>
          <code className="mono">npx tan publish FILE</code> cuts a video into pieces, signs a list of them, and puts
          both beside your files. Any web server or CDN can be the origin; nothing about it changes.
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
  /** who does not answer at the moment */
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
            label="of what viewers received was sent by peers, not by the origin"
            value={offload === undefined ? '–' : formatShare(offload)}
            note={`To fill the caches of edges the origin sent another ${formatBytes(toCachesBytes)}: once, however many watch.`}
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
            title={earnedWei === undefined ? 'not known' : formatTokensExactly(earnedWei, 'TANGam')}
          />
        </div>
        {old.length > 0 && (
          <p className="notice is-warn small">
            At the moment there is no answer from {old.join(', ')}: figures are old, or missing.
          </p>
        )}
      </section>
      <Panel title="In money">
        <div className="publisher-money">
          <div className="field">
            <label htmlFor="price">Price of a GB from your CDN</label>
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
                ? 'A number, such as 0.04'
                : 'In any currency; the figures are in the same one.'}
            </p>
          </div>
          <div className="figures">
            <Figure label="The origin alone" value={money(bill?.alone)} />
            <Figure label="With peers, to viewers" value={money(bill?.viewers)} />
            <Figure label="With peers, filling caches once" value={money(bill?.caches)} />
            <Figure
              label="Saved, without what peers are paid"
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
