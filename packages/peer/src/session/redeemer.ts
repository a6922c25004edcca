// Turns earnings into money: redeems vouchers on chain when that pays, and always before a pool expires. It also watches
// the pools that owe us, so that nobody is served from one that froze.
import {
  type EarningRecord,
  isRedeemable,
  isWorthRedeeming,
  overHeight,
  type ProvenPool,
  type RedeemPolicy,
  redeemableWei,
  redemptionOf,
} from '@tan/payments'
import { type Address, addressOfSecretKey, type Hash, type Logger, type Reason, reasonOf } from '@tan/primitives'
import { askPool, type PoolChain } from '../chain/pool-chain.ts'
import { ChainError, type PreparedTransaction, type SettledTransaction } from '../chain/rpc.ts'
import { REDEEM_MS, REDEMPTIONS_MAX } from '../limits.ts'
import type { Timers } from '../ports.ts'
import type { Records } from './records.ts'

export interface RedeemerOptions {
  readonly chain: PoolChain
  readonly records: Records
  readonly secretKey: Uint8Array
  readonly policy: RedeemPolicy
  readonly timers: Timers
  readonly logger: Logger
  /** One transaction of the account after the other, where others send from it, too. */
  send?<T>(work: () => Promise<T>): Promise<T>
  /** how far the chain is: proofs of pools must not be much older */
  onHeight?(height: number): void
  /** what the chain says now of a pool that pays us */
  onChanged(resourceId: Hash, proven: ProvenPool): void
  /** nothing more can come of it */
  onEnded(resourceId: Hash, poolId: Hash): void
  onRedeemed?(redeemed: SettledTransaction): void
  onFailed?(rejection: Reason): void
}

export interface EarningsSummary {
  /** served and shown by vouchers, over the life of all pools that are kept */
  readonly earnedWei: bigint
  /** of that, paid out on chain */
  readonly redeemedWei: bigint
  /** gas of redeeming since this process started */
  readonly gasWei: bigint
  readonly pools: number
}

interface Due {
  readonly record: EarningRecord
  readonly proven: ProvenPool
}

export class Redeemer {
  readonly #options: RedeemerOptions
  readonly #self: Address
  readonly #records = new Map<Hash, EarningRecord>()
  readonly #paidWei = new Map<Hash, bigint>()
  #gasWei = 0n
  /** one round after the other */
  #round: Promise<void> = Promise.resolve()
  #stopTimer = () => {}
  #isStopped = false

  constructor(options: RedeemerOptions) {
    this.#options = options
    this.#self = addressOfSecretKey(options.secretKey)
  }

  /** Goes on with what was under way when the last run ended. */
  start(records: readonly EarningRecord[]): void {
    this.note(records)
    this.#repeat()
  }

  stop(): void {
    this.#isStopped = true
    this.#stopTimer()
  }

  /** Newer records, which are on disk. */
  note(records: readonly EarningRecord[]): void {
    for (const record of records) this.#records.set(record.poolId, record)
  }

  summary(): EarningsSummary {
    let earnedWei = 0n
    let redeemedWei = 0n
    for (const [poolId, record] of this.#records) {
      earnedWei += redeemableWei(record)
      redeemedWei += this.#paidWei.get(poolId) ?? 0n
    }
    return { earnedWei, redeemedWei, gasWei: this.#gasWei, pools: this.#records.size }
  }

  /** Redeems all that is due, whether it pays or not. Rejects with what went wrong. */
  redeemAll(): Promise<void> {
    return this.#next(() => this.#work(true))
  }

  #repeat(): void {
    this.#next(() => this.#work(false))
      .catch((error: unknown) => {
        const rejection = reasonOf(error)
        this.#options.logger.warn('earnings cannot be redeemed now', { ...rejection })
        this.#options.onFailed?.(rejection)
      })
      .finally(() => {
        if (!this.#isStopped) this.#stopTimer = this.#options.timers.after(REDEEM_MS, () => this.#repeat())
      })
  }

  #next(work: () => Promise<void>): Promise<void> {
    const round = this.#round.then(work)
    this.#round = round.catch(() => {})
    return round
  }

  async #work(isForced: boolean): Promise<void> {
    const { chain, records } = this.#options
    this.#options.onHeight?.(await chain.settledHeight())
    if (this.#records.size === 0) return
    const pending = await records.redeeming()
    if (pending !== undefined) {
      // A pool that froze must be known at once, however long a transaction takes to get in.
      for (const record of [...this.#records.values()]) await this.#look(record)
      await this.#send(() => this.#settle(pending))
    }
    const due: Due[] = []
    for (const record of [...this.#records.values()]) {
      const proven = await this.#look(record)
      if (proven !== undefined && isRedeemable(record, proven)) due.push({ record, proven })
    }
    const baseFeeWei = await chain.baseFeeWei()
    const chosen = due.filter(
      ({ record, proven }) => isForced || isWorthRedeeming(record, proven, baseFeeWei, this.#options.policy),
    )
    for (let i = 0; i < chosen.length; i += REDEMPTIONS_MAX) await this.#redeem(chosen.slice(i, i + REDEMPTIONS_MAX))
  }

  /** Looks at a pool on chain. Undefined where nothing can come of it now; forgotten once that is for good. */
  async #look(record: EarningRecord): Promise<ProvenPool | undefined> {
    const { chain, records, onChanged, onEnded } = this.#options
    const { poolId, resourceId } = record
    const asked = await askPool(chain, poolId, this.#self)
    if (!asked.ok) return undefined
    const proven = asked.value
    this.#paidWei.set(poolId, proven.target.paid)
    onChanged(resourceId, proven)
    // What is final does not come back: until then the contract may still pay.
    const endHeight = overHeight(record, proven, await chain.redeemGraceBlocks())
    if (proven.height < endHeight || (await chain.finalizedHeight()) <= endHeight)
      return proven.pool.status === 'closed' ? undefined : proven
    this.#records.delete(poolId)
    await records.forgetEarning(poolId)
    onEnded(resourceId, poolId)
    return undefined
  }

  async #redeem(chosen: readonly Due[]): Promise<void> {
    const { chain, records, secretKey, logger } = this.#options
    const redemptions = chosen.map(({ record }) => redemptionOf(record))
    await this.#send(async () => {
      const transaction = await chain.prepareRedeem(redemptions, secretKey)
      // On disk before it is sent: whoever starts again sends this very one, and not another beside it.
      await records.saveRedeeming(transaction)
      logger.info('redeeming', { pools: chosen.length, transaction: transaction.hash })
      await this.#settle(transaction)
    })
    for (const { record } of chosen) await this.#look(record)
  }

  #send(work: () => Promise<void>): Promise<void> {
    return this.#options.send === undefined ? work() : this.#options.send(work)
  }

  async #settle(given: PreparedTransaction): Promise<void> {
    const { chain, records, secretKey, onRedeemed } = this.#options
    const transaction = await chain.repriced(given, secretKey)
    if (transaction !== given) await records.saveRedeeming(transaction)
    const settled = await chain.settle(transaction).catch(async error => {
      // What can never pay must not stand in the way of what can.
      if (error instanceof ChainError && error.isFinal) await records.saveRedeeming(undefined)
      throw error
    })
    this.#gasWei += settled.feeWei
    await records.saveRedeeming(undefined)
    onRedeemed?.(settled)
  }
}
