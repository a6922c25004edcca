// The chain as it grows: blocks in three bands, the next checkpoint, the newest blocks and transactions.
import { type ReactNode, useEffect, useState } from 'react'
import './chain.css'
import type { Hash } from '@tan/primitives'
import { counted, formatCount, formatDuration, formatShare } from '../format.ts'
import { type ChainTransaction, getTransactionsOf } from '../rpc/eth.ts'
import type { RpcLink } from '../rpc/link.ts'
import type { TanBlock } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Ago } from '../ui/ago.tsx'
import { AddressLink } from '../ui/identity.tsx'
import { Empty, Loading, Panel } from '../ui/parts.tsx'
import { certaintyOf, checkpointProgress } from './blocks.ts'
import { CertaintyTag } from './certainty.tsx'
import { Checkpoint } from './checkpoint.tsx'
import { Ribbon } from './ribbon.tsx'
import { Search } from './search.tsx'
import { TransactionLines } from './transaction-lines.tsx'

const BLOCKS_LISTED = 12
const TRANSACTIONS_LISTED = 10

export function ChainPage(): ReactNode {
  const { feed } = useNet()
  const info = useStore(feed.info)
  const status = useStore(feed.status)
  const blocks = useStore(feed.blocks)
  const interval = info?.parameters.checkpointInterval
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Chain</h1>
        <p className="lede">
          Validators agree on a block{' '}
          {info === undefined ? 'all the time' : `every ${formatDuration(info.parameters.blockIntervalMs)}`}; guardians
          finalize {interval === undefined ? 'checkpoints' : `every ${ordinal(interval)}`}, and with it all blocks
          before.
        </p>
      </div>
      <Search />
      <div className="chain-top">
        <Panel title="New blocks" note={info === undefined ? undefined : `${info.name}, chain ${info.chainId}`}>
          {status === undefined || interval === undefined || blocks.length === 0 ? (
            <Loading what="blocks" rows={7} />
          ) : (
            <Ribbon blocks={blocks} status={status} checkpointInterval={interval} />
          )}
        </Panel>
        <Panel title="Next checkpoint">
          {status === undefined || interval === undefined ? (
            <Loading what="the next checkpoint" rows={7} />
          ) : (
            <Checkpoint progress={checkpointProgress(status, interval)} finalizedHeight={status.finalized.height} />
          )}
        </Panel>
      </div>
      <div className="chain-lists">
        <Panel title="Latest blocks">
          {blocks.length === 0 ? (
            <Loading what="blocks" rows={6} />
          ) : (
            <ul className="lines">
              {blocks.slice(0, BLOCKS_LISTED).map(block => (
                <li key={block.hash}>
                  <div className="line-main">
                    <a href={hrefOf({ page: 'block', id: block.hash })}>{formatCount(block.height)}</a>
                    {status !== undefined && <CertaintyTag certainty={certaintyOf(block.height, status)} />}
                  </div>
                  <div className="line-side">{counted(block.transactions, 'transaction')}</div>
                  <div className="line-note">
                    <AddressLink address={block.proposer} />
                  </div>
                  <div className="line-side line-note">
                    {block.gasUsed >= block.gasLimit / 100 && `${formatShare(block.gasUsed / block.gasLimit)} full, `}
                    <Ago timestampS={block.timestampS} />
                  </div>
                </li>
              ))}
            </ul>
          )}
        </Panel>
        <LatestTransactions blocks={blocks} />
      </div>
    </div>
  )
}

function LatestTransactions({ blocks }: { blocks: readonly TanBlock[] }): ReactNode {
  const { link } = useNet()
  const transactions = useLatestTransactions(link, blocks)
  return (
    <Panel title="Latest transactions">
      {blocks.length === 0 || transactions === undefined ? (
        <Loading what="transactions" rows={6} />
      ) : transactions.length === 0 ? (
        <Empty title="No recent transactions">
          Play <a href={hrefOf({ page: 'watch' })}>the video</a> or use{' '}
          <a href={hrefOf({ page: 'wallet' })}>the wallet</a>, and transactions will appear here.
        </Empty>
      ) : (
        <TransactionLines transactions={transactions}>
          {({ height }) =>
            height !== undefined && <a href={hrefOf({ page: 'block', id: height })}>{formatCount(height)}</a>
          }
        </TransactionLines>
      )}
    </Panel>
  )
}

/** From the newest blocks that have any; fetches each block once. */
function useLatestTransactions(link: RpcLink, blocks: readonly TanBlock[]): readonly ChainTransaction[] | undefined {
  const [known, setKnown] = useState<ReadonlyMap<Hash, readonly ChainTransaction[]>>(new Map())
  const wanted = newestWithTransactions(blocks)
  const missing = wanted.find(hash => !known.has(hash))
  useEffect(() => {
    if (missing === undefined) return
    let isCurrent = true
    getTransactionsOf(link, missing)
      // Skip a block that cannot be fetched: the next one is more interesting anyway.
      .catch(() => [])
      .then(transactions => {
        if (isCurrent) setKnown(before => new Map([...[...before].slice(-2 * BLOCKS_LISTED), [missing, transactions]]))
      })
    return () => {
      isCurrent = false
    }
  }, [link, missing])
  if (missing !== undefined && known.size === 0) return undefined
  return wanted.flatMap(hash => known.get(hash) ?? []).slice(0, TRANSACTIONS_LISTED)
}

function newestWithTransactions(blocks: readonly TanBlock[]): readonly Hash[] {
  const wanted: Hash[] = []
  let count = 0
  for (const block of blocks) {
    if (count >= TRANSACTIONS_LISTED) break
    if (block.transactions === 0) continue
    wanted.push(block.hash)
    count += block.transactions
  }
  return wanted
}

function ordinal(count: number): string {
  const suffix = count % 100 >= 11 && count % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')
  return `${formatCount(count)}${suffix}`
}
