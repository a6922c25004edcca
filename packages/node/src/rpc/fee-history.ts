// eth_feeHistory: what the gas of past blocks cost, and which tips they took.
import { nextBaseFee } from '@tan/ledger'
import { RPC_FEE_HISTORY_BLOCKS_MAX } from '../limits.ts'
import { tipOf } from '../mempool/mempool.ts'
import { invalidParams } from './errors.ts'
import { quantity } from './format.ts'
import type { BlockTag } from './params.ts'
import type { ChainReader, FoundBlock } from './reader.ts'

/** Of the `count` blocks up to `newest`; `ranks` are percentiles of each block's gas, in ascending order. */
export async function feeHistory(
  reader: ChainReader,
  count: number,
  newest: BlockTag,
  ranks: readonly number[],
): Promise<unknown> {
  const wanted = Math.min(count, RPC_FEE_HISTORY_BLOCKS_MAX)
  const last = await reader.find(newest)
  if (last === undefined) throw invalidParams('unknown newest block')
  const lastHeight = last.block.header.height
  const oldest = Math.max(0, lastHeight - wanted + 1)
  const blocks: FoundBlock[] = []
  for (let height = oldest; wanted > 0 && height <= lastHeight; height++) {
    const found = await reader.find({ type: 'height', height })
    if (found !== undefined) blocks.push(found)
  }
  const headers = blocks.map(found => found.block.header)
  const rewards: string[][] = []
  for (const found of ranks.length === 0 ? [] : blocks) rewards.push(await tipsOf(reader, found, ranks))
  return {
    oldestBlock: quantity(oldest),
    baseFeePerGas: [
      ...headers.map(header => quantity(header.baseFeePerGas)),
      quantity(nextBaseFee(last.block.header, reader.chain.ledger.rules.parameters)),
    ],
    gasUsedRatio: headers.map(header => header.gasUsed / header.gasLimit),
    baseFeePerBlobGas: Array.from({ length: headers.length + 1 }, () => '0x1'),
    blobGasUsedRatio: headers.map(() => 0),
    ...(ranks.length === 0 ? {} : { reward: rewards }),
  }
}

/** The tips below which these shares of a block's gas were used. */
async function tipsOf(reader: ChainReader, found: FoundBlock, ranks: readonly number[]): Promise<string[]> {
  const receipts = await reader.receipts(found)
  const { header } = found.block
  const used = (await reader.transactions(found)).map((transaction, i) => ({
    tip: tipOf(transaction, header.baseFeePerGas) ?? 0n,
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
