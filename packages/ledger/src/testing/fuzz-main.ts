// `npm run fuzz -w @tan/ledger -- [--blocks N] [--seed S] [--step S]`: the long differential run of blocks. A finding is printed
// with its seed; `--blocks 1 --seed S` runs it again.
import { parseArgs } from 'node:util'
import { createLedgers, DIFFERENTIAL_GENESIS, runBlockCase } from './differential.ts'
import { createOracle } from './oracle.ts'

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    step: { type: 'string', default: '1' },
  },
})
const wanted = Number(values.blocks)
const ledgers = await createLedgers()
const oracle = await createOracle(DIFFERENTIAL_GENESIS.chainId)
const counts = new Map<string, number>()
let blocks = 0
let findings = 0
const started = performance.now()
for (let seed = Number(values.seed); blocks < wanted && findings < 10; seed += Number(values.step)) {
  const result = await runBlockCase(ledgers, oracle, seed)
  blocks += result.blocks
  for (const [what, count] of Object.entries(result.counts)) counts.set(what, (counts.get(what) ?? 0) + count)
  if (result.finding === undefined) continue
  findings++
  console.log(`seed ${seed}, block ${result.finding.height}: ${result.finding.difference}`)
}
for (const [what, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) console.log(`${count}`.padStart(7), what)
console.log(`${blocks} blocks, ${findings} findings, ${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exitCode = findings === 0 ? 0 : 1
