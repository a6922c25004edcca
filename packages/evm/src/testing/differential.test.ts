// The short differential run; `npm run fuzz -w @tan/evm` is the long one.
import { expect, test } from 'vitest'
import { createEngine } from '../create-engine.ts'
import { FORKS } from '../forks.ts'
import { createCrowdedEngine, environmentOf, runCase } from './differential.ts'
import { DIRECTED_CASES } from './directed.ts'
import { createOracle } from './oracle.ts'

const CASES_PER_FORK = 120

test.each(FORKS)('random programs end as in the oracle: %s', async fork => {
  const engine = createCrowdedEngine()
  const oracle = await createOracle(fork)
  const environment = environmentOf(fork)
  for (let seed = 1; seed <= CASES_PER_FORK; seed++)
    expect((await runCase(engine, oracle, environment, seed)).finding).toBeUndefined()
})

test.each(DIRECTED_CASES)('$name', ({ run }) => {
  expect(run(createEngine())).toBeUndefined()
})
