// spec D-AHEAD, D-RESTART, P-VOUCHER
import { addressOfSecretKey, createSeededRandom, type Hash, randomBytesFrom } from '@tan/primitives'
import { type PoolState, resourceCommitment, signVoucher } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PREPAID_MAX, VOUCHER_MS } from './limits.ts'
import { Payee } from './payee.ts'
import { Payer, type Payment } from './payer.ts'

const CHAIN_ID = 5
const UNIT = 7n
const random = createSeededRandom(21)
const secretKey = randomBytesFrom(random, 32)
const payer = addressOfSecretKey(secretKey)
const resourceId: Hash = `0x${'aa'.repeat(32)}`
const salt: Hash = `0x${'bb'.repeat(32)}`
const poolId: Hash = `0x${'cc'.repeat(32)}`
const targets = ['11', '22', '33'].map(byte => `0x${byte.repeat(20)}` as const)
const budgetWei = 1_000n * UNIT

const pool: PoolState = {
  payer,
  signer: payer,
  reserver: payer,
  resourceCommitment: resourceCommitment(resourceId, salt),
  deposit: budgetWei,
  collateral: 2n * budgetWei,
  paid: 0n,
  claims: 0n,
  expiryHeight: 100_000,
  status: 'open',
}

function createPayer(record?: ReturnType<Payer['record']>): Payer {
  return new Payer({
    pool: { poolId, kind: 'credit', budgetWei },
    sign: voucher => signVoucher(CHAIN_ID, voucher, secretKey),
    random,
    record,
  })
}

function createPayee(self: `0x${string}`): Payee {
  const payee = new Payee({
    chainId: CHAIN_ID,
    resourceId,
    unitsMax: 300,
    self,
    unitPriceWei: UNIT,
    openingWei: 0n,
    unredeemedMaxWei: 10n ** 9n,
    expiryMarginBlocks: 10,
    announcesClaims: false,
  })
  const target = { paid: 0n, reserved: 0n, nonce: 0n }
  expect(payee.accept(payer, { poolId, pool, target, height: 1 }, salt, 0)).toBeUndefined()
  return payee
}

/** It serves what it is paid for. */
function take(payee: Payee, payment: Payment | undefined, nowMs: number): void {
  if (payment === undefined) return
  const refused =
    payment.type === 'voucher'
      ? payee.voucher(payer, payment.voucher, nowMs)
      : payee.preimage(poolId, payment.index, payment.preimage)
  expect(refused).toBeUndefined()
  while (payee.chargedWei(poolId) < payee.shownWei(poolId)) payee.charge(poolId)
}

describe('a payer', () => {
  it('promises what it says, never beyond its budget, through restarts, and payees accept every step', () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant('pay' as const), to: fc.nat(2), units: fc.nat(PREPAID_MAX) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('odd' as const), to: fc.nat(2), units: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), to: fc.nat(2), units: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), to: fc.nat(2), units: fc.nat(0) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        let wallet = createPayer()
        const payees = targets.map(createPayee)
        let nowMs = 0
        const opened = new Set<number>()
        const anchors = new Set<Hash>()
        const see = (payment: Payment | undefined) => {
          if (payment?.type !== 'voucher') return
          expect(anchors.has(payment.voucher.chainAnchor)).toBe(false)
          anchors.add(payment.voucher.chainAnchor)
        }
        for (const { do: what, to, units } of steps) {
          const target = targets[to]!
          const odd = what === 'odd' ? 3n : 0n
          const totalWei = wallet.promisedWei(target) + UNIT * BigInt(units) + odd
          if (what === 'restart') {
            wallet = createPayer(wallet.record())
            opened.clear()
            continue
          }
          if (!wallet.isAffordable(target, totalWei)) continue
          const payment =
            what === 'open' || !opened.has(to) ? wallet.open(target, UNIT, totalWei) : wallet.promise(target, totalWei)
          opened.add(to)
          see(payment)
          take(payees[to]!, payment, ++nowMs * VOUCHER_MS)
          expect(wallet.promisedWei(target)).toBe(totalWei)
          expect(payees[to]!.shownWei(poolId)).toBe(totalWei)
          expect(wallet.totalPromisedWei).toBeLessThanOrEqual(budgetWei)
          expect(targets.reduce((sum, t) => sum + wallet.promisedWei(t), 0n)).toBe(wallet.totalPromisedWei)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('pays units by preimages, and signs anew where the chain ends or the sum is not whole', () => {
    const wallet = createPayer()
    const [target] = targets
    expect(wallet.open(target!, UNIT, 0n).type).toBe('voucher')
    expect(wallet.promise(target!, UNIT)).toMatchObject({ type: 'preimage', index: 1 })
    expect(wallet.promise(target!, 4n * UNIT)).toMatchObject({ type: 'preimage', index: 4 })
    expect(wallet.promise(target!, 4n * UNIT)).toBeUndefined()
    expect(wallet.promise(target!, 4n * UNIT + 1n)?.type).toBe('voucher')
    expect(wallet.promise(target!, 300n * UNIT + 1n)?.type).toBe('voucher')
  })

  it('stops at an overspend of its own', () => {
    const wallet = createPayer()
    wallet.open(targets[0]!, UNIT, budgetWei)
    expect(wallet.isAffordable(targets[1]!, 1n)).toBe(false)
    expect(() => wallet.open(targets[1]!, UNIT, 1n)).toThrow(/overspend/)
  })
})
