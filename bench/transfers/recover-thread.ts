// The thread of the transfers bench that recovers senders: encoded transactions in, addresses out.
import { parentPort } from 'node:worker_threads'
import { recoverTransaction } from '@tan/ledger'

parentPort?.on('message', (encoded: readonly Uint8Array[]) => {
  parentPort?.postMessage(encoded.map(bytes => recoverTransaction(bytes).sender))
})
