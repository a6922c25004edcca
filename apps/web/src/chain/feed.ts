// The state of the chain for every page: identity, head, settled and finalized blocks, and the newest blocks. It
// follows the node's pushes, and fetches what a lost connection made it miss.
import { type Hash, type Reason, reasonOf } from '@tan/primitives'
import { BLOCK_FETCHES_AT_ONCE, BLOCKS_BACKFILL, BLOCKS_KEPT_MAX } from '../limits.ts'
import type { RpcLink } from '../rpc/link.ts'
import {
  type ChainInfo,
  type ChainStatus,
  getChainInfo,
  getStatus,
  getTanBlock,
  type TanBlock,
  watchHeads,
  watchStatus,
} from '../rpc/tan.ts'
import { createStore, type Readable } from '../store.ts'
import { insertBlock, missingParent } from './blocks.ts'

export interface ChainFeed {
  /** undefined until the node answers */
  readonly info: Readable<ChainInfo | undefined>
  readonly status: Readable<ChainStatus | undefined>
  /** newest first, one chain */
  readonly blocks: Readable<readonly TanBlock[]>
  /** why the chain cannot be read at the moment */
  readonly failure: Readable<Reason | undefined>
  stop(): void
}

export function createChainFeed(link: RpcLink): ChainFeed {
  const info = createStore<ChainInfo | undefined>(undefined)
  const status = createStore<ChainStatus | undefined>(undefined)
  const blocks = createStore<readonly TanBlock[]>([])
  const failure = createStore<Reason | undefined>(undefined)
  const fetching = new Set<Hash>()

  const take = (block: TanBlock): void => blocks.update(list => insertBlock(list, block, BLOCKS_KEPT_MAX))

  /** Fetches a block and then, one by one, its missing ancestors. */
  const fetchBack = async (hash: Hash): Promise<void> => {
    if (fetching.has(hash)) return
    fetching.add(hash)
    try {
      const block = await getTanBlock(link, hash)
      if (block !== undefined) take(block)
    } finally {
      fetching.delete(hash)
    }
    const missing = missingParent(blocks.get(), BLOCKS_BACKFILL)
    if (missing !== undefined && missing !== hash) await fetchBack(missing)
  }

  const start = async (): Promise<void> => {
    const [chain, now] = await Promise.all([getChainInfo(link), getStatus(link)])
    // Another chain at the same address: a devnet that was started with --fresh.
    if (chain.genesisHash !== info.get()?.genesisHash) blocks.set([])
    info.set(chain)
    status.set(now)
    const newest = blocks.get()[0]?.height ?? -1
    // Even if checkpoints are far apart, show all blocks that are not final, and some that are.
    const open = now.head.height - now.finalized.height
    const count = Math.min(BLOCKS_KEPT_MAX, Math.max(BLOCKS_BACKFILL, open + BLOCKS_BACKFILL / 2))
    const heights = Array.from({ length: count }, (_, i) => now.head.height - i).filter(height => height > newest)
    await inTurns(heights, BLOCK_FETCHES_AT_ONCE, async height => {
      const block = await getTanBlock(link, height)
      if (block !== undefined) take(block)
    })
    failure.set(undefined)
  }

  const report = (error: unknown): void => {
    // The page shows a lost connection, and the feed restarts with the next one.
    const rejection = reasonOf(error)
    if (rejection.code !== 'rpc/lost' && rejection.code !== 'rpc/closed') failure.set(rejection)
  }

  let wasLive = false
  const followLink = (): void => {
    const isLive = link.state.get().kind === 'live'
    if (isLive && !wasLive) start().catch(report)
    wasLive = isLive
  }
  const ends = [
    watchStatus(link, status.set),
    watchHeads(link, hash => fetchBack(hash).catch(report)),
    link.state.subscribe(followLink),
  ]
  const stop = (): void => {
    for (const end of ends) end()
  }
  followLink()
  return { info, status, blocks, failure, stop }
}

async function inTurns<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
