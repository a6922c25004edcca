// Peers that mean harm, against real nodes.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Transport } from '@tan/network'
import { createSeededRandom, equalBytes, randomBytesFrom } from '@tan/primitives'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestChain, createTestNode, eventually, type TestChain } from './devnet-for-tests.ts'
import type { Node } from './node.ts'
import {
  createStrangePeer,
  encodeProposal,
  encodeSettlement,
  metricOf,
  settledProposal,
} from './wire/peer-for-tests.ts'
import { BLOCKS_TOPIC, SETTLEMENT_PROTOCOL } from './wire/protocols.ts'

const running: Node[] = []
const strange: Transport[] = []
afterEach(async () => {
  await Promise.all(strange.splice(0).map(transport => transport.stop()))
  await Promise.all(running.splice(0).map(node => node.stop()))
})

const folder = () => mkdtempSync(join(tmpdir(), 'tan-node-'))

async function startNode(chain: TestChain, i: number, bootstrap: readonly string[] = []): Promise<Node> {
  const node = await createTestNode(chain, i, { storeUrl: `level:${folder()}`, bootstrap })
  running.push(node)
  await node.start()
  return node
}

async function strangePeer(node: Node, seed: number) {
  const peer = await createStrangePeer(node, seed)
  strange.push(peer.transport)
  return peer
}

describe('timers', () => {
  it('that are longer than a timer can be do not fire at once', async () => {
    const warnings: string[] = []
    const note = ({ name }: Error): number => warnings.push(name)
    process.on('warning', note)
    const node = await startNode(createTestChain(2, 0, { blockIntervalMs: 30 * 24 * 3_600_000 }), 0)
    await node.stop()
    process.off('warning', note)
    expect(warnings).not.toContain('TimeoutOverflowWarning')
  })
})

describe('what strangers send', () => {
  it('old blocks without a right signature reach nobody through a node', async () => {
    const chain = createTestChain(1, 1)
    const validator = await startNode(chain, 0)
    const follower = await startNode(chain, 1, validator.transport.addresses)
    const listener = await strangePeer(follower, 1)
    const rogue = await strangePeer(follower, 2)
    await eventually('blocks come through the follower', () => listener.heard.length > 0)
    await eventually('a block is settled', () => follower.chain.settled.header.height >= 2)
    const old = await settledProposal(follower, 1)
    const random = createSeededRandom(1)
    const garbage: Uint8Array[] = []
    const received = () => metricOf(follower, 'tan_network_messages_received_total', 'blocks')
    const before = await received()
    await eventually('much arrived', async () => {
      garbage.push(encodeProposal(follower.genesisHash, { ...old, signature: randomBytesFrom(random, 96) }))
      rogue.transport.broadcast(BLOCKS_TOPIC, garbage.at(-1)!)
      return garbage.length >= 20 && (await received()) >= before + 20
    })
    const heard = listener.heard.length
    await eventually('later blocks come through', () => listener.heard.length >= heard + 5)
    expect(listener.heard.filter(bytes => garbage.some(other => equalBytes(bytes, other)))).toEqual([])
    // the follower itself is in good standing with the validator
    expect(validator.transport.peers().map(({ penaltyPoints }) => penaltyPoints)).toEqual([0])
  })

  it('a right block with the body of another does not keep a node from the right one', async () => {
    const chain = createTestChain(1, 1)
    const validator = await startNode(chain, 0)
    const follower = await startNode(chain, 1)
    const { transport } = await strangePeer(follower, 1)
    await eventually('blocks are settled', () => validator.chain.settled.header.height >= 8)
    const proposals = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(height => settledProposal(validator, height)))
    const [first] = proposals
    await eventually('it hears the stranger', async () => {
      const swapped = { ...first!, block: { ...first!.block, transactions: [Uint8Array.of(1, 2, 3)] } }
      transport.broadcast(BLOCKS_TOPIC, encodeProposal(follower.genesisHash, swapped))
      return (await metricOf(follower, 'tan_network_messages_received_total', 'blocks')) > 0
    })
    for (const proposal of proposals) transport.broadcast(BLOCKS_TOPIC, encodeProposal(follower.genesisHash, proposal))
    await eventually('the right ones are settled', () => follower.chain.settled.header.height >= 6)
    expect(await metricOf(follower, 'tan_network_offences_total', 'proposal/body')).toBe(1)
  })

  it('valid messages of validators, over and over, are looked at only a little', async () => {
    const chain = createTestChain(1)
    const node = await startNode(chain, 0)
    const { transport } = await strangePeer(node, 1)
    await eventually('a block is settled', () => node.chain.settled.header.height >= 3)
    const certificate = (await settledProposal(node, 3)).block.record.justify
    const bytes = encodeSettlement(node.genesisHash, { type: 'certificate', certificate })
    for (let i = 0; i < 100; i++) transport.send(node.transport.self, SETTLEMENT_PROTOCOL, bytes)
    const count = (name: string) => metricOf(node, name)
    await eventually(
      'most are dropped',
      async () => (await count('tan_consensus_stranger_messages_dropped_total')) > 50,
    )
    expect(node.transport.peers().map(({ penaltyPoints }) => penaltyPoints)).toEqual([0])
  })

  it('anything but blocks where blocks are gossiped is an offence', async () => {
    const chain = createTestChain(1)
    const node = await startNode(chain, 0)
    const { transport } = await strangePeer(node, 1)
    await eventually('blocks are settled', () => node.chain.settled.header.height >= 3)
    const certificate = (await settledProposal(node, 3)).block.record.justify
    const random = createSeededRandom(1)
    await eventually('it is punished', async () => {
      const another = { ...certificate, signature: randomBytesFrom(random, 96) }
      transport.broadcast(
        BLOCKS_TOPIC,
        encodeSettlement(node.genesisHash, { type: 'certificate', certificate: another }),
      )
      return (await metricOf(node, 'tan_network_offences_total', 'settlement/topic')) > 0
    })
  })
})
