// Rules of transactions that Ethereum's state tests do not reach.
import { type Address, EMPTY_BYTES } from '@tan/primitives'
import { expect, test } from 'vitest'
import { createEvm } from './evm.ts'
import { FORKS } from './forks.ts'
import { environmentOf } from './testing/differential.ts'
import { World } from './testing/world.ts'

const SENDER: Address = '0x00000000000000000000000000000000000a11ce'
const TARGET: Address = '0x00000000000000000000000000000000000000bb'
const AUTHORITY: Address = '0x0000000000000000000000000000000000005555'

test('authorizations are refused before Prague, and carried out from it on', () => {
  for (const fork of FORKS) {
    const world = new World()
    world.put(SENDER, { nonce: 1n, balance: 10n ** 18n })
    const applied = createEvm().applyTransaction(
      {
        ...{ sender: SENDER, nonce: 1n, gasLimit: 200_000n, to: TARGET, value: 0n, data: EMPTY_BYTES },
        ...{ maxFeePerGas: 10n, maxPriorityFeePerGas: 1n },
        authorizations: [{ chainId: 0n, address: TARGET, nonce: 0n, authority: AUTHORITY }],
      },
      environmentOf(fork),
      world,
    )
    if (fork === 'prague' || fork === 'osaka') {
      const changed = applied.ok ? applied.value.changes.accounts.map(({ address }) => address) : []
      expect([fork, changed]).toEqual([fork, expect.arrayContaining([AUTHORITY])])
    } else
      expect([fork, applied]).toMatchObject([fork, { ok: false, rejection: { code: 'transaction/authorizations' } }])
  }
})
