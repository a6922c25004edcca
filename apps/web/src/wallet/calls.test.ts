import { type Address, parseAmount } from '@tan/primitives'
import { SYSTEM_ADDRESSES } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeCall } from '../chain/decode.ts'
import {
  claimStakeCall,
  closePoolCall,
  createPoolCall,
  readAddress,
  readAmount,
  stakeCall,
  transferCall,
} from './calls.ts'

const bob: Address = `0x${'b0'.repeat(20)}`
const poolId = `0x${'0f'.repeat(32)}` as const

describe('what is sent', () => {
  test('TANGam travels as value, TAN as a call of its contract', () => {
    expect(transferCall('TANGam', bob, 5n)).toEqual({ to: bob, valueWei: 5n, data: '0x' })
    const { to, valueWei, data } = transferCall('TAN', bob, 5n)
    expect(valueWei).toBe(0n)
    expect(decodeCall(to, data)).toMatchObject({
      name: 'transfer',
      values: [{ value: { address: bob } }, { value: { wei: 5n, currency: 'TAN' } }],
    })
  })

  test('a pool brings its deposit and its collateral', () => {
    const call = createPoolCall({ depositWei: 10n, collateralWei: 20n, durationBlocks: 100, signer: bob })
    expect(call).toMatchObject({ to: SYSTEM_ADDRESSES.paymentPools, valueWei: 30n })
    const { name, values } = decodeCall(call.to, call.data)!
    expect(name).toBe('createPool')
    expect(Object.fromEntries(values.map(value => [value.name, value.value]))).toMatchObject({
      deposit: { wei: 10n },
      collateral: { wei: 20n },
      'duration blocks': { text: '100' },
      signer: { address: bob },
      reserver: { address: bob },
      reserves: { items: [] },
    })
  })

  test('two pools of the same terms have sealed what they are for differently', () => {
    const terms = { depositWei: 1n, collateralWei: 0n, durationBlocks: 1, signer: bob }
    expect(createPoolCall(terms).data).not.toBe(createPoolCall(terms).data)
  })

  test('the rest goes where it should', () => {
    expect(decodeCall(SYSTEM_ADDRESSES.paymentPools, closePoolCall(poolId).data)).toMatchObject({
      name: 'close',
      values: [{ value: { poolId } }],
    })
    for (const change of ['deposit', 'withdraw'] as const)
      expect(decodeCall(SYSTEM_ADDRESSES.staking, stakeCall(change, 7n).data)).toMatchObject({
        name: change,
        values: [{ value: { wei: 7n, currency: 'TAN' } }],
      })
    expect(decodeCall(SYSTEM_ADDRESSES.staking, claimStakeCall().data)).toMatchObject({ name: 'claim' })
  })
})

describe('what people type', () => {
  test('addresses of either case, with space around', () => {
    expect(readAddress(` 0x${'B0'.repeat(20)} `)).toBe(bob)
    for (const wrong of ['', '0x12', 'b0'.repeat(20), `0x${'g0'.repeat(20)}`])
      expect(() => readAddress(wrong)).toThrow('40 hexadecimal digits')
  })

  test('amounts, exactly', () => {
    expect(readAmount(' 1250.5 ', 'TAN', 10n ** 30n)).toBe(parseAmount('1250.5'))
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 27n }), wei => {
        const digits = wei.toString().padStart(19, '0')
        expect(readAmount(`${digits.slice(0, -18)}.${digits.slice(-18)}`, 'TAN', wei)).toBe(wei)
      }),
    )
  })

  test.each([
    ['nothing', '0', 'more than 0'],
    ['no number', 'a lot', 'in digits'],
    ['a decimal comma', '1,5', 'without commas'],
    ['a comma between thousands', '1,500', 'without commas'],
    ['an exponent', '1e3', 'in digits'],
    ['less than nothing', '-1', 'in digits'],
    ['more decimals than there are', `0.${'1'.repeat(19)}`, 'in digits'],
    ['more than there is', '2', 'not have that much'],
  ])('%s is refused with the reason', (_, text, message) => {
    const availableWei = text === '2' ? 10n ** 18n : 10n ** 30n
    expect(() => readAmount(text, 'TANGam', availableWei)).toThrow(message)
  })
})
