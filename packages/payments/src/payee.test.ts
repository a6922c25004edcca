// spec D-PROOF, D-ACCOUNT, D-RENEW, D-VOUCHER, D-ONE, D-LIMIT, D-CLAIM, D-RESTART, P-KINDS, P-VOUCHER
import { addressOfSecretKey, createSeededRandom, type Hash, randomBytesFrom, toHex } from '@tan/primitives'
import {
  createHashChain,
  type PoolState,
  type PoolTarget,
  resourceCommitment,
  type SignedVoucher,
  signVoucher,
  type Voucher,
} from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import {
  ACCOUNT_IDLE_MS,
  ACCOUNTS_MAX,
  CHAIN_LENGTH,
  POOL_UNITS_MIN,
  PROOF_RENEW_MS,
  UNITS_UNDER_WAY_MAX,
  VOUCHER_MS,
  VOUCHER_UNITS,
  VOUCHERS_MAX,
} from './limits.ts'
import { Payee } from './payee.ts'
import type { EarningRecord } from './records.ts'
import type { PayeeOptions } from './terms.ts'

const CHAIN_ID = 5
const PRICE = 10n
const OPENING = 25n
const random = createSeededRandom(4)
const secretKey = randomBytesFrom(random, 32)
const payer = addressOfSecretKey(secretKey)
const self = `0x${'44'.repeat(20)}` as const
const resourceId: Hash = `0x${'aa'.repeat(32)}`
const salt: Hash = `0x${'bb'.repeat(32)}`
const poolId: Hash = `0x${'cc'.repeat(32)}`
const NO_TARGET: PoolTarget = { paid: 0n, reserved: 0n, nonce: 0n }

const credit: PoolState = {
  payer,
  signer: payer,
  reserver: payer,
  resourceCommitment: resourceCommitment(resourceId, salt),
  deposit: 1_000n,
  collateral: 2_000n,
  paid: 0n,
  claims: 0n,
  expiryHeight: 500,
  status: 'open',
}
const strict: PoolState = { ...credit, collateral: 0n }

function createPayee(options: Partial<PayeeOptions> = {}): Payee {
  return new Payee({
    chainId: CHAIN_ID,
    resourceId,
    unitsMax: 300,
    self,
    unitPriceWei: PRICE,
    openingWei: OPENING,
    unredeemedMaxWei: 400n,
    expiryMarginBlocks: 20,
    announcesClaims: false,
    ...options,
  })
}

function proven(pool: PoolState, target = NO_TARGET, height = 100) {
  return { poolId, pool, target, height }
}

const chain = createHashChain(randomBytesFrom(random, 32), 16, { poolId, target: self, targetSettlementSequence: 1n })

function voucher(changes: Partial<Voucher> = {}, key = secretKey): SignedVoucher {
  return signVoucher(
    CHAIN_ID,
    {
      poolId,
      target: self,
      amount: OPENING,
      targetSettlementSequence: 1n,
      chainAnchor: toHex(chain[0]!),
      chainLength: 16,
      unit: PRICE,
      ...changes,
    },
    key,
  )
}

/** Stores what changed, as its runner would. */
function store(payee: Payee): readonly EarningRecord[] {
  const records = payee.takeChanges(false)
  payee.saved(records)
  return records
}

describe('a pool', () => {
  const refusals: readonly [string, Parameters<Payee['accept']>[1], Partial<{ payer: `0x${string}`; salt: Hash }>][] = [
    ['payment/signer', proven(credit), { payer: self }],
    ['payment/resource', proven(credit), { salt: resourceId }],
    ['payment/pool', proven({ ...credit, status: 'frozen' }), {}],
    ['payment/pool', proven({ ...credit, status: 'closed' }), {}],
    ['payment/expiry', proven({ ...credit, expiryHeight: 120 }), {}],
  ]
  it.each(refusals)('is refused with %s', (code, pool, changes) => {
    expect(createPayee().accept(changes.payer ?? payer, pool, changes.salt ?? salt, 0)?.code).toBe(code)
  })

  it('is refused when its proof is old, by what is known of the chain', () => {
    const payee = createPayee()
    payee.learnHeight(130)
    expect(payee.accept(payer, proven(credit, NO_TARGET, 99), salt, 0)?.code).toBe('payment/stale-proof')
    expect(payee.accept(payer, proven(credit, NO_TARGET, 100), salt, 0)).toBeUndefined()
    // an older one than it has seen of this pool, which may hide what happened since
    expect(payee.accept(payer, proven(credit, NO_TARGET, 99), salt, 0)?.code).toBe('payment/stale-proof')
  })

  it('is refused before the chain has said where it is, by whoever follows one', () => {
    const payee = createPayee({ followsChain: true })
    expect(payee.accept(payer, proven(credit, NO_TARGET, 100), salt, 0)?.code).toBe('payment/height')
    expect(payee.accept(payer, proven(credit, NO_TARGET, 101), salt, 0)?.code).toBe('payment/height')
    payee.learnHeight(135)
    expect(payee.accept(payer, proven(credit, NO_TARGET, 101), salt, 0)?.code).toBe('payment/stale-proof')
    expect(payee.accept(payer, proven(credit, NO_TARGET, 105), salt, 0)).toBeUndefined()
  })

  it('has a limit: its reserve if it is strict, what is left and our cap if it is not', () => {
    const payee = createPayee()
    payee.accept(payer, proven(strict, { ...NO_TARGET, reserved: 70n }), salt, 0)
    expect(payee.limitWei(poolId)).toBe(70n)
    payee.update(proven(credit, NO_TARGET, 101), 0)
    expect(payee.limitWei(poolId)).toBe(400n)
    payee.update(proven({ ...credit, claims: 900n }, NO_TARGET, 102), 0)
    expect(payee.limitWei(poolId)).toBe(100n)
    payee.update(proven({ ...credit, claims: 250n, paid: 250n }, { ...NO_TARGET, paid: 250n }, 103), 0)
    expect(payee.limitWei(poolId)).toBe(650n)
    // an older state of the chain changes nothing
    payee.update(proven(credit, NO_TARGET, 102), 0)
    expect(payee.limitWei(poolId)).toBe(650n)
  })
})

describe('accounts', () => {
  const worthWei = OPENING + PRICE * BigInt(POOL_UNITS_MIN)
  const nth = (i: number): Hash => `0x${i.toString(16).padStart(64, '0')}`

  it('are opened for pools that can pay, strict ones before anything is reserved', () => {
    const code = (pool: PoolState, target = NO_TARGET, pieces = 300) =>
      createPayee({ unitsMax: pieces }).accept(payer, proven(pool, target), salt, 0)?.code
    for (const pool of [credit, strict]) {
      expect(code({ ...pool, deposit: worthWei })).toBeUndefined()
      expect(code({ ...pool, deposit: worthWei - 1n })).toBe('payment/funds')
      expect(code({ ...pool, claims: pool.deposit - worthWei + 1n })).toBe('payment/funds')
      expect(code({ ...pool, deposit: OPENING + 2n * PRICE }, NO_TARGET, 2)).toBeUndefined()
    }
    expect(code({ ...strict, claims: strict.deposit }, { ...NO_TARGET, reserved: worthWei })).toBeUndefined()
  })

  it('go on when their pool runs low', () => {
    const payee = createPayee()
    payee.accept(payer, proven(credit), salt, 0)
    expect(payee.accept(payer, proven({ ...credit, claims: credit.deposit }, NO_TARGET, 101), salt, 0)).toBeUndefined()
  })

  function crowded(paysWei: (i: number) => bigint): Payee {
    const payee = createPayee({ openingWei: 0n })
    for (let i = 0; i < ACCOUNTS_MAX; i++) {
      expect(payee.accept(payer, { ...proven(credit), poolId: nth(i) }, salt, 0)).toBeUndefined()
      if (i < 40) expect(payee.voucher(payer, voucher({ poolId: nth(i), amount: paysWei(i) }), 0)).toBeUndefined()
    }
    return payee
  }

  it('that show nothing of worth make room for others, and are neither stored nor watched', () => {
    const payee = crowded(() => PRICE - 1n)
    expect(payee.takeChanges(true)).toEqual([])
    expect(payee.accept(payer, proven(credit), salt, 1)).toBeUndefined()
    expect(payee.limitWei(poolId)).toBeGreaterThan(0n)
  })

  it('that bring least make room once they are idle', () => {
    // all have paid something, the fourth least
    const records = Array.from({ length: ACCOUNTS_MAX }, (_, i) => ({
      poolId: nth(i),
      resourceId,
      voucher: { ...voucher(), amount: i === 3 ? PRICE : 2n * PRICE },
      index: 0,
      preimage: new Uint8Array(0),
      chargedWei: PRICE,
      expiryHeight: 500,
    }))
    const paid = createPayee({ openingWei: 0n, records })
    for (let i = 0; i < ACCOUNTS_MAX; i++) paid.accept(payer, { ...proven(credit), poolId: nth(i) }, salt, 0)
    expect(paid.accept(payer, proven(credit), salt, ACCOUNT_IDLE_MS)?.code).toBe('payment/busy')
    expect(paid.accept(payer, proven(credit), salt, ACCOUNT_IDLE_MS + 1)).toBeUndefined()
    expect(paid.shownWei(nth(3))).toBe(0n)
    expect(paid.shownWei(nth(4))).toBe(2n * PRICE)
  })

  it('that come back have charged what they were paid on chain', () => {
    const payee = createPayee()
    payee.accept(payer, proven({ ...credit, claims: 90n, paid: 90n }, { ...NO_TARGET, paid: 90n }), salt, 0)
    expect(payee.chargedWei(poolId)).toBe(90n)
  })
})

describe('a payment', () => {
  function accepted(): Payee {
    const payee = createPayee()
    expect(payee.accept(payer, proven(credit), salt, 0)).toBeUndefined()
    return payee
  }

  it('is refused where it is not what was agreed', () => {
    const payee = accepted()
    expect(payee.preimage(poolId, 1, chain[1]!)?.code).toBe('payment/no-voucher')
    expect(payee.voucher(payer, voucher({ poolId: resourceId }), 0)?.code).toBe('payment/unknown-pool')
    expect(payee.voucher(payer, voucher({ target: payer }), 0)?.code).toBe('payment/target')
    expect(payee.voucher(payer, voucher({ unit: PRICE - 1n }), 0)?.code).toBe('payment/unit')
    expect(payee.voucher(payer, voucher({ chainLength: CHAIN_LENGTH + 1 }), 0)?.code).toBe('payment/chain')
    expect(payee.voucher(payer, voucher({ amount: 2n ** 256n - 1n }), 0)?.code).toBe('payment/chain')
    expect(payee.voucher(payer, voucher({}, randomBytesFrom(random, 32)), 0)?.code).toBe('payment/signature')
    expect(payee.voucher(payer, { ...voucher(), amount: 900n }, 0)?.code).toBe('payment/signature')
    expect(payee.voucher(self, voucher(), 0)?.code).toBe('payment/signer')
    expect(payee.shownWei(poolId)).toBe(0n)

    expect(payee.voucher(payer, voucher(), 0)).toBeUndefined()
    expect(payee.voucher(payer, voucher(), 0)?.code).toBe('payment/sequence')
    expect(payee.preimage(poolId, 2, chain[2]!)).toBeUndefined()
    expect(payee.shownWei(poolId)).toBe(OPENING + 2n * PRICE)
    expect(payee.preimage(poolId, 2, chain[2]!)?.code).toBe('payment/index')
    expect(payee.preimage(poolId, 17, chain[16]!)?.code).toBe('payment/index')
    expect(payee.preimage(poolId, 3, chain[4]!)?.code).toBe('payment/preimage')
    expect(payee.voucher(payer, voucher({ targetSettlementSequence: 2n }), 0)?.code).toBe('payment/amount')
    expect(payee.shownWei(poolId)).toBe(OPENING + 2n * PRICE)
  })

  it('is not looked at further ahead than anybody pays', () => {
    const long = createHashChain(randomBytesFrom(random, 32), 64, {
      poolId,
      target: self,
      targetSettlementSequence: 1n,
    })
    const opened = voucher({ chainAnchor: toHex(long[0]!), chainLength: 64 })
    const payee = accepted()
    expect(payee.voucher(payer, opened, 0)).toBeUndefined()
    const ahead = UNITS_UNDER_WAY_MAX
    expect(payee.preimage(poolId, ahead + 1, long[ahead + 1]!)?.code).toBe('payment/ahead')
    expect(payee.preimage(poolId, ahead, long[ahead]!)).toBeUndefined()
    expect(payee.preimage(poolId, ahead + 1, long[ahead + 1]!)?.code).toBe('payment/ahead')
    payee.charge(poolId)
    expect(payee.preimage(poolId, ahead + 1, long[ahead + 1]!)).toBeUndefined()
    // A payee that forgot in a crash what it had charged last is paid on from what it stored.
    const [record] = payee.takeChanges(true)
    const again = createPayee({ records: [{ ...record!, chargedWei: OPENING }] })
    again.accept(payer, proven(credit), salt, 0)
    expect(again.preimage(poolId, ahead + 2, long[ahead + 2]!)).toBeUndefined()
  })

  it('opens no more chains than are used, or than people come back', () => {
    const payee = accepted()
    let sequence = 0n
    const open = (nowMs: number) => {
      const next = voucher({ targetSettlementSequence: ++sequence })
      return payee.voucher(payer, next, nowMs)?.code
    }
    for (let i = 0; i < VOUCHERS_MAX; i++) expect(open(0)).toBeUndefined()
    expect(open(0)).toBe('payment/vouchers')
    for (let i = 0; i < VOUCHER_UNITS; i++) payee.charge(poolId)
    expect(open(0)).toBeUndefined()
    expect(open(0)).toBe('payment/vouchers')
    expect(open(VOUCHER_MS)).toBeUndefined()
    expect(open(VOUCHER_MS)).toBe('payment/vouchers')
    for (let i = 0; i < VOUCHERS_MAX; i++) expect(open(1e9)).toBeUndefined()
    expect(open(1e9)).toBe('payment/vouchers')
  })

  it('lets one piece more be served than it is worth, and only once it is stored', () => {
    const payee = accepted()
    expect(payee.permission(poolId, 0)).toBe('unpaid') // the opening payment comes first
    payee.voucher(payer, voucher(), 0)
    expect(payee.permission(poolId, 0)).toBe('unpaid')
    store(payee)
    expect(payee.permission(poolId, 0)).toBe('yes')
    payee.charge(poolId)
    expect(payee.permission(poolId, 0)).toBe('unpaid')
    payee.preimage(poolId, 2, chain[2]!)
    expect(payee.permission(poolId, 0)).toBe('unpaid')
    store(payee)
    for (let i = 0; i < 2; i++) {
      expect(payee.permission(poolId, 0)).toBe('yes')
      payee.charge(poolId)
    }
    expect(payee.permission(poolId, 0)).toBe('unpaid')
    payee.refund(poolId)
    expect(payee.permission(poolId, 0)).toBe('yes')
  })

  it('comes back from its records, charges included', () => {
    const payee = accepted()
    payee.voucher(payer, voucher(), 0)
    payee.preimage(poolId, 3, chain[3]!)
    store(payee)
    payee.charge(poolId)
    const [record] = payee.takeChanges(true)
    expect(payee.takeChanges(true)).toEqual([])
    const again = createPayee({ records: [record!] })
    expect(again.chargedWei(poolId)).toBe(OPENING + PRICE)
    expect(again.shownWei(poolId)).toBe(OPENING + 3n * PRICE)
    // only with a proof of now, and the chain goes on where it was
    expect(again.permission(poolId, 0)).toBe('ended')
    again.accept(payer, proven(credit), salt, 0)
    expect(again.permission(poolId, 0)).toBe('yes')
    expect(again.preimage(poolId, 4, chain[4]!)).toBeUndefined()
    expect(again.voucher(payer, voucher(), 0)?.code).toBe('payment/sequence')
  })
})

describe('serving ends', () => {
  function paid(options: Partial<PayeeOptions> = {}): Payee {
    const payee = createPayee({ openingWei: 0n, ...options })
    payee.accept(payer, proven(credit), salt, 0)
    payee.voucher(payer, voucher({ amount: 390n }), 0)
    store(payee)
    return payee
  }

  it('at the limit', () => {
    const payee = paid()
    for (let i = 0; i < 40; i++) {
      expect(payee.permission(poolId, 0)).toBe(i < 40 ? 'yes' : 'limit')
      payee.charge(poolId)
    }
    expect(payee.permission(poolId, 0)).toBe('limit')
  })

  it('when the pool freezes, or its expiry comes near', () => {
    const frozen = paid()
    frozen.update(proven({ ...credit, status: 'frozen' }, NO_TARGET, 101), 0)
    expect(frozen.permission(poolId, 0)).toBe('ended')
    const old = paid()
    old.learnHeight(479)
    expect(old.permission(poolId, 0)).toBe('yes')
    old.learnHeight(480)
    expect(old.permission(poolId, 0)).toBe('ended')
  })

  it('when nothing newer is proven', () => {
    const payee = paid()
    expect(payee.isRenewalDue(poolId, PROOF_RENEW_MS)).toBe(false)
    expect(payee.isRenewalDue(poolId, PROOF_RENEW_MS + 1)).toBe(true)
    expect(payee.permission(poolId, 2 * PROOF_RENEW_MS)).toBe('yes')
    expect(payee.permission(poolId, 2 * PROOF_RENEW_MS + 1)).toBe('stale')
    payee.accept(payer, proven(credit, NO_TARGET, 110), salt, 2 * PROOF_RENEW_MS + 1)
    expect(payee.permission(poolId, 2 * PROOF_RENEW_MS + 1)).toBe('yes')
  })

  it('where the tracker does not admit the claim', () => {
    const payee = paid({ announcesClaims: true })
    expect(payee.permission(poolId, 0)).toBe('claim')
    expect(payee.takeClaims(0)).toMatchObject([{ poolId, claimWei: 400n, depositWei: 1_000n }])
    expect(payee.takeClaims(1)).toEqual([])
    payee.claimed(poolId, 400n, false)
    expect(payee.permission(poolId, 0)).toBe('claim')
    expect(payee.takeClaims(6_000)).toHaveLength(1)
    payee.claimed(poolId, 400n, true)
    expect(payee.permission(poolId, 0)).toBe('yes')
  })
})
