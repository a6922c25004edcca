// The methods of Ethereum's JSON-RPC. One function a method, its parameters read first.
import { type CallRequest, explainRevert, nextBaseFee } from '@tan/ledger'
import { type Hash, keccakHash, toHex } from '@tan/primitives'
import { EMPTY_ACCOUNT } from '@tan/storage'
import { RPC_CALL_GAS_MAX, RPC_FEE_HISTORY_BLOCKS_MAX, RPC_PROOF_SLOTS_MAX } from '../limits.ts'
import type { Mempool } from '../mempool/mempool.ts'
import { tipOf } from '../mempool/mempool.ts'
import type { TransactionService } from '../transaction-service.ts'
import { EXECUTION_REVERTED, invalidParams, RpcError, SERVER_ERROR } from './errors.ts'
import { formatBlock, formatReceipt, formatTransaction, quantity } from './format.ts'
import { getLogs } from './logs.ts'
import {
  type BlockTag,
  type Params,
  readAddress,
  readBlockTag,
  readBoolean,
  readData,
  readHash,
  readList,
  readNumber,
  readObject,
  readQuantity,
  readSlot,
} from './params.ts'
import type { ChainReader, FoundBlock } from './reader.ts'

export type Method = (params: Params) => Promise<unknown> | unknown
export type Methods = Readonly<Record<string, Method>>

export interface EthParts {
  readonly reader: ChainReader
  readonly mempool: Mempool
  readonly transactions: TransactionService
  /** how far this node is behind, or undefined where it is not */
  readonly syncing: () =>
    | { readonly startingBlock: number; readonly currentBlock: number; readonly highestBlock: number }
    | undefined
}

export function ethMethods({ reader, mempool, transactions, syncing }: EthParts): Methods {
  const { chain } = reader
  const { ledger, states } = chain
  const run = <T>(action: () => T): Promise<T> => states.run(action)

  const accountAt = async (address: unknown, block: unknown) => {
    const at = readAddress(address, 'address')
    const { state } = await reader.state(readBlockTag(block))
    return run(() => ({ state, at, account: state.account(at) ?? EMPTY_ACCOUNT }))
  }

  const block = async (tag: BlockTag, isFull: unknown) => {
    const wantsFull = readBoolean(isFull, 'full transactions', false)
    const found = await reader.find(tag)
    if (found === undefined) return null
    if (!wantsFull) return formatBlock(found.block, found.hash, found.block.transactions.map(keccakHash))
    const { header } = found.block
    const formatted = (await reader.transactions(found)).map((transaction, index) =>
      formatTransaction(transaction, { header, hash: found.hash, index }),
    )
    return formatBlock(found.block, found.hash, formatted)
  }

  const transactionIn = async (tag: BlockTag, index: unknown) => {
    const at = readNumber(index, 'index')
    const found = await reader.find(tag)
    if (found === undefined || at >= found.block.transactions.length) return null
    const recovered = (await reader.transactions(found))[at]!
    return formatTransaction(recovered, { header: found.block.header, hash: found.hash, index: at })
  }

  const receiptsOf = async (found: FoundBlock) => {
    const receipts = (await reader.receipts(found.hash)) ?? []
    const recovered = await reader.transactions(found)
    const { header } = found.block
    return recovered.map((transaction, index) =>
      formatReceipt(transaction, receipts, { header, hash: found.hash, index }),
    )
  }

  const countIn = async (tag: BlockTag) => {
    const found = await reader.find(tag)
    return found === undefined ? null : quantity(found.block.transactions.length)
  }

  const gasPrice = () => nextBaseFee(chain.head.header, ledger.rules.parameters)

  return {
    eth_chainId: () => quantity(ledger.rules.chainId),
    eth_syncing: () => {
      const behind = syncing()
      return behind === undefined
        ? false
        : {
            startingBlock: quantity(behind.startingBlock),
            currentBlock: quantity(behind.currentBlock),
            highestBlock: quantity(behind.highestBlock),
          }
    },
    eth_accounts: () => [],
    eth_blockNumber: () => quantity(chain.head.header.height),
    eth_gasPrice: () => quantity(gasPrice()),
    eth_maxPriorityFeePerGas: () => '0x0',
    eth_blobBaseFee: () => '0x1',

    eth_getBalance: async ([address, tag]) => quantity((await accountAt(address, tag)).account.balance),
    eth_getTransactionCount: async ([address, tag]) => {
      const { at, account } = await accountAt(address, tag)
      return quantity(tag === 'pending' ? mempool.nextNonce(at, account.nonce) : account.nonce)
    },
    eth_getCode: async ([address, tag]) => {
      const { account, state } = await accountAt(address, tag)
      return toHex(await run(() => state.code(account.codeHash)))
    },
    eth_getStorageAt: async ([address, slot, tag]) => {
      const at = readSlot(slot, 'slot')
      const { at: owner, state } = await accountAt(address, tag)
      const value = await run(() => state.storage(owner, at))
      return `0x${value.toString(16).padStart(64, '0')}`
    },
    eth_getProof: async ([address, slots, tag]) => {
      const at = readAddress(address, 'address')
      const list = readList(slots ?? [], 'slots', RPC_PROOF_SLOTS_MAX)
      const keys = list.map(slot => readSlot(slot, 'slot'))
      const { state } = await reader.state(readBlockTag(tag))
      const proof = await run(() => state.prove(at, keys))
      const account = proof.account ?? EMPTY_ACCOUNT
      return {
        address: at,
        balance: quantity(account.balance),
        nonce: quantity(account.nonce),
        codeHash: account.codeHash,
        storageHash: account.storageRoot,
        accountProof: proof.accountProof.map(toHex),
        storageProof: proof.storageProof.map(({ value, proof: nodes }, i) => ({
          key: list[i],
          value: quantity(value),
          proof: nodes.map(toHex),
        })),
      }
    },

    eth_getBlockByHash: ([hash, isFull]) => block({ type: 'hash', hash: readHash(hash, 'hash') }, isFull),
    eth_getBlockByNumber: ([tag, isFull]) => block(readBlockTag(tag), isFull),
    eth_getBlockTransactionCountByHash: ([hash]) => countIn({ type: 'hash', hash: readHash(hash, 'hash') }),
    eth_getBlockTransactionCountByNumber: ([tag]) => countIn(readBlockTag(tag)),
    eth_getUncleCountByBlockHash: ([hash]) => (readHash(hash, 'hash') ? '0x0' : null),
    eth_getUncleCountByBlockNumber: ([tag]) => (readBlockTag(tag) ? '0x0' : null),
    eth_getBlockReceipts: async ([tag]) => {
      const found = await reader.find(readBlockTag(tag))
      return found === undefined ? null : receiptsOf(found)
    },
    eth_getTransactionByBlockHashAndIndex: ([hash, index]) =>
      transactionIn({ type: 'hash', hash: readHash(hash, 'hash') }, index),
    eth_getTransactionByBlockNumberAndIndex: ([tag, index]) => transactionIn(readBlockTag(tag), index),
    eth_getTransactionByHash: async ([value]) => {
      const hash = readHash(value, 'hash')
      const found = await reader.transaction(hash)
      if (found !== undefined)
        return formatTransaction(found.recovered, { header: found.block.header, hash: found.hash, index: found.index })
      const waiting = mempool.get(hash)
      return waiting === undefined ? null : formatTransaction(waiting, undefined)
    },
    eth_getTransactionReceipt: async ([value]) => {
      const found = await reader.transaction(readHash(value, 'hash'))
      const receipts = found && (await reader.receipts(found.hash))
      if (found === undefined || receipts === undefined) return null
      return formatReceipt(found.recovered, receipts, {
        header: found.block.header,
        hash: found.hash,
        index: found.index,
      })
    },
    eth_getLogs: ([filter]) => getLogs(reader, filter),

    eth_sendRawTransaction: ([data]) => transactions.submit(readData(data, 'transaction')),
    eth_call: async ([request, tag, overrides]) => {
      refuseOverrides(overrides)
      const call = readCall(request)
      const at = await reader.state(readBlockTag(tag))
      const result = await run(() => ledger.call(at, call))
      if (!result.ok) throw new RpcError(SERVER_ERROR, result.rejection.message, { code: result.rejection.code })
      const { succeeded, output } = result.value
      if (!succeeded)
        throw new RpcError(EXECUTION_REVERTED, `execution reverted: ${explainRevert(output)}`, toHex(output))
      return toHex(output)
    },
    eth_estimateGas: async ([request, tag, overrides]) => {
      refuseOverrides(overrides)
      const call = readCall(request)
      const at = await reader.state(readBlockTag(tag))
      const result = await run(() => ledger.estimateGas(at, call))
      if (result.ok) return quantity(result.gas)
      if (result.rejection.code === 'call/reverted')
        throw new RpcError(
          EXECUTION_REVERTED,
          `execution reverted: ${explainRevert(result.output)}`,
          toHex(result.output),
        )
      throw new RpcError(SERVER_ERROR, result.rejection.message, { code: result.rejection.code })
    },

    eth_feeHistory: async ([count, newest, percentiles]) => {
      const wanted = Math.min(readNumber(count, 'block count'), RPC_FEE_HISTORY_BLOCKS_MAX)
      const last = await reader.find(readBlockTag(newest))
      if (last === undefined) throw invalidParams('unknown newest block')
      const ranks = readList(percentiles ?? [], 'percentiles', 100).map(Number)
      if (ranks.some((rank, i) => !(rank >= 0 && rank <= 100) || rank < (ranks[i - 1] ?? 0)))
        throw invalidParams('percentiles: from 0 to 100, ascending')
      const lastHeight = last.block.header.height
      const oldest = Math.max(0, lastHeight - wanted + 1)
      const blocks: FoundBlock[] = []
      for (let height = oldest; wanted > 0 && height <= lastHeight; height++) {
        const found = await reader.find({ type: 'height', height })
        if (found !== undefined) blocks.push(found)
      }
      const headers = blocks.map(found => found.block.header)
      const rewards: string[][] = []
      for (const found of ranks.length === 0 ? [] : blocks) rewards.push(await tipsOf(found, ranks))
      return {
        oldestBlock: quantity(oldest),
        baseFeePerGas: [
          ...headers.map(header => quantity(header.baseFeePerGas)),
          quantity(nextBaseFee(last.block.header, ledger.rules.parameters)),
        ],
        gasUsedRatio: headers.map(header => header.gasUsed / header.gasLimit),
        baseFeePerBlobGas: Array.from({ length: headers.length + 1 }, () => '0x1'),
        blobGasUsedRatio: headers.map(() => 0),
        ...(ranks.length === 0 ? {} : { reward: rewards }),
      }
    },
  }

  /** The tips below which these shares of a block's gas were used. */
  async function tipsOf(found: FoundBlock, ranks: readonly number[]): Promise<string[]> {
    const receipts = (await reader.receipts(found.hash)) ?? []
    const { header } = found.block
    const used = (await reader.transactions(found)).map((transaction, i) => ({
      tip: tipOf(transaction, header.baseFeePerGas),
      gas: receipts[i]!.cumulativeGasUsed - (receipts[i - 1]?.cumulativeGasUsed ?? 0),
    }))
    used.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
    return ranks.map(rank => {
      let below = 0
      const at = used.find(({ gas }) => {
        below += gas
        return below >= (header.gasUsed * rank) / 100
      })
      return quantity(at?.tip ?? 0n)
    })
  }
}

/** To ignore them would be to answer another question. */
function refuseOverrides(value: unknown): void {
  if (value !== undefined && value !== null)
    throw invalidParams('state overrides: this node does not have them; leave the third parameter out')
}

function readCall(value: unknown): CallRequest {
  // null is as good as nothing, as clients write it
  const given = Object.entries(readObject(value, 'call')).filter(([, part]) => part !== null)
  const object = Object.fromEntries(given) as Readonly<Record<string, unknown>>
  const { from, to, gas, value: amount, data, input, accessList } = object
  if (data !== undefined && input !== undefined && data !== input) throw invalidParams('call: data and input differ')
  const bytes = input ?? data
  return {
    ...(from === undefined ? {} : { from: readAddress(from, 'call.from') }),
    ...(to === undefined ? {} : { to: readAddress(to, 'call.to') }),
    ...(gas === undefined ? {} : { gasLimit: Math.min(readNumber(gas, 'call.gas'), RPC_CALL_GAS_MAX) }),
    ...(amount === undefined ? {} : { valueWei: readQuantity(amount, 'call.value') }),
    ...(bytes === undefined ? {} : { data: readData(bytes, 'call.data') }),
    ...(accessList === undefined ? {} : { accessList: readAccessList(accessList) }),
  }
}

function readAccessList(value: unknown): NonNullable<CallRequest['accessList']> {
  return readList(value, 'call.accessList', 1_000).map(item => {
    const entry = readObject(item, 'call.accessList')
    const slots: Hash[] = readList(entry.storageKeys ?? [], 'storageKeys', 1_000).map(key =>
      readHash(key, 'storageKeys'),
    )
    return { address: readAddress(entry.address, 'call.accessList.address'), slots }
  })
}
