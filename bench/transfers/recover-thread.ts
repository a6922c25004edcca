// The thread of the transfers bench that recovers senders: encoded transactions in, addresses out.
import { parentPort } from 'node:worker_threads'
import { recoverTransaction } from '@tan/ledger'

parentPort?.on('message', (encoded: readonly Uint8Array[]) => {
  const senders = encoded.map(bytes => {
    const result = recoverTransaction(bytes)
    return result.ok ? result.value.sender : undefined
  })
  parentPort?.postMessage(senders)
})
