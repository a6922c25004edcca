import type { Address, Hash } from '@tan/primitives'
import { expect, test } from 'vitest'
import { participationOf } from './participation.ts'

const alice: Address = `0x${'a1'.repeat(20)}`
const bob: Address = `0x${'b0'.repeat(20)}`
const hash: Hash = `0x${'00'.repeat(32)}`

const block = (height: number, proposer: Address, signers?: number) => ({
  height,
  proposer,
  record: {
    epoch: height,
    justifyEpoch: height - 1,
    ...(signers === undefined ? {} : { finality: { height: height - 3, hash, round: 1, signers, of: 8 } }),
  },
})

test('proposals are counted, and the newest certificate is taken', () => {
  const { proposals, finality } = participationOf([
    block(9, alice),
    block(8, bob, 7),
    block(7, alice),
    block(6, alice, 6),
  ])
  expect([...proposals]).toEqual([
    [alice, { count: 3, newestHeight: 9 }],
    [bob, { count: 1, newestHeight: 8 }],
  ])
  expect(finality).toMatchObject({ height: 5, signers: 7, of: 8 })
})

test('of no blocks there is none', () => {
  expect(participationOf([])).toEqual({ proposals: new Map(), finality: undefined })
})
