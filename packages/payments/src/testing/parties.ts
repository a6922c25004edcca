// A payer and a payee for tests, with a pool between them.
import { addressOfSecretKey, createSeededRandom, type Hash, randomBytesFrom } from '@tan/primitives'
import { type PoolState, type PoolTarget, resourceCommitment, signVoucher } from '@tan/protocol'
import { Payer } from '../payer.ts'
import type { PayerRecord } from '../records.ts'

export const CHAIN_ID = 5
export const UNIT_WEI = 1_000n
export const RESOURCE_ID: Hash = `0x${'aa'.repeat(32)}`
export const SALT: Hash = `0x${'bb'.repeat(32)}`
export const POOL_ID: Hash = `0x${'cc'.repeat(32)}`
export const PAYEE = `0x${'44'.repeat(20)}` as const
export const random = createSeededRandom(9)
export const secretKey = randomBytesFrom(random, 32)
export const payerAddress = addressOfSecretKey(secretKey)

export const NO_TARGET: PoolTarget = { paid: 0n, reserved: 0n, nonce: 0n }

export const creditPool: PoolState = {
  payer: payerAddress,
  signer: payerAddress,
  reserver: payerAddress,
  resourceCommitment: resourceCommitment(RESOURCE_ID, SALT),
  deposit: 1_000_000n,
  collateral: 2_000_000n,
  paid: 0n,
  claims: 0n,
  expiryHeight: 500,
  status: 'open',
}

export function createPayer(record?: PayerRecord, budgetWei = creditPool.deposit): Payer {
  return new Payer({
    pool: { poolId: POOL_ID, kind: 'credit', budgetWei },
    sign: voucher => signVoucher(CHAIN_ID, voucher, secretKey),
    random,
    record,
  })
}
