import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ledger } from '@tan/ledger'
import { AssertionError, addressOfSecretKey, type Clock, fromHex, type Hash, silentLogger } from '@tan/primitives'
import { type Block, encodeTransaction, hashBlock, hashTransaction, signTransaction } from '@tan/protocol'
import { type KeyValueStore, MemoryStore, openTable, StateStore, seal } from '@tan/storage'
import { afterEach, describe, expect, it } from 'vitest'
import { Mempool } from '../mempool/mempool.ts'
import type { Node } from '../node.ts'
import { RecoveryPool } from '../recovery/recovery-pool.ts'
import { ChainReader } from '../rpc/reader.ts'
import { createTestChain, createTestNode, eventually } from '../testing/devnet.ts'
import { Chain } from './chain.ts'
import { ChainStore } from './chain-store.ts'

const running: Node[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(node => node.stop()))
})

describe('executed blocks', () => {
  it('that consensus took no more are forgotten when their height is settled', async () => {
    const storeUrl = `level:${mkdtempSync(join(tmpdir(), 'tan-node-'))}`
    const node = await createTestNode(createTestChain(1), 0, { storeUrl })
    running.push(node)
    await node.start()
    const { chain } = node
    await eventually('blocks are settled', () => chain.settled.header.height >= 2)
    // as when a build takes longer than its epoch: made, and of no use any more
    const { hash, block, header } = chain.head
    const late = (await chain.build(hash, block.record, header.beneficiary, () => false)).hash
    const height = header.height + 1
    await eventually('that height is settled', () => chain.settled.header.height >= height)
    expect(await chain.store.hashAt(height)).not.toBe(late)
    expect(chain.unsettled(late)).toBeUndefined()
    expect(chain.unsettled(chain.settled.hash)).toBeDefined()
  })
})

const test = createTestChain(1)
const sender = addressOfSecretKey(test.rich)
const clock: Clock = { nowMs: () => (test.genesis.timestampS + 10) * 1_000 }

function transfer(nonce: bigint): Uint8Array {
  return encodeTransaction(
    signTransaction(
      {
        type: 'eip1559',
        ...{ chainId: BigInt(test.genesis.chainId), nonce, gasLimit: 21_000n, to: sender, value: 1n },
        ...{ data: new Uint8Array(0), accessList: [], maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 0n },
      },
      test.rich,
    ),
  )
}

/** The chain of a store, with no consensus over it. */
async function openChain(store: KeyValueStore): Promise<Chain> {
  const states = await StateStore.open(store)
  const ledger = new Ledger({ genesis: test.genesis, store: states })
  if ((await ChainStore.genesisOf(store)) === undefined) {
    const { block, state } = ledger.createGenesis()
    await states.settle(state, ChainStore.genesisOperations(store, block))
  }
  const recovery = new RecoveryPool(0)
  const mempool = new Mempool(clock)
  const parts = { ledger, states, store: await ChainStore.open(store), mempool, recovery, clock, logger: silentLogger }
  return Chain.open(parts, undefined)
}

/** Executes a block of one transfer on another one. */
async function grow(chain: Chain, parentHash: Hash, nonce: bigint): Promise<{ hash: Hash; block: Block }> {
  const parent = chain.unsettled(parentHash)!
  const { ledger, states } = chain
  const encoded = transfer(nonce)
  const candidates = await chain.recover({ ...parent.block, transactions: [encoded] })
  if (!candidates.ok) throw new Error(candidates.rejection.message)
  const timestampS = parent.header.timestampS + 1
  const { block } = await states.run(() =>
    ledger.build(parent, {
      candidates: candidates.value,
      timestampS,
      beneficiary: sender,
      record: parent.block.record,
    }),
  )
  const hash = hashBlock(block)
  expect(await chain.execute(block, hash)).toBeUndefined()
  return { hash, block }
}

type SettledBlocks = Parameters<Chain['settle']>[0]

function settled(made: { hash: Hash; block: Block }, child: Block): SettledBlocks {
  const proposal = { block: made.block, signature: new Uint8Array(96) }
  const proof = { header: child.header, record: child.record, certificate: child.record.justify }
  return {
    type: 'settled',
    blocks: [{ hash: made.hash, proposal, certificate: child.record.justify }],
    proof,
    dropped: [],
  }
}

describe('what is settled', () => {
  it('changes in memory only after it is on disk, and is tried again after a write that failed', async () => {
    const disk = new MemoryStore()
    let isFull = false
    const chain = await openChain({
      get: key => disk.get(key),
      getMany: keys => disk.getMany(keys),
      getSync: key => disk.getSync(key),
      iterate: range => disk.iterate(range),
      close: () => disk.close(),
      write: async (operations, options) => {
        if (isFull) throw new Error('the disk is full')
        await disk.write(operations, options)
      },
    })
    const genesis = chain.settled
    const one = await grow(chain, genesis.hash, 0n)
    const two = await grow(chain, one.hash, 1n)
    const three = await grow(chain, two.hash, 2n)
    const told: number[] = []
    chain.listen({ onSettled: blocks => told.push(...blocks.map(({ header }) => header.height)) })
    const view = async (at: Chain) => ({
      settled: at.settled.hash,
      inStore: at.store.settled,
      proof: at.store.proof?.header.height,
      root: at.states.settled.root,
      hashes: [await at.hashAt(0), await at.store.hashAt(1), await at.store.hashAt(2)],
      place: await at.store.transactionPlace(hashTransaction(transfer(0n))),
    })
    const before = await view(chain)

    isFull = true
    await expect(chain.settle(settled(one, two.block))).rejects.toThrow('the disk is full')
    expect(await view(chain)).toEqual(before)
    expect(told).toEqual([])
    isFull = false
    // not the next one: its parent is not on disk
    await expect(chain.settle(settled(two, three.block))).rejects.toThrow(AssertionError)
    expect(await view(chain)).toEqual(before)

    await chain.settle(settled(one, two.block))
    await chain.settle(settled(two, three.block))
    expect(told).toEqual([1, 2])
    const after = await view(chain)
    expect(after).toMatchObject({ settled: two.hash, proof: 3, hashes: [genesis.hash, one.hash, two.hash] })
    expect(await view(await openChain(disk))).toEqual(after)
  })

  it('holds who signed each transaction, so that nobody recovers it from the signature again', async () => {
    const disk = new MemoryStore()
    const chain = await openChain(disk)
    const one = await grow(chain, chain.settled.hash, 0n)
    const two = await grow(chain, one.hash, 1n)
    const three = await grow(chain, two.hash, 2n)
    await chain.settle(settled(one, two.block))
    await chain.settle(settled(two, three.block))
    const hash = hashTransaction(transfer(0n))
    const found = async () => {
      const reader = new ChainReader(await openChain(disk))
      const transaction = (await reader.transaction(hash))!
      const all = await reader.transactions(transaction)
      return [transaction.recovered, ...all].map(recovered => recovered.sender)
    }
    expect(await found()).toEqual([sender, sender])
    // whom the disk names is whom a reader tells of, whatever the signature says
    const other = `0x${'ab'.repeat(20)}` as const
    const key = fromHex(one.hash)
    const senders = openTable(disk, 'senders')
    await disk.write([senders.put(key, seal(key, fromHex(other)))], { durable: true })
    expect(await found()).toEqual([other, other])
    await disk.write([senders.put(key, fromHex(other))], { durable: true })
    await expect(found()).rejects.toMatchObject({ code: 'storage/corrupt' })
    await disk.write([senders.delete(key)], { durable: true })
    await expect(found()).rejects.toMatchObject({ code: 'chain/corrupt' })
  })
})
