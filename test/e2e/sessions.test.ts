// What a session does with its money over crashes and over time, on a real chain: pools that are found again and taken back
// when they have run out, earnings that are redeemed although a transaction of theirs never came to be, and proofs of pools
// that a peer checks without trusting whoever shows them.

import { openNodeSession } from '@tan/edge'
import { eventually, TestNetwork } from '@tan/edge/testing'
import type { EarningRecord, ProvenPool } from '@tan/payments'
import {
  commonWorld,
  createPoolChain,
  createPoolVerifier,
  type PoolChain,
  PoolKeeper,
  type PoolPlan,
  prepareTransaction,
  Redeemer,
  type Rpc,
  type Session,
  secureRandom,
  settleTransaction,
} from '@tan/peer'
import {
  type Address,
  addressOfSecretKey,
  CodedError,
  EMPTY_BYTES,
  type Hash,
  silentLogger,
  toHex,
} from '@tan/primitives'
import {
  decodeTransaction,
  type PoolProof,
  recoverSender,
  resourceCommitment,
  signVoucher,
  type Voucher,
} from '@tan/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const { timers } = commonWorld()
const DEPOSIT_WEI = 10n ** 18n
const PLAN: PoolPlan = {
  kind: 'strict',
  depositWei: DEPOSIT_WEI,
  collateralPercent: 200,
  durationBlocks: 40,
  blocksLeftMin: 10,
}
let network: TestNetwork

beforeAll(async () => {
  network = await TestNetwork.start({ parameters: { redeemGraceBlocks: 5 } })
})
afterAll(() => network.stop())

const resourceId: Hash = `0x${'5a'.repeat(32)}`

/** Whose transactions are never sent: as if it had crashed just before. */
function crashing(chain: PoolChain): PoolChain {
  return { ...chain, settle: () => Promise.reject(new CodedError('test/crash', 'it crashed')) }
}

function keeperOf({ records, secretKey }: Session, chain: PoolChain, funded: bigint[] = []): PoolKeeper {
  return new PoolKeeper({
    chain,
    records,
    secretKey,
    random: secureRandom,
    fund: async (address, wei) => {
      funded.push(wei)
      await network.fund(address, wei)
    },
  })
}

/** Any other transaction of the account: it takes the nonce of one that was not sent. */
async function takeNonce({ secretKey, address }: Session): Promise<void> {
  const call = { to: address, valueWei: 0n, data: EMPTY_BYTES }
  const other = await prepareTransaction(network.rpc, network.chain.chainId, secretKey, call)
  await settleTransaction(network.rpc, other, timers)
}

describe("a payer's pools", () => {
  // spec P-CLOSE
  it('are found again, and taken back when they have run out, before more money is asked for', async () => {
    const session = await openNodeSession('memory:')
    const funded: bigint[] = []
    const keeper = keeperOf(session, network.chain, funded)
    const first = await keeper.open(resourceId, PLAN)
    expect((await keeper.open(resourceId, PLAN)).record.poolId).toBe(first.record.poolId)
    expect(funded).toHaveLength(1)

    await eventually(
      'its grace has run out',
      async () => (await network.chain.settledHeight()) >= first.state.expiryHeight + 5,
    )
    const second = await keeper.open(resourceId, PLAN)
    expect(second.record.poolId).not.toBe(first.record.poolId)
    expect((await network.chain.pool(first.record.poolId))?.status).toBe('closed')
    // for gas alone: the deposit was there
    expect(funded.slice(1).every(wei => wei < DEPOSIT_WEI / 10n)).toBe(true)
    expect((await session.records.pools()).map(({ poolId }) => poolId)).toEqual([second.record.poolId])
    await session.close()
  })

  it('are kept in mind while the grace lasts, when another takes their place', async () => {
    const session = await openNodeSession('memory:')
    const keeper = keeperOf(session, network.chain)
    const first = await keeper.open(resourceId, PLAN)
    const second = await keeper.open(resourceId, { ...PLAN, blocksLeftMin: 10_000 })
    const kept = (await session.records.pools()).map(({ poolId }) => poolId)
    expect(new Set(kept)).toEqual(new Set([first.record.poolId, second.record.poolId]))
    await session.close()
  })

  // spec P-CREATE
  it('are opened as they were written down, after a crash before they were sent', async () => {
    const session = await openNodeSession('memory:')
    await expect(keeperOf(session, crashing(network.chain)).open(resourceId, PLAN)).rejects.toThrow('it crashed')
    const [written] = await session.records.pools()
    const opened = await keeperOf(session, network.chain).open(resourceId, PLAN)
    expect(opened.record.poolId).toBe(written!.poolId)
    await session.close()
  })

  it('are forgotten when they can never be, and opened anew', async () => {
    const session = await openNodeSession('memory:')
    await expect(keeperOf(session, crashing(network.chain)).open(resourceId, PLAN)).rejects.toThrow('it crashed')
    const [written] = await session.records.pools()
    await takeNonce(session)
    await expect(network.chain.settle(written!.transaction)).rejects.toMatchObject({ code: 'rpc/replaced' })
    const opened = await keeperOf(session, network.chain).open(resourceId, PLAN)
    const kept = await session.records.pools()
    expect(kept.map(({ poolId }) => poolId)).toEqual([opened.record.poolId])
    await session.close()
  })

  it('are not opened twice while the first creation may still be settled', async () => {
    const session = await openNodeSession('memory:')
    const slow: PoolChain = {
      ...network.chain,
      settle: () => Promise.reject(new CodedError('rpc/not-settled', 'it takes long')),
    }
    const keeper = keeperOf(session, slow)
    await expect(keeper.open(resourceId, PLAN)).rejects.toMatchObject({ code: 'rpc/not-settled' })
    await expect(keeper.open(resourceId, PLAN)).rejects.toMatchObject({ code: 'rpc/not-settled' })
    const written = await session.records.pools()
    expect(written).toHaveLength(1)
    const opened = await keeperOf(session, network.chain).open(resourceId, PLAN)
    expect(opened.record.poolId).toBe(written[0]!.poolId)
    await session.close()
  })
})

describe('a transaction that waits', () => {
  it('is priced anew when the base fee has passed it by, and at no other time', async () => {
    let baseFeeWei = 10n
    const rpc: Rpc = {
      call: async method =>
        method === 'eth_getBlockByNumber' ? { baseFeePerGas: `0x${baseFeeWei.toString(16)}` } : '0x5208',
    }
    const { secretKey, address } = await openNodeSession('memory:')
    const call = { to: address, valueWei: 1n, data: EMPTY_BYTES }
    const first = await prepareTransaction(rpc, 1, secretKey, call)
    const chain = createPoolChain(rpc, 1, timers)
    baseFeeWei = 20n
    expect(await chain.repriced(first, secretKey)).toBe(first)
    baseFeeWei = 21n
    const second = await chain.repriced(first, secretKey)
    expect(decodeTransaction(second.encoded)).toMatchObject({
      nonce: decodeTransaction(first.encoded).nonce,
      maxFeePerGas: 42n,
    })
    expect(recoverSender(decodeTransaction(second.encoded))).toBe(address)
  })
})

// spec D-REDEEM, P-REDEEM
describe("a payee's earnings", () => {
  let payee: Session
  let earning: EarningRecord
  const amount = DEPOSIT_WEI / 3n

  beforeEach(async () => {
    const payer = await openNodeSession('memory:')
    payee = await openNodeSession('memory:')
    const plan: PoolPlan = { ...PLAN, kind: 'credit', durationBlocks: 2_000 }
    const { record, state } = await keeperOf(payer, network.chain).open(resourceId, plan)
    await network.fund(payee.address, DEPOSIT_WEI)
    const voucher: Voucher = {
      poolId: record.poolId,
      target: payee.address,
      amount,
      targetSettlementSequence: 1n,
      chainAnchor: `0x${'00'.repeat(32)}`,
      chainLength: 0,
      unit: 0n,
    }
    earning = {
      poolId: record.poolId,
      resourceId,
      voucher: signVoucher(network.chain.chainId, voucher, payer.secretKey),
      index: 0,
      preimage: new Uint8Array(32),
      chargedWei: amount,
      expiryHeight: state.expiryHeight,
    }
    await payee.records.saveEarnings([earning])
    await payer.close()
  })
  afterEach(() => payee.close())

  function redeemerOf(
    chain: PoolChain,
    onChanged: (resourceId: Hash, proven: ProvenPool) => void = () => {},
  ): Redeemer {
    const redeemer = new Redeemer({
      chain,
      records: payee.records,
      secretKey: payee.secretKey,
      policy: { gasFactor: 10n ** 30n, dueMaxWei: 10n ** 30n, expiryMarginBlocks: 0 },
      timers,
      logger: silentLogger,
      onChanged,
      onEnded: () => {},
    })
    redeemer.note([earning])
    return redeemer
  }

  it('are redeemed although the transaction that was written down can never be', async () => {
    await expect(redeemerOf(crashing(network.chain)).redeemAll()).rejects.toThrow('it crashed')
    expect(await payee.records.redeeming()).toBeDefined()
    await takeNonce(payee)

    const again = redeemerOf(network.chain)
    await expect(again.redeemAll()).rejects.toMatchObject({ code: 'rpc/replaced' })
    await again.redeemAll()
    expect((await network.chain.target(earning.poolId, payee.address)).paid).toBe(amount)
    expect(await payee.records.redeeming()).toBeUndefined()
  })

  it('are watched while a transaction of theirs does not get in', async () => {
    await expect(redeemerOf(crashing(network.chain)).redeemAll()).rejects.toThrow('it crashed')
    let looks = 0
    await expect(redeemerOf(crashing(network.chain), () => looks++).redeemAll()).rejects.toThrow('it crashed')
    expect(looks).toBe(1)
  })

  it('are kept until the grace of their pool is over, however often redeeming fails', async () => {
    const { expiryHeight } = earning
    let finalizedHeight = expiryHeight + 90
    const late: PoolChain = {
      ...network.chain,
      settledHeight: async () => finalizedHeight + 10,
      finalizedHeight: async () => finalizedHeight,
      redeemGraceBlocks: async () => 100,
      prepareRedeem: () => Promise.reject(new CodedError('rpc/error', 'no money for gas')),
    }
    const redeemer = redeemerOf(late)
    for (let i = 0; i < 5; i++) await expect(redeemer.redeemAll()).rejects.toMatchObject({ code: 'rpc/error' })
    expect(await payee.records.earnings()).toHaveLength(1)
    finalizedHeight = expiryHeight + 101
    await redeemer.redeemAll()
    expect(await payee.records.earnings()).toEqual([])
  })
})

// spec D-PROOF
describe('the proof of a pool', () => {
  const target: Address = addressOfSecretKey(new Uint8Array(32).fill(7))
  let proof: PoolProof

  beforeAll(async () => {
    const session = await openNodeSession('memory:')
    const { record } = await keeperOf(session, network.chain).open(resourceId, { ...PLAN, durationBlocks: 2_000 })
    proof = await network.chain.proof(record.poolId, target, record.salt)
    await session.close()
  })

  it('tells a peer that trusts nobody but the committee what the chain tells', async () => {
    const verified = createPoolVerifier(network.anchor)(proof, target)
    if (!verified.ok) throw new Error(verified.rejection.message)
    expect(verified.value.pool).toEqual(await network.chain.pool(proof.poolId))
    expect(verified.value.target).toEqual(await network.chain.target(proof.poolId, target))
    expect(verified.value.pool.resourceCommitment).toBe(resourceCommitment(resourceId, proof.salt))
    expect(verified.value.height).toBe(proof.header.height)
  })

  const forged: readonly (readonly [string, (honest: PoolProof) => PoolProof])[] = [
    ['of another pool', honest => ({ ...honest, poolId: toHex(new Uint8Array(32).fill(9)) })],
    ['in a block with another state', honest => ({ ...honest, header: { ...honest.header, stateRoot: resourceId } })],
    ['in a block that nobody settled', honest => ({ ...honest, header: { ...honest.header, gasUsed: 1 } })],
    ['without the account', honest => ({ ...honest, accountProof: [] })],
    ['with a slot too few', honest => ({ ...honest, slotProofs: honest.slotProofs.slice(1) })],
    ['with a slot too many', honest => ({ ...honest, slotProofs: [...honest.slotProofs, []] })],
    ['with slots in another order', honest => ({ ...honest, slotProofs: honest.slotProofs.toReversed() })],
    ...Array.from({ length: 7 }, (_, i) => [`with slot ${i} changed`, changedSlot(i)] as const),
    ['with a changed account', honest => ({ ...honest, accountProof: honest.accountProof.map(flipped) })],
  ]

  function flipped(node: Uint8Array, at = 5): Uint8Array {
    return node.with(at, node[at]! ^ 1)
  }

  function changedSlot(i: number): (honest: PoolProof) => PoolProof {
    return honest => ({
      ...honest,
      slotProofs: honest.slotProofs.with(
        i,
        honest.slotProofs[i]!.map(node => flipped(node)),
      ),
    })
  }

  it.each(forged)('is refused %s', (_, forge) => {
    const verify = createPoolVerifier(network.anchor)
    expect(verify(forge(proof), target)).toMatchObject({ ok: false, rejection: { code: 'payment/proof' } })
    // also by one that has seen the block settled
    expect(verify(proof, target).ok).toBe(true)
    expect(verify(forge(proof), target)).toMatchObject({ ok: false, rejection: { code: 'payment/proof' } })
  })

  it('tells each target of its own sums alone', () => {
    const other = addressOfSecretKey(new Uint8Array(32).fill(8))
    const verified = createPoolVerifier(network.anchor)(proof, other)
    // the slot that is proved is another's: it shows that there is nothing for this one, or shows nothing
    const nothing = { paid: 0n, reserved: 0n, nonce: 0n }
    expect(verified.ok ? verified.value.target : nothing).toEqual(nothing)
  })
})
