import { type RecoveredTransaction, recoverTransaction } from '@tan/ledger'
import { addressOfSecretKey, createSeededRandom, randomBelow, randomBytesFrom } from '@tan/primitives'
import { encodeTransaction, signTransaction } from '@tan/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MEMPOOL_EXPIRY_MS,
  MEMPOOL_MAX_BYTES,
  MEMPOOL_NONCE_GAP_MAX,
  MEMPOOL_OF_ACCOUNT_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
} from '../limits.ts'
import { costWeiOf, Mempool, tipOf } from './mempool.ts'

const keys = Array.from({ length: 4 }, (_, i) => randomBytesFrom(createSeededRandom(i), 32))

function transfer(
  sender: number,
  nonce: number,
  maxFeePerGas: bigint,
  maxPriorityFeePerGas = maxFeePerGas,
): RecoveredTransaction {
  const signed = signTransaction(
    {
      type: 'eip1559',
      chainId: 1n,
      nonce: BigInt(nonce),
      gasLimit: 21_000n,
      to: '0x00000000000000000000000000000000000000aa',
      value: 1n,
      data: new Uint8Array(0),
      accessList: [],
      maxFeePerGas,
      maxPriorityFeePerGas,
    },
    keys[sender]!,
  )
  const recovered = recoverTransaction(encodeTransaction(signed), addressOfSecretKey(keys[sender]!))
  if (!recovered.ok) throw new Error(recovered.rejection.message)
  return recovered.value
}

function createPool(): { pool: Mempool; clock: { now: number } } {
  const clock = { now: 0 }
  return { pool: new Mempool({ nowMs: () => clock.now }), clock }
}

const order = (pool: Mempool, baseFee = 0n): string[] =>
  [...pool.candidates(baseFee, () => 0n)].map(
    ({ sender, transaction }) => `${keys.findIndex(key => addressOfSecretKey(key) === sender)}:${transaction.nonce}`,
  )

describe('the mempool', () => {
  it('gives the best paying first, and an account its own in the order of their nonces', () => {
    const { pool } = createPool()
    for (const [sender, nonce, fee] of [
      [0, 1, 90n],
      [0, 0, 10n],
      [1, 0, 50n],
      [2, 0, 20n],
      [2, 1, 5n],
    ] as const)
      expect(pool.add(transfer(sender, nonce, fee), 0n)).toBeUndefined()
    expect(order(pool)).toEqual(['1:0', '2:0', '0:0', '0:1', '2:1'])
  })

  it('leaves out what cannot pay the base fee, and what stands behind it or behind a gap', () => {
    const { pool } = createPool()
    for (const [sender, nonce, fee] of [
      [0, 0, 5n],
      [0, 1, 50n],
      [1, 1, 50n],
      [2, 0, 30n],
    ] as const)
      pool.add(transfer(sender, nonce, fee), 0n)
    expect(order(pool, 10n)).toEqual(['2:0'])
    expect(tipOf(transfer(3, 0, 100n, 3n), 10n)).toBe(3n)
    expect(tipOf(transfer(3, 0, 12n, 3n), 10n)).toBe(2n)
  })

  it('replaces only for a tenth more in both fees', () => {
    const { pool } = createPool()
    pool.add(transfer(0, 0, 100n), 0n)
    expect(pool.add(transfer(0, 0, 109n), 0n)?.code).toBe('mempool/underpriced')
    expect(pool.add(transfer(0, 0, 200n, 100n), 0n)?.code).toBe('mempool/underpriced')
    expect(pool.add(transfer(0, 0, 110n), 0n)).toBeUndefined()
    expect(pool.size).toBe(1)
  })

  it('refuses what is known, used, too far ahead, or too much from one account', () => {
    const { pool } = createPool()
    pool.add(transfer(0, 3, 9n), 3n)
    expect(pool.add(transfer(0, 3, 9n), 3n)?.code).toBe('mempool/known')
    expect(pool.add(transfer(0, 2, 9n), 3n)?.code).toBe('mempool/nonce-low')
    expect(pool.add(transfer(0, 4 + Number(MEMPOOL_NONCE_GAP_MAX), 9n), 3n)?.code).toBe('mempool/nonce-gap')
    for (let nonce = 4; nonce < 3 + MEMPOOL_OF_ACCOUNT_MAX; nonce++) pool.add(transfer(0, nonce, 9n), 3n)
    expect(pool.add(transfer(0, 3 + MEMPOOL_OF_ACCOUNT_MAX, 9n), 3n)?.code).toBe('mempool/account-full')
  })

  it('forgets what was mined and what has waited too long', () => {
    const { pool, clock } = createPool()
    for (const nonce of [0, 1, 2]) pool.add(transfer(0, nonce, 9n), 0n)
    pool.removeBelow(addressOfSecretKey(keys[0]!), 2n)
    expect(order(pool)).toEqual([])
    expect(pool.size).toBe(1)
    expect(pool.nextNonce(addressOfSecretKey(keys[0]!), 2n)).toBe(3n)
    clock.now = MEMPOOL_EXPIRY_MS + 1
    pool.expire()
    expect([pool.size, pool.sizeBytes]).toEqual([0, 0])
  })

  it('keeps its counts, and offers each account an unbroken row, over random histories', () => {
    const sent = keys.map((_, sender) =>
      Array.from({ length: 6 }, (__, nonce) => [1n, 7n, 30n].map(fee => transfer(sender, nonce, fee))),
    )
    fc.assert(
      fc.property(fc.integer(), seed => {
        const random = createSeededRandom(seed)
        const { pool } = createPool()
        for (let i = 0; i < 60; i++) {
          const choice = sent[randomBelow(random, 4)]![randomBelow(random, 6)]![randomBelow(random, 3)]!
          if (randomBelow(random, 4) === 0) pool.remove(choice)
          else pool.add(choice, 0n)
        }
        const all = [...pool.all()]
        expect(pool.size).toBe(all.length)
        expect(pool.sizeBytes).toBe(all.reduce((sum, { encoded }) => sum + encoded.length, 0))
        const next = new Map<string, bigint>()
        for (const { sender, transaction } of pool.candidates(5n, () => 0n)) {
          expect(transaction.nonce).toBe(next.get(sender) ?? 0n)
          next.set(sender, transaction.nonce + 1n)
        }
      }),
      { numRuns: 50 },
    )
  })
})

const { transaction: signed, input } = transfer(0, 0, 1n)

/** With a signature that is another's: the pool does not look at signatures. */
function fake(sender: number, nonce: number, maxFeePerGas: bigint, sizeBytes = 110): RecoveredTransaction {
  const id = `${sender.toString(16).padStart(20, '0')}${nonce.toString(16).padStart(20, '0')}`
  return {
    transaction: { ...signed, nonce: BigInt(nonce), maxFeePerGas, maxPriorityFeePerGas: 0n } as typeof signed,
    sender: `0x${sender.toString(16).padStart(40, '0')}`,
    hash: `0x${id}${maxFeePerGas.toString(16).padStart(24, '0')}`,
    encoded: new Uint8Array(sizeBytes),
    input: { ...input, nonce: BigInt(nonce), maxFeePerGas, maxPriorityFeePerGas: 0n },
  }
}

describe('a full mempool', () => {
  /** `accounts` with as many transactions each as fill it, all at one fee. */
  function fill(pool: Mempool, firstNonce: number, fee: bigint): void {
    for (let sender = 1; pool.size < MEMPOOL_TRANSACTIONS_MAX; sender++)
      for (let i = 0; i < MEMPOOL_OF_ACCOUNT_MAX && pool.size < MEMPOOL_TRANSACTIONS_MAX; i++)
        expect(pool.add(fake(sender, firstNonce + i, fee), 0n)).toBeUndefined()
  }

  it('of what waits behind gaps takes what can run, whatever it pays', () => {
    const { pool } = createPool()
    fill(pool, 1, 1_000n)
    expect(order(pool)).toEqual([])
    expect(pool.add(fake(100_000, 5, 999n), 0n)?.code).toBe('mempool/full')
    expect(pool.add(fake(100_000, 0, 999n), 0n)).toBeUndefined()
    expect([...pool.candidates(0n, () => 0n)]).toHaveLength(1)
  })

  it('takes what pays more than the cheapest, and no gap in the place of what can run', () => {
    const { pool } = createPool()
    fill(pool, 0, 1_000n)
    expect(pool.add(fake(100_000, 0, 1_000n), 0n)?.code).toBe('mempool/full')
    expect(pool.add(fake(100_000, 7, 5_000n), 0n)?.code).toBe('mempool/full')
    expect(pool.add(fake(100_000, 0, 1_001n), 0n)).toBeUndefined()
    // tails went, and nobody's first ones: all that is left can run
    expect([...pool.candidates(0n, () => 0n)]).toHaveLength(pool.size)
  })

  it('drops a cheap one only with those that need it, and keeps it for a dear one behind it', () => {
    const { pool } = createPool()
    pool.add(fake(1, 0, 5n), 0n)
    pool.add(fake(1, 1, 9_000n), 0n)
    pool.add(fake(2, 0, 6n), 0n)
    for (let sender = 3; pool.size < MEMPOOL_TRANSACTIONS_MAX; sender++) pool.add(fake(sender, 0, 2_000n), 0n)
    expect(pool.add(fake(100_000, 0, 1_000n), 0n)).toBeUndefined()
    expect(pool.ofAccount(fake(1, 0, 0n).sender)).toHaveLength(2)
    expect(pool.ofAccount(fake(2, 0, 0n).sender)).toHaveLength(0)
  })

  it('holds its bytes, however large the newcomers are', () => {
    const { pool } = createPool()
    const small = 4_096
    for (let sender = 1; pool.sizeBytes + small <= MEMPOOL_MAX_BYTES; sender++)
      pool.add(fake(sender, 0, 10n, small), 0n)
    for (let i = 0; i < 300; i++) {
      pool.add(fake(200_000 + i, 0, 1_000n, 128 * 1_024), 0n)
      expect(pool.sizeBytes).toBeLessThanOrEqual(MEMPOOL_MAX_BYTES)
    }
    expect(pool.ofAccount(fake(200_299, 0, 0n).sender)).toHaveLength(1)
  })
})

describe('what an account can pay', () => {
  it('is asked of all that waits from its nonce on, but for what is replaced', () => {
    const { pool } = createPool()
    const cost = (recovered: RecoveredTransaction) => costWeiOf(recovered)
    const [first, second, third] = [transfer(0, 0, 10n), transfer(0, 1, 20n), transfer(0, 2, 30n)]
    pool.add(first, 0n)
    pool.add(second, 0n)
    const all = cost(first) + cost(second) + cost(third)
    expect(pool.isAffordable(third, 0n, all)).toBe(true)
    expect(pool.isAffordable(third, 0n, all - 1n)).toBe(false)
    // the first is in a block by now
    expect(pool.isAffordable(third, 1n, all - cost(first))).toBe(true)
    expect(pool.isAffordable(transfer(0, 1, 40n), 0n, cost(first) + cost(transfer(0, 1, 40n)))).toBe(true)
    expect(pool.isAffordable(transfer(1, 0, 10n), 0n, cost(transfer(1, 0, 10n)) - 1n)).toBe(false)
  })
})
