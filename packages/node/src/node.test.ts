import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@tan/primitives'
import { SYSTEM_ADDRESSES, TAN_TOKEN_ABI } from '@tan/protocol'
import { createPublicClient, createWalletClient, defineChain, http, parseAbi, parseEther, webSocket } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterEach, describe, expect, it } from 'vitest'
import { createTestChain, createTestNode, eventually, type TestChain } from './devnet-for-tests.ts'
import type { Node } from './node.ts'

const running: Node[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(node => node.stop()))
})

interface TestNet {
  readonly chain: TestChain
  readonly nodes: Node[]
  readonly folders: readonly string[]
}

async function startNet(validators: number, others = 0): Promise<TestNet> {
  const chain = createTestChain(validators, others)
  const nodes: Node[] = []
  const folders = Array.from({ length: validators + others }, () => mkdtempSync(join(tmpdir(), 'tan-node-')))
  for (const [i, folder] of folders.entries()) nodes.push(await startNode(chain, i, folder, nodes[0], i === 0))
  return { chain, nodes, folders }
}

async function startNode(
  chain: TestChain,
  i: number,
  folder: string,
  other: Node | undefined,
  rpc = false,
): Promise<Node> {
  const bootstrap = other === undefined ? [] : other.transport.addresses
  const node = await createTestNode(chain, i, { storeUrl: `level:${folder}`, bootstrap, rpc })
  running.push(node)
  await node.start()
  return node
}

function clientsFor(net: TestNet) {
  const url = net.nodes[0]!.rpcUrl!
  const chain = defineChain({
    id: net.chain.genesis.chainId,
    name: 'test',
    nativeCurrency: { name: 'TANGam', symbol: 'TANGam', decimals: 18 },
    rpcUrls: { default: { http: [url] } },
  })
  const account = privateKeyToAccount(toHex(net.chain.rich))
  return {
    account,
    reader: createPublicClient({ chain, transport: http(url), pollingInterval: 50 }),
    socket: createPublicClient({ chain, transport: webSocket(url.replace('http', 'ws')) }),
    wallet: createWalletClient({ chain, account, transport: http(url) }),
  }
}

describe('nodes', () => {
  it('settle and finalize together', async () => {
    const { nodes } = await startNet(4, 1)
    await eventually('all nodes finalize height 10', () => nodes.every(node => node.chain.finalized.height >= 10))
    const hashes = await Promise.all(nodes.map(node => node.chain.store.hashAt(10)))
    expect(new Set(hashes).size).toBe(1)
  })

  it('let a wallet library send both currencies and read them back', async () => {
    const net = await startNet(4)
    const { account, reader, wallet } = clientsFor(net)
    const to = '0x00000000000000000000000000000000000000aa'
    expect(await reader.getChainId()).toBe(net.chain.genesis.chainId)
    const sent = await wallet.sendTransaction({ to, value: parseEther('1.5') })
    const receipt = await reader.waitForTransactionReceipt({ hash: sent })
    expect(receipt.status).toBe('success')
    expect(receipt.gasUsed).toBe(21_000n)
    expect(await reader.getBalance({ address: to })).toBe(parseEther('1.5'))

    const abi = parseAbi(TAN_TOKEN_ABI)
    const address = SYSTEM_ADDRESSES.tanToken
    const moved = await wallet.writeContract({ address, abi, functionName: 'transfer', args: [to, parseEther('7')] })
    const { logs, status, blockNumber } = await reader.waitForTransactionReceipt({ hash: moved })
    expect([status, logs.length]).toEqual(['success', 1])
    expect(await reader.readContract({ address, abi, functionName: 'balanceOf', args: [to] })).toBe(parseEther('7'))
    const events = await reader.getContractEvents({
      address,
      abi,
      eventName: 'Transfer',
      fromBlock: blockNumber,
      toBlock: blockNumber,
    })
    expect(events.map(event => event.args)).toEqual([
      {
        from: account.address,
        to: account.address && '0x00000000000000000000000000000000000000AA',
        amount: parseEther('7'),
      },
    ])

    const block = await reader.getBlock({ blockNumber, includeTransactions: true })
    expect(block.transactions.some(transaction => transaction.hash === moved)).toBe(true)
    expect(await reader.getTransactionCount({ address: account.address })).toBe(2)
    await eventually(
      'the transfer is final',
      async () => (await reader.getBlock({ blockTag: 'finalized' })).number >= blockNumber,
    )
    const proof = await reader.getProof({ address: to, storageKeys: [] })
    expect(proof.balance).toBe(parseEther('1.5'))
  })

  it('push new heads over a WebSocket', async () => {
    const net = await startNet(4)
    const { socket } = clientsFor(net)
    const heights: bigint[] = []
    const stop = socket.watchBlocks({ onBlock: block => heights.push(block.number) })
    await eventually('five heads', () => heights.length >= 5)
    stop()
    const rising = heights.every((height, i) => i === 0 || height > heights[i - 1]!)
    expect(rising).toBe(true)
  })

  it('catch up after having been away', async () => {
    const net = await startNet(4)
    await eventually('height 5', () => net.nodes.every(node => node.chain.settled.header.height >= 5))
    await net.nodes[3]!.stop()
    const left = net.nodes[0]!.chain.settled.header.height
    await eventually('30 more blocks', () => net.nodes[0]!.chain.settled.header.height >= left + 30)
    const back = await startNode(net.chain, 3, net.folders[3]!, net.nodes[0])
    const goal = net.nodes[0]!.chain.settled.header.height
    await eventually('it has caught up', () => back.chain.settled.header.height >= goal)
    expect(await back.chain.store.hashAt(goal)).toBe(await net.nodes[0]!.chain.store.hashAt(goal))
    await eventually('it finalizes with the others', () => back.chain.finalized.height >= goal)
  })

  it('stop without a quorum, and go on when one is back', async () => {
    const net = await startNet(4)
    await eventually('height 3', () => net.nodes.every(node => node.chain.settled.header.height >= 3))
    await Promise.all([net.nodes[2]!.stop(), net.nodes[3]!.stop()])
    const [a, b] = [net.nodes[0]!, net.nodes[1]!]
    await eventually('both give the epoch up', () => {
      const [one, two] = [a, b].map(node => node.consensus.reader.settlementStatus())
      return one!.epoch === two!.epoch && one!.epoch > one!.highCertificateEpoch
    })
    const stopped = a.chain.head.header.height
    const third = await startNode(net.chain, 2, net.folders[2]!, a)
    await eventually('three go on', () => third.chain.settled.header.height >= stopped + 5)
    const hashes = await Promise.all([a, b, third].map(node => node.chain.store.hashAt(stopped + 2)))
    expect(new Set(hashes).size).toBe(1)
  })
})
