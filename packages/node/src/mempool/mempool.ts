// Transactions that wait for a block: in nonce order within an account, by what they pay between accounts, bounded in
// every direction. It knows no signatures (others recovered the sender) and no state but what it is told of accounts.

import { effectiveGasPrice, feeCapsOf, type RecoveredTransaction, type SentTransaction } from '@tan/ledger'
import type { Address, Clock, Hash, Rejection } from '@tan/primitives'
import { reject } from '../codes.ts'
import {
  MEMPOOL_BUMP_PERCENT,
  MEMPOOL_DROPPED_AT_ONCE,
  MEMPOOL_EXPIRY_MS,
  MEMPOOL_MAX_BYTES,
  MEMPOOL_NONCE_GAP_MAX,
  MEMPOOL_OF_ACCOUNT_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
} from '../limits.ts'

interface Waiting {
  readonly recovered: RecoveredTransaction
  readonly addedAtMs: number
}

/** An account's transactions by nonce. */
interface Queue {
  readonly waiting: Map<bigint, Waiting>
  /** as last told */
  accountNonce: bigint
  /** what all of them may cost: value, and gas at the highest fee */
  costWei: bigint
}

export class Mempool {
  private readonly clock: Clock
  private readonly queues = new Map<Address, Queue>()
  private readonly byHash = new Map<Hash, RecoveredTransaction>()
  private bytes = 0
  /** fees up to which a full pool has no room, until something leaves it */
  private readonly noRoomUpTo = { gapped: -1n, executable: -1n }

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
    return sorted(this.queues.get(sender)).map(waiting => waiting.recovered)
  }

  /**
   * Takes a transaction whose form and signature are right. `accountNonce` is that of the newest state. Undefined where
   * it is taken.
   */
  add(recovered: RecoveredTransaction, accountNonce: bigint): Rejection | undefined {
    const { transaction, sender, hash, encoded } = recovered
    if (this.byHash.has(hash)) return reject('mempool/known', `transaction ${hash} waits in the pool already`)
    if (transaction.nonce < accountNonce)
      return reject('mempool/nonce-low', `nonce ${transaction.nonce} is used; the account's next is ${accountNonce}`)
    if (transaction.nonce > accountNonce + MEMPOOL_NONCE_GAP_MAX)
      return reject(
        'mempool/nonce-gap',
        `nonce ${transaction.nonce} is too far above the account's next, ${accountNonce}`,
      )
    const queue: Queue = this.queues.get(sender) ?? { waiting: new Map(), accountNonce, costWei: 0n }
    queue.accountNonce = accountNonce
    const replaced = queue.waiting.get(transaction.nonce)
    if (replaced !== undefined && !paysMore(recovered, replaced.recovered))
      return reject(
        'mempool/underpriced',
        `a transaction of nonce ${transaction.nonce} is waiting: to replace it, pay ${MEMPOOL_BUMP_PERCENT} % more in both fees`,
      )
    if (replaced === undefined && queue.waiting.size >= MEMPOOL_OF_ACCOUNT_MAX)
      return reject('mempool/account-full', `${queue.waiting.size} transactions of ${sender} are waiting already`)
    if (!this.makeRoomFor(recovered, accountNonce))
      return reject('mempool/full', 'the pool is full of transactions that pay as much: try again later, or pay more')
    // looked up again: making room may have dropped it
    const left = queue.waiting.get(transaction.nonce)
    if (left !== undefined) this.forget(queue, left.recovered)
    queue.waiting.set(transaction.nonce, { recovered, addedAtMs: this.clock.nowMs() })
    queue.costWei += costWeiOf(recovered)
    this.queues.set(sender, queue)
    this.byHash.set(hash, recovered)
    this.bytes += encoded.length
    return undefined
  }

  /** May an account with this balance pay for the transaction beside all of its own that wait? */
  isAffordable(recovered: RecoveredTransaction, accountNonce: bigint, balanceWei: bigint): boolean {
    const queue = this.queues.get(recovered.sender)
    const own = costWeiOf(recovered)
    if (queue === undefined || own + queue.costWei <= balanceWei) return own <= balanceWei
    let sum = own
    for (const [nonce, waiting] of queue.waiting)
      if (nonce >= accountNonce && nonce !== recovered.transaction.nonce) sum += costWeiOf(waiting.recovered)
    return sum <= balanceWei
  }

  remove(recovered: RecoveredTransaction): void {
    const queue = this.queues.get(recovered.sender)
    if (queue?.waiting.get(recovered.transaction.nonce)?.recovered.hash !== recovered.hash) return
    queue.waiting.delete(recovered.transaction.nonce)
    if (queue.waiting.size === 0) this.queues.delete(recovered.sender)
    this.forget(queue, recovered)
  }

  /** An account's nonce rose on the settled chain: what is below it can never run. */
  removeBelow(sender: Address, accountNonce: bigint): void {
    const queue = this.queues.get(sender)
    if (queue === undefined) return
    if (accountNonce > queue.accountNonce) queue.accountNonce = accountNonce
    for (const { recovered } of queue.waiting.values())
      if (recovered.transaction.nonce < accountNonce) this.remove(recovered)
  }

  expire(): void {
    const oldestMs = this.clock.nowMs() - MEMPOOL_EXPIRY_MS
    for (const queue of this.queues.values())
      for (const { recovered, addedAtMs } of queue.waiting.values()) if (addedAtMs < oldestMs) this.remove(recovered)
  }

  /** The nonce after the last of an account's transactions that follow one another from `accountNonce` on. */
  nextNonce(sender: Address, accountNonce: bigint): bigint {
    return nonceBehind(this.queues.get(sender), accountNonce)
  }

  /**
   * Best paying first at this base fee, each account's own in nonce order from its nonce in the parent state on. Lazy: an
   * account's next is looked at only when the one before was taken.
   */
  *candidates(baseFeePerGas: bigint, nonceOf: (sender: Address) => bigint): Generator<RecoveredTransaction> {
    const heap: { tip: bigint; recovered: RecoveredTransaction }[] = []
    const offer = (sender: Address, nonce: bigint): void => {
      const next = this.queues.get(sender)?.waiting.get(nonce)?.recovered
      if (next === undefined) return
      const tip = tipOf(next, baseFeePerGas)
      if (tip !== undefined) push(heap, { tip, recovered: next })
    }
    for (const sender of this.queues.keys()) offer(sender, nonceOf(sender))
    for (;;) {
      const best = pop(heap)
      if (best === undefined) return
      yield best.recovered
      offer(best.recovered.sender, best.recovered.transaction.nonce + 1n)
    }
  }

  private hasRoomFor({ encoded }: RecoveredTransaction): boolean {
    return this.byHash.size < MEMPOOL_TRANSACTIONS_MAX && this.bytes + encoded.length <= MEMPOOL_MAX_BYTES
  }

  /**
   * Drops what is worth least, many at once, as finding them takes a walk through the pool: first what waits behind a gap
   * and cannot run, then tails of accounts that pay less.
   */
  private makeRoomFor(recovered: RecoveredTransaction, accountNonce: bigint): boolean {
    if (this.hasRoomFor(recovered)) return true
    const fee = maxFeeOf(recovered)
    const isGapped = recovered.transaction.nonce > this.nextNonce(recovered.sender, accountNonce)
    const kind = isGapped ? 'gapped' : 'executable'
    if (fee <= this.noRoomUpTo[kind]) return false
    this.expire()
    let dropped = 0
    for (const worst of this.expendable(recovered.sender)) {
      if (dropped >= MEMPOOL_DROPPED_AT_ONCE && this.hasRoomFor(recovered)) break
      const yields = isGapped ? worst.isGapped && worst.feeWei < fee : worst.isGapped || worst.feeWei < fee
      if (!yields) break
      this.remove(worst.recovered)
      dropped++
    }
    if (this.hasRoomFor(recovered)) return true
    this.noRoomUpTo[kind] = fee
    return false
  }

  /** Worst first, an account's later ones before those that they need. */
  private expendable(except: Address): Expendable[] {
    const found: Expendable[] = []
    for (const [sender, queue] of this.queues) {
      if (sender === except) continue
      const behind = nonceBehind(queue, queue.accountNonce)
      // one that can run is worth what the dearest is that needs it: those go first
      let dearestWei = 0n
      for (const { recovered } of sorted(queue).reverse()) {
        const isGapped = recovered.transaction.nonce > behind
        const own = maxFeeOf(recovered)
        if (!isGapped && own > dearestWei) dearestWei = own
        found.push({ recovered, isGapped, feeWei: isGapped ? own : dearestWei })
      }
    }
    return found.sort(
      (a, b) => Number(b.isGapped) - Number(a.isGapped) || (a.feeWei === b.feeWei ? 0 : a.feeWei < b.feeWei ? -1 : 1),
    )
  }

  private forget(queue: Queue, recovered: RecoveredTransaction): void {
    this.byHash.delete(recovered.hash)
    this.bytes -= recovered.encoded.length
    queue.costWei -= costWeiOf(recovered)
    this.noRoomUpTo.gapped = this.noRoomUpTo.executable = -1n
  }
}

interface Expendable {
  readonly recovered: RecoveredTransaction
  /** it waits for one that is not here */
  readonly isGapped: boolean
  readonly feeWei: bigint
}

function nonceBehind(queue: Queue | undefined, accountNonce: bigint): bigint {
  let nonce = accountNonce
  while (queue?.waiting.has(nonce)) nonce++
  return nonce
}

function sorted(queue: Queue | undefined): Waiting[] {
  return [...(queue?.waiting ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, waiting]) => waiting)
}

function maxFeeOf({ transaction }: RecoveredTransaction): bigint {
  return feeCapsOf(transaction).maxFeePerGas
}

/** Value, and the whole of its gas at the highest fee that it allows. */
export function costWeiOf(recovered: RecoveredTransaction): bigint {
  const { gasLimit, value } = recovered.transaction
  return gasLimit * maxFeeOf(recovered) + value
}

/** What a transaction pays above the base fee, wei per gas; undefined where it cannot pay that. */
export function tipOf({ transaction }: SentTransaction, baseFeePerGas: bigint): bigint | undefined {
  const price = effectiveGasPrice(transaction, baseFeePerGas)
  return price === undefined ? undefined : price - baseFeePerGas
}

function paysMore(next: RecoveredTransaction, before: RecoveredTransaction): boolean {
  const now = feeCapsOf(next.transaction)
  const then = feeCapsOf(before.transaction)
  return (
    isBumped(now.maxFeePerGas, then.maxFeePerGas) &&
    (then.maxPriorityFeePerGas === 0n || isBumped(now.maxPriorityFeePerGas, then.maxPriorityFeePerGas))
  )
}

function isBumped(now: bigint, then: bigint): boolean {
  return now > then && now * 100n >= then * (100n + MEMPOOL_BUMP_PERCENT)
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
