// The current account and its balances, kept up to date as blocks settle.
import { useEffect } from 'react'
import { type Account, getAccount } from '../rpc/eth.ts'
import { useNet } from '../shell/net.ts'
import { useStore } from '../store.ts'
import { type Fetched, useFetched } from '../ui/hooks.ts'
import { currentAccount, hasDevnetKey, openDevnetAccount, type SigningAccount } from './account.ts'

/** Reopens an existing devnet key automatically; a person must connect a wallet. */
export function useAccount(): SigningAccount | undefined {
  const { link, feed } = useNet()
  const info = useStore(feed.info)
  const account = useStore(currentAccount)
  useEffect(() => {
    if (account === undefined && info?.isDevnet === true && hasDevnetKey(localStorage))
      currentAccount.set(openDevnetAccount(link, info, localStorage))
  }, [account, info, link])
  return account
}

export function useBalances(account: SigningAccount): Fetched<Account> {
  const { link, feed } = useNet()
  const head = useStore(feed.status)?.head.hash
  return useFetched(() => getAccount(link, account.address), `balances ${account.address}`, head)
}
