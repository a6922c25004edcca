// The methods of Ethereum's JSON-RPC: each with its parameters, and what it answers.
import { type CallRequest, explainRevert, nextBaseFee } from '@tan/ledger'
import { type Address, CodedError, type Hash, keccakHash, type Rejection, toHex } from '@tan/primitives'
import { EMPTY_ACCOUNT } from '@tan/storage'
import { RPC_PROOF_SLOTS_MAX } from '../limits.ts'
import type { Mempool } from '../mempool/mempool.ts'
import type { TransactionService } from '../transaction-service.ts'
import { EXECUTION_REVERTED, RpcError } from './errors.ts'
import { feeHistory } from './fee-history.ts'
import { formatBlock, formatReceipt, formatTransaction, quantity } from './format.ts'
import { getLogs } from './logs.ts'
import { type Methods, method, optional, required } from './method.ts'
import {
  absent,
  address,
  type BlockTag,
  block,
  blockOfHash,
  boolean,
  call,
  data,
  hash,
  integer,
  LATEST,
  list,
  logQuery,
  percentiles,
  slot,
  slotAsGiven,
} from './params.ts'
import type { ChainReader, FoundBlock } from './reader.ts'

export interface EthParts {
  readonly reader: ChainReader
  readonly mempool: Mempool
  readonly transactions: TransactionService
  /** how far this node is behind, or undefined where it is not */
  readonly syncing: () =>
    | { readonly startingBlock: number; readonly currentBlock: number; readonly highestBlock: number }
    | undefined
}

export function ethMethods(parts: EthParts): Methods {
  return { ...chainMethods(parts), ...accountMethods(parts), ...blockMethods(parts), ...transactionMethods(parts) }
}

const anyBlock = optional('block', block, LATEST)

// -------------------------------------------------------------------------------------------------- the chain

function chainMethods({ reader, syncing }: EthParts): Methods {
  const { chain } = reader
  return {
    eth_chainId: method([], () => quantity(chain.ledger.rules.chainId)),
    eth_syncing: method([], () => {
      const behind = syncing()
      return behind === undefined
        ? false
        : {
            startingBlock: quantity(behind.startingBlock),
            currentBlock: quantity(behind.currentBlock),
            highestBlock: quantity(behind.highestBlock),
          }
    }),
    eth_accounts: method([], () => []),
    eth_blockNumber: method([], () => quantity(chain.head.header.height)),
    eth_gasPrice: method([], () => quantity(nextBaseFee(chain.head.header, chain.ledger.rules.parameters))),
    eth_maxPriorityFeePerGas: method([], () => '0x0'),
    eth_blobBaseFee: method([], () => '0x1'),
    eth_feeHistory: method(
      [required('blockCount', integer()), required('newestBlock', block), optional('percentiles', percentiles, [])],
      (count, newest, ranks) => feeHistory(reader, count, newest, ranks),
    ),
  }
}

// -------------------------------------------------------------------------------------------------- accounts and calls

function accountMethods({ reader, mempool }: EthParts): Methods {
  const { ledger, states } = reader.chain
  const run = <T>(action: () => T): Promise<T> => states.run(action)

  const accountAt = async (of: Address, tag: BlockTag) => {
    const { state } = await reader.state(tag)
    return run(() => ({ state, account: state.account(of) ?? EMPTY_ACCOUNT }))
  }

  const callParameters = [
    required('transaction', call),
    anyBlock,
    optional('stateOverrides', absent('state overrides')),
    optional('blockOverrides', absent('block overrides')),
  ] as const

  return {
    eth_getBalance: method([required('address', address), anyBlock], async (of, tag) =>
      quantity((await accountAt(of, tag)).account.balance),
    ),
    eth_getTransactionCount: method([required('address', address), anyBlock], async (of, tag) => {
      const { account } = await accountAt(of, tag)
      const isPending = tag.type === 'name' && tag.name === 'pending'
      return quantity(isPending ? mempool.nextNonce(of, account.nonce) : account.nonce)
    }),
    eth_getCode: method([required('address', address), anyBlock], async (of, tag) => {
      const { account, state } = await accountAt(of, tag)
      return toHex(await run(() => state.code(account.codeHash)))
    }),
    eth_getStorageAt: method([required('address', address), required('slot', slot), anyBlock], async (of, at, tag) => {
      const { state } = await reader.state(tag)
      const value = await run(() => state.storage(of, at))
      return `0x${value.toString(16).padStart(64, '0')}`
    }),
    eth_getProof: method(
      [required('address', address), optional('slots', list(slotAsGiven, RPC_PROOF_SLOTS_MAX), []), anyBlock],
      async (of, slots, tag) => {
        const { state } = await reader.state(tag)
        const proof = await run(() =>
          state.prove(
            of,
            slots.map(each => each.slot),
          ),
        )
        const account = proof.account ?? EMPTY_ACCOUNT
        return {
          address: of,
          balance: quantity(account.balance),
          nonce: quantity(account.nonce),
          codeHash: account.codeHash,
          storageHash: account.storageRoot,
          accountProof: proof.accountProof.map(toHex),
          storageProof: proof.storageProof.map(({ value, proof: nodes }, i) => ({
            key: slots[i]!.given,
            value: quantity(value),
            proof: nodes.map(toHex),
          })),
        }
      },
    ),
    eth_call: method(callParameters, async (request: CallRequest, tag: BlockTag) => {
      const at = await reader.state(tag)
      const result = await run(() => ledger.call(at, request))
      if (!result.ok) throw refused(result.rejection)
      const { succeeded, output } = result.value
      if (!succeeded) throw reverted(output)
      return toHex(output)
    }),
    eth_estimateGas: method(callParameters, async (request: CallRequest, tag: BlockTag) => {
      const at = await reader.state(tag)
      const result = await run(() => ledger.estimateGas(at, request))
      if (result.ok) return quantity(result.gas)
      throw result.rejection.code === 'call/reverted' ? reverted(result.output) : refused(result.rejection)
    }),
  }
}

function refused({ code, message }: Rejection): CodedError {
  return new CodedError(code, message)
}

/** As the best-known clients say it: libraries decode the error from the data. */
function reverted(output: Uint8Array): RpcError {
  const why = output.length === 0 ? '' : `: ${explainRevert(output)}`
  return new RpcError(EXECUTION_REVERTED, `execution reverted${why}`, toHex(output))
}

// -------------------------------------------------------------------------------------------------- blocks

function blockMethods({ reader }: EthParts): Methods {
  const blockAt = async (tag: BlockTag, isFull: boolean) => {
    const found = await reader.find(tag)
    if (found === undefined) return null
    if (!isFull) return formatBlock(found.block, found.hash, found.block.transactions.map(keccakHash))
    const { header } = found.block
    const formatted = (await reader.transactions(found)).map((transaction, index) =>
      formatTransaction(transaction, { header, hash: found.hash, index }),
    )
    return formatBlock(found.block, found.hash, formatted)
  }
  const countIn = async (tag: BlockTag) => {
    const found = await reader.find(tag)
    return found === undefined ? null : quantity(found.block.transactions.length)
  }
  const unclesIn = async (tag: BlockTag) => ((await reader.find(tag)) === undefined ? null : '0x0')
  const receiptsOf = async (found: FoundBlock) => {
    const receipts = await reader.receipts(found)
    const { header } = found.block
    return (await reader.transactions(found)).map((transaction, index) =>
      formatReceipt(transaction, receipts, { header, hash: found.hash, index }),
    )
  }
  const isFull = optional('fullTransactions', boolean, false)
  const byHash = required('blockHash', hash)
  const byTag = required('block', block)
  return {
    eth_getBlockByHash: method([byHash, isFull], (of, full) => blockAt(blockOfHash(of), full)),
    eth_getBlockByNumber: method([byTag, isFull], blockAt),
    eth_getBlockTransactionCountByHash: method([byHash], of => countIn(blockOfHash(of))),
    eth_getBlockTransactionCountByNumber: method([byTag], countIn),
    eth_getUncleCountByBlockHash: method([byHash], of => unclesIn(blockOfHash(of))),
    eth_getUncleCountByBlockNumber: method([byTag], unclesIn),
    eth_getBlockReceipts: method([byTag], async tag => {
      const found = await reader.find(tag)
      return found === undefined ? null : receiptsOf(found)
    }),
    eth_getLogs: method([required('filter', logQuery)], query => getLogs(reader, query)),
  }
}

// -------------------------------------------------------------------------------------------------- transactions

function transactionMethods({ reader, mempool, transactions }: EthParts): Methods {
  const transactionIn = async (tag: BlockTag, index: number) => {
    const found = await reader.find(tag)
    if (found === undefined || index >= found.block.transactions.length) return null
    const { block: at, hash: of } = found
    return formatTransaction(await reader.transactionAt(found, index), { header: at.header, hash: of, index })
  }
  const byHash = required('transactionHash', hash)
  const index = required('index', integer())
  return {
    eth_getTransactionByBlockHashAndIndex: method([required('blockHash', hash), index], (of, at) =>
      transactionIn(blockOfHash(of), at),
    ),
    eth_getTransactionByBlockNumberAndIndex: method([required('block', block), index], transactionIn),
    eth_getTransactionByHash: method([byHash], async (of: Hash) => {
      const found = await reader.transaction(of)
      if (found !== undefined)
        return formatTransaction(found.recovered, { header: found.block.header, hash: found.hash, index: found.index })
      const waiting = mempool.get(of)
      return waiting === undefined ? null : formatTransaction(waiting, undefined)
    }),
    eth_getTransactionReceipt: method([byHash], async (of: Hash) => {
      const found = await reader.transaction(of)
      if (found === undefined) return null
      const place = { header: found.block.header, hash: found.hash, index: found.index }
      return formatReceipt(found.recovered, await reader.receipts(found), place)
    }),
    eth_sendRawTransaction: method([required('transaction', data())], encoded => transactions.submit(encoded)),
  }
}
