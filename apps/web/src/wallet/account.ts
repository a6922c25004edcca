// Accounts that can sign: a browser wallet (EIP-1193, found by EIP-6963) or, on a devnet, a key that this page created.
import type { Address, Hash, Hex } from '@tan/primitives'
import { CodedError, isHex, secureRandomBytes, toHex } from '@tan/primitives'
import { type Chain, createWalletClient, custom, defineChain, type EIP1193Provider } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import type { RpcLink } from '../rpc/link.ts'
import type { ChainInfo } from '../rpc/tan.ts'
import { createStore } from '../store.ts'

export interface Call {
  readonly to: Address
  readonly valueWei: bigint
  readonly data: Hex
}

export interface SigningAccount {
  readonly address: Address
  /** name of the wallet that holds the key */
  readonly keeper: string
  readonly isDevnetKey: boolean
  /** Resolves with the hash when the node or the wallet accepts it. Rejects with their error. */
  send(call: Call): Promise<Hash>
}

export interface BrowserWallet {
  readonly id: string
  readonly name: string
  readonly provider: EIP1193Provider
}

/** The account that the whole app uses, if any. */
export const currentAccount = createStore<SigningAccount | undefined>(undefined)

const DEVNET_KEY = 'tan.devnet.key'

/**
 * The devnet key of this browser: created once, and stored where any script of this page's origin can read it, so only
 * for play money. Throws `wallet/not-devnet` for any other chain.
 */
export function openDevnetAccount(link: RpcLink, info: ChainInfo, storage: Storage): SigningAccount {
  if (!info.isDevnet)
    throw new CodedError('wallet/not-devnet', `${info.name} is not a devnet: connect a wallet that keeps its keys safe`)
  const kept = storage.getItem(DEVNET_KEY)
  const secret = isHex(kept, 32) ? kept : toHex(secureRandomBytes(32))
  storage.setItem(DEVNET_KEY, secret)
  const account = privateKeyToAccount(secret)
  const client = createWalletClient({
    account,
    chain: chainOf(info, undefined),
    transport: custom({ request: link.request }, { retryCount: 0 }),
  })
  return {
    address: account.address.toLowerCase() as Address,
    keeper: 'Devnet key in this browser',
    isDevnetKey: true,
    send: ({ to, valueWei, data }) => client.sendTransaction({ to, value: valueWei, data }),
  }
}

/** Whether this browser already has a devnet key. */
export function hasDevnetKey(storage: Storage): boolean {
  return isHex(storage.getItem(DEVNET_KEY), 32)
}

/** Asks the wallet for an account and for this chain, and adds the chain if the wallet does not know it. */
export async function connectWallet(
  { name, provider }: BrowserWallet,
  info: ChainInfo,
  rpcUrl: string | undefined,
): Promise<SigningAccount> {
  const chain = chainOf(info, rpcUrl)
  const client = createWalletClient({ chain, transport: custom(provider) })
  const [address] = await client.requestAddresses()
  if (address === undefined)
    throw new CodedError('wallet/no-account', `${name} provides no account: unlock it and allow one`)
  await changeChain(client, chain, rpcUrl)
  return {
    address: address.toLowerCase() as Address,
    keeper: name,
    isDevnetKey: false,
    send: async ({ to, valueWei, data }) => {
      await changeChain(client, chain, rpcUrl)
      return client.sendTransaction({ account: address, to, value: valueWei, data })
    },
  }
}

async function changeChain(
  client: { switchChain(chain: { id: number }): Promise<void>; addChain(args: { chain: Chain }): Promise<void> },
  chain: Chain,
  rpcUrl: string | undefined,
): Promise<void> {
  try {
    await client.switchChain({ id: chain.id })
  } catch (error) {
    // 4902: the wallet does not know the chain yet.
    if (rpcUrl === undefined || (error as { code?: unknown }).code !== 4902) throw error
    await client.addChain({ chain })
  }
}

function chainOf({ chainId, name }: ChainInfo, rpcUrl: string | undefined): Chain {
  return defineChain({
    id: chainId,
    name,
    nativeCurrency: { name: 'TANGam', symbol: 'TANGam', decimals: 18 },
    rpcUrls: { default: { http: rpcUrl === undefined ? [] : [rpcUrl] } },
  })
}

/** Wallets that announce themselves, or else the single wallet of older browsers. */
export const browserWallets = createStore<readonly BrowserWallet[]>([])

let isLooking = false

export function findBrowserWallets(): void {
  if (isLooking) return
  isLooking = true
  addEventListener('eip6963:announceProvider', event => {
    const { info, provider } = (
      event as CustomEvent<{ info: { uuid: string; name: string }; provider: EIP1193Provider }>
    ).detail
    browserWallets.update(known => [
      ...known.filter(wallet => wallet.id !== info.uuid && wallet.id !== 'window.ethereum'),
      { id: info.uuid, name: info.name, provider },
    ])
  })
  dispatchEvent(new Event('eip6963:requestProvider'))
  const { ethereum } = globalThis as { ethereum?: EIP1193Provider }
  if (browserWallets.get().length === 0 && ethereum !== undefined)
    browserWallets.set([{ id: 'window.ethereum', name: "The browser's wallet", provider: ethereum }])
}
