// spec D-PROOF
import { type Hash, ZERO_ADDRESS, ZERO_HASH } from '@tan/primitives'
import { EMPTY_LOGS_BLOOM, type PoolProof } from '@tan/protocol'
import { describe, expect, it } from 'vitest'
import { PROOF_MIN_MS } from './limits.ts'
import { ProofQueue } from './proof-queue.ts'

const NONE = new Uint8Array(0)
const header = {
  parentHash: ZERO_HASH,
  beneficiary: ZERO_ADDRESS,
  stateRoot: ZERO_HASH,
  transactionsRoot: ZERO_HASH,
  receiptsRoot: ZERO_HASH,
  logsBloom: EMPTY_LOGS_BLOOM,
  height: 0,
  gasLimit: 0,
  gasUsed: 0,
  timestampS: 0,
  recordHash: ZERO_HASH,
  mix: ZERO_HASH,
  baseFeePerGas: 0n,
}
const certificate = { epoch: 0, blockHash: ZERO_HASH, justifyEpoch: 0, signers: NONE, signature: NONE }
const record = {
  epoch: 0,
  reveal: NONE,
  justify: certificate,
  epochChange: undefined,
  committeeRoot: undefined,
  poolRoot: undefined,
  finality: undefined,
}

function proof(byte: string): PoolProof {
  const poolId: Hash = `0x${byte.repeat(32)}`
  const settlement = { header, record, certificate }
  return { poolId, header, settlement, accountProof: [], slotProofs: [], salt: ZERO_HASH }
}

describe('proofs that one payer shows', () => {
  it('are checked one at a time, not too often, and the newest first', () => {
    const queue = new ProofQueue()
    const [first, second, third] = [proof('01'), proof('02'), proof('03')]
    expect(queue.next(0)).toBeUndefined()
    queue.show(first)
    expect(queue.next(0)).toBe(first)
    queue.show(second)
    queue.show(third)
    expect(queue.next(PROOF_MIN_MS)).toBeUndefined()
    expect(queue.checked()).toEqual({ poolId: first.poolId, salt: first.salt })
    expect(queue.checked()).toBeUndefined()
    expect(queue.next(PROOF_MIN_MS - 1)).toBeUndefined()
    expect(queue.next(PROOF_MIN_MS)).toBe(third)
    expect(queue.next(2 * PROOF_MIN_MS)).toBeUndefined()
  })
})
