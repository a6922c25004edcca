// The payment pools of an account: lists them, opens new ones, and closes those that have expired.
import { type ReactNode, useState } from 'react'
import { poolMoney } from '../chain/pool-money.ts'
import { counted, formatCount, formatTokens, shortHex } from '../format.ts'
import type { Account } from '../rpc/eth.ts'
import { getPools, type TanPool } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { Amount } from '../ui/amount.tsx'
import { type Fetched, useFetched } from '../ui/hooks.ts'
import { Empty, Failed, Fold, Loading, Panel } from '../ui/parts.tsx'
import type { SigningAccount } from './account.ts'
import { closePoolCall, createPoolCall, readAmount } from './calls.ts'
import { CallForm, Choice, TextField } from './form.tsx'

const DURATIONS = [
  { value: '7200', blocks: 7_200 },
  { value: '172800', blocks: 172_800 },
  { value: '1209600', blocks: 1_209_600 },
] as const
type Duration = (typeof DURATIONS)[number]['value']

export function Pools({ account, balances }: { account: SigningAccount; balances: Fetched<Account> }): ReactNode {
  const { link, feed } = useNet()
  const settledHeight = useStore(feed.status)?.settled.height
  const pools = useFetched(() => getPools(link), 'pools', settledHeight)
  const own = pools.kind === 'ready' ? pools.value.filter(pool => pool.payer === account.address) : []
  return (
    <Panel title="Payment pools" note="Coins locked to pay peers off chain; the rest comes back">
      {pools.kind === 'loading' && <Loading what="the pools" rows={2} />}
      {pools.kind === 'failed' && (
        <Failed title="The pools could not be loaded" error={pools.error} retry={pools.retry} />
      )}
      {pools.kind === 'ready' && own.length === 0 && (
        <Empty title="No pools yet">This account has none. You can open one here; the player opens its own.</Empty>
      )}
      {own.length > 0 && (
        <ul className="lines">
          {own.map(pool => (
            <PoolLine key={pool.poolId} account={account} pool={pool} />
          ))}
        </ul>
      )}
      <Fold summary="Open a pool">
        <NewPool account={account} balances={balances} />
      </Fold>
    </Panel>
  )
}

function PoolLine({ account, pool }: { account: SigningAccount; pool: TanPool }): ReactNode {
  const { feed } = useNet()
  const info = useStore(feed.info)
  const status = useStore(feed.status)
  const { leftWei, kind } = poolMoney(pool)
  const closableHeight = pool.expiryHeight + (info?.parameters.redeemGraceBlocks ?? 0)
  const isClosable = status !== undefined && status.head.height >= closableHeight
  return (
    <li>
      <div className="line-main">
        <a className="mono" href={hrefOf({ page: 'pool', poolId: pool.poolId })}>
          {shortHex(pool.poolId, 6)}
        </a>
        <span className="tag">{kind}</span>
        <span className={`tag ${pool.status === 'open' ? 'is-good' : ''}`}>{pool.status}</span>
      </div>
      <div className="line-side">
        <Amount wei={leftWei} currency="TANGam" /> left
      </div>
      <div className="line-note">
        <span>
          of <Amount wei={pool.deposit} currency="TANGam" />, until block {formatCount(pool.expiryHeight)}
        </span>
      </div>
      <div className="line-side">
        {pool.status !== 'closed' && isClosable && (
          <CallForm
            account={account}
            action="Close"
            read={() => ({ call: closePoolCall(pool.poolId), what: `Close pool ${shortHex(pool.poolId)}` })}
          />
        )}
      </div>
    </li>
  )
}

function NewPool({ account, balances }: { account: SigningAccount; balances: Fetched<Account> }): ReactNode {
  const { feed } = useNet()
  const info = useStore(feed.info)
  const [kind, setKind] = useState<'credit' | 'strict'>('credit')
  const [deposit, setDeposit] = useState('')
  const [duration, setDuration] = useState<Duration>('172800')
  const available = balances.kind === 'ready' ? balances.value.tangamWei : undefined
  if (info === undefined) return <Loading what="the chain" rows={2} />
  const { collateralMinPercent, blockIntervalMs, poolDurationBlocksMax } = info.parameters
  return (
    <CallForm
      account={account}
      action="Open the pool"
      isReady={available !== undefined}
      read={() => {
        const availableWei = available ?? 0n
        const depositWei = readAmount(deposit, 'TANGam', availableWei)
        // Rounded up: the contract rejects one wei less than the minimum.
        const collateralWei = kind === 'strict' ? 0n : (depositWei * BigInt(collateralMinPercent) + 99n) / 100n
        readAmount(deposit, 'TANGam', availableWei - collateralWei)
        const durationBlocks = Math.min(Number(duration), poolDurationBlocksMax)
        return {
          call: createPoolCall({ depositWei, collateralWei, durationBlocks, signer: account.address }),
          what: `Open a pool of ${formatTokens(depositWei, 'TANGam')}`,
        }
      }}
      onSent={() => setDeposit('')}
    >
      <Choice
        label="Kind"
        options={[
          { value: 'credit', name: 'Credit' },
          { value: 'strict', name: 'Strict' },
        ]}
        value={kind}
        onChange={setKind}
      />
      <p className="small muted">
        {kind === 'credit'
          ? `Pays any peer at once. Locks another ${collateralMinPercent}% of the deposit as collateral, which burns if the pool promises more than it holds.`
          : 'Pays a peer only what is reserved for it on chain beforehand. Needs no collateral.'}
      </p>
      <TextField
        label="Deposit, TANGam"
        value={deposit}
        onChange={setDeposit}
        placeholder="0.5"
        isNumber
        note={
          available === undefined
            ? 'The balance is unknown so far.'
            : `Balance: ${formatTokens(available, 'TANGam', 7)}.`
        }
      />
      <Choice
        label="Duration"
        options={DURATIONS.filter(({ blocks }) => blocks <= poolDurationBlocksMax).map(({ value, blocks }) => ({
          value,
          name: roundDuration(blocks * blockIntervalMs),
        }))}
        value={duration}
        onChange={setDuration}
      />
    </CallForm>
  )
}

function roundDuration(durationMs: number): string {
  const hours = Math.round(durationMs / 3_600_000)
  return hours % 24 === 0 && hours > 0 ? counted(hours / 24, 'day') : counted(Math.max(1, hours), 'hour')
}
