// The thread of the recovery pool.
import { parentPort } from 'node:worker_threads'
import { recoverTransaction } from '@tan/ledger'
import { rejectionOf } from '@tan/primitives'
import type { WorkerAnswer } from './recovery-pool.ts'

parentPort?.on('message', (encoded: readonly Uint8Array[]) => {
  const answers = encoded.map((bytes): WorkerAnswer => {
    try {
      return recoverTransaction(bytes).sender
    } catch (error) {
      return rejectionOf(error)
    }
  })
  parentPort?.postMessage(answers)
})
