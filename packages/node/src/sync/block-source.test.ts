// A node that is behind, among peers that want to keep it there.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestHandler } from '@tan/network'
import { createSeededRandom, decode, encode, randomBytesFrom, toHex } from '@tan/primitives'
import { hashBlock } from '@tan/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import type { Node } from '../node.ts'
import { createTestChain, createTestNode, eventually, type TestChain } from '../testing/devnet.ts'
import { createStrangePeer, metricOf, type StrangePeer, settledProposal } from '../testing/peer.ts'
import { blocksRequestCodec, blocksResponseCodec, helloCodec } from '../wire/messages.ts'
import { HELLO_PROTOCOL } from '../wire/protocols.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  await Promise.all(cleanups.splice(0).map(cleanup => cleanup()))
})

async function startNode(chain: TestChain, i: number): Promise<Node> {
  const storeUrl = `level:${mkdtempSync(join(tmpdir(), 'tan-node-'))}`
  const node = await createTestNode(chain, i, { storeUrl })
  cleanups.push(() => node.stop())
  await node.start()
  return node
}

/** Tells the node of this head over and over, as nodes do. */
function tellOf(peer: StrangePeer, node: Node, head: () => { hash: `0x${string}`; height: number }): void {
  const timer = setInterval(() => {
    const { hash, height } = head()
    const hello = { settledHeight: height, headHeight: height, headHash: hash, validator: undefined }
    peer.transport.send(node.transport.self, HELLO_PROTOCOL, encode(helloCodec, hello))
  }, 250)
  cleanups.push(
    () => clearInterval(timer),
    () => peer.transport.stop(),
  )
}

async function liar(node: Node, seed: number, answer?: RequestHandler): Promise<void> {
  const random = createSeededRandom(seed)
  const peer = await createStrangePeer(node, seed, answer)
  tellOf(peer, node, () => ({ hash: toHex(randomBytesFrom(random, 32)), height: 1_000_000_000 }))
}

/** Gives the settled blocks of a chain one by one. */
async function relay(from: Node, to: Node, seed: number, height: number): Promise<void> {
  const head = hashBlock((await settledProposal(from, height)).block)
  const peer = await createStrangePeer(to, seed, async (_, bytes) => {
    const { hash, aboveHeight } = decode(blocksRequestCodec, bytes)
    const isKnown = hash === head && aboveHeight < height
    return encode(blocksResponseCodec, isKnown ? [await settledProposal(from, aboveHeight + 1)] : [])
  })
  tellOf(peer, to, () => ({ hash: head, height }))
}

const settledHeight = (node: Node): number => node.chain.settled.header.height

describe('a node that is behind', () => {
  it('catches up with a validator, however many strangers tell of heads and are silent when asked', async () => {
    const chain = createTestChain(1, 1)
    const validator = await startNode(chain, 0)
    await eventually('blocks are settled', () => settledHeight(validator) >= 10)
    const late = await startNode(chain, 1)
    for (let i = 0; i < 6; i++) await liar(late, i)
    await eventually('they were believed', async () => {
      const sent = await metricOf(late, 'tan_network_messages_sent_total', '"blocks"')
      return sent >= 4
    })
    await late.transport.dial(validator.transport.addresses[0]!)
    await eventually('it has caught up', () => settledHeight(late) >= 10, 10_000)
  })

  it('catches up when not one answer holds enough to settle anything', async () => {
    const chain = createTestChain(1, 1)
    const validator = await startNode(chain, 0)
    await eventually('blocks are settled', () => settledHeight(validator) >= 12)
    const late = await startNode(chain, 1)
    await relay(validator, late, 1, 12)
    await eventually('it has caught up', () => settledHeight(late) >= 10)
    expect(late.transport.peers().map(({ penaltyPoints }) => penaltyPoints)).toEqual([0])
  })

  it('punishes who tells of a block and does not have it, and asks others at once', async () => {
    const chain = createTestChain(1, 1)
    const validator = await startNode(chain, 0)
    await eventually('blocks are settled', () => settledHeight(validator) >= 8)
    const late = await startNode(chain, 1)
    for (let i = 0; i < 8; i++) await liar(late, i, async () => encode(blocksResponseCodec, []))
    await eventually('they are punished', async () => {
      return (await metricOf(late, 'tan_network_offences_total', 'sync/announced')) === 8
    })
    await relay(validator, late, 20, 8)
    await eventually('it has caught up with an honest stranger', () => settledHeight(late) >= 6)
  })
})
