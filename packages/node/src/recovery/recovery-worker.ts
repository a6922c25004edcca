// The thread of the recovery pool.
import { parentPort } from 'node:worker_threads'
import { authoritiesOf, recoverTransaction } from '@tan/ledger'
import type { WorkerAnswer } from './recovery-pool.ts'

parentPort?.on('message', (encoded: readonly Uint8Array[]) => {
  const answers = encoded.map((bytes): WorkerAnswer => {
    const result = recoverTransaction(bytes)
    if (!result.ok) return result
    return { ok: true, value: { sender: result.value.sender, authorities: authoritiesOf(result.value) } }
  })
  parentPort?.postMessage(answers)
})
