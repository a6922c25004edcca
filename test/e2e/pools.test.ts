// Payers who cheat, on a chain of real processes: an overspent credit pool burns more than it took, and what a strict pool
// has reserved for a payee is the payee's, whatever the payer and its sybils do.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Devnet } from '@tan/cli/devnet'
import { createNodeWorld } from '@tan/edge'
import type { Redemption } from '@tan/payments'
import { createPoolChain, createRpc, type PoolChain, prepareTransaction, type Rpc, settleTransaction } from '@tan/peer'
import {
  type Address,
  addressOfSecretKey,
  EMPTY_BYTES,
  type Hash,
  secureRandomBytes,
  toHex,
  ZERO_HASH,
} from '@tan/primitives'
import { PAYMENT_POOLS_ABI, type PoolTerms, SYSTEM_ADDRESSES, signVoucher } from '@tan/protocol'
import { createPublicClient, http, parseAbi } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const GAM_WEI = 10n ** 18n
const DEPOSIT_WEI = 10n * GAM_WEI
const { timers } = createNodeWorld()
const pools = { address: SYSTEM_ADDRESSES.paymentPools, abi: parseAbi(PAYMENT_POOLS_ABI) }
const folder = mkdtempSync(join(tmpdir(), 'tan-e2e-'))
let devnet: Devnet
let rpc: Rpc
let chainId: number
let chain: PoolChain
let faucet: Uint8Array

beforeAll(async () => {
  devnet = await Devnet.start({ folder, port: 0, size: { validators: 4, guardians: 4, edges: 0 }, chainOnly: true })
  rpc = createRpc(devnet.rpcUrl)
  chainId = Number(await rpc.call('eth_chainId', []))
  chain = createPoolChain(rpc, chainId, timers)
  faucet = await devnet.secretKeyOf('faucet')
})

afterAll(async () => {
  await devnet?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function send(secretKey: Uint8Array, to: Address, valueWei: bigint): Promise<void> {
  const call = { to, valueWei, data: EMPTY_BYTES }
  await settleTransaction(rpc, await prepareTransaction(rpc, chainId, secretKey, call), timers)
}

/** An account with 100 TANGam. */
async function someone(): Promise<{ readonly key: Uint8Array; readonly address: Address }> {
  const key = secureRandomBytes(32)
  await send(faucet, addressOfSecretKey(key), 100n * GAM_WEI)
  return { key, address: addressOfSecretKey(key) }
}

async function open(key: Uint8Array, terms: Pick<PoolTerms, 'deposit' | 'collateral'>): Promise<Hash> {
  const self = addressOfSecretKey(key)
  const rest = { resourceCommitment: ZERO_HASH, durationBlocks: 1_000, signer: self, reserver: self, reserves: [] }
  const { poolId, transaction } = await chain.prepareCreate({ ...terms, ...rest }, key)
  await chain.settle(transaction)
  return poolId
}

function voucher(key: Uint8Array, poolId: Hash, target: Address, amount: bigint): Redemption {
  const terms = {
    poolId,
    target,
    amount,
    targetSettlementSequence: 1n,
    chainAnchor: ZERO_HASH,
    chainLength: 0,
    unit: 0n,
  }
  return { voucher: signVoucher(chainId, terms, key), index: 0, preimage: EMPTY_BYTES }
}

async function redeem(key: Uint8Array, ...redemptions: Redemption[]): Promise<void> {
  await chain.settle(await chain.prepareRedeem(redemptions, key))
}

/** Asks the contract what would come of a call: rejects with its error by name. */
async function ask(key: Uint8Array, functionName: 'close' | 'release', poolId: Hash): Promise<void> {
  const client = createPublicClient({ transport: http(devnet.rpcUrl) })
  await client.simulateContract({ ...pools, functionName, args: [poolId], account: privateKeyToAccount(toHex(key)) })
}

describe('payers who cheat', () => {
  // spec P-OVERSPEND
  it('lose the collateral of a credit pool that they overspend, and end with less than they took', async () => {
    const [payer, first, second] = [await someone(), await someone(), await someone()]
    const collateral = 2n * DEPOSIT_WEI
    const poolId = await open(payer.key, { deposit: DEPOSIT_WEI, collateral })
    const before = await chain.balanceWei(payer.address)

    // both were promised the whole deposit, and both delivered for it
    await redeem(first.key, voucher(payer.key, poolId, first.address, DEPOSIT_WEI))
    expect((await chain.pool(poolId))?.status).toBe('open')
    const prover = await chain.balanceWei(second.address)
    await redeem(second.key, voucher(payer.key, poolId, second.address, DEPOSIT_WEI))

    const pool = (await chain.pool(poolId))!
    expect([pool.status, pool.collateral, pool.paid]).toEqual(['frozen', 0n, DEPOSIT_WEI])
    const events = await createPublicClient({ transport: http(devnet.rpcUrl) }).getContractEvents({
      ...pools,
      eventName: 'Overspent',
      args: { poolId },
      fromBlock: 0n,
      strict: true,
    })
    expect(events).toHaveLength(1)
    const { burned, refund } = events[0]!.args
    expect(burned + refund).toBe(collateral)
    // showing it cost the prover next to nothing, and made it no profit
    const costWei = prover - (await chain.balanceWei(second.address))
    expect(costWei).toBeGreaterThanOrEqual(0n)
    expect(costWei).toBeLessThan(GAM_WEI / 100n)

    // What it took is worth less than what it lost. A first payee of its own changes nothing: it delivers nothing, and
    // brings back what was paid to it.
    const lostWei = DEPOSIT_WEI + burned
    expect(2n * DEPOSIT_WEI - lostWei).toBeLessThan(0n)
    expect(await chain.balanceWei(payer.address)).toBe(before)
  })

  // spec P-RESERVE, D-LIMIT
  it('cannot take from a strict pool what is reserved for a payee', async () => {
    const [payer, payee, sybil] = [await someone(), await someone(), await someone()]
    const poolId = await open(payer.key, { deposit: DEPOSIT_WEI, collateral: 0n })
    const reservedWei = (7n * DEPOSIT_WEI) / 10n
    await chain.reserve(poolId, payee.address, reservedWei, payer.key)

    await expect(chain.reserve(poolId, sybil.address, DEPOSIT_WEI, payer.key)).rejects.toThrow()
    await chain.reserve(poolId, sybil.address, DEPOSIT_WEI - reservedWei, payer.key)
    await redeem(sybil.key, voucher(payer.key, poolId, sybil.address, DEPOSIT_WEI))
    await expect(ask(payer.key, 'close', poolId)).rejects.toThrow(/StillRedeemable/)
    await expect(ask(payer.key, 'release', poolId)).rejects.toThrow(/NothingReserved/)

    const before = await chain.balanceWei(payee.address)
    // somebody else may bring the voucher: the payee pays no gas, and gets every wei
    await redeem(sybil.key, voucher(payer.key, poolId, payee.address, DEPOSIT_WEI))
    expect((await chain.balanceWei(payee.address)) - before).toBe(reservedWei)
    expect((await chain.target(poolId, payee.address)).paid).toBe(reservedWei)
    expect((await chain.target(poolId, sybil.address)).paid).toBe(DEPOSIT_WEI - reservedWei)
    expect((await chain.pool(poolId))?.status).toBe('open')
  })
})
