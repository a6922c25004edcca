// Transactions on their way into blocks: from RPC and from peers into the mempool, and on to other peers in batches.
import { type RecoveredTransaction, validateTransaction } from '@tan/ledger'
import type { Transport, Verdict } from '@tan/network'
import { CodedError, encode, type Hash, type Metrics, type Rejection, shorten } from '@tan/primitives'
import { hashTransaction, limits } from '@tan/protocol'
import type { Chain } from './chain/chain.ts'
import { GOSSIPED_TRANSACTIONS_BYTES_MOST, GOSSIPED_TRANSACTIONS_MOST, MEMPOOL_REFUSED_MOST } from './limits.ts'
import type { Mempool } from './mempool/mempool.ts'
import type { Recovered, RecoveryPool } from './recovery/recovery-pool.ts'
import { decodeFromPeer } from './wire/decode.ts'
import { transactionsCodec } from './wire/messages.ts'
import { TRANSACTIONS_TOPIC } from './wire/protocols.ts'

/** Time between two messages of transactions: a gossiped message costs far more than the transactions in it. */
const GATHER_MS = 100

interface TransactionServiceParts {
  readonly chain: Chain
  readonly mempool: Mempool
  readonly recovery: RecoveryPool
  readonly transport: Transport
  readonly metrics: Metrics
}

export type TransactionListener = (transaction: RecoveredTransaction) => void

export class TransactionService {
  private readonly parts: TransactionServiceParts
  private readonly listeners = new Set<TransactionListener>()
  /** of this node's own clients: recovered together, and sent on together */
  private submitted: { readonly encoded: Uint8Array; readonly done: (answer: Recovered) => void }[] = []
  private outgoing: Uint8Array[] = []
  private submitTimer: NodeJS.Timeout | undefined
  private sendTimer: NodeJS.Timeout | undefined
  private lastSentMs = 0
  private readonly refused = new Set<Hash>()

  constructor(parts: TransactionServiceParts) {
    this.parts = parts
    parts.transport.onGossip(TRANSACTIONS_TOPIC, (_peer, bytes) => this.onGossip(bytes))
  }

  /** Called for each transaction that enters the mempool. */
  listen(listener: TransactionListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  stop(): void {
    clearTimeout(this.submitTimer)
    clearTimeout(this.sendTimer)
  }

  /** From a client. Throws the coded reason for which it is not taken. */
  async submit(encoded: Uint8Array): Promise<Hash> {
    const hash = hashTransaction(encoded)
    if (this.parts.mempool.has(hash)) return hash
    if (encoded.length > limits.TRANSACTION_BYTES_MOST)
      throw new CodedError(
        'codec/size',
        `a transaction of ${encoded.length} bytes; at most ${limits.TRANSACTION_BYTES_MOST} are allowed`,
      )
    const answer = await this.recoverSoon(encoded)
    const rejection = answer.ok ? await this.take(answer.value) : answer
    if (rejection !== undefined) throw new CodedError(rejection.code, rejection.message)
    this.send(encoded)
    return hash
  }

  private recoverSoon(encoded: Uint8Array): Promise<Recovered> {
    return new Promise(done => {
      this.submitted.push({ encoded, done })
      this.submitTimer ??= setTimeout(() => this.recoverSubmitted(), 1)
    })
  }

  private async recoverSubmitted(): Promise<void> {
    const submitted = this.submitted
    this.submitted = []
    this.submitTimer = undefined
    let answers: readonly Recovered[]
    try {
      answers = await this.parts.recovery.recover(submitted.map(({ encoded }) => encoded))
    } catch (error) {
      const { code, message } =
        error instanceof CodedError ? error : { code: 'node/overloaded', message: String(error) }
      answers = submitted.map(() => ({ ok: false, code, message }))
    }
    for (const [i, { done }] of submitted.entries()) done(answers[i]!)
  }

  private async onGossip(bytes: Uint8Array): Promise<Verdict> {
    const decoded = decodeFromPeer(transactionsCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const news = decoded.value.filter(encoded => {
      const hash = hashTransaction(encoded)
      return !this.parts.mempool.has(hash) && !this.refused.has(hash)
    })
    if (news.length === 0) return 'ignore'
    let isOfUse = false
    for (const [i, answer] of (await this.parts.recovery.recover(news)).entries()) {
      if (!answer.ok)
        return { code: answer.code, message: `a gossiped transaction is invalid: ${shorten(answer.message)}` }
      const rejection = await this.take(answer.value)
      if (rejection === undefined) isOfUse = true
      else if (isLasting(rejection)) this.noteRefused(hashTransaction(news[i]!))
    }
    return isOfUse ? 'accept' : 'ignore'
  }

  private async take(recovered: RecoveredTransaction): Promise<Rejection | undefined> {
    const { chain, mempool, metrics } = this.parts
    const { transaction, sender } = recovered
    const { rules } = chain.ledger
    const wrong = validateTransaction(transaction, rules.chainId) ?? this.checkFee(recovered)
    if (wrong !== undefined) return wrong
    const { state } = chain.head
    const account = await chain.states.run(() => state.account(sender))
    const balance = account?.balance ?? 0n
    const most = 'maxFeePerGas' in transaction ? transaction.maxFeePerGas : transaction.gasPrice
    const needed = transaction.gasLimit * most + transaction.value
    if (balance < needed)
      return {
        code: 'transaction/balance',
        message: `insufficient funds: ${sender} has ${balance} wei of TANGam; value and gas limit need ${needed}`,
      }
    const rejection = mempool.add(recovered, account?.nonce ?? 0n)
    if (rejection !== undefined) return rejection.code === 'mempool/known' ? undefined : rejection
    metrics.gauge('tan_mempool_transactions_total', mempool.size)
    for (const listener of this.listeners) listener(recovered)
    return undefined
  }

  /** The floor of the base fee: below it no block will ever take it. */
  private checkFee({ transaction }: RecoveredTransaction): Rejection | undefined {
    const { baseFeeLeastWei } = this.parts.chain.ledger.rules.parameters
    const most = 'maxFeePerGas' in transaction ? transaction.maxFeePerGas : transaction.gasPrice
    if (most >= baseFeeLeastWei) return undefined
    return {
      code: 'mempool/fee-low',
      message: `a fee of ${most} wei a gas is below the chain's least, ${baseFeeLeastWei}`,
    }
  }

  private noteRefused(hash: Hash): void {
    if (this.refused.size >= MEMPOOL_REFUSED_MOST) this.refused.delete(this.refused.keys().next().value!)
    this.refused.add(hash)
  }

  private send(encoded: Uint8Array): void {
    this.outgoing.push(encoded)
    this.sendTimer ??= setTimeout(() => this.sendOutgoing(), Math.max(1, this.lastSentMs + GATHER_MS - Date.now()))
  }

  private sendOutgoing(): void {
    this.sendTimer = undefined
    this.lastSentMs = Date.now()
    let batch: Uint8Array[] = []
    let sizeBytes = 0
    const flush = (): void => {
      if (batch.length > 0) this.parts.transport.broadcast(TRANSACTIONS_TOPIC, encode(transactionsCodec, batch))
      batch = []
      sizeBytes = 0
    }
    for (const encoded of this.outgoing) {
      if (
        batch.length >= GOSSIPED_TRANSACTIONS_MOST ||
        sizeBytes + encoded.length > GOSSIPED_TRANSACTIONS_BYTES_MOST / 2
      )
        flush()
      batch.push(encoded)
      sizeBytes += encoded.length + 8
    }
    flush()
    this.outgoing = []
  }
}

/** Will the transaction be refused as well when it comes again? */
function isLasting({ code }: Rejection): boolean {
  return !['transaction/balance', 'mempool/full', 'mempool/account-full', 'mempool/nonce-gap'].includes(code)
}
