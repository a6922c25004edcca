// eth_subscribe over one socket: newHeads, logs, newPendingTransactions, and tanStatus. A block that loses after it was
// announced is not announced again; its logs are sent once more with `removed`.
import type { RecoveredTransaction } from '@tan/ledger'
import { type Hash, secureRandomBytes, toHex } from '@tan/primitives'
import type { ChainBlock } from '../chain/chain.ts'
import { RPC_SUBSCRIPTIONS_MAX } from '../limits.ts'
import { LIMIT_EXCEEDED, RpcError } from './errors.ts'
import { formatHeader } from './format.ts'
import { matchingLogs } from './logs.ts'
import { type Methods, method, optional, required } from './method.ts'
import { type LogFilter, logFilter, oneOf, text } from './params.ts'

const EVERYTHING: LogFilter = { addresses: undefined, topics: [] }
const subscriptionType = oneOf('newHeads', 'logs', 'newPendingTransactions', 'tanStatus')

interface Subscription {
  readonly type: ReturnType<typeof subscriptionType.read>
  /** of logs */
  readonly filter: LogFilter
}

/** The methods of one WebSocket. */
export function subscriptionMethods(subscriptions: Subscriptions): Methods {
  return {
    eth_subscribe: method(
      [required('type', subscriptionType), optional('filter', logFilter, EVERYTHING)],
      (type, filter) => subscriptions.subscribe({ type, filter }),
    ),
    eth_unsubscribe: method([required('subscription', text)], id => subscriptions.unsubscribe(id)),
  }
}

export class Subscriptions {
  private readonly active = new Map<string, Subscription>()
  private readonly push: (id: string, result: unknown) => void
  private readonly status: () => unknown

  /** `push` sends one notification to the client. */
  constructor(push: (id: string, result: unknown) => void, status: () => unknown) {
    this.push = push
    this.status = status
  }

  subscribe(subscription: Subscription): string {
    if (this.active.size >= RPC_SUBSCRIPTIONS_MAX)
      throw new RpcError(LIMIT_EXCEEDED, `at most ${RPC_SUBSCRIPTIONS_MAX} subscriptions on one connection`)
    const id = toHex(secureRandomBytes(16))
    this.active.set(id, subscription)
    // after the answer, which tells the client its id
    if (subscription.type === 'tanStatus') setImmediate(() => this.active.has(id) && this.push(id, this.status()))
    return id
  }

  unsubscribe(id: string): boolean {
    return this.active.delete(id)
  }

  onMove(added: readonly ChainBlock[], removed: readonly ChainBlock[]): void {
    for (const [id, subscription] of this.active) {
      if (subscription.type === 'newHeads')
        for (const { header, hash } of added) this.push(id, formatHeader(header, hash))
      else if (subscription.type === 'logs') {
        for (const lost of removed)
          for (const log of logsOf(lost, subscription.filter)) this.push(id, { ...log, removed: true })
        for (const block of added) for (const log of logsOf(block, subscription.filter)) this.push(id, log)
      }
    }
  }

  onStatus(): void {
    for (const [id, { type }] of this.active) if (type === 'tanStatus') this.push(id, this.status())
  }

  onTransaction({ hash }: RecoveredTransaction): void {
    for (const [id, { type }] of this.active) if (type === 'newPendingTransactions') this.push(id, hash satisfies Hash)
  }
}

/** What is lost, the newest first, and what is new, the oldest first, where one branch takes the place of another. */
export function moveOf<B extends Pick<ChainBlock, 'hash' | 'header'>>(
  before: readonly B[],
  after: readonly B[],
): { readonly removed: readonly B[]; readonly added: readonly B[] } {
  const lowest = after[0]?.header.height ?? Number.POSITIVE_INFINITY
  const old = new Set(before.map(({ hash }) => hash))
  const now = new Set(after.map(({ hash }) => hash))
  return {
    // what is below was settled meanwhile
    removed: before.filter(({ hash, header }) => header.height >= lowest && !now.has(hash)).reverse(),
    added: after.filter(({ hash }) => !old.has(hash)),
  }
}

function logsOf({ block, hash, receipts }: ChainBlock, filter: LogFilter): object[] {
  return matchingLogs({ block, hash }, receipts, filter) as object[]
}
