import fc from 'fast-check'
import { expect, test } from 'vitest'
import { poolMoney } from './pool-money.ts'

test('what is paid, reserved and left is the deposit', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 27n })
  fc.assert(
    fc.property(amount, amount, amount, amount, (deposit, paidOrMore, claims, collateral) => {
      const paid = paidOrMore > deposit ? deposit : paidOrMore
      const money = poolMoney({ deposit, paid, claims, collateral })
      expect(money.paidWei + money.reservedWei + money.leftWei).toBe(deposit)
      expect(money.reservedWei).toBeGreaterThanOrEqual(0n)
      expect(money.leftWei).toBeGreaterThanOrEqual(0n)
      expect(money.shares.paid + money.shares.reserved + money.shares.left).toBeLessThanOrEqual(1)
    }),
  )
})

test('an overspent pool has nothing left, and no more than all is claimed', () => {
  const money = poolMoney({ deposit: 10n, paid: 4n, claims: 25n, collateral: 20n })
  expect(money).toMatchObject({ paidWei: 4n, reservedWei: 6n, leftWei: 0n, kind: 'credit' })
  expect(poolMoney({ deposit: 0n, paid: 0n, claims: 0n, collateral: 0n })).toMatchObject({
    kind: 'strict',
    leftWei: 0n,
  })
})
