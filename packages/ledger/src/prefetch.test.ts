// A store that answers only later: what `prefetchKeys` fetches before is all that a block of native transactions reads.
import type { Hash } from '@tan/primitives'
import { poolIdOf, SYSTEM_ADDRESSES } from '@tan/protocol'
import { type KeyValueStore, MemoryStore, MissingStateError, StateStore } from '@tan/storage'
import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { prefetchKeys } from './prefetch.ts'
import { recovered as recoveredFrom, signed, TestChain, TOKEN, testAccount, testGenesis } from './testing/chain.ts'
import { PoolWorld, payer, signer } from './testing/pools.ts'
import { CONTRACTS, type ContractName, encodeCall } from './testing/world.ts'

const [alice, bob, carol] = [testAccount('alice'), testAccount('bob'), testAccount('carol')]
const genesis = testGenesis([payer, alice, bob])

function withoutSync(store: MemoryStore): KeyValueStore {
  return {
    get: key => store.get(key),
    getMany: keys => store.getMany(keys),
    write: (operations, options) => store.write(operations, options),
    iterate: range => store.iterate(range),
    close: () => store.close(),
  }
}

/** What is on disk alone: a store that has cached nothing yet. */
async function coldStore(disk: MemoryStore): Promise<StateStore> {
  return StateStore.open(withoutSync(disk))
}

describe('prefetching', () => {
  it('finds accounts and slots in the bytes of transactions', async () => {
    const world = new PoolWorld(genesis)
    const terms = world.terms({ deposit: 10n * TOKEN, collateral: 20n * TOKEN })
    const poolId: Hash = poolIdOf(genesis.chainId, payer.address, 0n, terms)
    const { resourceCommitment, deposit, collateral, durationBlocks, reserver } = terms
    const call = (
      from: typeof alice,
      nonce: bigint,
      contract: ContractName,
      name: string,
      args: unknown[],
      value = 0n,
    ) =>
      signed(genesis, from, {
        nonce,
        to: CONTRACTS[contract].address,
        data: encodeCall(contract, name, args),
        value,
        gasLimit: 400_000n,
      })
    const create = [resourceCommitment, deposit, collateral, BigInt(durationBlocks), signer.address, reserver, []]
    const first = [
      call(payer, 0n, 'pools', 'createPool', create, deposit + collateral),
      call(bob, 0n, 'tan', 'approve', [alice.address, 5n]),
    ]
    const second = [
      signed(genesis, alice, { to: carol.address, value: 1n }),
      call(alice, 1n, 'tan', 'transfer', [carol.address, 7n]),
      call(alice, 2n, 'tan', 'transferFrom', [bob.address, carol.address, 5n]),
      call(alice, 3n, 'pools', 'redeem', [[world.voucher(poolId, { target: carol.address, amount: TOKEN })]]),
      call(alice, 4n, 'staking', 'deposit', [1n]),
      signed(genesis, bob, { nonce: 1n, to: SYSTEM_ADDRESSES.tanToken, gasLimit: 30_000n }),
    ]

    const chain = await TestChain.open(genesis)
    const disk = new MemoryStore()
    const store = await coldStore(disk)
    const ledger = new Ledger({ genesis, store })
    const start = await store.run(() => ledger.createGenesis())
    await store.settle(start.state)
    const one = await chain.grow(first)
    const after = await store.run(() => ledger.execute(start, one.block))
    if (!after.ok) throw new Error(after.rejection.message)
    await store.settle(after.value.state)

    const two = await chain.grow(second)
    expect(two.skipped).toEqual([])
    expect(two.receipts.map(receipt => receipt.succeeded)).toEqual([true, true, true, true, false, false])
    const coldState = await coldStore(disk)
    const cold = new Ledger({ genesis, store: coldState })
    const parent = { header: one.header, state: coldState.settled, ancestors: one.ancestors }
    const recovered = two.block.transactions.map(recoveredFrom)
    expect(() => cold.execute(parent, two.block, recovered)).toThrow(MissingStateError)
    await coldState.prefetch(prefetchKeys(recovered, two.header.beneficiary))
    // all that execution reads is at hand now; what applying its writes reads of the tries is not
    const missing = await missingOf(() => cold.execute(parent, two.block, recovered))
    expect(new Set(missing)).toEqual(new Set(['node']))
    const result = await coldState.run(() => cold.execute(parent, two.block, recovered))
    expect(result).toMatchObject({ ok: true })
  })
})

async function missingOf(action: () => unknown): Promise<string[]> {
  try {
    action()
  } catch (error) {
    if (error instanceof MissingStateError) return error.keys.map(key => key.type)
    throw error
  }
  return []
}
