import type { Hash } from '@tan/primitives'
import { afterEach, expect, test } from 'vitest'
import type { WebSocket as ServerSocket } from 'ws'
import { createRpcLink } from '../rpc/link.ts'
import type { Readable } from '../store.ts'
import { type Answer, pushEvent, startNode, type TestNode } from '../testing/node.ts'
import { type ChainFeed, createChainFeed } from './feed.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const hashOf = (branch: string, height: number): Hash => `0x${branch.repeat(60)}${height.toString(16).padStart(4, '0')}`
const zero: Hash = `0x${'00'.repeat(32)}`
const leader = `0x${'aa'.repeat(20)}`

/** A chain as a node tells it: blocks of branch `a`, and those of branch `b` from a height on, if there are any. */
class Chain {
  genesis: Hash = hashOf('a', 0)
  head = 30
  forkHeight = Number.POSITIVE_INFINITY
  readonly asked: number[] = []
  readonly #sockets = new Map<ServerSocket, Map<string, string>>()

  hashAt(height: number): Hash {
    return height === 0 ? this.genesis : hashOf(height >= this.forkHeight ? 'b' : 'a', height)
  }

  answer: Answer = (method, params, socket) => {
    switch (method) {
      case 'tan_chainInfo':
        return {
          chainId: 7,
          name: 'test',
          genesisHash: this.genesis,
          isDevnet: true,
          parameters: {
            checkpointInterval: 10,
            blockIntervalMs: 500,
            collateralMinPercent: 200,
            redeemGraceBlocks: 10,
            poolDurationBlocksMax: 100,
            guardianStakeMinWei: '1',
            validatorStakeMinWei: '2',
          },
        }
      case 'tan_status':
        return this.status()
      case 'tan_block':
        return this.block(params[0] as string)
      case 'eth_subscribe': {
        const id = `0x${params[0]}`
        const topics = this.#sockets.get(socket) ?? new Map()
        this.#sockets.set(socket, topics.set(params[0], id))
        return id
      }
      default:
        return new Error(`what is ${method}?`)
    }
  }

  status(): unknown {
    const point = (height: number): unknown => ({ height, hash: this.hashAt(height) })
    return {
      epoch: this.head,
      leader,
      head: point(this.head),
      settled: point(this.head - 1),
      finalized: point(this.head - 10),
      finality: { height: this.head, ballot: 0, preparePower: 0, commitPower: 0, totalPower: 8 },
      peers: 3,
      mempool: { transactions: 0, bytes: 0 },
    }
  }

  block(tag: string): unknown {
    const height = tag.length === 66 ? Number.parseInt(tag.slice(-4), 16) : Number(tag)
    this.asked.push(height)
    if (height > this.head || (tag.length === 66 && tag !== this.hashAt(height))) return null
    return {
      header: {
        height,
        hash: this.hashAt(height),
        parentHash: height === 0 ? zero : this.hashAt(height - 1),
        miner: leader,
        stateRoot: zero,
        transactionsRoot: zero,
        receiptsRoot: zero,
        timestamp: '0x10',
        gasUsed: '0x0',
        gasLimit: '0x1c9c380',
        baseFeePerGas: '0x3b9aca00',
        extraData: zero,
        mixHash: zero,
      },
      record: { epoch: height, justifyEpoch: height - 1 < 0 ? 0 : height - 1 },
      status: 'head',
      transactions: 0,
    }
  }

  /** Tells who listens that the head is another one. */
  advance(by: number): void {
    this.head += by
    for (const [socket, topics] of this.#sockets) {
      if (socket.readyState !== socket.OPEN) continue
      pushEvent(socket, topics.get('tanStatus')!, this.status())
      pushEvent(socket, topics.get('newHeads')!, { hash: this.hashAt(this.head), number: '0x1' })
    }
  }
}

async function until<T>(store: Readable<T>, isSo: (value: T) => boolean): Promise<T> {
  return new Promise(resolve => {
    const check = (): void => {
      if (!isSo(store.get())) return
      end()
      resolve(store.get())
    }
    const end = store.subscribe(check)
    check()
  })
}

async function follow(chain: Chain): Promise<{ node: TestNode; feed: ChainFeed }> {
  const node = await startNode(chain.answer)
  const link = createRpcLink(node.url)
  const feed = createChainFeed(link)
  ends.push(
    () => feed.stop(),
    () => link.close(),
    () => node.stop(),
  )
  return { node, feed }
}

const hashes = (feed: ChainFeed): Hash[] => feed.blocks.get().map(block => block.hash)
const wanted = (chain: Chain, from: number): Hash[] =>
  Array.from({ length: chain.head - from + 1 }, (_, i) => chain.hashAt(chain.head - i))

test('starts with who the chain is, how far it is, and its newest blocks', async () => {
  const chain = new Chain()
  const { feed } = await follow(chain)
  await until(feed.blocks, blocks => blocks.length === 31)
  expect(feed.info.get()).toMatchObject({ chainId: 7, genesisHash: chain.genesis })
  expect(feed.status.get()).toMatchObject({ head: { height: 30 }, finalized: { height: 20 } })
  expect(hashes(feed)).toEqual(wanted(chain, 0))
})

test('follows each new head, and fetches the blocks between that it was not told of', async () => {
  const chain = new Chain()
  const { feed } = await follow(chain)
  await until(feed.blocks, blocks => blocks.length === 31)
  chain.advance(1)
  await until(feed.blocks, blocks => blocks[0]?.height === 31)
  chain.advance(5)
  await until(feed.blocks, blocks => blocks.length === 37)
  expect(hashes(feed)).toEqual(wanted(chain, 0))
  expect(feed.status.get()?.head.height).toBe(36)
})

test('changes to the branch that won, down to where they part', async () => {
  const chain = new Chain()
  const { feed } = await follow(chain)
  await until(feed.blocks, blocks => blocks.length === 31)
  chain.forkHeight = 28
  chain.advance(1)
  await until(feed.blocks, blocks => blocks.length === 32)
  expect(hashes(feed)).toEqual(wanted(chain, 0))
})

test('catches up after a lost connection, without asking for what it has', async () => {
  const chain = new Chain()
  const { node, feed } = await follow(chain)
  await until(feed.blocks, blocks => blocks.length === 31)
  chain.asked.length = 0
  for (const socket of node.sockets) socket.terminate()
  chain.advance(4)
  await until(feed.blocks, blocks => blocks.length === 35)
  expect(hashes(feed)).toEqual(wanted(chain, 0))
  expect(Math.min(...chain.asked)).toBe(31)
})

test('forgets the blocks of a chain that was started afresh', async () => {
  const chain = new Chain()
  const { node, feed } = await follow(chain)
  await until(feed.blocks, blocks => blocks.length === 31)
  chain.genesis = hashOf('c', 0)
  chain.forkHeight = 1
  chain.head = 12
  for (const socket of node.sockets) socket.terminate()
  await until(feed.blocks, blocks => blocks.length === 13 && blocks[0]?.height === 12)
  expect(hashes(feed)).toEqual(wanted(chain, 0))
})

test('a node that answers otherwise is reported', async () => {
  const node = await startNode(() => ({ chainId: 'seven' }))
  const link = createRpcLink(node.url)
  const feed = createChainFeed(link)
  ends.push(
    () => feed.stop(),
    () => link.close(),
    () => node.stop(),
  )
  const failure = await until(feed.failure, value => value !== undefined)
  expect(failure).toMatchObject({ code: 'tracker/field', message: expect.stringContaining('tan_chainInfo.chainId') })
})
