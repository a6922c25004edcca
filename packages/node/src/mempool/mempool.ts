// Transactions that wait for a block: in nonce order within an account, by what they pay between accounts, bounded in
// every direction. It knows no signatures (others recovered the sender) and no state but what it is told of accounts.

import type { RecoveredTransaction } from '@tan/ledger'
import type { Address, Clock, Hash, Rejection } from '@tan/primitives'
import {
  MEMPOOL_BUMP_PERCENT,
  MEMPOOL_BYTES_MOST,
  MEMPOOL_EXPIRY_MS,
  MEMPOOL_NONCE_GAP_MOST,
  MEMPOOL_OF_ACCOUNT_MOST,
  MEMPOOL_TRANSACTIONS_MOST,
} from '../limits.ts'

interface Waiting {
  readonly recovered: RecoveredTransaction
  readonly addedAtMs: number
}

/** An account's transactions by nonce. */
type Queue = Map<bigint, Waiting>

export class Mempool {
  private readonly clock: Clock
  private readonly queues = new Map<Address, Queue>()
  private readonly byHash = new Map<Hash, RecoveredTransaction>()
  private bytes = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  get size(): number {
    return this.byHash.size
  }

  get sizeBytes(): number {
    return this.bytes
  }

  get(hash: Hash): RecoveredTransaction | undefined {
    return this.byHash.get(hash)
  }

  has(hash: Hash): boolean {
    return this.byHash.has(hash)
  }

  all(): Iterable<RecoveredTransaction> {
    return this.byHash.values()
  }

  /** What is in the pool of one account, in nonce order. */
  ofAccount(sender: Address): RecoveredTransaction[] {
    return sortedQueue(this.queues.get(sender) ?? new Map()).map(waiting => waiting.recovered)
  }

  /**
   * Takes a transaction whose form and signature are right. `accountNonce` is that of the newest state. Undefined where
   * it is taken.
   */
  add(recovered: RecoveredTransaction, accountNonce: bigint): Rejection | undefined {
    const { transaction, sender, hash, encoded } = recovered
    if (this.byHash.has(hash)) return { code: 'mempool/known', message: 'the transaction is in the pool already' }
    if (transaction.nonce < accountNonce)
      return {
        code: 'mempool/nonce-low',
        message: `nonce ${transaction.nonce} is used; the account's next is ${accountNonce}`,
      }
    if (transaction.nonce > accountNonce + MEMPOOL_NONCE_GAP_MOST)
      return {
        code: 'mempool/nonce-gap',
        message: `nonce ${transaction.nonce} is too far above the account's next, ${accountNonce}`,
      }
    const queue: Queue = this.queues.get(sender) ?? new Map()
    const replaced = queue.get(transaction.nonce)
    if (replaced !== undefined && !paysMore(recovered, replaced.recovered))
      return {
        code: 'mempool/underpriced',
        message: `a transaction of nonce ${transaction.nonce} is waiting: to replace it, pay ${MEMPOOL_BUMP_PERCENT} % more in both fees`,
      }
    if (replaced === undefined && queue.size >= MEMPOOL_OF_ACCOUNT_MOST)
      return { code: 'mempool/account-full', message: `${queue.size} transactions of ${sender} are waiting already` }
    if (this.byHash.size >= MEMPOOL_TRANSACTIONS_MOST || this.bytes + encoded.length > MEMPOOL_BYTES_MOST) {
      this.expire()
      if (this.byHash.size >= MEMPOOL_TRANSACTIONS_MOST || this.bytes + encoded.length > MEMPOOL_BYTES_MOST)
        if (!this.makeRoomFor(recovered))
          return {
            code: 'mempool/full',
            message: 'the pool is full of transactions that pay as much: try again later, or pay more',
          }
    }
    if (replaced !== undefined) this.forget(replaced.recovered)
    queue.set(transaction.nonce, { recovered, addedAtMs: this.clock.nowMs() })
    this.queues.set(sender, queue)
    this.byHash.set(hash, recovered)
    this.bytes += encoded.length
    return undefined
  }

  remove(recovered: RecoveredTransaction): void {
    const queue = this.queues.get(recovered.sender)
    if (queue?.get(recovered.transaction.nonce)?.recovered.hash !== recovered.hash) return
    queue.delete(recovered.transaction.nonce)
    if (queue.size === 0) this.queues.delete(recovered.sender)
    this.forget(recovered)
  }

  /** An account's nonce rose on the settled chain: what is below it can never run. */
  removeBelow(sender: Address, accountNonce: bigint): void {
    for (const { recovered } of this.queues.get(sender)?.values() ?? [])
      if (recovered.transaction.nonce < accountNonce) this.remove(recovered)
  }

  expire(): void {
    const oldestMs = this.clock.nowMs() - MEMPOOL_EXPIRY_MS
    for (const queue of this.queues.values())
      for (const { recovered, addedAtMs } of queue.values()) if (addedAtMs < oldestMs) this.remove(recovered)
  }

  /** The nonce after the last of an account's transactions that follow one another from `accountNonce` on. */
  nextNonce(sender: Address, accountNonce: bigint): bigint {
    const queue = this.queues.get(sender)
    let nonce = accountNonce
    while (queue?.has(nonce)) nonce++
    return nonce
  }

  /**
   * Best paying first at this base fee, each account's own in nonce order from its nonce in the parent state on. Lazy: an
   * account's next is looked at only when the one before was taken.
   */
  *candidates(baseFeePerGas: bigint, nonceOf: (sender: Address) => bigint): Generator<RecoveredTransaction> {
    const heap: { tip: bigint; recovered: RecoveredTransaction }[] = []
    const offer = (sender: Address, nonce: bigint): void => {
      const next = this.queues.get(sender)?.get(nonce)?.recovered
      if (next === undefined) return
      const tip = tipOf(next, baseFeePerGas)
      if (tip >= 0n) push(heap, { tip, recovered: next })
    }
    for (const sender of this.queues.keys()) offer(sender, nonceOf(sender))
    for (;;) {
      const best = pop(heap)
      if (best === undefined) return
      yield best.recovered
      offer(best.recovered.sender, best.recovered.transaction.nonce + 1n)
    }
  }

  /** Drops the cheapest tail of another account, if it pays less. */
  private makeRoomFor(recovered: RecoveredTransaction): boolean {
    let cheapest: RecoveredTransaction | undefined
    for (const [sender, queue] of this.queues) {
      if (sender === recovered.sender) continue
      const last = sortedQueue(queue).at(-1)!.recovered
      if (cheapest === undefined || feeCap(last) < feeCap(cheapest)) cheapest = last
    }
    if (cheapest === undefined || feeCap(cheapest) >= feeCap(recovered)) return false
    this.remove(cheapest)
    return true
  }

  private forget({ hash, encoded }: RecoveredTransaction): void {
    this.byHash.delete(hash)
    this.bytes -= encoded.length
  }
}

function sortedQueue(queue: Queue): Waiting[] {
  return [...queue].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, waiting]) => waiting)
}

function feeCap({ transaction }: RecoveredTransaction): bigint {
  return 'maxFeePerGas' in transaction ? transaction.maxFeePerGas : transaction.gasPrice
}

function tipCap({ transaction }: RecoveredTransaction): bigint {
  return 'maxPriorityFeePerGas' in transaction ? transaction.maxPriorityFeePerGas : transaction.gasPrice
}

/** What a transaction pays above the base fee, wei a gas; negative where it cannot pay that. */
export function tipOf(recovered: RecoveredTransaction, baseFeePerGas: bigint): bigint {
  const above = feeCap(recovered) - baseFeePerGas
  const most = tipCap(recovered)
  return above < most ? above : most
}

function paysMore(next: RecoveredTransaction, before: RecoveredTransaction): boolean {
  const enough = (now: bigint, then: bigint): boolean =>
    now * 100n >= then * (100n + MEMPOOL_BUMP_PERCENT) && now > then
  return enough(feeCap(next), feeCap(before)) && (enough(tipCap(next), tipCap(before)) || tipCap(before) === 0n)
}

// -------------------------------------------------------------------------------------------------- a heap, highest tip first

interface Offer {
  readonly tip: bigint
  readonly recovered: RecoveredTransaction
}

function isBefore(a: Offer, b: Offer): boolean {
  return a.tip !== b.tip ? a.tip > b.tip : a.recovered.hash < b.recovered.hash
}

function push(heap: Offer[], offer: Offer): void {
  heap.push(offer)
  for (let i = heap.length - 1; i > 0; ) {
    const up = (i - 1) >> 1
    if (!isBefore(heap[i]!, heap[up]!)) return
    swap(heap, i, up)
    i = up
  }
}

function pop(heap: Offer[]): Offer | undefined {
  const top = heap[0]
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return top
  heap[0] = last
  for (let i = 0; ; ) {
    let first = i
    for (const child of [2 * i + 1, 2 * i + 2])
      if (child < heap.length && isBefore(heap[child]!, heap[first]!)) first = child
    if (first === i) return top
    swap(heap, i, first)
    i = first
  }
}

function swap(heap: Offer[], i: number, j: number): void {
  const kept = heap[i]!
  heap[i] = heap[j]!
  heap[j] = kept
}
