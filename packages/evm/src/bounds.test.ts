// What happens where the engine's tables fill up: within what a block's gas can reach, nothing that can be seen.
import {
  type Address,
  bytesToBigInt,
  concatBytes,
  EMPTY_BYTES,
  fromHex,
  type Hash,
  type Hex,
  toHex,
} from '@tan/primitives'
import { expect, test } from 'vitest'
import { createEvm, type Evm } from './evm.ts'
import type { Host } from './host.ts'
import type { Message } from './message.ts'
import { environmentOf } from './testing/differential.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const DRIVER: Address = '0x00000000000000000000000000000000000c0de1'
const osaka = environmentOf('osaka')
const EMPTY: Hash = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
const CODE_SIZE = 24_576

/** Every address from 2^150 on is a contract of the greatest size that returns the low four bytes of its own address. */
const FIRST = 2n ** 150n
const contract = new Uint8Array(CODE_SIZE)
contract.set(fromHex('0x63000000006000526004601cf3'))

function hostOf(driver: Hex, slotOf: (key: Hash) => bigint = () => 0n): Host {
  const code = fromHex(driver)
  return {
    account(address) {
      if (address === SENDER) return { nonce: 1n, balance: 10n ** 18n, codeHash: EMPTY, hasStorage: false }
      if (address === DRIVER) return { nonce: 1n, balance: 0n, codeHash: `0x${'d'.repeat(64)}`, hasStorage: true }
      if (BigInt(address) < FIRST) return undefined
      return { nonce: 1n, balance: 1n, codeHash: `0x${address.slice(2).padStart(64, 'c')}`, hasStorage: false }
    },
    slot: (_address, key) => slotOf(key),
    code(hash) {
      if (hash.startsWith('0xdd')) return code
      const own = contract.slice()
      own.set(fromHex(`0x${hash.slice(-8)}`), 1)
      return own
    },
    blockHash: () => EMPTY,
  }
}

const message = (input: Uint8Array, gas: bigint): Message => ({
  caller: SENDER,
  to: DRIVER,
  value: 0n,
  input,
  gas,
  gasPrice: 1n,
})
const word = (value: bigint): Uint8Array => fromHex(`0x${value.toString(16).padStart(64, '0')}`)

/**
 * A driver that goes from the first word of its input on, as many times as the second says, and returns the sum of what
 * `body` leaves in its place: [place, count] are on the stack before, [place, count, value] after.
 */
function summer(body: string): Hex {
  const add = '60405101604052'
  const next = '60019003906001019060065600'.slice(0, -2)
  const end = (6 + 1 + 5 + (body.length + add.length + next.length) / 2).toString(16).padStart(2, '0')
  return `0x6000356020355b801560${end}57${body}${add}${next}5b60206040f3`
}

/** Calls the place and takes the four bytes that it returns. */
const CALLED = '6004600060006000855afa5060005160e01c'
const LOADED = '8154'

function sumOf(evm: Evm, host: Host, from: bigint, count: number, gas = 50_000_000n): bigint {
  const input = concatBytes(word(from), word(BigInt(count)))
  const result = evm.execute(message(input, gas), osaka, host)
  expect(result.status).toBe('success')
  return bytesToBigInt(result.returnData)
}

/** The sum of `count` numbers from `from` on. */
const sumFrom = (from: number, count: number): bigint => ((BigInt(from) * 2n + BigInt(count) - 1n) * BigInt(count)) / 2n

test('more codes than are kept, over many transactions, and more than there is room for in one', () => {
  const evm = createEvm()
  const host = hostOf(summer(CALLED))
  const sum = (from: number, count: number) => sumOf(evm, host, FIRST + BigInt(from), count)
  for (let i = 0; i < 8; i++) expect(sum(i * 500, 500)).toBe(sumFrom(i * 500, 500))
  expect(sum(0, 10_000)).toBe(sumFrom(0, 10_000))
  expect(sum(3, 5)).toBe(sumFrom(3, 5))
})

test('more slots and accounts than are kept, over many transactions', () => {
  const evm = createEvm()
  const slots = hostOf(summer(LOADED), key => BigInt(key))
  for (let i = 0; i < 8; i++) expect(sumOf(evm, slots, BigInt(i * 20_000), 20_000)).toBe(sumFrom(i * 20_000, 20_000))
  const balances = hostOf(summer('8131'))
  const other = createEvm()
  for (let i = 0; i < 5; i++) expect(sumOf(other, balances, FIRST + BigInt(i * 15_000), 15_000)).toBe(15_000n)
  // with gas as no block has, what ran before leaves no less room either
  expect(sumOf(other, balances, FIRST + 2n ** 20n, 62_000, 200_000_000n)).toBe(62_000n)
})

test('more small codes and transient slots than any other use of a block gives', () => {
  const evm = createEvm()
  const codes = { ...hostOf(summer('600160006000843c6001')) }
  codes.code = hash => (hash.startsWith('0xdd') ? fromHex(summer('600160006000843c6001')) : fromHex('0x5b'))
  for (const from of [0n, 2n ** 20n]) expect(sumOf(evm, codes, FIRST + from, 13_000, 36_000_000n)).toBe(13_000n)
  // keys and values are what gas is left: the least that a new one can cost
  const transient = hostOf(`0x5b${'5a5a5d'.repeat(500)}600056`)
  expect(evm.execute(message(EMPTY_BYTES, 50_000_000n), osaka, transient).haltReason).toBe('out of gas')
})

test.each([
  ['60cc31', 3 + 2600],
  ['60cc3b', 3 + 2600],
  ['60cc3f', 3 + 2600],
  ['5f5f5f60cc3c', 9 + 2600],
  ['60cc54', 3 + 2100],
  ['5f60cc55', 5 + 2301],
  ['5f5f5f5f5f60cc5af1', 15 + 2600],
  ['5f5f5f5f60cc5afa', 13 + 2600],
  ['60ccff', 3 + 5000 + 2600],
])('what gas does not reach is not asked of the host: %s', (code, least) => {
  const asked: unknown[] = []
  const known = hostOf(`0x${code}`)
  const host: Host = {
    ...known,
    account(address) {
      if (address.endsWith('cc')) asked.push(address)
      return known.account(address)
    },
    slot: (_address, key) => BigInt(asked.push(key) * 0),
  }
  const evm = createEvm()
  const short = evm.execute(message(EMPTY_BYTES, BigInt(least - 1)), osaka, host)
  expect([short.status, short.haltReason, asked]).toEqual(['halt', 'out of gas', []])
  expect(evm.execute(message(EMPTY_BYTES, BigInt(least)), osaka, host).status).toBe('success')
  expect(asked).toHaveLength(1)
})

test('a delegate that gas does not reach is not asked of the host, and a precompile costs no first access', () => {
  const asked: Address[] = []
  const world = hostOf('0x5f5f5f5f60cc5afa')
  const host: Host = {
    ...world,
    account(address) {
      asked.push(address)
      return address.endsWith('cc')
        ? { nonce: 1n, balance: 0n, codeHash: `0x${'ee'.repeat(32)}`, hasStorage: false }
        : world.account(address)
    },
    code: hash => (hash.startsWith('0xee') ? fromHex(`0xef0100${'dd'.repeat(20)}`) : world.code(hash)),
  }
  const evm = createEvm()
  expect(evm.execute(message(EMPTY_BYTES, 13n + 5199n), osaka, host).haltReason).toBe('out of gas')
  expect(asked).not.toContain(`0x${'dd'.repeat(20)}`)
  expect(evm.execute(message(EMPTY_BYTES, 13n + 5200n), osaka, host).status).toBe('success')
  expect(asked).toContain(`0x${'dd'.repeat(20)}`)
  for (const [fork, gas] of [
    ['osaka', 103n],
    ['prague', 2603n],
  ] as const)
    for (const [left, status] of [
      [gas - 1n, 'halt'],
      [gas, 'success'],
    ] as const)
      expect(createEvm().execute(message(EMPTY_BYTES, left), environmentOf(fork), hostOf('0x6101003100')).status).toBe(
        status,
      )
})

test('memory that no block can pay for stops with an error, and the engine goes on', () => {
  const evm = createEvm()
  const host = hostOf('0x600035516000 526020 6000f3'.replaceAll(' ', '') as Hex)
  expect(() => evm.execute(message(word(2n ** 26n), 10n ** 12n), osaka, host)).toThrow(
    expect.objectContaining({ code: 'evm/bound' }),
  )
  expect(evm.execute(message(word(2n ** 26n), 10n ** 9n), osaka, host).haltReason).toBe('out of gas')
  expect(evm.execute(message(word(2n ** 40n), 10n ** 12n), osaka, host).haltReason).toBe('out of gas')
  expect(toHex(evm.execute(message(word(64n), 10n ** 6n), osaka, host).returnData)).toBe(`0x${'00'.repeat(32)}`)
})

test('calls to the greatest depth, each with memory of its own', () => {
  // stores its depth in memory, calls itself with depth + 1, and returns what came back, or its own depth
  const evm = createEvm()
  const self = '0x6000356000526000356001016020526020604060206020600030 5af1156025576020 6040f35b60206000f3'.replaceAll(
    ' ',
    '',
  ) as Hex
  const result = evm.execute(message(word(0n), 10n ** 12n), osaka, hostOf(self))
  expect(bytesToBigInt(result.returnData)).toBe(1024n)
})
