// Transactions on their way into blocks: from RPC and from peers into the mempool, and on to other peers in batches.
import { type RecoveredTransaction, validateTransaction } from '@tan/ledger'
import type { PeerId, Transport, Verdict } from '@tan/network'
import {
  CodedError,
  encode,
  type Hash,
  type Metrics,
  OVERLOADED,
  type Rejection,
  type Result,
  reasonOf,
  rejected,
  shorten,
} from '@tan/primitives'
import { hashTransaction, limits } from '@tan/protocol'
import type { Chain } from './chain/chain.ts'
import { reject } from './codes.ts'
import {
  GOSSIPED_TRANSACTIONS_MAX,
  GOSSIPED_TRANSACTIONS_MAX_BYTES,
  MEMPOOL_REFUSED_MAX,
  OWN_TRANSACTIONS_MAX,
} from './limits.ts'
import { costWeiOf, type Mempool } from './mempool/mempool.ts'
import type { RecoveryPool } from './recovery/recovery-pool.ts'
import { Allowance } from './wire/allowance.ts'
import { decodeFromPeer } from './wire/decode.ts'
import { transactionsCodec } from './wire/messages.ts'
import { TRANSACTIONS_TOPIC } from './wire/protocols.ts'

/** Time between two messages of transactions: a gossiped message costs far more than the transactions in it. */
const GATHER_MS = 100
/** what waits is sent again so often */
const RESEND_MS = 5_000

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
  private submitted: { readonly encoded: Uint8Array; readonly done: (answer: Result<RecoveredTransaction>) => void }[] =
    []
  private outgoing: Uint8Array[] = []
  private submitTimer: NodeJS.Timeout | undefined
  private sendTimer: NodeJS.Timeout | undefined
  private lastSentMs = 0
  private readonly refused = new Set<Hash>()
  private readonly allowances = new Map<PeerId, Allowance>()
  /** of this node's own clients, not yet seen in a block: by the order in which they came */
  private readonly own = new Set<Hash>()
  private waitingTimer: NodeJS.Timeout | undefined

  constructor(parts: TransactionServiceParts) {
    this.parts = parts
    parts.transport.onGossip(TRANSACTIONS_TOPIC, (peer, bytes) => this.onGossip(peer, bytes))
    parts.transport.onPeer(event => {
      if (event.type === 'connected') this.sendWaiting()
      else this.allowances.delete(event.peer.id)
    })
  }

  /** Called for each transaction that enters the mempool. */
  listen(listener: TransactionListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  stop(): void {
    clearTimeout(this.submitTimer)
    clearTimeout(this.sendTimer)
    clearInterval(this.waitingTimer)
  }

  /** From a client. Throws the coded reason for which it is not taken. */
  async submit(encoded: Uint8Array): Promise<Hash> {
    const hash = hashTransaction(encoded)
    if (this.parts.mempool.has(hash)) {
      this.send(encoded)
      return hash
    }
    if (encoded.length > limits.TRANSACTION_MAX_BYTES)
      throw new CodedError(
        'codec/size',
        `a transaction of ${encoded.length} bytes; at most ${limits.TRANSACTION_MAX_BYTES} are allowed`,
      )
    const answer = await this.recoverSoon(encoded)
    const rejection = answer.ok ? await this.take(answer.value) : answer.rejection
    if (rejection !== undefined) throw new CodedError(rejection.code, rejection.message)
    this.noteOwn(hash)
    this.send(encoded)
    return hash
  }

  /** What others may have missed, or refused for a moment, is sent again for as long as it waits. */
  private noteOwn(hash: Hash): void {
    this.own.add(hash)
    if (this.own.size > OWN_TRANSACTIONS_MAX) this.own.delete(this.own.values().next().value!)
    this.waitingTimer ??= setInterval(() => this.sendWaiting(), RESEND_MS).unref()
  }

  private sendWaiting(): void {
    for (const hash of this.own) {
      const recovered = this.parts.mempool.get(hash)
      if (recovered === undefined) this.own.delete(hash)
      else this.send(recovered.encoded)
    }
  }

  private recoverSoon(encoded: Uint8Array): Promise<Result<RecoveredTransaction>> {
    return new Promise(done => {
      this.submitted.push({ encoded, done })
      this.submitTimer ??= setTimeout(() => this.recoverSubmitted(), 1)
    })
  }

  private async recoverSubmitted(): Promise<void> {
    const submitted = this.submitted
    this.submitted = []
    this.submitTimer = undefined
    let answers: readonly Result<RecoveredTransaction>[]
    try {
      answers = await this.parts.recovery.recover(submitted.map(({ encoded }) => encoded))
    } catch (error) {
      const failed = rejected({ ...reasonOf(error), ...OVERLOADED })
      answers = submitted.map(() => failed)
    }
    for (const [i, { done }] of submitted.entries()) done(answers[i]!)
  }

  private async onGossip(peer: PeerId, bytes: Uint8Array): Promise<Verdict> {
    const allowance = this.allowances.get(peer) ?? new Allowance(Date.now())
    this.allowances.set(peer, allowance)
    if (!allowance.begin(Date.now())) return 'ignore'
    try {
      return await this.takeGossip(bytes, allowance)
    } finally {
      allowance.end()
    }
  }

  private async takeGossip(bytes: Uint8Array, allowance: Allowance): Promise<Verdict> {
    const decoded = decodeFromPeer(transactionsCodec, bytes)
    if (!decoded.ok) return decoded.rejection
    const news = decoded.value.transactions.filter(encoded => {
      const hash = hashTransaction(encoded)
      return !this.parts.mempool.has(hash) && !this.refused.has(hash)
    })
    if (news.length === 0) return 'ignore'
    let useful = 0
    for (const [i, answer] of (await this.parts.recovery.recover(news)).entries()) {
      if (!answer.ok) return offence(answer.rejection)
      const rejection = await this.take(answer.value)
      if (rejection === undefined) useful++
      else if (rejection.blame === 'sender') return offence(rejection)
      else if (rejection.isFinal) this.noteRefused(hashTransaction(news[i]!))
    }
    const useless = news.length - useful
    allowance.spend(useless)
    // Mostly useless is not passed on: others would hold it against this node.
    return useful > useless ? 'accept' : 'ignore'
  }

  private async take(recovered: RecoveredTransaction): Promise<Rejection | undefined> {
    const { chain, mempool, metrics } = this.parts
    const { sender } = recovered
    const { rules } = chain.ledger
    const wrong = validateTransaction(recovered, rules) ?? this.checkFee(recovered)
    if (wrong !== undefined) return wrong
    const { state } = chain.head
    const account = await chain.states.run(() => state.account(sender))
    const { nonce = 0n, balance = 0n } = account ?? {}
    if (!mempool.isAffordable(recovered, nonce, balance))
      return reject(
        'mempool/balance',
        `insufficient funds: ${sender} has ${balance} wei of TANGam; value and gas limit need ${costWeiOf(recovered)}, beside what waits already`,
      )
    const rejection = mempool.add(recovered, nonce)
    if (rejection !== undefined) return rejection.code === 'mempool/known' ? undefined : rejection
    metrics.gauge('tan_mempool_transactions_total', mempool.size)
    for (const listener of this.listeners) listener(recovered)
    return undefined
  }

  /** The floor of the base fee: below it no block will ever take it. */
  private checkFee({ transaction }: RecoveredTransaction): Rejection | undefined {
    const { baseFeeMinWei } = this.parts.chain.ledger.rules.parameters
    const most = 'maxFeePerGas' in transaction ? transaction.maxFeePerGas : transaction.gasPrice
    if (most >= baseFeeMinWei) return undefined
    return reject('mempool/fee-low', `a fee of ${most} wei a gas is below the chain's least, ${baseFeeMinWei}`)
  }

  private noteRefused(hash: Hash): void {
    if (this.refused.size >= MEMPOOL_REFUSED_MAX) this.refused.delete(this.refused.keys().next().value!)
    this.refused.add(hash)
  }

  private send(encoded: Uint8Array): void {
    this.outgoing.push(encoded)
    this.sendTimer ??= setTimeout(() => this.sendOutgoing(), Math.max(1, this.lastSentMs + GATHER_MS - Date.now()))
  }

  private sendOutgoing(): void {
    this.sendTimer = undefined
    this.lastSentMs = Date.now()
    const slot = Math.floor(this.lastSentMs / RESEND_MS)
    let batch: Uint8Array[] = []
    let sizeBytes = 0
    const flush = (): void => {
      if (batch.length > 0)
        this.parts.transport.broadcast(TRANSACTIONS_TOPIC, encode(transactionsCodec, { slot, transactions: batch }))
      batch = []
      sizeBytes = 0
    }
    for (const encoded of this.outgoing) {
      if (batch.length >= GOSSIPED_TRANSACTIONS_MAX || sizeBytes + encoded.length > GOSSIPED_TRANSACTIONS_MAX_BYTES / 2)
        flush()
      batch.push(encoded)
      sizeBytes += encoded.length + 8
    }
    flush()
    this.outgoing = []
  }
}

function offence(rejection: Rejection): Rejection {
  return { ...rejection, message: `a gossiped transaction is invalid: ${shorten(rejection.message)}` }
}
