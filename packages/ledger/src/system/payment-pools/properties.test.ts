// PaymentPools against the plainest statement of its rules, over random histories: what a pool holds, pays, burns and
// returns follows from a few sums, taken anew each time.
import type { Address, Hash } from '@tan/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { testAccount, testGenesis } from '../../testing/chain.ts'
import { PoolWorld, payer } from '../../testing/pools.ts'

const targets = [0, 1, 2].map(i => testAccount(`target ${i}`).address)
const prover = testAccount('prover')
const GRACE = 3
const genesis = testGenesis([payer, prover], { redeemGraceBlocks: GRACE })

// -------------------------------------------------------------------------------------------------- the rules, said plainly

interface Model {
  deposit: bigint
  collateral: bigint
  isStrict: boolean
  status: 'open' | 'frozen' | 'closed'
  expiry: number
  readonly paid: bigint[]
  readonly reserved: bigint[]
  readonly nonce: bigint[]
}

const max = (a: bigint, b: bigint) => (a > b ? a : b)
const min = (a: bigint, b: bigint) => (a < b ? a : b)
const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n)
const claims = (m: Model, t = -1, shown = 0n) =>
  sum(m.paid.map((paid, i) => max(max(paid, m.reserved[i]!), i === t ? shown : 0n)))

function redeemModel(m: Model, height: number, t: number, value: bigint): { code: string; paid: bigint } {
  if (m.status === 'closed' || height >= m.expiry + GRACE) return { code: 'expired', paid: 0n }
  const before = m.paid[t]!
  const payable = m.isStrict ? min(value, m.reserved[t]!) : value
  const isProof = !m.isStrict && m.status === 'open' && claims(m, t, payable) > m.deposit
  if (isProof) freezeModel(m)
  const others = claims(m) - max(before, m.reserved[t]!)
  const paid = max(0n, min(payable - before, m.deposit - others - before))
  m.paid[t] = before + paid
  if (isProof) return { code: 'overspent', paid }
  if (value <= before) return { code: 'nothing-new', paid }
  return { code: paid === value - before ? 'paid' : 'short', paid }
}

function freezeModel(m: Model): void {
  m.status = 'frozen'
  m.collateral = 0n
}

// -------------------------------------------------------------------------------------------------- histories

type Step =
  | { type: 'redeem'; batch: { t: number; value: bigint }[] }
  | { type: 'prove'; batch: { t: number; value: bigint }[] }
  | { type: 'reserve'; t: number; amount: bigint; nonce: bigint }
  | { type: 'release'; t: number }
  | { type: 'top-up'; deposit: bigint; duration: number }
  | { type: 'wait'; blocks: number }
  | { type: 'close' }

const amount = fc.bigInt({ min: 0n, max: 140n })
const t = fc.nat({ max: targets.length - 1 })
const batch = fc.array(fc.record({ t, value: amount }), { minLength: 1, maxLength: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('redeem' as const), batch }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('prove' as const), batch }) },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('reserve' as const), t, amount, nonce: fc.bigInt({ min: 0n, max: 5n }) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('release' as const), t }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('top-up' as const),
      deposit: fc.bigInt({ min: 0n, max: 50n }),
      duration: fc.nat({ max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), blocks: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant<Step>({ type: 'close' }) },
)

function run(world: PoolWorld, id: Hash, m: Model, step: Step): void {
  const { height } = world
  const isLate = height >= m.expiry + GRACE
  const name = (i: number): Address => targets[i]!
  switch (step.type) {
    case 'redeem': {
      const { batch } = step
      const { codes, paid } = world.redeem(
        batch.map(({ t, value }) => world.voucher(id, { target: name(t), amount: value })),
      )
      const expected = batch.map(({ t, value }) => redeemModel(m, height, t, value))
      expect(codes).toEqual(expected.map(({ code }) => code))
      expect(paid).toEqual(expected.map(result => result.paid))
      return
    }
    case 'prove': {
      const { batch } = step
      const vouchers = batch.map(({ t, value }) => world.voucher(id, { target: name(t), amount: value }))
      const shown = targets.map((_, i) =>
        batch.reduce((highest, { t, value }) => (t === i ? max(highest, value) : highest), 0n),
      )
      const total = sum(m.paid.map((paid, i) => max(max(paid, m.reserved[i]!), shown[i]!)))
      const isRight = m.status === 'open' && !isLate && !m.isStrict && total > m.deposit
      const { error } = world.call(prover.address, 'pools', 'proveOverspend', [id, vouchers])
      expect(error === undefined).toBe(isRight)
      if (isRight) freezeModel(m)
      return
    }
    case 'reserve': {
      const { t, amount, nonce } = step
      const isRight =
        m.status === 'open' &&
        !isLate &&
        nonce > m.nonce[t]! &&
        amount > m.reserved[t]! &&
        claims(m, t, amount) <= m.deposit
      expect(world.reserve(id, name(t), amount, nonce).error === undefined).toBe(isRight)
      if (isRight) {
        m.reserved[t] = amount
        m.nonce[t] = nonce
      }
      return
    }
    case 'release': {
      const { t } = step
      const isRight = m.status !== 'closed' && m.reserved[t]! > m.paid[t]!
      expect(world.call(name(t), 'pools', 'release', [id]).error === undefined).toBe(isRight)
      if (isRight) m.reserved[t] = m.paid[t]!
      return
    }
    case 'top-up': {
      const { deposit, duration } = step
      const collateral = m.isStrict ? 0n : 2n * deposit
      const valueWei = deposit + collateral
      const { error } = world.call(payer.address, 'pools', 'topUp', [id, deposit, collateral, BigInt(duration)], {
        valueWei,
      })
      expect(error === undefined).toBe(m.status === 'open' && !isLate)
      if (error !== undefined) return
      m.deposit += deposit
      m.collateral += collateral
      m.expiry += duration
      return
    }
    case 'wait':
      world.height += step.blocks
      return
    case 'close': {
      const before = world.balance(payer.address)
      const { error } = world.call(prover.address, 'pools', 'close', [id])
      const isRight = m.status !== 'closed' && isLate
      expect(error === undefined).toBe(isRight)
      if (!isRight) return
      expect(world.balance(payer.address) - before).toBe(m.deposit - sum(m.paid) + m.collateral)
      m.status = 'closed'
    }
  }
}

describe('a pool', () => {
  it('does what its rules say, whatever happens, and neither loses nor makes a wei', () => {
    const histories = fc.record({ isStrict: fc.boolean(), steps: fc.array(step, { minLength: 1, maxLength: 14 }) })
    fc.assert(
      fc.property(histories, ({ isStrict, steps }) => {
        const world = new PoolWorld(genesis)
        const everyone = [payer.address, prover.address, ...targets]
        const total = () => sum(everyone.map(address => world.balance(address))) + world.held() + world.burnedWei
        const before = total()
        const terms = { deposit: 100n, collateral: isStrict ? 0n : 200n, durationBlocks: 10 }
        const id = world.open(terms)
        const zeros = () => targets.map(() => 0n)
        const m: Model = {
          ...terms,
          isStrict,
          status: 'open',
          expiry: world.height + 10,
          paid: zeros(),
          reserved: zeros(),
          nonce: zeros(),
        }
        for (const step of steps) {
          run(world, id, m, step)
          expect(targets.map(target => world.balance(target))).toEqual(m.paid)
          expect(sum(m.paid)).toBeLessThanOrEqual(m.deposit)
          expect(total()).toBe(before)
          if (m.status === 'closed') expect(world.held()).toBe(0n)
          else {
            expect(world.held()).toBe(m.deposit - sum(m.paid) + m.collateral)
            expect(world.pool(id)).toMatchObject({ paid: sum(m.paid), claims: claims(m), deposit: m.deposit })
          }
          for (const [i, target] of targets.entries())
            expect(world.target(id, target)).toEqual({ paid: m.paid[i], reserved: m.reserved[i], nonce: m.nonce[i] })
        }
      }),
      { numRuns: 60 },
    )
  })

  it('pays each target the same in any order and in any batches, and a replay nothing', () => {
    const vouchers = fc.array(fc.record({ t, value: fc.bigInt({ min: 0n, max: 33n }) }), { minLength: 1, maxLength: 8 })
    const cases = vouchers.chain(list =>
      fc.record({
        list: fc.constant(list),
        shuffled: fc.shuffledSubarray([...list, ...list], { minLength: 2 * list.length }),
        cut: fc.nat({ max: 2 * list.length }),
      }),
    )
    const world = new PoolWorld(genesis)
    fc.assert(
      fc.property(cases, ({ list, shuffled, cut }) => {
        const best = targets.map((_, i) =>
          list.reduce((highest, { t, value }) => (t === i ? max(highest, value) : highest), 0n),
        )
        const id = world.open({ deposit: 100n, collateral: 200n })
        const shown = shuffled.map(({ t, value }) => world.voucher(id, { target: targets[t]!, amount: value }))
        for (const batch of [shown.slice(0, cut), shown.slice(cut), shown]) if (batch.length > 0) world.redeem(batch)
        expect(targets.map(target => world.target(id, target).paid)).toEqual(best)
        expect(world.pool(id)).toMatchObject({ status: 1, paid: sum(best) })
      }),
      { numRuns: 40 },
    )
  })
})
