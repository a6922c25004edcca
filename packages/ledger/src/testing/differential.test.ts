// The short differential run of blocks; `npm run fuzz -w @tan/ledger` is the long one.
import { expect, test } from 'vitest'
import { createLedgers, DIFFERENTIAL_GENESIS, runBlockCase } from './differential.ts'
import { createOracle } from './oracle.ts'

const CASES = 100

test('random blocks end as in the oracle', { timeout: 120_000 }, async () => {
  const ledgers = await createLedgers()
  const oracle = await createOracle(DIFFERENTIAL_GENESIS.chainId)
  const kinds = new Set<string>()
  let blocks = 0
  for (let seed = 1; seed <= CASES; seed++) {
    const result = await runBlockCase(ledgers, oracle, seed)
    expect(result.finding).toBeUndefined()
    blocks += result.blocks
    for (const kind of Object.keys(result.counts)) kinds.add(kind)
  }
  expect(blocks).toBeGreaterThan(CASES)
  // they are not all of one kind
  expect([...kinds]).toContain('token by bytecode succeeds')
  for (const kind of ['transfer', 'create', 'token', 'precompile', 'delegate', 'call'])
    expect([...kinds]).toEqual(expect.arrayContaining([`${kind} succeeds`, `${kind} fails`]))
  for (const code of ['nonce-high', 'balance', 'gas-intrinsic', 'fee-below-base'])
    expect([...kinds]).toContain(`transaction/${code}`)
})
