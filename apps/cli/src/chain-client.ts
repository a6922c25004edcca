// The JSON-RPC client of all commands, and sending transactions with a stored key.
import { type Address, CodedError, type Hash, toHex } from '@tan/primitives'
import { PAYMENT_POOLS_ABI, STAKING_ABI, SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import type { Command } from 'commander'
import {
  type Abi,
  BaseError,
  type ContractFunctionArgs,
  type ContractFunctionName,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  defineChain,
  http,
  type PublicClient,
  parseAbi,
  type TransactionReceipt,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { say } from './output.ts'
import { findAccount, loadAccountKey, readPassword } from './secrets.ts'

export const tanToken = { address: SYSTEM_ADDRESSES.tanToken, abi: parseAbi(TAN_TOKEN_ABI) } as const
export const staking = { address: SYSTEM_ADDRESSES.staking, abi: parseAbi(STAKING_ABI) } as const
export const paymentPools = { address: SYSTEM_ADDRESSES.paymentPools, abi: parseAbi(PAYMENT_POOLS_ABI) } as const

const RECEIPT_TIMEOUT_MS = 60_000

export interface RpcOptions {
  readonly rpc: string
}

export interface SenderOptions extends RpcOptions {
  readonly from: string
  readonly passwordFile?: string
  readonly home: string
}

export function withRpc(command: Command): Command {
  return command.option('--rpc <url>', 'JSON-RPC of a node', process.env.TAN_RPC || 'http://127.0.0.1:8545')
}

export function withSender(command: Command): Command {
  return withRpc(command)
    .requiredOption('--from <key>', 'name or address of the key that signs')
    .option('--password-file <file>', 'file with its password (default: ask)')
}

/** Throws `rpc/unreachable` if no node answers. */
export async function connect({ rpc }: RpcOptions): Promise<PublicClient> {
  let id: number
  try {
    const probe = createPublicClient({ transport: http(rpc, { retryCount: 0 }) })
    id = await probe.getChainId()
  } catch (cause) {
    throw new CodedError('rpc/unreachable', `no node answers at ${rpc}: is it running? (--rpc, or TAN_RPC)`, { cause })
  }
  const chain = defineChain({
    id,
    name: 'TAN',
    nativeCurrency: { name: 'TANGam', symbol: 'TANGam', decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  })
  return createPublicClient({ chain, transport: http(rpc), pollingInterval: 250 })
}

/** Calls a TAN method; throws the node's error. */
export async function callTan<T>(client: PublicClient, method: string, params: readonly unknown[] = []): Promise<T> {
  return explained(() => client.request({ method, params } as never) as Promise<T>)
}

interface Call<A extends Abi, F extends ContractFunctionName<A>> {
  readonly contract: { readonly address: Address; readonly abi: A }
  readonly name: F
  readonly args: ContractFunctionArgs<A, 'nonpayable' | 'payable', F>
  readonly value?: bigint
}

export interface Sender {
  readonly client: PublicClient
  readonly address: Address
  /** TANGam wei */
  send(to: Address, value: bigint): Promise<TransactionReceipt>
  /** Simulates first: a call that would revert gives a readable error and costs nothing. */
  call<A extends Abi, F extends ContractFunctionName<A>>(call: Call<A, F>): Promise<TransactionReceipt>
}

/** Unlocks the key, and returns a client that sends with it. */
export async function openSender(options: SenderOptions): Promise<Sender> {
  const client = await connect(options)
  const stored = findAccount(options.home, options.from)
  const password = await readPassword(options.passwordFile, `Password of ${stored.name}: `)
  const account = privateKeyToAccount(toHex(loadAccountKey(stored.path, password)))
  const wallet = createWalletClient({ account, chain: client.chain!, transport: http(options.rpc) })

  const settle = async (hash: Hash): Promise<TransactionReceipt> => {
    say(`sent ${hash}`)
    const receipt = await client.waitForTransactionReceipt({ hash, timeout: RECEIPT_TIMEOUT_MS })
    if (receipt.status !== 'success') throw new CodedError('cli/reverted', `transaction ${hash} reverted`)
    return receipt
  }

  return {
    client,
    address: account.address.toLowerCase() as Address,
    send: (to, value) => explained(async () => settle(await wallet.sendTransaction({ to, value }))),
    call: <A extends Abi, F extends ContractFunctionName<A>>({ contract, name, args, value }: Call<A, F>) =>
      explained(async () => {
        const { request } = await client.simulateContract({
          ...contract,
          functionName: name,
          args,
          account,
          ...(value === undefined ? {} : { value }),
        } as never)
        return settle(await wallet.writeContract(request as never))
      }),
  }
}

/** Throws the node's own message instead of the library's page of text. */
async function explained<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof BaseError)) throw error
    const reverted = error.walk(cause => cause instanceof ContractFunctionRevertedError)
    if (reverted instanceof ContractFunctionRevertedError && reverted.data !== undefined) {
      const { errorName, args = [] } = reverted.data
      throw new CodedError('cli/reverted', `the contract reverts: ${errorName}(${args.map(String).join(', ')})`, {
        cause: error,
      })
    }
    throw new CodedError('rpc/refused', error.details || error.shortMessage, { cause: error })
  }
}
