// A decoded call or event, with each value in its form: an amount, a link, a list.
import type { ReactNode } from 'react'
import { formatCount, words } from '../format.ts'
import { hrefOf } from '../shell/route.ts'
import { Amount } from '../ui/amount.tsx'
import { AddressLink, HashLink } from '../ui/identity.tsx'
import { Facts } from '../ui/parts.tsx'
import type { Decoded, NamedValue, ReadableValue } from './decode.ts'

export function DecodedView({ decoded }: { decoded: Decoded }): ReactNode {
  return (
    <div className="decoded">
      <div className="decoded-name">
        {sentence(decoded.name)} <span>{decoded.contract}</span>
      </div>
      {decoded.values.length > 0 && <ValueFacts values={decoded.values} />}
    </div>
  )
}

/** `createPool` -> `Create pool` */
export function sentence(name: string): string {
  const text = words(name)
  return text.charAt(0).toUpperCase() + text.slice(1)
}

export function Value({ value }: { value: ReadableValue }): ReactNode {
  switch (value.kind) {
    case 'amount':
      return <Amount wei={value.wei} currency={value.currency} />
    case 'address':
      return <AddressLink address={value.address} />
    case 'pool':
      return <HashLink hash={value.poolId} to={{ page: 'pool', poolId: value.poolId }} />
    case 'height':
      return <a href={hrefOf({ page: 'block', id: value.height })}>block {formatCount(value.height)}</a>
    case 'bytes':
      return <HashLink hash={value.hex} />
    case 'plain':
      return value.text
    case 'list':
      return value.items.length === 0 ? (
        <span className="muted">none</span>
      ) : (
        <ol className="decoded-list">
          {value.items.map((item, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: items of a call never move
            <li key={i}>
              <Value value={item} />
            </li>
          ))}
        </ol>
      )
    case 'fields':
      return <ValueFacts values={value.fields} />
  }
}

function ValueFacts({ values }: { values: readonly NamedValue[] }): ReactNode {
  return (
    <Facts rows={Object.fromEntries(values.map(({ name, value }) => [name, <Value key={name} value={value} />]))} />
  )
}
