// Transactions between real nodes, and from peers that mean harm.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Transport } from '@tan/network'
import { addressOfSecretKey, createSeededRandom, encode, randomBytesFrom } from '@tan/primitives'
import { encodeTransaction, signTransaction } from '@tan/protocol'
import { afterEach, describe, it } from 'vitest'
import type { Node } from './node.ts'
import { createTestChain, createTestNode, eventually, type TestChain } from './testing/devnet.ts'
import { createStrangePeer } from './testing/peer.ts'
import { transactionsCodec } from './wire/messages.ts'
import { TRANSACTIONS_TOPIC } from './wire/protocols.ts'

const running: Node[] = []
const strange: Transport[] = []
afterEach(async () => {
  await Promise.all(strange.splice(0).map(transport => transport.stop()))
  await Promise.all(running.splice(0).map(node => node.stop()))
})

async function startNode(chain: TestChain, i: number, bootstrap: readonly string[] = []): Promise<Node> {
  const storeUrl = `level:${mkdtempSync(join(tmpdir(), 'tan-node-'))}`
  const node = await createTestNode(chain, i, { storeUrl, bootstrap })
  running.push(node)
  await node.start()
  return node
}

function transfer(chain: TestChain, secretKey: Uint8Array, nonce: bigint, chainId = chain.genesis.chainId): Uint8Array {
  return encodeTransaction(
    signTransaction(
      {
        type: 'eip1559',
        ...{ chainId: BigInt(chainId), nonce, gasLimit: 21_000n, to: addressOfSecretKey(secretKey), value: 1n },
        ...{ data: new Uint8Array(0), accessList: [], maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 0n },
      },
      secretKey,
    ),
  )
}

describe('transactions', () => {
  it('reach a validator that was not there when they were submitted', async () => {
    const chain = createTestChain(1, 1)
    const follower = await startNode(chain, 1)
    await follower.transactions.submit(transfer(chain, chain.rich, 0n))
    const validator = await startNode(chain, 0, follower.transport.addresses)
    await eventually('the transaction is settled', async () => {
      const { state } = validator.chain.settled
      return (await validator.chain.states.run(() => state.account(addressOfSecretKey(chain.rich))))?.nonce === 1n
    })
  })
})

describe('a peer that floods', () => {
  const broke = (n: number) => randomBytesFrom(createSeededRandom(n), 32)

  it('with transactions of another chain is banned', async () => {
    const chain = createTestChain(1)
    const node = await startNode(chain, 0)
    const { transport } = await createStrangePeer(node, 5)
    strange.push(transport)
    let slot = 0
    await eventually('it is left', () => {
      const transactions = [transfer(chain, broke(slot), 0n, 999)]
      transport.broadcast(TRANSACTIONS_TOPIC, encode(transactionsCodec, { slot: slot++, transactions }))
      return slot > 1 && node.transport.peers().length === 0
    })
  })
})
