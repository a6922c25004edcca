// The wallet: an account, its balances, sending, and its payment pools.
import { type ReactNode, useEffect, useState } from 'react'
import '../chain/chain.css'
import './wallet.css'
import { CertaintyTag } from '../chain/certainty.tsx'
import type { Currency } from '../chain/decode.ts'
import { formatTokens, formatTokensExactly, shortHex, tokenQuantity } from '../format.ts'
import type { Account } from '../rpc/eth.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import type { Fetched } from '../ui/hooks.ts'
import { AddressLink, Copy } from '../ui/identity.tsx'
import { Empty, Failed, Figure, Loading, Panel } from '../ui/parts.tsx'
import {
  type BrowserWallet,
  browserWallets,
  connectWallet,
  currentAccount,
  findBrowserWallets,
  openDevnetAccount,
  type SigningAccount,
} from './account.ts'
import { readAddress, readAmount, transferCall } from './calls.ts'
import { askFaucet } from './faucet.ts'
import { CallForm, Choice, shortMessageOf, TextField } from './form.tsx'
import { Pools } from './pools.tsx'
import { followSent, type Sent, sent, sentState } from './sent.ts'
import { useAccount, useBalances } from './use-account.ts'

export function WalletPage(): ReactNode {
  const account = useAccount()
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Wallet</h1>
        <p className="lede">
          TANGam pays for pieces and for gas. Validators and guardians stake TAN. One account holds both, the same kind
          that Ethereum wallets use.
        </p>
      </div>
      {account === undefined ? <ChooseAccount /> : <OpenAccount account={account} />}
    </div>
  )
}

function ChooseAccount(): ReactNode {
  const { settings, link, feed } = useNet()
  const info = useStore(feed.info)
  const wallets = useStore(browserWallets)
  const [problem, setProblem] = useState('')
  useEffect(findBrowserWallets, [])
  if (info === undefined) return <Loading what="the chain" />
  const connect = async (wallet: BrowserWallet): Promise<void> => {
    setProblem('')
    try {
      currentAccount.set(await connectWallet(wallet, info, settings.rpcUrl))
    } catch (error) {
      setProblem(shortMessageOf(error))
    }
  }
  return (
    <Panel title="Choose an account">
      <ul className="wallet-ways">
        {info.isDevnet && (
          <li>
            <button
              type="button"
              className="button is-primary"
              onClick={() => currentAccount.set(openDevnetAccount(link, info, localStorage))}
            >
              Use a devnet account
            </button>
            <p className="small muted">
              A key created in this browser, for play money from the faucet. No wallet needed.
            </p>
          </li>
        )}
        {wallets.map(wallet => (
          <li key={wallet.id}>
            <button type="button" className="button" onClick={() => connect(wallet)}>
              Connect {wallet.name}
            </button>
          </li>
        ))}
        {wallets.length === 0 && (
          <li className="muted">
            No browser wallet found. Any Ethereum wallet works: install one and reload this page.
          </li>
        )}
      </ul>
      {problem !== '' && (
        <p className="notice is-bad small" role="alert">
          {problem}
        </p>
      )}
    </Panel>
  )
}

function OpenAccount({ account }: { account: SigningAccount }): ReactNode {
  const balances = useBalances(account)
  useFollowSent()
  return (
    <>
      <Panel
        title={
          <span className="identity">
            <AddressLink address={account.address} />
            <Copy value={account.address} what="the address" />
          </span>
        }
        note={account.keeper}
        actions={
          !account.isDevnetKey && (
            <button type="button" className="button is-small" onClick={() => currentAccount.set(undefined)}>
              Disconnect
            </button>
          )
        }
      >
        <Balances balances={balances} />
        <Faucet account={account} balances={balances} />
      </Panel>
      <div className="wallet-grid">
        <Panel title="Send">
          <SendForm account={account} balances={balances} />
        </Panel>
        <Panel title="Sent from here">
          <SentList />
        </Panel>
      </div>
      <Pools account={account} balances={balances} />
    </>
  )
}

function Balances({ balances }: { balances: Fetched<Account> }): ReactNode {
  if (balances.kind === 'loading') return <Loading what="the balance" rows={2} />
  if (balances.kind === 'failed')
    return <Failed title="The balance could not be loaded" error={balances.error} retry={balances.retry} />
  const { tangamWei, tanWei } = balances.value
  return (
    <div className="figures">
      <Figure
        label="For payments and gas"
        value={tokenQuantity(tangamWei, 'TANGam', 7)}
        title={formatTokensExactly(tangamWei, 'TANGam')}
      />
      <Figure label="For staking" value={tokenQuantity(tanWei, 'TAN', 7)} title={formatTokensExactly(tanWei, 'TAN')} />
    </div>
  )
}

function Faucet({ account, balances }: { account: SigningAccount; balances: Fetched<Account> }): ReactNode {
  const { settings } = useNet()
  const [state, setState] = useState<'idle' | 'asking' | 'given'>('idle')
  const [problem, setProblem] = useState('')
  const url = settings.faucetUrl
  if (url === undefined) return null
  const isPoor = balances.kind === 'ready' && balances.value.tangamWei === 0n
  const ask = async (): Promise<void> => {
    setProblem('')
    setState('asking')
    try {
      await askFaucet(url, account.address)
      setState('given')
    } catch (error) {
      setProblem(shortMessageOf(error))
      setState('idle')
    }
  }
  return (
    <div className="stack" style={{ gap: 8, marginTop: 14 }}>
      <div className="row">
        <button
          type="button"
          className={`button is-small ${isPoor ? 'is-primary' : ''}`}
          disabled={state === 'asking'}
          onClick={ask}
        >
          {state === 'asking' ? 'Waiting for the faucet' : 'Get coins from the faucet'}
        </button>
        <span className="small muted" role="status">
          {state === 'given' ? 'Sent: the next block updates your balance.' : isPoor ? 'This account is empty.' : ''}
        </span>
      </div>
      {problem !== '' && (
        <p className="notice is-bad small" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}

function SendForm({ account, balances }: { account: SigningAccount; balances: Fetched<Account> }): ReactNode {
  const [currency, setCurrency] = useState<Currency>('TANGam')
  const [to, setTo] = useState('')
  const [amount, setAmount] = useState('')
  const available =
    balances.kind !== 'ready' ? undefined : currency === 'TAN' ? balances.value.tanWei : balances.value.tangamWei
  return (
    <CallForm
      account={account}
      action={`Send ${currency}`}
      isReady={available !== undefined}
      read={() => {
        const receiver = readAddress(to)
        const wei = readAmount(amount, currency, available ?? 0n)
        return {
          call: transferCall(currency, receiver, wei),
          what: `${formatTokens(wei, currency)} to ${shortHex(receiver)}`,
        }
      }}
      onSent={() => setAmount('')}
    >
      <Choice
        label="Currency"
        options={[
          { value: 'TANGam', name: 'TANGam' },
          { value: 'TAN', name: 'TAN' },
        ]}
        value={currency}
        onChange={setCurrency}
      />
      <TextField label="To" value={to} onChange={setTo} placeholder="0x…" />
      <TextField
        label="Amount"
        value={amount}
        onChange={setAmount}
        placeholder="12.5"
        isNumber
        note={`${available === undefined ? 'The balance is unknown so far' : `Balance: ${formatTokens(available, currency, 7)}`}. A fee, a tiny fraction of one TANGam, is added.`}
      />
    </CallForm>
  )
}

function SentList(): ReactNode {
  const { feed } = useNet()
  const status = useStore(feed.status)
  const entries = useStore(sent)
  if (entries.length === 0)
    return (
      <Empty title="Nothing yet">
        Transactions that you send appear here until they are final, which takes a few seconds.
      </Empty>
    )
  return (
    <ul className="lines">
      {entries.map(entry => (
        <li key={entry.hash}>
          <div className="line-main">
            <a href={hrefOf({ page: 'transaction', hash: entry.hash })}>{entry.what}</a>
          </div>
          <div className="line-side">{status !== undefined && <SentTag state={sentState(entry, status)} />}</div>
        </li>
      ))}
    </ul>
  )
}

function SentTag({ state }: { state: ReturnType<typeof sentState> }): ReactNode {
  if (state === 'waiting') return <span className="tag">Waiting</span>
  if (state === 'reverted') return <span className="tag is-bad">Reverted</span>
  return <CertaintyTag certainty={state} />
}

function useFollowSent(): void {
  const { link, feed } = useNet()
  const status = useStore(feed.status)
  useEffect(() => {
    if (status !== undefined && (sent.get() as readonly Sent[]).length > 0) void followSent(link, status)
  }, [link, status])
}
