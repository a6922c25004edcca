// A peer that speaks the protocols of nodes and is none: it sends what a test wants, and hears what it is sent.
import { createLibp2pTransport, type RequestHandler, type Transport } from '@tan/network'
import { createSeededRandom, encode, type Hash, randomBytesFrom } from '@tan/primitives'
import { type Proposal, type SettlementMessage, settlementEnvelopeCodec } from '@tan/protocol'
import type { Node } from '../node.ts'
import {
  BLOCKS_PROTOCOL,
  BLOCKS_TOPIC,
  FINALITY_TOPIC,
  HELLO_PROTOCOL,
  SETTLEMENT_PROTOCOL,
  TRANSACTIONS_TOPIC,
} from './protocols.ts'

export interface StrangePeer {
  readonly transport: Transport
  /** blocks that it heard by gossip, as they came */
  readonly heard: Uint8Array[]
}

/** Connected to the node. It answers requests for blocks as it is told to, or never. */
export async function createStrangePeer(
  node: Node,
  seed: number,
  answer: RequestHandler = () => new Promise(() => {}),
): Promise<StrangePeer> {
  const random = createSeededRandom(seed)
  const transport = await createLibp2pTransport({
    key: randomBytesFrom(random, 32),
    listen: [],
    genesis: node.genesisHash,
    peersTarget: 0,
    allowPrivateAddresses: true,
    clock: { nowMs: () => Date.now() },
    random,
  })
  const heard: Uint8Array[] = []
  transport.onGossip(BLOCKS_TOPIC, (_, bytes) => {
    heard.push(bytes)
    return 'accept'
  })
  for (const topic of [TRANSACTIONS_TOPIC, FINALITY_TOPIC]) transport.onGossip(topic, () => 'ignore')
  for (const protocol of [SETTLEMENT_PROTOCOL, HELLO_PROTOCOL]) transport.onMessage(protocol, () => 'ignore')
  transport.onRequest(BLOCKS_PROTOCOL, answer)
  await transport.start()
  await transport.dial(node.transport.addresses[0]!)
  return { transport, heard }
}

/** Of the chain's first era, whose start is its genesis block. */
export function encodeSettlement(era: Hash, message: SettlementMessage): Uint8Array {
  return encode(settlementEnvelopeCodec, { era, message })
}

export function encodeProposal(era: Hash, proposal: Proposal): Uint8Array {
  return encodeSettlement(era, { type: 'proposal', proposal })
}

/** The settled block of a node at a height. */
export async function settledProposal(node: Node, height: number): Promise<Proposal> {
  return (await node.chain.store.proposal((await node.chain.store.hashAt(height))!))!
}

/** The sum of a metric's values whose labels hold the text. */
export async function metricOf(node: Node, name: string, label = ''): Promise<number> {
  const lines = (await node.metrics.text()).split('\n')
  const values = lines.filter(line => line.startsWith(name) && line.includes(label))
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}
