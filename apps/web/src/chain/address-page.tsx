// One account: its balances, its stake, and its recent events.
import type { Address } from '@tan/primitives'
import { STAKING_ABI, SYSTEM_ADDRESSES } from '@tan/protocol'
import type { ReactNode } from 'react'
import { parseAbi } from 'viem'
import { readContract } from 'viem/actions'
import './chain.css'
import { formatCount, formatTokensExactly, shortHex, tokenQuantity } from '../format.ts'
import { clientOf, getAccount } from '../rpc/eth.ts'
import type { RpcLink } from '../rpc/link.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Amount } from '../ui/amount.tsx'
import { useFetched } from '../ui/hooks.ts'
import { Copy, markOf } from '../ui/identity.tsx'
import { Facts, Failed, Figure, Loading, Panel } from '../ui/parts.tsx'
import { isSystemContract } from './decode.ts'
import { EventLines, findEvents, topicOf } from './events.tsx'
import { useName } from './names.ts'

export function AddressPage({ address }: { address: Address }): ReactNode {
  const { link, feed } = useNet()
  const name = useName(address)
  const settledHeight = useStore(feed.status)?.settled.height
  const account = useFetched(() => getAccount(link, address), `account ${address}`, settledHeight)
  const isSystem = isSystemContract(address)
  return (
    <div className="stack">
      <div className="page-head">
        <div className="title-row">
          <span
            className="identity-mark"
            style={{ background: markOf(address), width: 28, height: 28, borderRadius: 8 }}
          />
          <h1 tabIndex={-1}>{name ?? `Account ${shortHex(address)}`}</h1>
          {isSystem && <span className="tag">System contract</span>}
          {!isSystem && account.kind === 'ready' && account.value.codeBytes > 0 && (
            <span className="tag">Contract</span>
          )}
        </div>
        <p className="lede identity is-whole">
          <span className="identity-text mono">{address}</span>
          <Copy value={address} what="the address" />
        </p>
      </div>
      <Panel title="Balance">
        {account.kind === 'loading' && <Loading what="the account" />}
        {account.kind === 'failed' && (
          <Failed title="The account could not be loaded" error={account.error} retry={account.retry} />
        )}
        {account.kind === 'ready' && (
          <div className="figures">
            <Figure
              label="For gas and payments"
              value={tokenQuantity(account.value.tangamWei, 'TANGam', 6)}
              title={formatTokensExactly(account.value.tangamWei, 'TANGam')}
            />
            <Figure
              label="For staking"
              value={tokenQuantity(account.value.tanWei, 'TAN', 6)}
              title={formatTokensExactly(account.value.tanWei, 'TAN')}
            />
            <Figure label="Transactions sent" value={formatCount(account.value.nonce)} />
          </div>
        )}
      </Panel>
      {!isSystem && <Stake address={address} />}
      <Events address={address} isSystem={isSystem} />
    </div>
  )
}

function Stake({ address }: { address: Address }): ReactNode {
  const { link, feed } = useNet()
  const settledHeight = useStore(feed.status)?.settled.height
  const stake = useFetched(() => getStake(link, address), `stake ${address}`, settledHeight)
  if (stake.kind !== 'ready') return null
  const { stakedWei, unbondingWei, claimableHeight, isCandidate } = stake.value
  if (stakedWei === 0n && unbondingWei === 0n) return null
  return (
    <Panel title="Stake">
      <Facts
        rows={{
          Staked: <Amount wei={stakedWei} currency="TAN" />,
          Unbonding:
            unbondingWei === 0n ? undefined : (
              <span>
                <Amount wei={unbondingWei} currency="TAN" />, claimable from{' '}
                <a href={hrefOf({ page: 'block', id: claimableHeight })}>block {formatCount(claimableHeight)}</a> on
              </span>
            ),
          'Validator candidate': isCandidate ? 'yes' : 'no',
        }}
      />
    </Panel>
  )
}

async function getStake(
  link: RpcLink,
  address: Address,
): Promise<{ stakedWei: bigint; unbondingWei: bigint; claimableHeight: number; isCandidate: boolean }> {
  const [stakedWei, unbondingWei, claimableHeight, isCandidate] = await readContract(clientOf(link), {
    address: SYSTEM_ADDRESSES.staking,
    abi: parseAbi(STAKING_ABI),
    functionName: 'stakeOf',
    args: [address],
  })
  return { stakedWei, unbondingWei, claimableHeight: Number(claimableHeight), isCandidate }
}

function Events({ address, isSystem }: { address: Address; isSystem: boolean }): ReactNode {
  const { link, feed } = useNet()
  const status = useStore(feed.status)
  const height = status?.settled.height
  const topic = topicOf(address)
  const filters = isSystem ? [{ address, topics: [] }] : [{ topics: [null, topic] }, { topics: [null, null, topic] }]
  const events = useFetched(
    async () => (height === undefined ? undefined : findEvents(link, height, filters)),
    `events ${address}`,
    height,
  )
  return (
    <Panel title="Recent events" note="Events of system contracts that name this address">
      {(events.kind === 'loading' || (events.kind === 'ready' && events.value === undefined)) && (
        <Loading what="events" />
      )}
      {events.kind === 'failed' && (
        <Failed title="The events could not be loaded" error={events.error} retry={events.retry} />
      )}
      {events.kind === 'ready' && events.value !== undefined && <EventLines events={events.value} />}
    </Panel>
  )
}
