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
import { PROOF_RENEW_MS } from './limits.ts'
import { type EarningRecord, Payee, type PayeeOptions } from './payee.ts'

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
    self,
    piecePriceWei: PRICE,
    openingWei: OPENING,
    unredeemedMostWei: 400n,
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

describe('a payment', () => {
  function accepted(): Payee {
    const payee = createPayee()
    expect(payee.accept(payer, proven(credit), salt, 0)).toBeUndefined()
    return payee
  }

  it('is refused where it is not what was agreed', () => {
    const payee = accepted()
    expect(payee.preimage(poolId, 1, chain[1]!)?.code).toBe('payment/no-voucher')
    expect(payee.voucher(payer, voucher({ poolId: resourceId }))?.code).toBe('payment/unknown-pool')
    expect(payee.voucher(payer, voucher({ target: payer }))?.code).toBe('payment/target')
    expect(payee.voucher(payer, voucher({ unit: PRICE - 1n }))?.code).toBe('payment/unit')
    expect(payee.voucher(payer, voucher({ chainLength: 4_097 }))?.code).toBe('payment/chain')
    expect(payee.voucher(payer, voucher({ amount: 2n ** 256n - 1n }))?.code).toBe('payment/chain')
    expect(payee.voucher(payer, voucher({}, randomBytesFrom(random, 32)))?.code).toBe('payment/signature')
    expect(payee.voucher(payer, { ...voucher(), amount: 900n })?.code).toBe('payment/signature')
    expect(payee.voucher(self, voucher())?.code).toBe('payment/signer')
    expect(payee.shownWei(poolId)).toBe(0n)

    expect(payee.voucher(payer, voucher())).toBeUndefined()
    expect(payee.voucher(payer, voucher())?.code).toBe('payment/sequence')
    expect(payee.preimage(poolId, 2, chain[2]!)).toBeUndefined()
    expect(payee.shownWei(poolId)).toBe(OPENING + 2n * PRICE)
    expect(payee.preimage(poolId, 2, chain[2]!)?.code).toBe('payment/index')
    expect(payee.preimage(poolId, 17, chain[16]!)?.code).toBe('payment/index')
    expect(payee.preimage(poolId, 3, chain[4]!)?.code).toBe('payment/preimage')
    expect(payee.voucher(payer, voucher({ targetSettlementSequence: 2n }))?.code).toBe('payment/amount')
    expect(payee.shownWei(poolId)).toBe(OPENING + 2n * PRICE)
  })

  it('lets one piece more be served than it is worth, and only once it is stored', () => {
    const payee = accepted()
    expect(payee.permission(poolId, 0)).toBe('unpaid') // the opening payment comes first
    payee.voucher(payer, voucher())
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
    payee.voucher(payer, voucher())
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
    expect(again.voucher(payer, voucher())?.code).toBe('payment/sequence')
  })
})

describe('serving ends', () => {
  function paid(options: Partial<PayeeOptions> = {}): Payee {
    const payee = createPayee({ openingWei: 0n, ...options })
    payee.accept(payer, proven(credit), salt, 0)
    payee.voucher(payer, voucher({ amount: 390n }))
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
