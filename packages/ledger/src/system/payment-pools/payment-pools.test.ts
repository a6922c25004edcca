import { type Hash, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import { limits, POOL_AMOUNT_MAX } from '@tan/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { testAccount, testGenesis } from '../../testing/chain.ts'
import { PoolWorld, payer, reserver, signer } from '../../testing/pools.ts'
import { encodeCall } from '../../testing/world.ts'
import { intrinsicGas } from '../../transaction.ts'

const [ann, ben] = [testAccount('ann').address, testAccount('ben').address]
const stranger = testAccount('stranger')
const genesis = testGenesis([payer, stranger], { redeemGraceBlocks: 5, poolDurationBlocksMax: 100 })
const UINT256_MAX = 2n ** 256n - 1n

let world: PoolWorld
beforeEach(() => {
  world = new PoolWorld(genesis)
})

describe('creating a pool', () => {
  it('locks deposit and collateral, under an id that was known before', () => {
    const before = world.balance(payer.address)
    const id = world.open()
    expect(world.balance(payer.address)).toBe(before - 3_000n)
    expect(world.held()).toBe(3_000n)
    expect(world.pool(id)).toEqual({
      deposit: 1_000n,
      collateral: 2_000n,
      paid: 0n,
      claims: 0n,
      expiryHeight: world.height + 20,
      status: 1,
    })
    expect(world.open()).not.toBe(id)
  })

  it('says all of its terms in an event', () => {
    const { events } = world.create(world.terms({ reserves: [{ target: ann, amount: 7n }] }))
    expect(events.map(({ name }) => name)).toEqual(['PoolCreated', 'Reserved'])
    expect(events[0]!.args).toMatchObject({ deposit: 1_000n, collateral: 2_000n, expiryHeight: 21n })
  })

  it('refuses terms that are out of bounds, each with its error', () => {
    const errorOf = (changes: Parameters<PoolWorld['terms']>[0], valueWei?: bigint) =>
      world.create(world.terms(changes), valueWei === undefined ? {} : { valueWei }).error
    expect(errorOf({}, 2_999n)).toBe('WrongValue')
    expect(errorOf({}, 3_001n)).toBe('WrongValue')
    expect(errorOf({ collateral: 1_999n })).toBe('CollateralTooLow')
    expect(errorOf({ collateral: 1n })).toBe('CollateralTooLow')
    expect(errorOf({ collateral: 0n })).toBeUndefined()
    expect(errorOf({ deposit: POOL_AMOUNT_MAX + 1n, collateral: 0n }, 0n)).toBe('AmountTooLarge')
    expect(errorOf({ collateral: UINT256_MAX }, 0n)).toBe('AmountTooLarge')
    expect(errorOf({ durationBlocks: 0 })).toBe('DurationOutOfBounds')
    expect(errorOf({ durationBlocks: 101 })).toBe('DurationOutOfBounds')
    expect(errorOf({ durationBlocks: 100 })).toBeUndefined()
    const reserves = (...amounts: bigint[]) => amounts.map((amount, i) => ({ target: i % 2 ? ben : ann, amount }))
    expect(errorOf({ reserves: reserves(500n, 501n) })).toBe('ReservesExceedDeposit')
    expect(errorOf({ reserves: reserves(500n, 500n) })).toBeUndefined()
    expect(errorOf({ reserves: reserves(5n, 5n, 5n) })).toBe('ReserveNotRising')
    expect(errorOf({ reserves: reserves(0n) })).toBe('ReserveNotRising')
    expect(errorOf({ reserves: reserves(UINT256_MAX) })).toBe('AmountTooLarge')
    expect(errorOf({ reserves: reserves(...Array.from({ length: 257 }, (_, i) => BigInt(i + 1))) })).toBe(
      'TooManyReserves',
    )
  })
})

describe('redeeming from a credit pool', () => {
  let id: Hash
  beforeEach(() => {
    id = world.open()
  })

  it('pays the target, whoever brings the voucher', () => {
    const { answer, codes, paid } = world.redeem([world.voucher(id, { target: ann, amount: 30n })], stranger.address)
    expect([codes, paid]).toEqual([['paid'], [30n]])
    expect(answer.events).toMatchObject([{ name: 'Redeemed', args: { shown: 30n, paid: 30n, code: 0 } }])
    expect(world.balance(ann)).toBe(30n)
    expect(world.target(id, ann)).toEqual({ paid: 30n, reserved: 0n, nonce: 0n })
    expect(world.pool(id)).toMatchObject({ paid: 30n, claims: 30n })
  })

  it('is cumulative: a replay pays nothing, and an old voucher voids no newer one', () => {
    expect(world.pay(id, { target: ann, amount: 10n })).toBe('paid')
    expect(world.pay(id, { target: ann, amount: 10n })).toBe('nothing-new')
    expect(world.pay(id, { target: ann, amount: 4n, sequence: 9n })).toBe('nothing-new')
    expect(world.pay(id, { target: ann, amount: 25n })).toBe('paid')
    expect(world.balance(ann)).toBe(25n)
  })

  it('pays a unit for each preimage of the chain', () => {
    const chain = { length: 8, unit: 5n }
    expect(world.pay(id, { target: ann, amount: 100n, chain: { ...chain, index: 3 } })).toBe('paid')
    expect(world.balance(ann)).toBe(115n)
    expect(world.pay(id, { target: ann, amount: 100n, chain: { ...chain, index: 8 } })).toBe('paid')
    expect(world.balance(ann)).toBe(140n)
    expect(world.pay(id, { target: ann, amount: 100n, chain: { ...chain, index: 0 } })).toBe('nothing-new')
  })

  it('skips a bad voucher in a batch with its code, and pays the others', () => {
    const good = (target: typeof ann, amount: bigint) => world.voucher(id, { target, amount })
    const chained = (index: number) =>
      world.voucher(id, { target: ann, amount: 1n, chain: { length: 4, unit: 1n, index } })
    const huge = world.voucher(id, {
      target: ann,
      amount: UINT256_MAX,
      sequence: 2n,
      chain: { length: 4, unit: 1n, index: 1 },
    })
    const batch = [
      good(ann, 10n),
      { ...good(ann, 11n), poolId: ZERO_HASH },
      { ...good(ann, 11n), amount: 12n },
      world.voucher(id, { target: ann, amount: 11n, signedBy: stranger }),
      { ...good(ann, 11n), signature: '0x' },
      { ...chained(3), index: 2n },
      { ...chained(3), index: 5n },
      { ...chained(3), chainLength: BigInt(limits.HASH_CHAIN_LENGTH_MAX + 1) },
      huge,
      good(ben, 20n),
      good(ben, 20n),
    ]
    const { codes, answer } = world.redeem(batch)
    expect(codes).toEqual([
      'paid',
      'unknown-pool',
      'signature',
      'signature',
      'signature',
      'preimage',
      'preimage',
      'preimage',
      'overflow',
      'paid',
      'nothing-new',
    ])
    expect(answer.events.length).toBe(3)
    expect([world.balance(ann), world.balance(ben)]).toEqual([10n, 20n])
    expect(world.pool(id)).toMatchObject({ paid: 30n, claims: 30n })
  })

  it('takes only so many vouchers in a call', () => {
    const batch = Array.from({ length: 257 }, () => ({ ...world.voucher(id, { target: ann, amount: 1n }) }))
    expect(world.redeem(batch).answer.error).toBe('TooManyRedemptions')
  })

  it('leaves alone what is reserved for others, and says when it pays less', () => {
    expect(world.reserve(id, ben, 600n, 1n).error).toBeUndefined()
    expect(world.pay(id, { target: ann, amount: 400n })).toBe('paid')
    const { codes, paid } = world.redeem([world.voucher(id, { target: ann, amount: 450n })])
    expect([codes, paid]).toEqual([['overspent'], [0n]])
    expect(world.pay(id, { target: ben, amount: 600n })).toBe('paid')
    expect(world.balance(ben)).toBe(600n)
  })

  it('pays until the grace is over, and not after', () => {
    world.height = 21 + 4
    expect(world.pay(id, { target: ann, amount: 1n })).toBe('paid')
    world.height = 21 + 5
    expect(world.pay(id, { target: ann, amount: 2n })).toBe('expired')
  })
})

describe('a credit pool that is overspent', () => {
  let id: Hash
  beforeEach(() => {
    world.baseFeePerGas = 1n
    id = world.open({ deposit: 1_000_000n, collateral: 2_000_000n })
  })

  it('burns its collateral but for the gas of the proof, freezes, and pays on from what is left', () => {
    world.pay(id, { target: ann, amount: 700_000n })
    const prover = world.balance(stranger.address)
    const { codes, paid, answer } = world.redeem(
      [world.voucher(id, { target: ben, amount: 400_000n })],
      stranger.address,
    )
    expect([codes, paid]).toEqual([['overspent'], [300_000n]])
    const refund = world.balance(stranger.address) - prover
    expect(refund).toBe(58_000n)
    expect(world.burnedWei).toBe(2_000_000n - refund)
    expect(answer.events.map(({ name }) => name)).toEqual(['Overspent', 'Redeemed'])
    expect(answer.events[0]!.args).toMatchObject({ claims: 1_100_000n, burned: 2_000_000n - refund, refund })
    expect(world.pool(id)).toMatchObject({ collateral: 0n, status: 2, paid: 1_000_000n })
    expect(world.pay(id, { target: ben, amount: 400_001n })).toBe('short')
    expect(world.reserve(id, ben, 1n, 1n).error).toBe('PoolNotOpen')
    expect(world.held()).toBe(0n)
  })

  it('can be proved by vouchers together, without paying anyone', () => {
    const vouchers = [ann, ben].map(target => world.voucher(id, { target, amount: 600_000n }))
    const prove = (redemptions: readonly unknown[]) =>
      world.call(stranger.address, 'pools', 'proveOverspend', [id, redemptions])
    expect(prove([vouchers[0], vouchers[0]])).toMatchObject({
      error: 'NotOverspent',
      errorArgs: [600_000n, 1_000_000n],
    })
    expect(prove([vouchers[0], { ...vouchers[1], amount: 700_000n }]).error).toBe('NotOverspent')
    const proof = prove(vouchers)
    expect(proof.events).toMatchObject([{ name: 'Overspent', args: { claims: 1_200_000n, refund: 66_000n } }])
    expect(world.pool(id)).toMatchObject({ paid: 0n, claims: 0n, status: 2 })
    expect(prove(vouchers).error).toBe('PoolNotOpen')
    expect(world.redeem(vouchers).codes).toEqual(['paid', 'short'])
    expect([world.balance(ann), world.balance(ben)]).toEqual([600_000n, 400_000n])
  })

  it('refunds most of the gas of a proof and never more, nor so much that less than the deposit burns', () => {
    for (const count of [1, 2, 5, 20]) {
      const pool = world.open({ deposit: 10_000_000n, collateral: 20_000_000n })
      const vouchers = Array.from({ length: count }, (_, i) => {
        const target = testAccount(`payee ${i}`).address
        return world.voucher(pool, { target, amount: 10_000_000n / BigInt(count) + 1n })
      })
      const args = [pool, vouchers]
      const proof = world.call(stranger.address, 'pools', 'proveOverspend', args)
      const data = encodeCall('pools', 'proveOverspend', args)
      const intrinsic = intrinsicGas({ to: ann, data }, world.rules).gas
      const spent = proof.gasUsed + intrinsic
      const { refund } = proof.events[0]!.args as { refund: bigint }
      expect(Number(refund)).toBeLessThan(spent)
      expect(Number(refund)).toBeGreaterThan(spent * 0.9)
    }
    const small = world.open({ deposit: 100n, collateral: 200n })
    const { answer } = world.redeem([world.voucher(small, { target: ann, amount: 101n })])
    expect(answer.events[0]!.args).toMatchObject({ burned: 100n, refund: 100n })
  })

  it('is recognised however large the amounts that are shown', () => {
    const vouchers = [ann, ben].map(target => world.voucher(id, { target, amount: UINT256_MAX }))
    const proof = world.call(stranger.address, 'pools', 'proveOverspend', [id, vouchers])
    expect(proof.events[0]!.args).toMatchObject({ claims: UINT256_MAX })
    const other = world.open({ deposit: 5n, collateral: 10n })
    world.pay(other, { target: ben, amount: 3n })
    expect(world.pay(other, { target: ann, amount: UINT256_MAX })).toBe('overspent')
    expect(world.target(other, ann).paid).toBe(2n)
  })

  it('is not proved once it is expired, of an unknown pool, nor of a strict one', () => {
    const voucher = world.voucher(id, { target: ann, amount: 2_000_000n })
    const prove = (pool: Hash) => world.call(stranger.address, 'pools', 'proveOverspend', [pool, [voucher]]).error
    expect(prove(ZERO_HASH)).toBe('UnknownPool')
    expect(prove(world.open({ deposit: 1n, collateral: 0n }))).toBe('StrictPool')
    world.height = 21 + 5
    expect(prove(id)).toBe('PoolExpired')
  })
})

describe('a strict pool', () => {
  let id: Hash
  beforeEach(() => {
    id = world.open({ collateral: 0n, reserves: [{ target: ann, amount: 100n }] })
  })

  it('pays up to what is reserved, and no voucher harms it', () => {
    expect(world.pay(id, { target: ann, amount: 60n })).toBe('paid')
    const { codes, paid } = world.redeem([world.voucher(id, { target: ann, amount: 5_000n })])
    expect([codes, paid]).toEqual([['short'], [40n]])
    expect(world.pay(id, { target: ben, amount: UINT256_MAX })).toBe('short')
    expect(world.balance(ben)).toBe(0n)
    expect(world.pool(id)).toMatchObject({ status: 1, paid: 100n, claims: 100n })
  })

  it('reserves more by the reserver’s signature alone, rising, within the deposit, each once', () => {
    expect(world.reserve(id, ben, 50n, 1n, signer).error).toBe('InvalidSignature')
    expect(world.reserve(id, ben, 50n, 1n).events).toMatchObject([{ name: 'Reserved', args: { amount: 50n } }])
    expect(world.reserve(id, ben, 60n, 1n).error).toBe('ReserveNotRising')
    expect(world.reserve(id, ben, 50n, 2n).error).toBe('ReserveNotRising')
    expect(world.reserve(id, ben, 901n, 2n)).toMatchObject({
      error: 'ReservesExceedDeposit',
      errorArgs: [1_001n, 1_000n],
    })
    expect(world.reserve(id, ben, POOL_AMOUNT_MAX + 1n, 2n).error).toBe('AmountTooLarge')
    expect(world.reserve(id, ben, 900n, 2n).error).toBeUndefined()
    expect(world.reserve(ZERO_HASH, ben, 900n, 3n).error).toBe('UnknownPool')
    world.height = 21 + 5
    expect(world.reserve(id, ben, 950n, 3n).error).toBe('PoolExpired')
  })

  it('takes back what a target releases, and no replay of a reserve brings it back', () => {
    world.reserve(id, ann, 400n, 1n)
    world.pay(id, { target: ann, amount: 30n })
    const released = world.call(ann, 'pools', 'release', [id])
    expect(released.events).toMatchObject([{ name: 'Released', args: { amount: 370n } }])
    expect(world.target(id, ann)).toEqual({ paid: 30n, reserved: 30n, nonce: 1n })
    expect(world.pool(id)).toMatchObject({ claims: 30n })
    expect(world.call(ann, 'pools', 'release', [id]).error).toBe('NothingReserved')
    expect(world.reserve(id, ann, 400n, 1n).error).toBe('ReserveNotRising')
    expect(world.reserve(id, ben, 970n, 1n).error).toBeUndefined()
  })
})

// spec P-RISE
describe('topping up', () => {
  it('is the payer’s, keeps the ratio and the bound of the duration, and never lowers anything', () => {
    const id = world.open()
    const topUp = (deposit: bigint, collateral: bigint, duration: bigint, by = payer.address) =>
      world.call(by, 'pools', 'topUp', [id, deposit, collateral, duration], { valueWei: deposit + collateral })
    expect(topUp(10n, 20n, 0n, stranger.address).error).toBe('NotPayer')
    expect(topUp(10n, 19n, 0n).error).toBe('CollateralTooLow')
    expect(topUp(0n, 0n, 81n).error).toBe('DurationOutOfBounds')
    expect(topUp(10n, 20n, 80n).events).toMatchObject([
      { name: 'PoolToppedUp', args: { deposit: 1_010n, collateral: 2_020n, expiryHeight: 101n } },
    ])
    expect(world.pool(id)).toMatchObject({ deposit: 1_010n, collateral: 2_020n, expiryHeight: 101, status: 1 })
    const short = world.call(payer.address, 'pools', 'topUp', [id, 5n, 10n, 0n], { valueWei: 14n })
    expect(short).toMatchObject({ error: 'WrongValue', errorArgs: [14n, 15n] })
  })

  it('makes no credit pool of a strict one', () => {
    const id = world.open({ collateral: 0n })
    const topUp = (collateral: bigint) =>
      world.call(payer.address, 'pools', 'topUp', [id, 1n, collateral, 0n], { valueWei: 1n + collateral }).error
    expect(topUp(4_000n)).toBe('StrictPool')
    expect(topUp(0n)).toBeUndefined()
  })
})

describe('closing', () => {
  it('returns exactly the rest to the payer, once, whoever asks, when nothing can be redeemed any more', () => {
    const id = world.open({ reserves: [{ target: ben, amount: 500n }] })
    world.pay(id, { target: ann, amount: 123n })
    const close = () => world.call(stranger.address, 'pools', 'close', [id])
    world.height = 21 + 4
    expect(close()).toMatchObject({ error: 'StillRedeemable', errorArgs: [26n] })
    world.height = 21 + 5
    const before = world.balance(payer.address)
    expect(close().events).toMatchObject([{ name: 'PoolClosed', args: { returned: 2_877n } }])
    expect(world.balance(payer.address)).toBe(before + 2_877n)
    expect(world.held()).toBe(0n)
    expect(world.pool(id)).toEqual({ deposit: 0n, collateral: 0n, paid: 0n, claims: 0n, expiryHeight: 21, status: 3 })
    expect(close().error).toBe('PoolNotOpen')
    expect(world.pay(id, { target: ann, amount: 999n })).toBe('expired')
    expect(world.call(ben, 'pools', 'release', [id]).error).toBe('PoolNotOpen')
    expect(world.call(payer.address, 'pools', 'topUp', [id, 0n, 0n, 1n]).error).toBe('PoolNotOpen')
    expect(world.call(stranger.address, 'pools', 'close', [ZERO_HASH]).error).toBe('UnknownPool')
  })
})

describe('gas', () => {
  it('of the usual calls stays what it is', () => {
    const id = world.open()
    const strict = world.open({
      collateral: 0n,
      reserves: [
        { target: ann, amount: 10n },
        { target: ben, amount: 10n },
      ],
    })
    const gasOf = (redemptions: readonly unknown[]) => world.redeem(redemptions).answer.gasUsed
    const first = gasOf([world.voucher(id, { target: ann, amount: 1n })])
    const again = gasOf([world.voucher(id, { target: ann, amount: 2n })])
    const chained = gasOf([
      world.voucher(id, { target: ann, amount: 3n, sequence: 2n, chain: { length: 100, unit: 1n, index: 100 } }),
    ])
    expect({
      createCredit: world.create(world.terms()).gasUsed,
      createStrict: world.create(world.terms({ collateral: 0n, reserves: [{ target: ann, amount: 1n }] })).gasUsed,
      reserve: world.reserve(strict, ann, 20n, 1n).gasUsed,
      first,
      again,
      chained,
    }).toMatchInlineSnapshot(`
      {
        "again": 31332,
        "chained": 39332,
        "createCredit": 118774,
        "createStrict": 164774,
        "first": 90532,
        "reserve": 21216,
      }
    `)
  })

  it('runs out before the work that it does not pay for', () => {
    const id = world.open()
    const chain = { length: 4_096, unit: 1n, index: 4_096 }
    const redemption = world.voucher(id, { target: ann, amount: 0n, chain })
    const { gasUsed } = world.redeem([redemption]).answer
    expect(gasUsed).toBeGreaterThan(4_096 * 80)
    const other = world.voucher(id, { target: ben, amount: 0n, chain })
    const halted = world.call(stranger.address, 'pools', 'redeem', [[other]], { gas: 20_000 })
    expect(halted).toMatchObject({ error: '', gasUsed: 20_000 })
  })
})

it('knows nobody by the zero address: a key that signs nothing', () => {
  const id = world.open({ signer: ZERO_ADDRESS, reserver: ZERO_ADDRESS })
  expect(world.pay(id, { target: ann, amount: 1n })).toBe('signature')
  expect(world.redeem([{ ...world.voucher(id, { target: ann, amount: 1n }), signature: '0x' }]).codes).toEqual([
    'signature',
  ])
  expect(world.reserve(id, ann, 1n, 1n, reserver).error).toBe('InvalidSignature')
})
