// Finding logs: eth_getLogs and the logs subscription share what a filter is and how it matches.
import { bloomMayHold, type Receipt } from '@tan/ledger'
import { type Hash, keccakHash } from '@tan/primitives'
import type { Block } from '@tan/protocol'
import { RPC_LOG_BLOCKS_MAX, RPC_LOGS_MAX } from '../limits.ts'
import { invalidParams, LIMIT_EXCEEDED, RpcError } from './errors.ts'
import { formatLog } from './format.ts'
import { type Alternatives, type BlockTag, blockOfHash, type LogFilter, type LogQuery } from './params.ts'
import type { ChainReader, FoundBlock } from './reader.ts'

function mayMatch({ header }: Block, { addresses, topics }: LogFilter): boolean {
  const holds = (items: Alternatives): boolean =>
    items === undefined || items.some(item => bloomMayHold(header.logsBloom, item))
  return holds(addresses) && topics.every(holds)
}

/** The logs of a block that match, formatted. */
export function matchingLogs({ block, hash }: FoundBlock, receipts: readonly Receipt[], filter: LogFilter): unknown[] {
  const { addresses, topics } = filter
  const found: unknown[] = []
  let logIndex = 0
  receipts.forEach(({ logs }, index) => {
    for (const log of logs) {
      const matches =
        (addresses === undefined || addresses.includes(log.address)) &&
        topics.length <= log.topics.length &&
        topics.every((wanted, i) => wanted === undefined || wanted.includes(log.topics[i]!))
      if (matches) {
        const transactionHash = keccakHash(block.transactions[index]!)
        found.push(formatLog(log, logIndex, transactionHash, { header: block.header, hash, index }))
      }
      logIndex++
    }
  })
  return found
}

export async function getLogs(reader: ChainReader, query: LogQuery): Promise<unknown[]> {
  const { filter, blockHash } = query
  if (blockHash !== undefined) return logsOfBlock(reader, blockHash, filter)
  const from = await heightOf(reader, query.from)
  const last = await heightOf(reader, query.to)
  const head = reader.chain.head.header.height
  if (from > last) throw invalidParams(`fromBlock (${from}) is above toBlock (${last})`)
  // An empty answer would say that those blocks hold no such logs.
  if (last > head) throw invalidParams(`toBlock (${last}) is above the head (${head}): there are no logs of it yet`)
  if (last - from >= RPC_LOG_BLOCKS_MAX)
    throw new RpcError(LIMIT_EXCEEDED, `${last - from + 1} blocks asked for; at most ${RPC_LOG_BLOCKS_MAX} at a time`)
  const found: unknown[] = []
  for (let height = from; height <= last; height++) {
    const hash = await reader.hashOf({ type: 'height', height })
    if (hash === undefined) break
    found.push(...(await logsOfBlock(reader, hash, filter)))
    if (found.length > RPC_LOGS_MAX)
      throw new RpcError(LIMIT_EXCEEDED, `more than ${RPC_LOGS_MAX} logs match: ask for fewer blocks at a time`)
  }
  return found
}

async function logsOfBlock(reader: ChainReader, hash: Hash, filter: LogFilter): Promise<unknown[]> {
  const found = await reader.find(blockOfHash(hash))
  if (found === undefined) throw invalidParams(`unknown block ${hash}`)
  if (!mayMatch(found.block, filter)) return []
  return matchingLogs(found, await reader.receipts(found), filter)
}

async function heightOf(reader: ChainReader, tag: BlockTag): Promise<number> {
  if (tag.type === 'height') return tag.height
  const found = await reader.find(tag)
  if (found === undefined) throw invalidParams('unknown block')
  return found.block.header.height
}
