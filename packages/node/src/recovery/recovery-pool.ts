// Recovers the senders of transactions off the main thread: threads that take batches of encoded transactions and give
// back addresses. Decoding is cheap and is done again on the main thread, so that what passes between threads is bytes.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type RecoveredTransaction, recoverTransaction } from '@tan/ledger'
import { type Address, assert, CodedError, type Result } from '@tan/primitives'
import { RECOVERY_BATCH_MAX, RECOVERY_QUEUE_MAX } from '../limits.ts'

/** What a worker answers for one transaction: who signed it and its authorizations, or why nobody did. */
export type WorkerAnswer = Result<{
  readonly sender: Address
  readonly authorities: readonly (Address | undefined)[]
}>

interface Batch {
  readonly encoded: readonly Uint8Array[]
  readonly done: (answers: readonly WorkerAnswer[]) => void
  readonly failed: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  batch: Batch | undefined
}

export class RecoveryPool {
  private readonly threadsMax: number
  private readonly threads: Thread[] = []
  private readonly queue: Batch[] = []
  /** of blocks: before all others, and never refused */
  private readonly urgent: Batch[] = []
  private isClosed = false

  /** `threads` 0 does all on the calling thread. */
  constructor(threads: number = Math.max(1, availableParallelism() - 1)) {
    this.threadsMax = threads
  }

  /** One answer for each, in order. Throws `node/overloaded` where too much waits already, unless it is urgent. */
  async recover(encoded: readonly Uint8Array[], { isUrgent = false } = {}): Promise<Result<RecoveredTransaction>[]> {
    if (this.threadsMax === 0 || encoded.length < SMALL) return encoded.map(bytes => recoverTransaction(bytes))
    const batches: Promise<readonly WorkerAnswer[]>[] = []
    for (let at = 0; at < encoded.length; at += RECOVERY_BATCH_MAX)
      batches.push(this.enqueue(encoded.slice(at, at + RECOVERY_BATCH_MAX), isUrgent))
    const answers = (await Promise.all(batches)).flat()
    return encoded.map((bytes, i) => {
      const answer = answers[i]!
      return answer.ok ? recoverTransaction(bytes, answer.value.sender, answer.value.authorities) : answer
    })
  }

  async close(): Promise<void> {
    this.isClosed = true
    for (const batch of [...this.urgent.splice(0), ...this.queue.splice(0)]) batch.failed(closed())
    await Promise.all(this.threads.splice(0).map(({ worker }) => worker.terminate()))
  }

  private enqueue(encoded: readonly Uint8Array[], isUrgent: boolean): Promise<readonly WorkerAnswer[]> {
    if (this.isClosed) return Promise.reject(closed())
    if (!isUrgent && this.queue.length >= RECOVERY_QUEUE_MAX)
      return Promise.reject(
        new CodedError('node/overloaded', 'too many signatures wait to be checked: try again later'),
      )
    return new Promise((done, failed) => {
      const queue = isUrgent ? this.urgent : this.queue
      queue.push({ encoded, done, failed })
      this.dispatch()
    })
  }

  private dispatch(): void {
    while (this.urgent.length + this.queue.length > 0) {
      const idle = this.threads.find(thread => thread.batch === undefined) ?? this.startThread()
      if (idle === undefined) return
      idle.batch = this.urgent.shift() ?? this.queue.shift()!
      idle.worker.postMessage(idle.batch.encoded)
    }
  }

  private startThread(): Thread | undefined {
    if (this.threads.length >= this.threadsMax) return undefined
    const thread: Thread = { worker: new Worker(new URL('./recovery-worker.ts', import.meta.url)), batch: undefined }
    this.threads.push(thread)
    thread.worker.unref()
    thread.worker.on('message', (answers: readonly WorkerAnswer[]) => {
      const { batch } = thread
      assert(batch !== undefined, 'a worker answers what nobody asked')
      thread.batch = undefined
      batch.done(answers)
      this.dispatch()
    })
    // A lost thread's part is done again by another.
    thread.worker.on('error', () => this.replace(thread))
    thread.worker.on('exit', () => this.replace(thread))
    return thread
  }

  private replace(thread: Thread): void {
    const at = this.threads.indexOf(thread)
    if (at < 0 || this.isClosed) return
    this.threads.splice(at, 1)
    if (thread.batch !== undefined) this.urgent.unshift(thread.batch)
    thread.batch = undefined
    this.dispatch()
  }
}

/** So few are done sooner than handed over. */
const SMALL = 4

function closed(): CodedError {
  return new CodedError('node/stopped', 'the node is stopping')
}
