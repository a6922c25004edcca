import { expect, test } from 'vitest'
import { GOSSIP_IN_WORK_MAX, USELESS_TRANSACTIONS_MAX, USELESS_TRANSACTIONS_PER_SECOND } from '../limits.ts'
import { Allowance } from './allowance.ts'

test('a peer whose transactions were of no use is not listened to until its allowance has grown again', () => {
  const allowance = new Allowance(0)
  expect(allowance.begin(0)).toBe(true)
  allowance.spend(USELESS_TRANSACTIONS_MAX + USELESS_TRANSACTIONS_PER_SECOND)
  allowance.end()
  expect(allowance.begin(999)).toBe(false)
  expect(allowance.begin(1_001)).toBe(true)
})

test('an allowance does not grow beyond its most', () => {
  const allowance = new Allowance(0)
  expect(allowance.begin(1_000_000)).toBe(true)
  allowance.spend(USELESS_TRANSACTIONS_MAX)
  expect(allowance.begin(1_000_000)).toBe(false)
})

test('so many messages of one peer are in work at a time, and no more', () => {
  const allowance = new Allowance(0)
  for (let i = 0; i < GOSSIP_IN_WORK_MAX; i++) expect(allowance.begin(0)).toBe(true)
  expect(allowance.begin(0)).toBe(false)
  allowance.end()
  expect(allowance.begin(0)).toBe(true)
})
