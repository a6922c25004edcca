import { createMPT } from '@ethereumjs/mpt'
import {
  bigIntToMinimalBytes,
  createSeededRandom,
  encodeRlp,
  randomBelow,
  randomBytesFrom,
  toHex,
} from '@tan/primitives'
import { expect, it } from 'vitest'
import { orderedListRoot } from './ordered-list.ts'
import { EMPTY_ROOT } from './update.ts'

it('is the root that the peer library gives', async () => {
  expect(orderedListRoot([])).toBe(EMPTY_ROOT)
  const random = createSeededRandom(9)
  for (const length of [1, 2, 3, 127, 128, 129, 300]) {
    const values = Array.from({ length }, () => randomBytesFrom(random, 1 + randomBelow(random, 200)))
    const peer = await createMPT()
    for (const [i, value] of values.entries()) await peer.put(encodeRlp(bigIntToMinimalBytes(BigInt(i))), value)
    expect(orderedListRoot(values)).toBe(toHex(peer.root()))
  }
})
