import { toHex } from '@tan/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hrefOf, parseQuery, parseRoute, type Route } from './route.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toHex)
const address = fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex)
const plain = fc.constantFrom('watch', 'network', 'chain', 'stake', 'publisher', 'wallet', 'settings')

const route: fc.Arbitrary<Route> = fc.oneof(
  plain.map(page => ({ page }) as Route),
  fc.oneof(hash, fc.nat()).map(id => ({ page: 'block', id }) as Route),
  hash.map(id => ({ page: 'transaction', hash: id }) as Route),
  address.map(id => ({ page: 'address', address: id }) as Route),
  hash.map(id => ({ page: 'pool', poolId: id }) as Route),
)

test('a link leads to the route that it was made of', () => {
  fc.assert(
    fc.property(route, value => {
      expect(parseRoute(hrefOf(value))).toEqual(value)
    }),
  )
})

test('any address leads somewhere', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      expect(parseRoute(text).page).toBeTypeOf('string')
    }),
  )
  expect(parseRoute('#/chain/block/banana')).toEqual({ page: 'unknown', path: 'chain/block/banana' })
  expect(parseRoute('')).toEqual({ page: 'watch' })
  expect(parseRoute('#/chain/')).toEqual({ page: 'chain' })
})

test('an address in capitals is the same address', () => {
  expect(parseRoute(`#/chain/address/0x${'AB'.repeat(20)}`)).toEqual({
    page: 'address',
    address: `0x${'ab'.repeat(20)}`,
  })
})

test('what is searched for is known by its form', () => {
  expect(parseQuery(' 1,234 ')).toEqual({ kind: 'height', height: 1234 })
  expect(parseQuery('#12')).toEqual({ kind: 'height', height: 12 })
  expect(parseQuery('AB'.repeat(20))).toEqual({ kind: 'address', address: `0x${'ab'.repeat(20)}` })
  expect(parseQuery(`0x${'0F'.repeat(32)}`)).toEqual({ kind: 'hash', hash: `0x${'0f'.repeat(32)}` })
  expect(parseQuery('the big block')).toBeUndefined()
  expect(parseQuery('0x12')).toBeUndefined()
})
