// Carries out what the core decides about money: proofs and reserves of our pool, checks of others', and records that are
// durable before anything depends on them.
import type { EffectOf, SwarmInput } from '@tan/delivery'
import type { EarningRecord, PayerRecord, ProvenPool } from '@tan/payments'
import {
  type Address,
  accepted,
  type Hash,
  type Logger,
  type Reason,
  type Result,
  reasonOf,
  rejected,
  rejectionOf,
} from '@tan/primitives'
import type { PoolProof } from '@tan/protocol'
import { STORE_RETRY_MS } from '../limits.ts'
import type { Timers } from '../ports.ts'

/** How a member pays and is paid: what it keeps on disk, and whom it asks. */
export interface MoneyPort {
  savePayments(record: PayerRecord): Promise<void>
  saveEarnings(records: readonly EarningRecord[]): Promise<void>
  provePool(poolId: Hash, target: Address): Promise<PoolProof>
  verifyPool(proof: PoolProof): Result<ProvenPool>
  reserve(poolId: Hash, target: Address, amountWei: bigint): Promise<void>
}

export interface AccountsOptions {
  readonly port: MoneyPort
  readonly timers: Timers
  readonly logger: Logger
  dispatch(input: SwarmInput): void
  paid(payment: { readonly to: Address; readonly wei: bigint; readonly totalWei: bigint }): void
  failed(rejection: Reason): void
}

export class Accounts {
  readonly #options: AccountsOptions
  /** promised to each payee, as far as it is durable */
  readonly #paidWei = new Map<Address, bigint>()
  #isStopped = false

  constructor(options: AccountsOptions) {
    this.#options = options
  }

  /** A pool is paid from, of which this much was promised before. */
  begin(record: PayerRecord | undefined): void {
    this.#paidWei.clear()
    for (const { target, promisedWei } of record?.promises ?? []) this.#paidWei.set(target, promisedWei)
  }

  async prove({ link, poolId, target }: EffectOf<'prove-pool'>): Promise<void> {
    let proof: Result<PoolProof>
    try {
      proof = accepted(await this.#options.port.provePool(poolId, target))
    } catch (error) {
      proof = rejected(rejectionOf(error))
      this.#options.failed(proof.rejection)
    }
    this.#options.dispatch({ type: 'pool-proof', link, proof })
  }

  verify({ link, proof }: EffectOf<'verify-pool'>): void {
    this.#options.dispatch({ type: 'pool-verified', link, proven: this.#options.port.verifyPool(proof) })
  }

  async reserve({ poolId, target, amountWei }: EffectOf<'reserve'>): Promise<void> {
    try {
      await this.#options.port.reserve(poolId, target, amountWei)
      this.#options.dispatch({ type: 'reserved', target })
    } catch (error) {
      this.#options.failed(reasonOf(error))
    }
  }

  /** spec D-AHEAD: a promise is stored before it is sent */
  async savePayments({ record, revision }: EffectOf<'save-payments'>): Promise<void> {
    if (!(await this.#saved(() => this.#options.port.savePayments(record)))) return
    this.#tellPaid(record)
    this.#options.dispatch({ type: 'payments-saved', revision })
  }

  /** spec D-ONE: what was shown counts once it is stored */
  async saveEarnings({ records, revision }: EffectOf<'save-earnings'>): Promise<void> {
    if (await this.#saved(() => this.#options.port.saveEarnings(records)))
      this.#options.dispatch({ type: 'earnings-saved', revision })
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Tries until it is stored: what depends on it waits as long. False where it was stopped meanwhile. */
  async #saved(store: () => Promise<void>): Promise<boolean> {
    const { logger, timers, failed } = this.#options
    while (!this.#isStopped) {
      try {
        await store()
        return true
      } catch (error) {
        const rejection = reasonOf(error)
        logger.error('payments cannot be stored', { ...rejection })
        failed(rejection)
        await new Promise<void>(resolve => timers.after(STORE_RETRY_MS, resolve))
      }
    }
    return false
  }

  #tellPaid({ promises }: PayerRecord): void {
    for (const { target, promisedWei } of promises) {
      const before = this.#paidWei.get(target) ?? 0n
      if (promisedWei === before) continue
      this.#paidWei.set(target, promisedWei)
      this.#options.paid({ to: target, wei: promisedWei - before, totalWei: promisedWei })
    }
  }
}
