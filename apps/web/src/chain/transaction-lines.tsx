// A list of transactions: what each does, in words, its sender and its amount.
import type { Address } from '@tan/primitives'
import type { ReactNode } from 'react'
import type { ChainTransaction } from '../rpc/eth.ts'
import { hrefOf } from '../shell/route.ts'
import { Amount } from '../ui/amount.tsx'
import { AddressLink } from '../ui/identity.tsx'
import { type Currency, decodeCall, mainValue } from './decode.ts'
import { sentence } from './decoded-view.tsx'

export interface TransactionSummary {
  readonly title: string
  readonly amount: { readonly wei: bigint; readonly currency: Currency } | undefined
  /** the recipient: for a token transfer the receiver, not the contract; null for a new contract */
  readonly to: Address | null
}

export function summaryOf({
  to,
  input,
  valueWei,
}: Pick<ChainTransaction, 'to' | 'input' | 'valueWei'>): TransactionSummary {
  const sent = valueWei > 0n ? ({ wei: valueWei, currency: 'TANGam' } as const) : undefined
  const call = decodeCall(to, input)
  if (call !== undefined) {
    const main = mainValue(call)
    const amount = main?.value.kind === 'amount' ? main.value : sent
    const count = main?.value.kind === 'list' && main.value.items.length > 1 ? ` ×${main.value.items.length}` : ''
    const receiver = call.values.find(({ name }) => name === 'to')?.value
    return {
      title: `${sentence(call.name)}${count}`,
      amount,
      to: receiver?.kind === 'address' ? receiver.address : to,
    }
  }
  if (to === null) return { title: 'Create contract', amount: sent, to }
  if (input === '0x') return { title: 'Transfer', amount: sent ?? { wei: 0n, currency: 'TANGam' }, to }
  return { title: `Call ${input.slice(0, 10)}`, amount: sent, to }
}

export function TransactionLines({
  transactions,
  children,
}: {
  transactions: readonly ChainTransaction[]
  /** content at the right of each line, under the amount */
  children?: (transaction: ChainTransaction) => ReactNode
}): ReactNode {
  return (
    <ul className="lines">
      {transactions.map(transaction => {
        const { title, amount, to } = summaryOf(transaction)
        return (
          <li key={transaction.hash}>
            <div className="line-main">
              <a href={hrefOf({ page: 'transaction', hash: transaction.hash })}>{title}</a>
            </div>
            <div className="line-side">{amount !== undefined && <Amount {...amount} />}</div>
            <div className="line-note">
              <AddressLink address={transaction.from} />
              <span aria-hidden="true">&rarr;</span>
              <span className="visually-hidden">to</span>
              {to === null ? 'a new contract' : <AddressLink address={to} />}
            </div>
            <div className="line-side line-note">{children?.(transaction)}</div>
          </li>
        )
      })}
    </ul>
  )
}
