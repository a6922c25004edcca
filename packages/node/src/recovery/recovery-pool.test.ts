import { addressOfSecretKey, createSeededRandom, randomBytesFrom } from '@tan/primitives'
import { encodeTransaction, signTransaction } from '@tan/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { RECOVERY_BATCH_MAX, RECOVERY_QUEUE_MAX } from '../limits.ts'
import { RecoveryPool } from './recovery-pool.ts'

const secretKey = randomBytesFrom(createSeededRandom(5), 32)
const encoded = encodeTransaction(
  signTransaction(
    {
      type: 'eip1559',
      ...{ chainId: 1n, nonce: 0n, gasLimit: 21_000n, to: addressOfSecretKey(secretKey), value: 1n },
      ...{ data: new Uint8Array(0), accessList: [], maxFeePerGas: 1n, maxPriorityFeePerGas: 0n },
    },
    secretKey,
  ),
)
const garbage = new Uint8Array([1])
let pool: RecoveryPool

afterEach(() => pool.close())

describe('a pool that recovers senders', () => {
  it('does what is urgent before all that waits', async () => {
    pool = new RecoveryPool(1)
    const done: string[] = []
    const waiting = Array.from({ length: 3 }, (_, i) =>
      pool.recover(Array(RECOVERY_BATCH_MAX).fill(encoded)).then(() => done.push(`gossip ${i}`)),
    )
    await pool.recover(Array(10).fill(encoded), { isUrgent: true }).then(() => done.push('block'))
    await Promise.all(waiting)
    // one was under way
    expect(done).toEqual(['gossip 0', 'block', 'gossip 1', 'gossip 2'])
  })

  it('takes what is urgent however much waits, and refuses the rest', async () => {
    pool = new RecoveryPool(1)
    const flood = Array.from({ length: RECOVERY_QUEUE_MAX + 1 }, () => pool.recover(Array(4).fill(garbage)))
    for (const each of flood) each.catch(() => {}) // ended with the pool
    await expect(pool.recover(Array(4).fill(garbage))).rejects.toMatchObject({ code: 'node/overloaded' })
    const answers = await pool.recover(Array(4).fill(encoded), { isUrgent: true })
    expect(answers.every(({ ok }) => ok)).toBe(true)
  })
})
