import { paymentLimits } from '@tan/payments'
import { addressOfSecretKey, type Hash, toHex } from '@tan/primitives'
import { expect, it } from 'vitest'
import { PROMISES_MAX } from '../limits.ts'
import { createMemoryStore } from './memory-store.ts'
import { Records } from './records.ts'

const poolId: Hash = `0x${'44'.repeat(32)}`

it('keeps a promise to every payee that a payer can have', async () => {
  expect(PROMISES_MAX).toBeGreaterThanOrEqual(paymentLimits.TARGETS_MAX)
  const records = new Records(createMemoryStore())
  const promises = Array.from({ length: paymentLimits.TARGETS_MAX }, (_, i) => {
    const key = new Uint8Array(32)
    new DataView(key.buffer).setUint32(28, i + 1)
    return { target: addressOfSecretKey(key), sequence: BigInt(i), promisedWei: 2n ** 200n, receivedWei: 1n }
  })
  await records.savePayments({ poolId, promises })
  expect(await records.payments(poolId)).toEqual({ poolId, promises })
  expect(await records.payments(toHex(new Uint8Array(32)))).toBeUndefined()
})
