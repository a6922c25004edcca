import { toHex } from '@tan/primitives'
import { SYSTEM_ADDRESSES } from '@tan/protocol'
import { beforeAll, describe, expect, it } from 'vitest'
import { explainRevert } from './system/contracts.ts'
import { signed, TestChain, TOKEN, testAccount, testGenesis } from './testing/chain.ts'
import { PoolWorld, payer } from './testing/pools.ts'
import { encodeCall } from './testing/world.ts'

const [alice, bob, carol] = [testAccount('alice'), testAccount('bob'), testAccount('carol')]
const genesis = testGenesis([alice, bob, payer])
const to = SYSTEM_ADDRESSES.tanToken

describe('a call', () => {
  let chain: TestChain
  beforeAll(async () => {
    chain = await TestChain.open(genesis)
  })

  it('answers a view', () => {
    const result = chain.builder.call(chain.head, { to, data: encodeCall('tan', 'balanceOf', [alice.address]) })
    expect(result).toMatchObject({ ok: true, value: { succeeded: true } })
    const share = genesis.balances.find(({ address }) => address === alice.address)!.tanWei
    expect(BigInt(toHex(result.ok ? result.value.output : new Uint8Array()))).toBe(share)
  })

  it('shows what a transaction would do, and does not do it', () => {
    const data = encodeCall('tan', 'transfer', [carol.address, 5n])
    const result = chain.builder.call(chain.head, { from: alice.address, to, data })
    expect(result).toMatchObject({ ok: true, value: { succeeded: true, logs: [{ address: to }] } })
    const after = chain.builder.call(chain.head, { to, data: encodeCall('tan', 'balanceOf', [carol.address]) })
    expect(after.ok && BigInt(toHex(after.value.output))).toBe(0n)
  })

  it('brings back the error that it reverts with, in words too', () => {
    const data = encodeCall('tan', 'transfer', [bob.address, 5n])
    const result = chain.builder.call(chain.head, { from: carol.address, to, data })
    expect(result).toMatchObject({ ok: true, value: { succeeded: false } })
    expect(explainRevert(result.ok ? result.value.output : new Uint8Array())).toBe(
      `InsufficientBalance(${carol.address}, 0, 5)`,
    )
    expect(explainRevert(new Uint8Array())).toBe('no reason given')
    expect(explainRevert(Uint8Array.of(1, 2, 3, 4, 5))).toBe('0x0102030405')
    const cut = result.ok ? result.value.output.subarray(0, 50) : new Uint8Array()
    expect(explainRevert(cut)).toMatch(/^0x/)
  })

  it('is rejected where no such transaction could run', () => {
    const call = (request: Parameters<typeof chain.builder.call>[1]) => chain.builder.call(chain.head, request)
    expect(call({ data: new Uint8Array(49_153) })).toMatchObject({ rejection: { code: 'transaction/init-code-size' } })
    expect(call({ from: carol.address, to: bob.address, valueWei: 1n })).toMatchObject({
      rejection: { code: 'transaction/balance' },
    })
    expect(call({ to, gasLimit: 20_000 })).toMatchObject({ rejection: { code: 'transaction/gas-intrinsic' } })
  })
})

describe('an estimate', () => {
  it('is a gas limit that is enough, and not one more', async () => {
    const world = new PoolWorld(genesis)
    const { resourceCommitment, signer, reserver } = world.terms()
    const create = [resourceCommitment, TOKEN, 2n * TOKEN, 10n, signer, reserver, []]
    const requests = [
      { from: alice.address, to: carol.address, valueWei: TOKEN },
      { from: alice.address, to, data: encodeCall('tan', 'transfer', [carol.address, 5n]) },
      { from: alice.address, to, data: encodeCall('tan', 'approve', [carol.address, 0n]) },
      {
        from: payer.address,
        to: SYSTEM_ADDRESSES.paymentPools,
        data: encodeCall('pools', 'createPool', create),
        valueWei: 3n * TOKEN,
      },
      { from: alice.address, to: carol.address, data: new Uint8Array(50).fill(1) },
    ]
    const chain = await TestChain.open(genesis)
    for (const request of requests) {
      const estimate = chain.builder.estimateGas(chain.head, request)
      if (!estimate.ok) throw new Error(estimate.rejection.message)
      const from = [alice, payer].find(({ address }) => address === request.from)!
      const run = (gas: number) => {
        const { valueWei: value = 0n, data = new Uint8Array() } = request
        const transaction = signed(genesis, from, { to: request.to, value, data, gasLimit: BigInt(gas) })
        const { receipts, skipped } = chain.build([transaction])
        return skipped.length === 0 && receipts[0]!.succeeded
      }
      expect([run(estimate.gas), run(estimate.gas - 1)]).toEqual([true, false])
    }
  })

  it('says why there is none', async () => {
    const chain = await TestChain.open(genesis)
    const data = encodeCall('tan', 'transfer', [bob.address, 5n])
    const estimate = chain.builder.estimateGas(chain.head, { from: carol.address, to, data })
    expect(estimate).toMatchObject({ ok: false, rejection: { code: 'call/reverted' } })
    expect(!estimate.ok && estimate.rejection.message).toMatch(/InsufficientBalance/)
    expect(!estimate.ok && estimate.output.length).toBe(4 + 3 * 32)
  })
})
