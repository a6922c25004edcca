import { expect, test } from 'vitest'
import { hintOf, type SwarmCondition } from './hint.ts'

const fine: SwarmCondition = {
  usesPeers: true,
  hasTracker: true,
  costs: true,
  hasPool: true,
  peerCount: 3,
  problem: undefined,
}
const funds = { code: 'pool/funds', message: '0x12 needs 3 TANGam more' }

test.each([
  ['all is well', {}, undefined],
  ['peers are off', { usesPeers: false, hasPool: false, peerCount: 0 }, undefined],
  ['the pool is being opened', { hasPool: false }, 'is opening a payment pool'],
  ['there is no money', { hasPool: false, problem: funds }, '0x12 needs 3 TANGam more'],
  [
    'the chain does not answer',
    { hasPool: false, problem: { code: 'rpc/timeout', message: 'no answer' } },
    'no answer',
  ],
  ['nothing needs to be paid', { costs: false, hasPool: false }, undefined],
  ['nobody is there', { peerCount: 0 }, 'No peer is near'],
  ['the tracker is away', { peerCount: 0, hasTracker: false }, 'tracker'],
  ['the tracker is away, peers are not', { hasTracker: false }, undefined],
])('%s', (_, change, words) => {
  const hint = hintOf({ ...fine, ...change })
  if (words === undefined) expect(hint).toBeUndefined()
  else expect(hint).toContain(words)
})
