// A payer's pool for one resource: the one that it has, if that still serves, or a new one, funded first if need be. What
// is left in pools that have run out is taken back before more is asked for.
import {
  type Address,
  addressOfSecretKey,
  CodedError,
  formatAmount,
  type Hash,
  type Random,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import { type PoolState, type PoolTerms, resourceCommitment } from '@tan/protocol'
import type { PoolChain } from '../chain/pool-chain.ts'
import { ChainError } from '../chain/rpc.ts'
import type { PoolRecord, Records } from './records.ts'

export interface PoolPlan {
  readonly kind: 'credit' | 'strict'
  readonly depositWei: bigint
  /** of a credit pool, in hundredths of the deposit: what the chain asks, at least */
  readonly collateralPercent: number
  readonly durationBlocks: number
  /** an older pool serves if this many blocks are left */
  readonly blocksLeftMin: number
}

export interface PoolKeeperOptions {
  readonly chain: PoolChain
  readonly records: Records
  readonly secretKey: Uint8Array
  readonly random: Random
  /** asks whoever pays to send so much to the session's account; resolves once it is sent */
  readonly fund?: ((address: Address, wei: bigint) => Promise<void>) | undefined
}

export interface KeptPool {
  readonly record: PoolRecord
  readonly state: PoolState
}

/** gas of a pool's transaction, with room */
const CREATE_GAS = 500_000n

export class PoolKeeper {
  readonly #options: PoolKeeperOptions

  constructor(options: PoolKeeperOptions) {
    this.#options = options
  }

  /** Throws `pool/funds`, and what the chain throws. */
  async open(resourceId: Hash, plan: PoolPlan): Promise<KeptPool> {
    const existing = await this.#existing(resourceId, plan)
    if (existing !== undefined) return existing
    await this.takeBack()
    return this.#create(resourceId, plan)
  }

  /** What is left in pools that have run out (spec P-CLOSE); those whose grace still lasts are left for the next time. */
  async takeBack(): Promise<void> {
    for (const record of await this.#options.records.pools()) await this.#takeBack(record).catch(() => {})
  }

  /** Rejects while its grace lasts. */
  async #takeBack(record: PoolRecord): Promise<void> {
    const { chain, records, secretKey } = this.#options
    const state = await chain.pool(record.poolId)
    // One that is not there may still come to be, by the transaction that is kept with it.
    if (state === undefined || (await chain.settledHeight()) < state.expiryHeight) return
    if (state.status !== 'closed') await chain.settle(await chain.prepareClose(record.poolId, secretKey))
    await records.forgetPool(record)
  }

  async #existing(resourceId: Hash, plan: PoolPlan): Promise<KeptPool | undefined> {
    const { chain, records } = this.#options
    const record = await records.pool(resourceId)
    if (record === undefined) return undefined
    // Written down, and perhaps never sent: its transaction can still make it, and no other could have its number.
    let state = await chain.pool(record.poolId)
    if (state === undefined && !(await this.#isSettled(record))) return undefined
    state ??= await chain.pool(record.poolId)
    const height = await chain.settledHeight()
    if (state?.status !== 'open' || state.expiryHeight - height < plan.blocksLeftMin) return undefined
    const payments = await records.payments(record.poolId)
    const promisedWei = payments?.promises.reduce((sum, promise) => sum + promise.promisedWei, 0n) ?? 0n
    // A pool that is nearly used up pays its rest, and the next viewing starts from a new one.
    return 4n * (state.deposit - promisedWei) > state.deposit ? { record, state } : undefined
  }

  /** False where it can never be. Rejects while it still may be: another beside it would be a second deposit. */
  async #isSettled(record: PoolRecord): Promise<boolean> {
    const { chain, records, secretKey } = this.#options
    const transaction = await chain.repriced(record.transaction, secretKey)
    if (transaction !== record.transaction) await records.savePool({ ...record, transaction })
    try {
      await chain.settle(transaction)
      return true
    } catch (error) {
      if (!(error instanceof ChainError) || !error.isFinal) throw error
      // Of two that differ in their fees alone, the other one may have made it.
      if ((await chain.pool(record.poolId)) !== undefined) return true
      await records.forgetPool(record)
      return false
    }
  }

  async #create(resourceId: Hash, plan: PoolPlan): Promise<KeptPool> {
    const { chain, records, secretKey, random } = this.#options
    const self = addressOfSecretKey(secretKey)
    const salt = toHex(randomBytesFrom(random, 32))
    const { depositWei, collateralPercent, kind, durationBlocks } = plan
    const terms: PoolTerms = {
      resourceCommitment: resourceCommitment(resourceId, salt),
      deposit: depositWei,
      collateral: kind === 'strict' ? 0n : (depositWei * BigInt(collateralPercent)) / 100n,
      durationBlocks,
      signer: self,
      reserver: self,
      reserves: [],
    }
    await this.#ensureFunds(self, terms.deposit + terms.collateral)
    const { poolId, transaction } = await chain.prepareCreate(terms, secretKey)
    const record: PoolRecord = { poolId, resourceId, terms, salt, transaction }
    await records.savePool(record)
    await chain.settle(transaction)
    const state = await chain.pool(poolId)
    if (state === undefined) throw new CodedError('pool/lost', `pool ${poolId} was created, and is not there`)
    return { record, state }
  }

  async #ensureFunds(self: Address, lockedWei: bigint): Promise<void> {
    const { chain, fund } = this.#options
    const neededWei = lockedWei + 2n * CREATE_GAS * (await chain.baseFeeWei())
    const missingWei = neededWei - (await chain.balanceWei(self))
    if (missingWei <= 0n) return
    if (fund === undefined)
      throw new CodedError('pool/funds', `${self} needs ${formatAmount(missingWei)} TANGam more to open a pool`)
    await fund(self, missingWei)
    if ((await chain.balanceWei(self)) < neededWei)
      throw new CodedError('pool/funds', `${self} did not get the ${formatAmount(missingWei)} TANGam that it needs`)
  }
}
