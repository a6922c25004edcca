// What a member pays its peers from: a pool on chain for its resource. It is opened while playing goes on already, proven to
// each payee, and reserved for them where it is strict.
import type { PayerRecord, PayingPool } from '@tan/payments'
import { type Address, assert, type Hash, type Logger, type Random, type Reason, reasonOf } from '@tan/primitives'
import type { PoolProof } from '@tan/protocol'
import type { PoolChain } from '../chain/pool-chain.ts'
import { ChainError } from '../chain/rpc.ts'
import { POOL_RETRY_MS } from '../limits.ts'
import type { Timers } from '../ports.ts'
import { PoolKeeper, type PoolPlan } from '../session/pool-keeper.ts'
import type { Session } from '../session/session.ts'

/** How a member pays: without it, it takes only what is free. */
export interface PayingPlan {
  readonly pool: PoolPlan
  /** asks whoever pays to send so much to the session's account; resolves once it is there */
  readonly fund?: ((address: Address, wei: bigint) => Promise<void>) | undefined
}

export interface OpenPool {
  readonly poolId: Hash
  readonly kind: 'credit' | 'strict'
  readonly depositWei: bigint
  readonly collateralWei: bigint
}

export interface PurseOptions {
  readonly resourceId: Hash
  readonly plan: PayingPlan
  readonly chain: PoolChain
  readonly session: Session
  readonly random: Random
  readonly timers: Timers
  readonly logger: Logger
  /** one transaction of the session's account after the other */
  send<T>(work: () => Promise<T>): Promise<T>
  payFrom(pool: PayingPool | undefined, record: PayerRecord | undefined, isComing: boolean): void
  opened(pool: OpenPool): void
  failed(rejection: Reason): void
}

export class Purse {
  readonly #options: PurseOptions
  #open: (OpenPool & { readonly salt: Hash }) | undefined
  #hasBegun = false
  #isStopped = false
  #stopTimer = () => {}

  constructor(options: PurseOptions) {
    this.#options = options
  }

  /** Once it is settled. */
  get pool(): OpenPool | undefined {
    return this.#open
  }

  /** Opens the pool, once: whoever is asked for money is not asked again and again. */
  open(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    void this.#openPool()
  }

  /** spec D-PROOF: what a payee checks */
  prove(poolId: Hash, target: Address): Promise<PoolProof> {
    assert(this.#open?.poolId === poolId, 'only the pool that is open is proven')
    return this.#options.chain.proof(poolId, target, this.#open.salt)
  }

  /** spec D-RESERVE */
  reserve(poolId: Hash, target: Address, amountWei: bigint): Promise<void> {
    const { send, chain, session } = this.#options
    return send(() => chain.reserve(poolId, target, amountWei, session.secretKey))
  }

  stop(): void {
    this.#isStopped = true
    this.#stopTimer()
  }

  async #openPool(): Promise<void> {
    const { resourceId, plan, chain, session, random, timers, logger, send, payFrom, opened, failed } = this.#options
    payFrom(undefined, undefined, true)
    const { records, secretKey } = session
    const keeper = new PoolKeeper({ chain, records, secretKey, random, fund: plan.fund })
    try {
      const { record, state } = await send(() => keeper.open(resourceId, plan.pool))
      const { poolId, salt } = record
      const payments = await records.payments(poolId)
      if (this.#isStopped) return
      const kind = state.collateral === 0n ? 'strict' : 'credit'
      this.#open = { poolId, kind, depositWei: state.deposit, collateralWei: state.collateral, salt }
      payFrom({ poolId, kind, budgetWei: state.deposit }, payments, false)
      opened(this.#open)
    } catch (error) {
      if (this.#isStopped) return
      const rejection = reasonOf(error)
      logger.warn('no pool to pay peers from', { ...rejection })
      payFrom(undefined, undefined, false)
      failed(rejection)
      // A node that is away comes back.
      if (error instanceof ChainError) this.#stopTimer = timers.after(POOL_RETRY_MS, () => void this.#openPool())
    }
  }
}
