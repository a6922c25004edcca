// Ethereum queries to a node, with viem over the link, and their answers in the form that pages use.
import type { Address, Hash, Hex } from '@tan/primitives'
import { SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import {
  type Client,
  createClient,
  custom,
  parseAbi,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem'
import {
  getBalance,
  getBlock,
  getCode,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
  readContract,
} from 'viem/actions'
import type { RpcLink } from './link.ts'

export interface ChainTransaction {
  readonly hash: Hash
  readonly from: Address
  /** null creates a contract */
  readonly to: Address | null
  readonly input: Hex
  readonly valueWei: bigint
  readonly nonce: number
  readonly gasLimit: bigint
  readonly type: string
  /** undefined while the transaction waits for a block */
  readonly height: number | undefined
  readonly index: number | undefined
}

export interface ChainLog {
  readonly address: Address
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly height: number
  readonly transactionHash: Hash
  readonly logIndex: number
}

export interface ChainReceipt {
  readonly isSuccess: boolean
  readonly gasUsed: bigint
  readonly gasPriceWei: bigint
  readonly createdContract: Address | undefined
  readonly logs: readonly ChainLog[]
}

export interface Account {
  readonly tangamWei: bigint
  readonly tanWei: bigint
  readonly nonce: number
  /** bytes of code; 0 for a plain account */
  readonly codeBytes: number
}

const clients = new WeakMap<RpcLink, Client>()

/** One viem client per link. The link itself waits and reconnects, so viem need not retry. */
export function clientOf(link: RpcLink): Client {
  let client = clients.get(link)
  if (client === undefined) {
    client = createClient({ transport: custom({ request: link.request }, { retryCount: 0 }) })
    clients.set(link, client)
  }
  return client
}

export async function getTransactionsOf(link: RpcLink, blockHash: Hash): Promise<readonly ChainTransaction[]> {
  const { transactions } = await getBlock(clientOf(link), { blockHash, includeTransactions: true })
  return transactions.map(transactionOf)
}

/** Undefined if the node does not know the transaction. */
export async function findTransaction(link: RpcLink, hash: Hash): Promise<ChainTransaction | undefined> {
  try {
    return transactionOf(await getTransaction(clientOf(link), { hash }))
  } catch (error) {
    if (error instanceof TransactionNotFoundError) return undefined
    throw error
  }
}

/** Undefined while the transaction waits for a block. */
export async function findReceipt(link: RpcLink, hash: Hash): Promise<ChainReceipt | undefined> {
  try {
    const receipt = await getTransactionReceipt(clientOf(link), { hash })
    return {
      isSuccess: receipt.status === 'success',
      gasUsed: receipt.gasUsed,
      gasPriceWei: receipt.effectiveGasPrice,
      createdContract: lower(receipt.contractAddress ?? undefined),
      logs: receipt.logs.map(log => ({
        address: lower(log.address),
        topics: log.topics,
        data: log.data,
        height: Number(log.blockNumber),
        transactionHash: log.transactionHash,
        logIndex: log.logIndex,
      })),
    }
  } catch (error) {
    if (error instanceof TransactionReceiptNotFoundError) return undefined
    throw error
  }
}

export async function getAccount(link: RpcLink, address: Address): Promise<Account> {
  const client = clientOf(link)
  const [tangamWei, tanWei, nonce, code] = await Promise.all([
    getBalance(client, { address }),
    readContract(client, {
      address: SYSTEM_ADDRESSES.tanToken,
      abi: parseAbi(TAN_TOKEN_ABI),
      functionName: 'balanceOf',
      args: [address],
    }),
    getTransactionCount(client, { address }),
    getCode(client, { address }),
  ])
  return { tangamWei, tanWei, nonce, codeBytes: code === undefined ? 0 : (code.length - 2) / 2 }
}

export function getTangam(link: RpcLink, address: Address): Promise<bigint> {
  return getBalance(clientOf(link), { address })
}

/** In chain order. A null topic matches any. */
export async function getLogsBetween(
  link: RpcLink,
  filter: { fromHeight: number; toHeight: number; address?: Address; topics: readonly (Hex | null)[] },
): Promise<readonly ChainLog[]> {
  // viem's getLogs takes events, not bare topics.
  const { fromHeight, toHeight, address, topics } = filter
  const logs = await clientOf(link).request({
    method: 'eth_getLogs',
    params: [
      {
        fromBlock: `0x${fromHeight.toString(16)}`,
        toBlock: `0x${toHeight.toString(16)}`,
        ...(address === undefined ? {} : { address }),
        topics: [...topics],
      },
    ],
  })
  return logs.map(log => ({
    address: lower(log.address),
    topics: log.topics,
    data: log.data,
    height: Number(log.blockNumber),
    transactionHash: log.transactionHash as Hash,
    logIndex: Number(log.logIndex),
  }))
}

interface ViemTransaction {
  readonly hash: Hash
  readonly from: Address
  readonly to: Address | null
  readonly input: Hex
  readonly value: bigint
  readonly nonce: number
  readonly gas: bigint
  readonly type: string
  readonly blockNumber: bigint | null
  readonly transactionIndex: number | null
}

function transactionOf(transaction: ViemTransaction): ChainTransaction {
  const { hash, from, to, input, value, nonce, gas, type, blockNumber, transactionIndex } = transaction
  return {
    hash,
    from: lower(from),
    to: to === null ? null : lower(to),
    input,
    valueWei: value,
    nonce,
    gasLimit: gas,
    type,
    height: blockNumber === null ? undefined : Number(blockNumber),
    index: transactionIndex ?? undefined,
  }
}

function lower<A extends Address | undefined>(address: A): A {
  return address?.toLowerCase() as A
}
