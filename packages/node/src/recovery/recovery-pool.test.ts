import { decodeEnvelope } from '@tan/ledger'
import { addressOfSecretKey, assert, createSeededRandom, randomBytesFrom } from '@tan/primitives'
import { encodeTransaction, signTransaction } from '@tan/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { RECOVERY_BATCH_MAX, RECOVERY_QUEUE_MAX } from '../limits.ts'
import { RecoveryPool } from './recovery-pool.ts'

const secretKey = randomBytesFrom(createSeededRandom(5), 32)
const decoded = decodeEnvelope(
  encodeTransaction(
    signTransaction(
      {
        type: 'eip1559',
        ...{ chainId: 1n, nonce: 0n, gasLimit: 21_000n, to: addressOfSecretKey(secretKey), value: 1n },
        ...{ data: new Uint8Array(0), accessList: [], maxFeePerGas: 1n, maxPriorityFeePerGas: 0n },
      },
      secretKey,
    ),
  ),
)
assert(decoded.ok, 'what was signed decodes')
const transaction = decoded.value
let pool: RecoveryPool

afterEach(() => pool.close())

describe('a pool that recovers senders', () => {
  it('does what is urgent before all that waits', async () => {
    pool = new RecoveryPool(1)
    const done: string[] = []
    const waiting = Array.from({ length: 3 }, (_, i) =>
      pool.recover(Array(RECOVERY_BATCH_MAX).fill(transaction)).then(() => done.push(`gossip ${i}`)),
    )
    await pool.recover(Array(10).fill(transaction), { isUrgent: true }).then(() => done.push('block'))
    await Promise.all(waiting)
    // one was under way
    expect(done).toEqual(['gossip 0', 'block', 'gossip 1', 'gossip 2'])
  })

  it('completes what was decoded, and says which signatures belong to nobody', async () => {
    const { transaction: signed } = transaction
    // no point of the curve has this x
    const forged = decodeEnvelope(encodeTransaction({ ...signed, r: 5n }))
    assert(forged.ok, 'its form is right')
    for (const threads of [0, 1]) {
      pool = new RecoveryPool(threads)
      const answers = await pool.recover([transaction, forged.value, transaction, transaction, transaction])
      expect(answers.map(({ ok }) => ok)).toEqual([true, false, true, true, true])
      expect(answers[1]).toMatchObject({ rejection: { code: 'transaction/signature', blame: 'sender' } })
      expect(answers[0]).toMatchObject({ value: { encoded: transaction.encoded, hash: transaction.hash } })
      if (threads === 0) await pool.close()
    }
  })

  it('takes what is urgent however much waits, and refuses the rest', async () => {
    pool = new RecoveryPool(1)
    const flood = Array.from({ length: RECOVERY_QUEUE_MAX + 1 }, () => pool.recover(Array(4).fill(transaction)))
    for (const each of flood) each.catch(() => {}) // ended with the pool
    await expect(pool.recover(Array(4).fill(transaction))).rejects.toMatchObject({ code: 'node/overloaded' })
    const answers = await pool.recover(Array(4).fill(transaction), { isUrgent: true })
    const sender = addressOfSecretKey(secretKey)
    expect(answers).toMatchObject(Array(4).fill({ ok: true, value: { ...transaction, sender, input: { sender } } }))
  })
})
