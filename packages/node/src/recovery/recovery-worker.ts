// The thread of the recovery pool: signed transactions in, their senders out.
import { parentPort } from 'node:worker_threads'
import { recoverSigners, type Signers } from '@tan/ledger'
import { decodeTransaction } from '@tan/protocol'

parentPort?.on('message', (encoded: readonly Uint8Array[]) => {
  parentPort?.postMessage(encoded.map((bytes): Signers => recoverSigners(decodeTransaction(bytes))))
})
