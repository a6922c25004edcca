// One transaction: what it does, in words, its fee, its events, and how certain it is.
import type { Hash } from '@tan/primitives'
import type { ReactNode } from 'react'
import './chain.css'
import { counted, formatCount, formatShare } from '../format.ts'
import { type ChainReceipt, type ChainTransaction, findReceipt, findTransaction } from '../rpc/eth.ts'
import type { ChainStatus } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Amount } from '../ui/amount.tsx'
import { useFetched } from '../ui/hooks.ts'
import { AddressLink, Copy, HashLink } from '../ui/identity.tsx'
import { Empty, Facts, Failed, Fold, Loading, Panel } from '../ui/parts.tsx'
import { certaintyOf } from './blocks.ts'
import { CERTAINTIES, CERTAINTY_NAMES } from './certainty.tsx'
import { decodeCall, decodeEvent } from './decode.ts'
import { DecodedView } from './decoded-view.tsx'
import { summaryOf } from './transaction-lines.tsx'

export function TransactionPage({ hash }: { hash: Hash }): ReactNode {
  const { link, feed } = useNet()
  const status = useStore(feed.status)
  const fetched = useFetched(
    async () => {
      const transaction = await findTransaction(link, hash)
      return transaction && { transaction, receipt: await findReceipt(link, hash) }
    },
    `transaction ${hash}`,
    // Fetch it again with each settled block: it may still arrive, or move to another block.
    status?.settled.height,
  )
  return (
    <div className="stack">
      {fetched.kind === 'loading' && <Loading what="the transaction" rows={8} />}
      {fetched.kind === 'failed' && (
        <Failed title="The transaction could not be loaded" error={fetched.error} retry={fetched.retry} />
      )}
      {fetched.kind === 'ready' && fetched.value === undefined && (
        <>
          <h1 tabIndex={-1}>No such transaction</h1>
          <p className="lede">
            This node does not know it. A new transaction appears here automatically; otherwise it may belong to another
            chain. See <a href={hrefOf({ page: 'chain' })}>the newest blocks</a>.
          </p>
        </>
      )}
      {fetched.kind === 'ready' && fetched.value !== undefined && (
        <TransactionView {...fetched.value} status={status} />
      )}
    </div>
  )
}

function TransactionView({
  transaction,
  receipt,
  status,
}: {
  transaction: ChainTransaction
  receipt: ChainReceipt | undefined
  status: ChainStatus | undefined
}): ReactNode {
  const { title, amount } = summaryOf(transaction)
  const call = decodeCall(transaction.to, transaction.input)
  return (
    <>
      <div className="page-head">
        <div className="title-row">
          <h1 tabIndex={-1}>
            {title} {amount !== undefined && <Amount {...amount} />}
          </h1>
          {receipt !== undefined && (
            <span className={`tag ${receipt.isSuccess ? 'is-good' : 'is-bad'}`}>
              {receipt.isSuccess ? 'Succeeded' : 'Reverted'}
            </span>
          )}
        </div>
        <Progress height={transaction.height} status={status} />
      </div>
      <Panel>
        <Facts
          rows={{
            Hash: (
              <span className="identity is-whole">
                <HashLink hash={transaction.hash} isWhole />
                <Copy value={transaction.hash} what="the hash" />
              </span>
            ),
            Block:
              transaction.height === undefined ? (
                'waiting for a block'
              ) : (
                <a href={hrefOf({ page: 'block', id: transaction.height })}>{formatCount(transaction.height)}</a>
              ),
            From: <AddressLink address={transaction.from} />,
            To:
              transaction.to === null ? (
                receipt?.createdContract === undefined ? (
                  'a new contract'
                ) : (
                  <AddressLink address={receipt.createdContract} />
                )
              ) : (
                <AddressLink address={transaction.to} />
              ),
            'Amount sent':
              transaction.valueWei > 0n ? <Amount wei={transaction.valueWei} currency="TANGam" /> : undefined,
            'Fee (burned)': receipt && (
              <span>
                <Amount wei={receipt.gasUsed * receipt.gasPriceWei} currency="TANGam" />{' '}
                <span className="muted">
                  {formatCount(receipt.gasUsed)} gas at <Amount wei={receipt.gasPriceWei} currency="TANGam" />
                </span>
              </span>
            ),
          }}
        />
        <Fold summary="Nonce, gas and input">
          <Facts
            rows={{
              Nonce: formatCount(transaction.nonce),
              Type: transaction.type,
              'Gas limit': `${formatCount(transaction.gasLimit)}${receipt === undefined ? '' : `, ${formatShare(Number(receipt.gasUsed) / Number(transaction.gasLimit))} used`}`,
              Input: transaction.input === '0x' ? 'none' : <pre className="code">{transaction.input}</pre>,
            }}
          />
        </Fold>
      </Panel>
      {call !== undefined && (
        <Panel title="Call">
          <DecodedView decoded={call} />
        </Panel>
      )}
      {receipt !== undefined && <Events receipt={receipt} isCall={transaction.input !== '0x'} />}
    </>
  )
}

function Progress({ height, status }: { height: number | undefined; status: ChainStatus | undefined }): ReactNode {
  if (status === undefined) return null
  const reached = height === undefined ? -1 : CERTAINTIES.indexOf(certaintyOf(height, status))
  return (
    <ol className="steps" aria-label="How certain it is">
      <li className={`tag ${height === undefined ? '' : 'is-good'}`}>
        {height === undefined ? 'Waiting' : 'In a block'}
      </li>
      {(['settled', 'finalized'] as const).map(step => {
        const isReached = CERTAINTIES.indexOf(step) <= reached
        return (
          <li key={step} className={`tag ${isReached ? `is-${step}` : 'is-not-yet'}`}>
            {isReached ? CERTAINTY_NAMES[step] : `not yet ${step}`}
          </li>
        )
      })}
    </ol>
  )
}

function Events({ receipt, isCall }: { receipt: ChainReceipt; isCall: boolean }): ReactNode {
  if (receipt.logs.length === 0) {
    if (!isCall) return null
    return (
      <Panel title="Events">
        <Empty title="None">
          {receipt.isSuccess ? 'The call emitted no events.' : 'A reverted call emits no events.'}
        </Empty>
      </Panel>
    )
  }
  return (
    <Panel title={counted(receipt.logs.length, 'event')}>
      <ul className="decoded-list">
        {receipt.logs.map(log => {
          const event = decodeEvent(log)
          return (
            <li key={log.logIndex}>
              {event === undefined ? (
                <Facts
                  rows={{
                    Contract: <AddressLink address={log.address} />,
                    Topics: <pre className="code">{log.topics.join('\n')}</pre>,
                    Data: <pre className="code">{log.data}</pre>,
                  }}
                />
              ) : (
                <DecodedView decoded={event} />
              )}
            </li>
          )
        })}
      </ul>
    </Panel>
  )
}
