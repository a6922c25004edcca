// The paying side of one pool: what was promised to whom, as vouchers and hash chains. Every promise is counted before it
// is made, so that a pool never promises more than it holds (spec D-AHEAD); whoever runs this stores `record()` before a
// promise leaves, so that a restart neither forgets one nor uses an anchor twice (spec D-RESTART).
import { type Address, assert, type Random, randomBytesFrom, toHex } from '@tan/primitives'
import { createHashChain, type SignedVoucher, type Voucher } from '@tan/protocol'
import { CHAIN_LENGTH, TARGETS_MAX } from './limits.ts'
import type { PayingPool } from './pool.ts'
import type { PayerRecord } from './records.ts'

export type Payment =
  | { readonly type: 'voucher'; readonly voucher: SignedVoucher }
  | { readonly type: 'preimage'; readonly index: number; readonly preimage: Uint8Array }

/** The newest voucher to one payee. Its chain lives in memory alone: every run signs a new one. */
interface Opened {
  readonly voucher: SignedVoucher
  /** element i pays unit i */
  readonly chain: readonly Uint8Array[]
}

interface Promised {
  sequence: bigint
  promisedWei: bigint
  receivedWei: bigint
  opened: Opened | undefined
}

export interface PayerOptions {
  readonly pool: PayingPool
  readonly sign: (voucher: Voucher) => SignedVoucher
  /** must be a secure one: the seeds of hash chains are as good as money */
  readonly random: Random
  readonly record?: PayerRecord | undefined
}

export class Payer {
  readonly pool: PayingPool
  readonly #options: PayerOptions
  readonly #promises = new Map<Address, Promised>()
  #promisedWei = 0n

  constructor(options: PayerOptions) {
    this.pool = options.pool
    this.#options = options
    assert(
      options.record === undefined || options.record.poolId === options.pool.poolId,
      `the record of pool ${options.record?.poolId} was given for ${options.pool.poolId}`,
    )
    for (const { target, ...promise } of options.record?.promises ?? []) {
      this.#promises.set(target, { ...promise, opened: undefined })
      this.#promisedWei += promise.promisedWei
    }
  }

  /** to all payees together */
  get totalPromisedWei(): bigint {
    return this.#promisedWei
  }

  promisedWei(target: Address): bigint {
    return this.#promises.get(target)?.promisedWei ?? 0n
  }

  receivedWei(target: Address): bigint {
    return this.#promises.get(target)?.receivedWei ?? 0n
  }

  /** May a payee's promise rise to this? */
  isAffordable(target: Address, totalWei: bigint): boolean {
    if (!this.#promises.has(target) && this.#promises.size >= TARGETS_MAX) return false
    return this.#promisedWei - this.promisedWei(target) + totalWei <= this.pool.budgetWei
  }

  /** Something worth this much came from a payee (an opening payment counts as soon as it is agreed). */
  received(target: Address, wei: bigint): void {
    this.#promiseOf(target).receivedWei += wei
  }

  /**
   * Signs a fresh voucher, for a new connection, over what was promised so far and at least `totalWei`, which the pool must
   * be able to afford.
   */
  open(target: Address, unitWei: bigint, totalWei: bigint): Payment {
    const promise = this.#promiseOf(target)
    if (totalWei > promise.promisedWei) this.#raise(target, promise, totalWei)
    return this.#sign(target, promise, unitWei)
  }

  /**
   * Raises what a payee is promised to `totalWei`, which the pool must be able to afford: by a preimage of its chain, or by
   * a new voucher where the chain is used up or its steps do not fit. Nothing if that much is promised already.
   */
  promise(target: Address, totalWei: bigint): Payment | undefined {
    const promise = this.#promiseOf(target)
    if (totalWei <= promise.promisedWei) return undefined
    const { opened } = promise
    assert(opened !== undefined, `nothing was opened for ${target}`)
    this.#raise(target, promise, totalWei)
    const { chain, voucher } = opened
    const moreWei = totalWei - voucher.amount
    const index = voucher.unit > 0n && moreWei % voucher.unit === 0n ? moreWei / voucher.unit : undefined
    if (index === undefined || index >= chain.length) return this.#sign(target, promise, voucher.unit)
    return { type: 'preimage', index: Number(index), preimage: chain[Number(index)]! }
  }

  record(): PayerRecord {
    const promises = [...this.#promises].map(([target, { sequence, promisedWei, receivedWei }]) => ({
      target,
      sequence,
      promisedWei,
      receivedWei,
    }))
    return { poolId: this.pool.poolId, promises }
  }

  #raise(target: Address, promise: Promised, totalWei: bigint): void {
    assert(this.isAffordable(target, totalWei), `${totalWei} wei to ${target} would overspend pool ${this.pool.poolId}`)
    this.#promisedWei += totalWei - promise.promisedWei
    promise.promisedWei = totalWei
  }

  #promiseOf(target: Address): Promised {
    let promise = this.#promises.get(target)
    if (promise === undefined) {
      assert(this.#promises.size < TARGETS_MAX, `a pool with ${TARGETS_MAX} payees takes no more`)
      promise = { sequence: 0n, promisedWei: 0n, receivedWei: 0n, opened: undefined }
      this.#promises.set(target, promise)
    }
    return promise
  }

  /** A new voucher over what is promised, with a higher sequence and a chain that was never used (spec P-VOUCHER). */
  #sign(target: Address, promise: Promised, unitWei: bigint): Payment {
    promise.sequence += 1n
    const binding = { poolId: this.pool.poolId, target, targetSettlementSequence: promise.sequence }
    const chain = createHashChain(randomBytesFrom(this.#options.random, 32), CHAIN_LENGTH, binding)
    const voucher = this.#options.sign({
      ...binding,
      amount: promise.promisedWei,
      chainAnchor: toHex(chain[0]!),
      chainLength: CHAIN_LENGTH,
      unit: unitWei,
    })
    promise.opened = { voucher, chain }
    return { type: 'voucher', voucher }
  }
}
