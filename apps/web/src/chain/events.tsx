// A list of events, newest first: name, values, transaction.
import type { Address, Hash, Hex } from '@tan/primitives'
import { type ReactNode, useState } from 'react'
import { formatCount, shortHex } from '../format.ts'
import { EVENT_RANGE_BLOCKS, EVENTS_SHOWN_MAX, ROWS_SHOWN } from '../limits.ts'
import { type ChainLog, getLogsBetween } from '../rpc/eth.ts'
import type { RpcLink } from '../rpc/link.ts'
import { hrefOf } from '../shell/route.ts'
import { Empty } from '../ui/parts.tsx'
import { decodeEvent, type NamedValue } from './decode.ts'
import { sentence, Value } from './decoded-view.tsx'

/** The events of the newest blocks that match a filter, each once, newest first. */
export async function findEvents(
  link: RpcLink,
  headHeight: number,
  filters: readonly { readonly address?: Address; readonly topics: readonly (Hex | null)[] }[],
): Promise<readonly ChainLog[]> {
  const fromHeight = Math.max(0, headHeight - EVENT_RANGE_BLOCKS + 1)
  const found = await Promise.all(
    filters.map(filter => getLogsBetween(link, { fromHeight, toHeight: headHeight, ...filter })),
  )
  const byPlace = new Map(found.flat().map(log => [`${log.height} ${log.logIndex}`, log]))
  return [...byPlace.values()].sort((a, b) => b.height - a.height || b.logIndex - a.logIndex).slice(0, EVENTS_SHOWN_MAX)
}

/** An address in the form of a topic. */
export function topicOf(address: Address): Hash {
  return `0x${'0'.repeat(24)}${address.slice(2)}`
}

export function EventLines({ events, without }: { events: readonly ChainLog[]; without?: string }): ReactNode {
  const [shown, setShown] = useState(ROWS_SHOWN)
  if (events.length === 0)
    return (
      <Empty title="No recent events">The last {formatCount(EVENT_RANGE_BLOCKS)} blocks contain no such events.</Empty>
    )
  return (
    <>
      <ul className="lines">
        {events.slice(0, shown).map(log => (
          <EventLine key={`${log.height} ${log.logIndex}`} log={log} without={without} />
        ))}
      </ul>
      {events.length > shown && (
        <button type="button" className="button is-small more" onClick={() => setShown(shown + 4 * ROWS_SHOWN)}>
          Show more of {formatCount(events.length)}
        </button>
      )}
    </>
  )
}

function EventLine({ log, without }: { log: ChainLog; without: string | undefined }): ReactNode {
  const event = decodeEvent(log)
  return (
    <li>
      <div className="line-main">
        <a href={hrefOf({ page: 'transaction', hash: log.transactionHash })}>
          {event === undefined ? `Event ${shortHex(log.topics[0] ?? '0x')}` : sentence(event.name)}
        </a>
      </div>
      <div className="line-side line-note">
        <a href={hrefOf({ page: 'block', id: log.height })}>{formatCount(log.height)}</a>
      </div>
      {event !== undefined && (
        <div className="line-note" style={{ gridColumn: '1 / -1' }}>
          {event.values.filter(value => value.name !== without && isShort(value)).map(inLine)}
        </div>
      )}
    </li>
  )
}

/** Values short enough for a list; the transaction's page shows the rest. */
function isShort({ value }: NamedValue): boolean {
  return value.kind !== 'bytes' && value.kind !== 'list' && value.kind !== 'fields'
}

function inLine({ name, value }: NamedValue): ReactNode {
  return (
    <span key={name} className="row" style={{ gap: 5 }}>
      {name} <Value value={value} />
    </span>
  )
}
