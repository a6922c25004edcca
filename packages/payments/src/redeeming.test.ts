// spec D-REDEEM, P-REDEEM, P-OVERSPEND, P-CLOSE
import { randomBytesFrom, toHex } from '@tan/primitives'
import { createHashChain, isChainPreimage, type PoolState, signVoucher } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { REDEEM_TRANSACTION_GAS, REDEEM_VOUCHER_GAS } from './limits.ts'
import type { EarningRecord } from './records.ts'
import {
  dueWei,
  isRedeemable,
  isWorthRedeeming,
  overHeight,
  provesOverspend,
  redeemableWei,
  redemptionOf,
} from './redeeming.ts'
import {
  CHAIN_ID,
  creditPool,
  NO_TARGET,
  PAYEE,
  POOL_ID,
  RESOURCE_ID,
  random,
  secretKey,
  UNIT_WEI,
} from './testing/parties.ts'

const binding = { poolId: POOL_ID, target: PAYEE, targetSettlementSequence: 1n }
const chain = createHashChain(randomBytesFrom(random, 32), 16, binding)
const AMOUNT = 5_000n
const voucher = signVoucher(
  CHAIN_ID,
  { ...binding, amount: AMOUNT, chainAnchor: toHex(chain[0]!), chainLength: 16, unit: UNIT_WEI },
  secretKey,
)
const strictPool: PoolState = { ...creditPool, collateral: 0n }

/** Shown up to this unit of the chain, of which so many were charged. */
function record(index: number, charged: number): EarningRecord {
  return {
    poolId: POOL_ID,
    resourceId: RESOURCE_ID,
    voucher,
    index,
    preimage: index === 0 ? new Uint8Array(0) : chain[index]!,
    chargedWei: AMOUNT + UNIT_WEI * BigInt(charged),
    expiryHeight: 500,
  }
}

const proven = (pool: PoolState, target = NO_TARGET, height = 100) => ({ poolId: POOL_ID, pool, target, height })

describe('what is redeemed', () => {
  it('is what was shown and charged, and not what was paid ahead', () => {
    expect(redeemableWei(record(0, 0))).toBe(AMOUNT)
    expect(redeemableWei(record(9, 4))).toBe(AMOUNT + 4n * UNIT_WEI)
    expect(redeemableWei(record(3, 4))).toBe(AMOUNT + 3n * UNIT_WEI)
    expect(redeemableWei({ ...record(9, 0), chargedWei: 1n })).toBe(AMOUNT)
  })

  it('is shown by the preimage of the last unit that was charged', () => {
    expect(redemptionOf(record(9, 0))).toEqual({ voucher, index: 0, preimage: new Uint8Array(0) })
    const { index, preimage } = redemptionOf(record(9, 4))
    expect(index).toBe(4)
    expect(isChainPreimage(preimage, 4, chain[0]!, voucher)).toBe(true)
  })

  it('pays what is new: from a strict pool what is reserved, from a credit pool what is left', () => {
    const earned = record(4, 4)
    expect(dueWei(earned, proven(creditPool))).toBe(9_000n)
    expect(dueWei(earned, proven(creditPool, { ...NO_TARGET, paid: 2_000n }))).toBe(7_000n)
    expect(dueWei(earned, proven({ ...creditPool, claims: creditPool.deposit - 500n }))).toBe(500n)
    expect(dueWei(earned, proven(strictPool))).toBe(0n)
    expect(dueWei(earned, proven(strictPool, { ...NO_TARGET, paid: 1_000n, reserved: 3_000n }))).toBe(2_000n)
    // the collateral of a frozen pool is burned, and what is left still pays
    expect(dueWei(earned, proven({ ...strictPool, status: 'frozen' }))).toBe(9_000n)
    expect(dueWei(earned, proven({ ...creditPool, status: 'closed' }))).toBe(0n)
  })
})

describe('an overspend', () => {
  it('is proved by what an open credit pool cannot pay in full', () => {
    const poor = { ...creditPool, claims: creditPool.deposit - 8_999n }
    expect(provesOverspend(record(4, 4), proven(poor))).toBe(true)
    expect(provesOverspend(record(4, 4), proven({ ...poor, claims: poor.claims - 1n }))).toBe(false)
    expect(provesOverspend(record(4, 4), proven({ ...poor, status: 'frozen' }))).toBe(false)
    expect(provesOverspend(record(4, 4), proven({ ...poor, collateral: 0n }))).toBe(false)
    expect(isRedeemable(record(4, 4), proven({ ...creditPool, claims: creditPool.deposit }))).toBe(true)
  })
})

describe('redeeming', () => {
  const policy = { gasFactor: 20n, dueMaxWei: 9_001n, expiryMarginBlocks: 50 }
  const never = { ...policy, gasFactor: 10n ** 18n }
  const isWorth = (baseFeeWei: bigint, options = policy, height = 100, pool = creditPool) =>
    isWorthRedeeming(record(4, 4), proven(pool, NO_TARGET, height), baseFeeWei, options)

  it('pays when what is due is worth so many times the gas', () => {
    const gas = REDEEM_TRANSACTION_GAS + REDEEM_VOUCHER_GAS
    expect(isWorthRedeeming(record(4, 4), proven(creditPool), 1n, policy)).toBe(false)
    expect(
      isWorthRedeeming(
        { ...record(0, 0), voucher: { ...voucher, amount: 20n * gas } },
        proven({ ...creditPool, deposit: 10n ** 9n }),
        1n,
        { ...policy, dueMaxWei: 10n ** 9n },
      ),
    ).toBe(true)
    expect(
      isWorthRedeeming(
        { ...record(0, 0), voucher: { ...voucher, amount: 20n * gas - 1n } },
        proven({ ...creditPool, deposit: 10n ** 9n }),
        1n,
        { ...policy, dueMaxWei: 10n ** 9n },
      ),
    ).toBe(false)
  })

  it('pays when one pool owes as much as may be risked', () => {
    expect(isWorth(1n)).toBe(false)
    expect(isWorth(1n, { ...policy, dueMaxWei: 9_000n })).toBe(true)
  })

  it('is done before the pool expires, for what covers the gas of its voucher', () => {
    const ending = (dueWei: bigint, height: number) =>
      isWorthRedeeming(
        { ...record(0, 0), voucher: { ...voucher, amount: dueWei } },
        proven(creditPool, NO_TARGET, height),
        1n,
        {
          ...never,
          dueMaxWei: 10n ** 18n,
        },
      )
    expect(ending(REDEEM_VOUCHER_GAS + 1n, 449)).toBe(false)
    expect(ending(REDEEM_VOUCHER_GAS + 1n, 450)).toBe(true)
    expect(ending(REDEEM_VOUCHER_GAS, 450)).toBe(false)
  })

  it('is done at once where it proves an overspend, and never for nothing', () => {
    expect(isWorth(1n, never, 100, { ...creditPool, claims: creditPool.deposit })).toBe(true)
    expect(isWorth(0n, policy, 100, strictPool)).toBe(false)
  })
})

describe('a pool', () => {
  it('is over once it is closed, or expired and paid; else when the contract pays no more', () => {
    const paid = { ...NO_TARGET, paid: 9_000n }
    expect(overHeight(record(4, 4), proven(creditPool, paid, 499), 60)).toBe(560)
    expect(overHeight(record(4, 4), proven(creditPool, paid, 500), 60)).toBe(500)
    expect(overHeight(record(4, 4), proven(creditPool, NO_TARGET, 500), 60)).toBe(560)
    expect(overHeight(record(4, 4), proven({ ...creditPool, status: 'closed' }), 60)).toBe(500)
  })
})
