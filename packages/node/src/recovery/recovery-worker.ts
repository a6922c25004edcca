// The thread of the recovery pool: signed transactions in, their senders out.
import { parentPort } from 'node:worker_threads'
import { decodeTransaction, recoverSender } from '@tan/protocol'
import type { RecoveredSender } from './recovery-pool.ts'

parentPort?.on('message', (encoded: readonly Uint8Array[]) => {
  parentPort?.postMessage(encoded.map((bytes): RecoveredSender => recoverSender(decodeTransaction(bytes))))
})
