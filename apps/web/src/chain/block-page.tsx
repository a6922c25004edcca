// One block: its content, how certain it is, and who signed it.
import type { Hash } from '@tan/primitives'
import { type ReactNode, useState } from 'react'
import './chain.css'
import { counted, formatCount, formatShare } from '../format.ts'
import { ROWS_SHOWN } from '../limits.ts'
import { getTransactionsOf } from '../rpc/eth.ts'
import { type ChainStatus, getTanBlock, type TanBlock } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Ago, formatTime } from '../ui/ago.tsx'
import { Amount } from '../ui/amount.tsx'
import { useFetched } from '../ui/hooks.ts'
import { AddressLink, Copy, HashLink } from '../ui/identity.tsx'
import { Empty, Facts, Failed, Fold, Loading, Panel } from '../ui/parts.tsx'
import { certaintyOf } from './blocks.ts'
import { CERTAINTY_MEANINGS, CertaintyTag } from './certainty.tsx'
import { FinalityPanel } from './finality-panel.tsx'
import { TransactionLines } from './transaction-lines.tsx'

export function BlockPage({ id }: { id: Hash | number }): ReactNode {
  const { link, feed } = useNet()
  const connection = useStore(feed.info)
  const status = useStore(feed.status)
  const isAhead = typeof id === 'number' && status !== undefined && id > status.head.height
  // Fetch a future block again when the chain has reached it.
  const fetched = useFetched(() => getTanBlock(link, id), `block ${id}`, isAhead ? 'ahead' : connection?.genesisHash)
  return (
    <div className="stack">
      {fetched.kind === 'loading' && <Loading what={`block ${id}`} rows={8} />}
      {fetched.kind === 'failed' && (
        <Failed title="The block could not be loaded" error={fetched.error} retry={fetched.retry} />
      )}
      {fetched.kind === 'ready' && fetched.value === undefined && <MissingBlock id={id} isAhead={isAhead} />}
      {fetched.kind === 'ready' && fetched.value !== undefined && status !== undefined && (
        <BlockView block={fetched.value} status={status} />
      )}
    </div>
  )
}

function MissingBlock({ id, isAhead }: { id: Hash | number; isAhead: boolean }): ReactNode {
  return (
    <>
      <h1 tabIndex={-1}>{isAhead ? `Block ${formatCount(Number(id))} does not exist yet` : 'No such block'}</h1>
      <p className="lede">
        {isAhead
          ? 'It will appear here when it is proposed.'
          : 'This node does not have it. It may belong to another chain, or to an abandoned branch.'}{' '}
        See <a href={hrefOf({ page: 'chain' })}>the newest blocks</a>.
      </p>
    </>
  )
}

function BlockView({ block, status }: { block: TanBlock; status: ChainStatus }): ReactNode {
  const certainty = certaintyOf(block.height, status)
  const { record, certificate } = block
  return (
    <>
      <div className="page-head">
        <div className="title-row">
          <h1 tabIndex={-1}>Block {formatCount(block.height)}</h1>
          <CertaintyTag certainty={certainty} />
          <nav className="neighbours" aria-label="Neighbouring blocks">
            {block.height > 0 && (
              <a className="button is-small" href={hrefOf({ page: 'block', id: block.parentHash })}>
                &larr; Parent
              </a>
            )}
            <a className="button is-small" href={hrefOf({ page: 'block', id: block.height + 1 })}>
              Next &rarr;
            </a>
          </nav>
        </div>
        <p className="lede">{CERTAINTY_MEANINGS[certainty]}</p>
      </div>
      <Panel>
        <Facts
          rows={{
            Hash: (
              <span className="identity is-whole">
                <HashLink hash={block.hash} isWhole />
                <Copy value={block.hash} what="the hash" />
              </span>
            ),
            Time: (
              <span>
                {formatTime(new Date(block.timestampS * 1000))} (<Ago timestampS={block.timestampS} />)
              </span>
            ),
            Proposer: <AddressLink address={block.proposer} />,
            Gas: `${formatCount(block.gasUsed)} of ${formatCount(block.gasLimit)} (${formatShare(block.gasUsed / block.gasLimit)})`,
            'Base fee': <Amount wei={block.baseFeeWei} currency="TANGam" />,
            'Carries finality for': record.finality && (
              <a href={hrefOf({ page: 'block', id: record.finality.height })}>
                block {formatCount(record.finality.height)}
              </a>
            ),
          }}
        />
        <Fold summary="Header, record and certificate">
          <Facts
            rows={{
              Parent: <HashLink hash={block.parentHash} to={{ page: 'block', id: block.parentHash }} isWhole />,
              'State root': <HashLink hash={block.stateRoot} isWhole />,
              'Transactions root': <HashLink hash={block.transactionsRoot} isWhole />,
              'Receipts root': <HashLink hash={block.receiptsRoot} isWhole />,
              'Consensus record': <HashLink hash={block.recordHash} isWhole />,
              Randomness: <HashLink hash={block.mix} isWhole />,
              Epoch: formatCount(record.epoch),
              'Justified by': `the certificate of epoch ${formatCount(record.justifyEpoch)}${record.justifyEpoch === record.epoch - 1 ? ', the previous epoch' : ''}`,
              'Finality certificate':
                record.finality &&
                `round ${formatCount(record.finality.round)}, ${counted(record.finality.signers, 'signer')}, for block ${formatCount(record.finality.height)}`,
              'Commit certificate':
                certificate === undefined
                  ? 'not formed yet'
                  : `epoch ${formatCount(certificate.epoch)}, signed by ${certificate.signers} of ${counted(certificate.of, 'validator')}`,
            }}
          />
        </Fold>
      </Panel>
      {certainty === 'finalized' && block.height > 0 && <FinalityPanel height={block.height} />}
      <BlockTransactions block={block} />
    </>
  )
}

function BlockTransactions({ block }: { block: TanBlock }): ReactNode {
  const { link } = useNet()
  const [shown, setShown] = useState(ROWS_SHOWN)
  const fetched = useFetched(() => getTransactionsOf(link, block.hash), block.hash)
  return (
    <Panel title={counted(block.transactions, 'transaction')}>
      {fetched.kind === 'loading' && <Loading what="transactions" />}
      {fetched.kind === 'failed' && (
        <Failed title="The transactions could not be loaded" error={fetched.error} retry={fetched.retry} />
      )}
      {fetched.kind === 'ready' && fetched.value.length === 0 && (
        <Empty title="An empty block">The chain produces blocks even without transactions: they carry votes.</Empty>
      )}
      {fetched.kind === 'ready' && fetched.value.length > 0 && (
        <>
          <TransactionLines transactions={fetched.value.slice(0, shown)} />
          {fetched.value.length > shown && (
            <button type="button" className="button is-small more" onClick={() => setShown(shown + 4 * ROWS_SHOWN)}>
              Show more of {formatCount(fetched.value.length)}
            </button>
          )}
        </>
      )}
    </Panel>
  )
}
