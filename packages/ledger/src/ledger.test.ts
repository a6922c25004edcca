import { type Reason, ZERO_HASH } from '@tan/primitives'
import { type Block, type Genesis, hashBlock, SYSTEM_ADDRESSES } from '@tan/protocol'
import { MemoryStore, orderedListRoot, StateStore } from '@tan/storage'
import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'
import { GWEI, signed, TestChain, TOKEN, testAccount, testGenesis } from './testing/chain.ts'

const [alice, bob, carol] = [testAccount('alice'), testAccount('bob'), testAccount('carol')]
const genesis = testGenesis([alice, bob])

/** What it is refused with. */
async function createWith(changes: Partial<Genesis>): Promise<unknown> {
  const ledger = new Ledger({ genesis: { ...genesis, ...changes }, store: await StateStore.open(new MemoryStore()) })
  try {
    ledger.createGenesis()
  } catch (error) {
    return error
  }
  return undefined
}

describe('genesis', () => {
  it('is the same block wherever it is made, and another one for another chain', async () => {
    const hashOf = async (of: Genesis) => {
      const ledger = new Ledger({ genesis: of, store: await StateStore.open(new MemoryStore()) })
      return hashBlock(ledger.createGenesis().block)
    }
    const hash = await hashOf(genesis)
    expect(await hashOf(testGenesis([alice, bob]))).toBe(hash)
    expect(await hashOf({ ...genesis, name: 'another' })).not.toBe(hash)
    expect(await hashOf({ ...genesis, timestampS: genesis.timestampS + 1 })).not.toBe(hash)
    expect(await hashOf({ ...genesis, isDevnet: false })).not.toBe(hash)
    expect(await hashOf({ ...genesis, parameters: { ...genesis.parameters, checkpointInterval: 7 } })).not.toBe(hash)
  })

  it('refuses a key without its proof of possession', async () => {
    const [first, second] = genesis.guardians
    const forged = { ...first!, proofOfPossession: second!.proofOfPossession }
    const refusal = await createWith({ guardians: genesis.guardians.with(0, forged) })
    expect(refusal).toMatchObject({
      code: 'genesis/guardian',
      message: expect.stringMatching(/InvalidProofOfPossession/),
    })
    const elsewhere = await createWith({ chainId: genesis.chainId + 1 })
    expect(elsewhere).toMatchObject({ code: 'genesis/guardian' })
  })

  it('refuses coins that do not add up, or that a system contract would have', async () => {
    const [one, ...others] = genesis.balances
    expect(await createWith({ balances: others })).toMatchObject({ code: 'genesis/invalid' })
    const lost = [{ ...one!, address: SYSTEM_ADDRESSES.staking }, ...others]
    expect(await createWith({ balances: lost })).toMatchObject({ code: 'genesis/balance' })
  })

  it('is made once', async () => {
    const store = await StateStore.open(new MemoryStore())
    const ledger = new Ledger({ genesis, store })
    await store.settle(ledger.createGenesis().state)
    expect(() => ledger.createGenesis()).toThrowError(expect.objectContaining({ code: 'genesis/not-empty' }))
  })
})

// spec L-HEADER, L-BODY
describe('blocks', () => {
  it('carry transfers that another ledger accepts', async () => {
    const chain = await TestChain.open(genesis)
    const before = chain.head.state.account(alice.address)!.balance
    const built = await chain.grow([signed(genesis, alice, { to: carol.address, value: 5n * TOKEN })])
    expect(built.skipped).toEqual([])
    expect(built.receipts).toMatchObject([{ succeeded: true, cumulativeGasUsed: 21_000, logs: [] }])
    const price = built.header.baseFeePerGas
    expect(price).toBe(GWEI)
    expect(built.state.account(carol.address)!.balance).toBe(5n * TOKEN)
    expect(built.state.account(alice.address)).toMatchObject({
      nonce: 1n,
      balance: before - 5n * TOKEN - 21_000n * price,
    })
    expect(built.burnedWei).toBe(21_000n * price)
  })

  it('are refused with one code each, whatever their header forges', async () => {
    const chain = await TestChain.open(genesis)
    const { block } = chain.build([signed(genesis, alice, { to: bob.address, value: 1n })])
    const verdict = (changes: Partial<Block['header']>, rest: Partial<Block> = {}): Reason | undefined => {
      const result = chain.verifier.execute(chain.verified, {
        ...block,
        header: { ...block.header, ...changes },
        ...rest,
      })
      return result.ok ? undefined : result.rejection
    }
    expect(verdict({})).toBeUndefined()
    const bloom = Uint8Array.from(block.header.logsBloom)
    bloom[9] = 1
    const forged: [Partial<Block['header']>, string][] = [
      [{ parentHash: ZERO_HASH }, 'block/parent'],
      [{ height: 2 }, 'block/height'],
      [{ timestampS: genesis.timestampS - 1 }, 'block/timestamp'],
      [{ gasLimit: block.header.gasLimit + 1 }, 'block/gas-limit'],
      [{ gasUsed: block.header.gasLimit + 1 }, 'block/gas-used'],
      [{ gasUsed: 21_001 }, 'block/gas-used'],
      [{ baseFeePerGas: GWEI + 1n }, 'block/base-fee'],
      [{ recordHash: ZERO_HASH }, 'block/record'],
      [{ mix: ZERO_HASH }, 'block/mix'],
      [{ transactionsRoot: ZERO_HASH }, 'block/transactions-root'],
      [{ receiptsRoot: ZERO_HASH }, 'block/receipts-root'],
      [{ logsBloom: bloom }, 'block/bloom'],
      [{ stateRoot: ZERO_HASH }, 'block/state-root'],
    ]
    for (const [changes, code] of forged) expect([code, verdict(changes)?.code]).toEqual([code, code])
    expect(verdict({}, { transactions: [] })?.code).toBe('block/transactions-root')
    const blob = [Uint8Array.of(3, 1)]
    expect(verdict({ transactionsRoot: orderedListRoot(blob) }, { transactions: blob })).toMatchObject({
      code: 'block/transaction',
      message: expect.stringContaining('transaction/type'),
    })
    expect(verdict({}, { record: { ...block.record, epoch: 9 } })?.code).toBe('block/record')
  })
})
